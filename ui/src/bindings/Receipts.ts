import type { JsonValue } from "./JsonValue";

export type Receipts = { ok: boolean; count: number; head: string; unattested: boolean; bad?: JsonValue | null };
