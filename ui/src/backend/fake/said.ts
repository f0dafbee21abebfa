/** What the scripted engine says without any state of its own: its sentences, its refusals, the requests of the past. */
import type { Approval } from "../../bindings/Approval";
import type { Code } from "../../bindings/Code";
import type { Prepare } from "../../bindings/Prepare";
import type { Refused } from "../../bindings/Refused";
import { digest } from "../../digest/digest";
import { history } from "./lists";
import { ME } from "./make";
import { pool } from "./requests";

/** The same request, rendered anew after somebody edited its first action. */
export function withReplicas(request: Approval): Approval {
  const [one, ...rest] = request.actions;
  if (!one) return request;
  const changed = { ...request, revision: request.revision + 1, actions: [{ ...one, version: one.version + 1, effect: { ...(one.effect as object), url: "https://pool-admin.payments.internal/v2/pools" } as never }, ...rest] };
  return { ...changed, digest: digest(changed) };
}

/** The request of a past decision, as it was shown then. */
export function shownThen(decision: string): Approval | null {
  const entry = history.find((one) => one.kind === "decision" && one.decision === decision);
  if (entry?.kind !== "decision") return null;
  const ran = new Set(entry.execution_results.map((one) => one.action_id));
  const kept = pool.actions.filter((one) => ran.size === 0 || ran.has(one.action_id));
  return { ...pool, request_id: entry.request_id, pipeline_id: entry.pipeline_id, error_message: entry.error_message, digest: entry.digest, actions: kept, action_ids: kept.map((one) => one.action_id), created_at: entry.at, expires_at: null };
}

/** Who decides what, where, as the engine words it. */
export function sentence(ask: Prepare, pipeline: string, covers: string[]): string {
  const verb = { approve: "Approve", reject: "Reject", stop: "Stop" }[ask.verdict.verdict];
  const what = ask.point === "request" ? ask.key.request : `${ask.point.action} of ${ask.key.request}`;
  const runs = covers.length > 0 ? `, which runs ${covers.join(", ")}` : "";
  return `${verb} ${what} as ${ME} on ${pipeline}${runs}`;
}

/** A no of the engine. */
export function refused(code: Code, message: string): Refused {
  return { code, message };
}
