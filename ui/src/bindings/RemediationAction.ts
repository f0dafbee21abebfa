import type { ActionId } from "./ActionId";
import type { JsonValue } from "./JsonValue";
import type { OnFailure } from "./OnFailure";
import type { Parameter } from "./Parameter";
import type { Risk } from "./Risk";

export type RemediationAction = {
  action_id: ActionId;
  version: number;
  method: string;
  service: string;
  definition: string;
  requires_approval: boolean;
  risk_level: Risk;
  validated: boolean;
  execution: { [key in string]?: JsonValue };
  parameters: { [key in string]?: Parameter };
  secrets: Array<string>;
  on_failure: OnFailure;
  rollback: JsonValue | null;
  action_metadata: { [key in string]?: JsonValue };
};
