import type { Via } from "./Via";
import type { Staleness } from "./Staleness";
import type { SignIn } from "./SignIn";
import type { RefusedBy } from "./RefusedBy";

export type Connection = | { state: "live"; via: Via }
  | { state: "catching_up" }
  | { state: "stale"; since: string | null; why: Staleness }
  | { state: "sign_in_needed"; why: SignIn }
  | { state: "refused"; why: RefusedBy };
