/**
 * The words and the shape of each standing. Shape, word and tone always travel together; green is only for a proved effect,
 * red only for a truthful failure, and a person's "no" is neither.
 */
import type { Approval } from "../bindings/Approval";
import type { DecisionView } from "../bindings/DecisionView";
import { oneLine, visible } from "../text";
import { exactTime } from "../time";
import { isUnsent } from "./waiting";
import type { Standing, StepState } from "./standing";

export type Shape =
  | "risk-low"
  | "risk-medium"
  | "risk-high"
  | "ok"
  | "fail"
  | "run"
  | "unknown"
  | "wait"
  | "held"
  | "queued"
  | "frozen"
  | "sent"
  | "rejected"
  | "declined"
  | "approved"
  | "expired"
  | "stopped"
  | "notrun";
export type Tone = "plain" | "quiet" | "good" | "bad" | "warn";
export type Words = { shape: Shape; word: string; tone: Tone };

/** For the facts line under the error, and for rows. */
export function standingWords(stands: Standing): Words {
  return STANDING[stands];
}

/** For one action's node. */
export function stepWords(state: StepState): Words {
  return STEP[state];
}

/** Who decided and what, for a request that is over: rule 6 wants the decider named. */
export function decidedBy(approval: Approval, account: string | null): string | null {
  if (approval.decided_by === null) return null;
  return approval.decided_by === account ? "you" : approval.decided_by;
}

/** May "approved by" be said? While an own decision is on its way or unknown, that would be too early. */
export function tellsDecider(stands: Standing): boolean {
  return !["waiting", "undoable", "queued", "sent", "unknown", "expired", "unrecognised"].includes(stands);
}

/** Somebody else's decision as a sentence: who, what and when; `null` if nobody else is known to have decided. */
export function othersDecision(approval: Approval, account: string | null, now: number): string | null {
  const by = decidedBy(approval, account);
  if (by === null || by === "you") return null;
  const what = { rejected: "rejected", stopped: "stopped", withdrawn: "withdrew" }[approval.status as string] ?? "approved";
  return `${visible(oneLine(by))} ${what} it${approval.decided_at === null ? "" : ` at ${exactTime(approval.decided_at, now)}`}`;
}

/** Who came first where this decision came second: whoever passed that action, else whoever decided the request. */
export function decidedFirst(decision: DecisionView, approval: Approval): string {
  const passed = decision.point === "request" ? null : (approval.execution_state[decision.point.action]?.approved_by ?? null);
  const by = passed ?? (decision.point === "request" || approval.decided_by !== decision.identity ? approval.decided_by : null);
  if (by === null) return "Someone else decided first.";
  return by === decision.identity ? "Another decision of yours came first." : `${visible(by)} decided first.`;
}

/** Was it ended here before anything left: taken back, held when Holdpoint ended, or by then too old? */
export function calledOff(decision: DecisionView): boolean {
  return decision.state === "refused" && decision.code === "not_taken";
}

/** What became of this console's own decision, as one sentence; `null` where the standing says it all. What has not left is `waiting.ts`'s. */
export function decisionSentence(decision: DecisionView, approval: Approval): string | null {
  const verb = VERB[decision.verdict.verdict];
  switch (decision.state) {
    case "held":
    case "queued":
      return null;
    case "sent":
      return `${verb.noun} is on its way. Nothing is called ${verb.past.toLowerCase()} before the gateway says so.`;
    case "acknowledged":
      return `${verb.past}: the gateway took it. Its effect is still to be seen.`;
    case "observed":
      return null;
    case "conflict":
      return `${decidedFirst(decision, approval)} Your ${verb.noun.toLowerCase()} was not carried out.`;
    case "changed":
      return `The request changed before your ${verb.noun.toLowerCase()} arrived. Nothing was carried out.`;
    case "expired":
      return `Its time ran out before your ${verb.noun.toLowerCase()} arrived. Nothing ran.`;
    case "refused":
      if (calledOff(decision)) return `Your ${verb.noun.toLowerCase()} was called off on this machine.`;
      // The past keeps the state and a sentence, not who said no: that sentence stands below.
      return decision.code === null ? `Your ${verb.noun.toLowerCase()} was not carried out.` : `The gateway refused your ${verb.noun.toLowerCase()}. Nothing was carried out.`;
    case "not_taken":
      return `Your ${verb.noun.toLowerCase()} was not taken. Nothing is sent again by itself; while the request is open it can be decided again.`;
    case "unknown":
      return "No answer came. It may have run, it may still be running, it may not have started. Holdpoint asks the gateway again by itself until it is known, and sends nothing a second time.";
  }
}

/** The stations of a decision, for the trail: each with whether it was reached. */
export type Station = { word: string; mark: "done" | "now" | "ahead" | "unknown" | "ended" | "failed"; shape?: Shape };

