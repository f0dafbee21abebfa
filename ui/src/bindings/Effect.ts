import type { JsonValue } from "./JsonValue";
import type { Known } from "./Known";

export type Effect = Known | JsonValue;
