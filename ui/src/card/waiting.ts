/**
 * A decision of this console that has not left yet (rule 7), in words: held back, waiting for the gateway, asked to wait, or
 * frozen. Pure. Nothing here may sound like sent or taken: until the gateway has acknowledged a decision nothing happened.
 */
import type { DecisionView } from "../bindings/DecisionView";
import type { Policy } from "../bindings/Policy";
import { visible } from "../text";
import { exactTime, shortTime } from "../time";
import { count } from "../words";
import type { Shape } from "./words";

export type Waiting = {
  shape: Shape;
  /** For a row's narrow column: `Held 7 s`. */
  brief: string;
  /** Beside the shape: `Held for 7 s, not sent`. */
  word: string;
  /** For the decision bar. */
  headline: string;
  detail: string;
  /** That it has not left. */
  sentence: string;
  /** What becomes of it. */
  then: string | null;
  /** For a row with room, beside the rest: until when. */
  extra: string | null;
  /** Share of the undo window that is left, 1 to 0; `null` if this is no window. */
  share: number | null;
};

/** Has nothing of it left? What left may have arrived, whatever became of the answer. */
export function isUnsent(decision: DecisionView): boolean {
  return decision.waits !== null || decision.state === "held" || decision.state === "queued";
}

/** The words for a decision that waits; `null` for any other. */
export function waiting(decision: DecisionView, policy: Policy, now: number): Waiting | null {
  if (!isUnsent(decision)) return null;
  const until = decision.waits?.until ?? null;
  switch (decision.waits?.what) {
    case "undo":
      return held(decision, until, policy, now);
    case "gateway":
      return forGateway(decision, until, policy, now);
    case "rate_limit":
      return limited(decision, until, policy, now);
    case "sign_in":
      return frozen(decision);
    default:
      return recorded(decision);
  }
}

/** What the live region says as a decision begins to wait: once, without a countdown. */
export function waitingSaid(decision: DecisionView, policy: Policy, now: number): string | null {
  const { waits } = decision;
  if (waits === null) return null;
  const noun = capitalNoun(decision);
  switch (waits.what) {
    case "undo":
      return `${noun} held for ${count(Math.min(policy.undo_s, secondsUntil(waits.until, now) ?? policy.undo_s), "second")}. Nothing is sent before that; it can be taken back.`;
    case "gateway":
      return `${noun} not sent yet: it waits for the gateway and can be taken back.`;
    case "rate_limit":
      return `${noun} not sent yet: the gateway asked to wait${waits.until === null ? "" : ` until ${exactTime(waits.until, now)}`}. It can be taken back.`;
    case "sign_in":
      return `${noun} frozen, not sent: it waits until ${visible(decision.identity)} signs in.`;
  }
}

/** Whole seconds until then, downwards: the page's clock may be a moment behind, and a countdown must not promise too much. */
export function secondsUntil(until: string | null, now: number): number | null {
  const at = until === null ? Number.NaN : Date.parse(until);
  return Number.isNaN(at) ? null : Math.max(0, Math.floor((at - now) / 1000));
}

/** `approval`, `rejection` or `stop`. */
export function noun(decision: Pick<DecisionView, "verdict">): string {
  return NOUN[decision.verdict.verdict];
}

function held(decision: DecisionView, until: string | null, policy: Policy, now: number): Waiting {
  const told = secondsUntil(until, now);
  const left = told === null ? null : Math.min(told, Math.max(policy.undo_s, 1));
  const over = left === 0;
  const share = until === null || policy.undo_s === 0 ? null : Math.min(1, Math.max(0, (Date.parse(until) - now) / (policy.undo_s * 1000)));
  return {
    shape: "held",
    brief: left === null || over ? "Held" : `Held ${left} s`,
    word: left === null || over ? "Held, not sent" : `Held for ${left} s, not sent`,
    headline: over ? `Your ${noun(decision)} leaves now` : `Your ${noun(decision)} is held${left === null ? "" : ` for ${left} s`}`,
    detail: over ? "It counts as taken once the gateway acknowledges it." : "Nothing has been sent. It goes to the gateway by itself when the time is up.",
    sentence: `Your ${noun(decision)} is held on this machine. Nothing was sent.`,
    then: "Until its time is up it can be taken back.",
    extra: null,
    share,
  };
}

function forGateway(decision: DecisionView, until: string | null, policy: Policy, now: number): Waiting {
  const left = secondsUntil(until, now);
  const next = left === null ? "it goes out when the gateway answers" : left === 0 ? "it is being tried now" : `next try in ${left} s`;
  return {
    shape: "queued",
    brief: "Queued",
    word: "Not sent yet, waits for the gateway",
    headline: `Your ${noun(decision)} waits for the gateway`,
    detail: `Not sent yet: ${next}.`,
    sentence: `Your ${noun(decision)} is recorded here, not sent.`,
    then: `It waits on this machine and goes out by itself when the gateway answers, if the request is still open and unchanged.${aging(decision, policy)}`,
    extra: null,
    share: null,
  };
}

function limited(decision: DecisionView, until: string | null, policy: Policy, now: number): Waiting {
  const when = until === null ? "" : ` until ${exactTime(until, now)}`;
  return {
    shape: "queued",
    brief: "Waits",
    word: `Not sent yet, asked to wait${when}`,
    headline: `The gateway asked to wait${when}`,
    detail: `Your ${noun(decision)} is not sent yet: it goes out by itself then.`,
    sentence: `Your ${noun(decision)} is recorded here, not sent.`,
    then: `The gateway takes no more calls just now and asked to wait${when}; then it goes out by itself, if the request is still open and unchanged.${aging(decision, policy)}`,
    extra: until === null ? null : `until ${shortTime(until, now)}`,
    share: null,
  };
}

function frozen(decision: DecisionView): Waiting {
  const who = visible(decision.identity);
  return {
    shape: "frozen",
    brief: "Frozen",
    word: "Frozen, not sent",
    headline: "Frozen until you sign in",
    detail: `Your ${noun(decision)} is recorded here, not sent. It stays here until ${who} signs in.`,
    sentence: `Your ${noun(decision)} is recorded here, not sent.`,
    then: `It is kept on this machine until ${who} signs in; under another name it never leaves.`,
    extra: null,
    share: null,
  };
}

/** On disk, and between two steps: nothing of it has left, and what it waits for is not known yet. */
function recorded(decision: DecisionView): Waiting {
  const isHeld = decision.state === "held";
  return {
    shape: isHeld ? "held" : "queued",
    brief: isHeld ? "Held" : "Queued",
    word: isHeld ? "Held, not sent" : "Recorded, not sent",
    headline: isHeld ? `Your ${noun(decision)} is held` : `Your ${noun(decision)} is recorded`,
    detail: "Nothing has been sent.",
    sentence: `Your ${noun(decision)} is recorded here, not sent.`,
    then: null,
    extra: null,
    share: null,
  };
}

/** An approve does not wait for ever: by then what was shown is too old to stand for what there is. */
function aging(decision: DecisionView, policy: Policy): string {
  if (decision.verdict.verdict !== "approve") return "";
  return policy.fresh_approve_min === 0 ? " An approval that has to wait is not sent: it needs a fresh look." : ` After ${count(policy.fresh_approve_min, "minute")} it is not sent any more: it then needs a fresh look.`;
}

function capitalNoun(decision: DecisionView): string {
  return { approve: "Approval", reject: "Rejection", stop: "Stop" }[decision.verdict.verdict];
}

const NOUN = { approve: "approval", reject: "rejection", stop: "stop" } as const;
