import type { Source } from "./Source";

export type Dated<T> = { value: T; as_of: string; source: Source };
