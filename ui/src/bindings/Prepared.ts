import type { ActionId } from "./ActionId";
import type { DecisionId } from "./DecisionId";
import type { Digest } from "./Digest";
import type { Nonce } from "./Nonce";

export type Prepared = { nonce: Nonce; decision: DecisionId; digest: Digest; sentence: string; covers: Array<ActionId>; target: string | null };
