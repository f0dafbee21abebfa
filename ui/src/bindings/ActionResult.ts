import type { ActionId } from "./ActionId";
import type { JsonValue } from "./JsonValue";

export type ActionResult = {
  action_id: ActionId;
  success: boolean | null;
  status: string | null;
  output: JsonValue | null;
  result: JsonValue | null;
  error: JsonValue | null;
  execution_time: number | null;
};
