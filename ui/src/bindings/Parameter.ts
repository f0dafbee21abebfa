import type { JsonValue } from "./JsonValue";

export type Parameter = { type: string; required: boolean; default: JsonValue | null; validation_regex: string | null };
