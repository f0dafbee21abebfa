import type { Code } from "./Code";

export type Refused = { code: Code; message: string };
