/**
 * What has become of a request while a decision about it stands in a dialog: decided by somebody, ended, or changed. Pure.
 * The dialog must not go on offering what can no longer be meant (rules 3 and 6).
 */
import type { Approval } from "../bindings/Approval";
import type { Explained } from "../errors";
import type { Verb } from "../state/deciding.svelte";
import { exactTime } from "../time";
import { decidedBy } from "./words";

/** Why the decision under way is void by now; `null` while it can still be made. */
export function overtaken(verb: Verb, then: Approval, now: Approval, account: string | null, atMs: number): Explained | null {
  // A kept copy has holes where secrets stood, so only what the gateway itself says of both can be compared.
  if (then.digest !== null && now.digest !== null && then.digest !== now.digest) return { code: "changed", title: "It changed", message: "The request is no longer what stood here. Nothing was sent; read what is different.", remedy: "look_again" };
  const open = verb === "stop" ? ["executing"] : ["pending", "paused"];
  const sameHold = then.pending_approval_actions[0] === now.pending_approval_actions[0];
  if (open.includes(now.status) && (verb !== "approve" || sameHold)) return null;
  const by = decidedBy(now, account);
  if (verb === "stop") return { code: "not_running", title: "Nothing is running any more", message: "There is nothing to stop. Nothing was sent.", remedy: "look_again" };
  const when = now.decided_at === null ? "" : ` at ${exactTime(now.decided_at, atMs)}`;
  const who = by === null ? "It was decided" : `${by} decided it`;
  return { code: "already_decided", title: "Decided elsewhere", message: `${who}${when}: ${STATUS[now.status] ?? now.status}. Nothing was sent from here.`, remedy: "look_again" };
}

const STATUS: Record<string, string> = { executing: "approved, and running", paused: "approved up to another action", completed: "approved, and it ended", failed: "approved, and it failed" };
