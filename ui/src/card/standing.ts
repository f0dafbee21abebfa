/**
 * Where a request stands for the person who looks at it: one closed word out of the request's status, this console's own
 * decisions about it and the results so far. Pure; the words and shapes hang on it. "Took effect" needs proof (rule 12), and
 * an unknown outcome is never anything else (rule 5).
 */
import type { ActionResult } from "../bindings/ActionResult";
import type { Approval } from "../bindings/Approval";
import type { DecisionView } from "../bindings/DecisionView";
import { type Outcome, outcome } from "../outcome";

export type Standing =
  | "waiting"
  | "holding"
  | "undoable"
  | "queued"
  | "sent"
  | "running"
  | "took_effect"
  | "ended_unproved"
  | "failed"
  | "rejected"
  | "stopped"
  | "withdrawn"
  | "expired"
  | "interrupted"
  | "unknown"
  | "unrecognised";

/** States in which a decision still holds its point (rule 4). */
const OPEN = new Set(["held", "queued", "sent", "acknowledged", "unknown"]);

/** Does this decision still hold its point? */
export function isOpen(decision: DecisionView): boolean {
  return OPEN.has(decision.state);
}

/** The decision that speaks for the request now: the newest open one, else the newest. */
export function leading(decisions: DecisionView[]): DecisionView | null {
  return decisions.findLast(isOpen) ?? decisions.at(-1) ?? null;
}

/** Where the request stands. */
export function standing(approval: Approval, decisions: DecisionView[], results: ActionResult[], now: number): Standing {
  const open = decisions.findLast(isOpen);
  // The row may say "sent" before anything left: what still waits is not called sent.
  if (open !== undefined && open.waits !== null) return open.waits.what === "undo" ? "undoable" : "queued";
  switch (open?.state) {
    case "unknown":
      return "unknown";
    case "held":
      return "undoable";
    case "queued":
      return "queued";
    case "sent":
      return "sent";
    default:
      return ofStatus(approval, results, now);
  }
}

function ofStatus(approval: Approval, results: ActionResult[], now: number): Standing {
  switch (approval.status) {
    case "pending":
      return isDue(approval, now) ? "expired" : "waiting";
    case "paused":
      return isDue(approval, now) ? "expired" : "holding";
    case "executing":
      return "running";
    case "completed":
      return completed(approval, results);
    case "failed":
    case "rejected":
    case "stopped":
    case "withdrawn":
    case "expired":
    case "interrupted":
      return approval.status;
    default:
      return "unrecognised";
  }
}

/** Past its time, whatever the gateway has said so far. */
export function isDue(approval: Approval, now: number): boolean {
  return approval.expires_at !== null && Date.parse(approval.expires_at) <= now;
}

function completed(approval: Approval, results: ActionResult[]): Standing {
  const outcomes = approval.actions.map((action) => actionOutcome(approval, action.action_id, results));
  if (outcomes.includes("failed")) return "failed";
  return outcomes.every((one) => one === "succeeded") && outcomes.length > 0 ? "took_effect" : "ended_unproved";
}

/** One action's outcome out of its result; `null` if there is none. */
export function actionOutcome(approval: Approval, id: string, results: ActionResult[]): Outcome | null {
  const result = results.find((one) => one.action_id === id);
  if (result !== undefined) return outcome(result);
  return approval.execution_state[id]?.success === false ? "failed" : null;
}

/** What one action's node on the line shows. `claimed`: the gateway says it succeeded, no result proves it. */
export type StepState = "planned" | "waiting" | "running" | "succeeded" | "claimed" | "failed" | "unknown" | "not_run";

/** The state of each action, in order. */
export function steps(approval: Approval, stands: Standing, results: ActionResult[]): StepState[] {
  return approval.actions.map((action, at) => step(approval, stands, results, action.action_id, at));
}

function step(approval: Approval, stands: Standing, results: ActionResult[], id: string, at: number): StepState {
  const known = actionOutcome(approval, id, results);
  const state = approval.execution_state[id];
  if (known === "succeeded" || known === "failed") return known;
  if (known === "skipped") return "not_run";
  if (state?.success === true) return "claimed";
  if (stands === "running" && at === approval.current_action_index) return "running";
  if (known === "unknown") return "unknown";
  if (stands === "unknown" || stands === "interrupted") return mayHaveRun(approval, id, at) ? "unknown" : "planned";
  if (approval.pending_approval_actions.includes(id)) return "waiting";
  if (["failed", "rejected", "stopped", "withdrawn", "expired", "interrupted"].includes(stands)) return "not_run";
  return stands === "took_effect" || stands === "ended_unproved" ? "unknown" : "planned";
}

/** Under an unknown outcome nothing that could have been started is called "planned". */
function mayHaveRun(approval: Approval, id: string, at: number): boolean {
  return approval.execution_state[id]?.executed === true || at === approval.current_action_index;
}

/** Counts for the facts line. */
export function tally(states: StepState[]): { succeeded: number; failed: number; unknown: number } {
  const of = (...wanted: StepState[]) => states.filter((state) => wanted.includes(state)).length;
  return { succeeded: of("succeeded"), failed: of("failed"), unknown: of("unknown") };
}

/** Results of all decisions about one request, newest word of each action winning. */
export function mergedResults(approval: Approval, decisions: DecisionView[]): ActionResult[] {
  const byAction = new Map<string, ActionResult>();
  for (const result of told(approval)) byAction.set(result.action_id, result);
  for (const decision of decisions) for (const result of decision.results) byAction.set(result.action_id, result);
  return [...byAction.values()];
}

/** Some gateways tell the results with the request. */
function told(approval: Approval): ActionResult[] {
  const list = (approval as { execution_results?: unknown }).execution_results;
  return Array.isArray(list) ? (list as ActionResult[]) : [];
}