/** Recorded, sent, acknowledged and how it ended. */
export function trail(decision: DecisionView, stands: Standing): Station[] {
  const done = (word: string): Station => ({ word, mark: "done" });
  const ahead = (word: string): Station => ({ word, mark: "ahead" });
  if (isUnsent(decision)) return [done("Recorded"), stop(decision), ahead("Sent"), ahead("Acknowledged")];
  switch (decision.state) {
    case "sent":
      return [done("Recorded"), { word: "Sent, no answer yet", mark: "now", shape: "sent" }, ahead("Acknowledged")];
    case "unknown":
      return [done("Recorded"), done("Sent"), { word: "No answer", mark: "unknown" }, { word: "Checking", mark: "now", shape: "run" }];
    case "acknowledged":
      return [done("Recorded"), done("Sent"), done("Acknowledged"), stands === "holding" ? { word: "Holding", mark: "now", shape: "held" } : { word: "Running", mark: "now", shape: "run" }];
    case "observed":
      return [done("Recorded"), done("Sent"), done("Acknowledged"), SEEN[stands] ?? (stands === "failed" ? { word: "Failed", mark: "failed" } : done(ENDS.has(stands) ? standingWords(stands).word : "Seen to its end"))];
    case "held":
    case "queued":
      return [];
    default:
      return [done("Recorded"), { word: calledOff(decision) ? "Called off, not sent" : decision.state === "refused" && decision.code === null ? "Not carried out" : ENDED[decision.state], mark: "ended" }];
  }
}

/** Where a decision stands that has not left. */
function stop(decision: DecisionView): Station {
  const what = decision.waits?.what ?? (decision.state === "held" ? "undo" : null);
  return what === null ? { word: "Not sent yet", mark: "now", shape: "queued" } : { ...STOPS[what], mark: "now" };
}

const STOPS = {
  undo: { word: "Held", shape: "held" },
  gateway: { word: "Waiting for the gateway", shape: "queued" },
  rate_limit: { word: "Asked to wait", shape: "queued" },
  sign_in: { word: "Frozen", shape: "frozen" },
} as const;

/** What an observed decision led to, where that is not yet the request's end. */
const SEEN: Partial<Record<Standing, Station>> = {
  running: { word: "Running", mark: "now", shape: "run" },
  holding: { word: "Held before the next action", mark: "now", shape: "held" },
};

/** Ends that a decision's last station names. */
const ENDS = new Set<Standing>(["took_effect", "rejected", "stopped"]);

const VERB = {
  approve: { past: "Approved", noun: "Approval" },
  reject: { past: "Rejected", noun: "Rejection" },
  stop: { past: "Stopped", noun: "Stop" },
} as const;

const ENDED = { conflict: "Decided elsewhere", changed: "Changed", expired: "Expired", refused: "Refused", not_taken: "Not taken" } as const;

const STANDING: Record<Standing, Words> = {
  waiting: { shape: "wait", word: "Waiting for a decision", tone: "plain" },
  holding: { shape: "held", word: "Holding", tone: "plain" },
  undoable: { shape: "held", word: "Held, not sent", tone: "plain" },
  queued: { shape: "queued", word: "Recorded, not sent", tone: "plain" },
  sent: { shape: "sent", word: "Sent, no answer yet", tone: "plain" },
  running: { shape: "run", word: "Running", tone: "plain" },
  took_effect: { shape: "ok", word: "Took effect", tone: "good" },
  ended_unproved: { shape: "approved", word: "Ended, effect not proved", tone: "plain" },
  failed: { shape: "fail", word: "Failed", tone: "bad" },
  rejected: { shape: "rejected", word: "Rejected", tone: "plain" },
  stopped: { shape: "stopped", word: "Stopped", tone: "plain" },
  withdrawn: { shape: "notrun", word: "Withdrawn", tone: "plain" },
  expired: { shape: "expired", word: "Expired", tone: "plain" },
  interrupted: { shape: "unknown", word: "Interrupted", tone: "warn" },
  unknown: { shape: "unknown", word: "Outcome unknown, checking", tone: "warn" },
  unrecognised: { shape: "unknown", word: "In a state this build does not know", tone: "warn" },
};

const STEP: Record<StepState, Words> = {
  planned: { shape: "wait", word: "Not started", tone: "quiet" },
  waiting: { shape: "held", word: "Waits for its approval", tone: "plain" },
  running: { shape: "run", word: "Running", tone: "plain" },
  succeeded: { shape: "ok", word: "Took effect", tone: "good" },
  claimed: { shape: "approved", word: "Ran; the gateway says it succeeded", tone: "plain" },
  failed: { shape: "fail", word: "Failed", tone: "bad" },
  unknown: { shape: "unknown", word: "Unknown", tone: "warn" },
  not_run: { shape: "notrun", word: "Did not run", tone: "quiet" },
};
