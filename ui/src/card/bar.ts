/**
 * What the decision bar offers and says. A closed button always says why. Pure: who, where, what it covers and how long it is
 * open are computed from the card; the engine judges again when a decision is prepared.
 */
import type { Approval } from "../bindings/Approval";
import type { DecisionView } from "../bindings/DecisionView";
import type { GatewayView } from "../bindings/GatewayView";
import type { May } from "../bindings/May";
import type { Policy } from "../bindings/Policy";
import { digest } from "../digest/digest";
import { isLive } from "../connection";
import { visible } from "../text";
import { span } from "../time";
import { list } from "../words";
import { coverage, coverageSentence } from "./coverage";
import { isOpen, type Standing } from "./standing";
import { waiting } from "./waiting";

export type Offer = { label: string; closed: string | null };
export type TakeBack = { label: string; decision: string; weight: "filled" | "plain" };
export type Bar = {
  headline: string;
  detail: string | null;
  approve: Offer | null;
  reject: Offer | null;
  stop: Offer | null;
  check: Offer | null;
  /** Takes back what has not left; the one thing to press while a decision is held. */
  back: TakeBack | null;
  /** What waits for a sign-in leads to it. */
  signIn: Offer | null;
  /** Share of the undo window that is left, 1 to 0; `null` if nothing is held. */
  hold: number | null;
  /** Share of the time that is left, 1 to 0; `null` if it never expires or is over. */
  timeLeft: number | null;
};

export type BarInput = {
  approval: Approval;
  /** From the gateway just now, or out of the cache. */
  fresh: boolean;
  /** When it was read from the gateway. */
  asOf: string | null;
  /** The engine knows it only from an earlier run: nothing can be queued upon that. */
  kept: string | null;
  /** What this account may do about it; `null` where the engine lists it no more. */
  may: May | null;
  decisions: DecisionView[];
  stands: Standing;
  gateway: GatewayView | undefined;
  policy: Policy;
  /** The files here may only be read. */
  store: "written" | "read only";
  /** Can be signed in to from here? */
  signsIn: "yes" | "no";
  now: number;
};

/** What can be pressed: two bars with the same one have the same buttons in the same places. */
export function presses(bar: Bar): string {
  return [bar.check, bar.signIn, bar.back, bar.stop, bar.reject, bar.approve].map((offer) => offer?.label ?? "").join("|");
}

/** Nothing can be pressed. */
export const NONE = "|||||";

/** The bar for a card. */
export function bar(input: BarInput): Bar {
  switch (input.stands) {
    case "waiting":
    case "holding":
      return deciding(input);
    case "running":
      return running(input);
    case "unknown":
      return quiet("Checking until it is known", "The gateway is asked again by itself. Approve stays locked; nothing is sent a second time.", { check: { label: "Check now", closed: null } });
    case "queued":
    case "undoable":
      return unsent(input);
    case "sent":
      return quiet("Your decision is on its way", "It counts as taken once the gateway acknowledges it.");
    case "unrecognised":
      return quiet("It cannot be decided here", `This build does not know the status “${visible(input.approval.status)}”.`);
    default:
      return quiet(OVER[input.stands], "It cannot be decided any more.");
  }
}

function deciding(input: BarInput): Bar {
  const { approval, stands, now } = input;
  const covers = coverage(approval);
  const identity = input.gateway?.account ?? "nobody";
  const closed = closedReason(input);
  const held = stands === "holding" ? approval.actions.findIndex((action) => action.action_id === approval.pending_approval_actions[0]) + 1 : 0;
  const noReject = rejectClosed(input, held > 0);
  const notHere = noReject !== null && closed === null ? ` ${noReject}` : "";
  return {
    headline: held > 0 ? `Holds before ${held}, ${visible(approval.actions[held - 1]?.action_id ?? "")}` : coverageSentence(covers, approval.actions.length),
    detail: (stands === "waiting" ? "Nothing has run yet." : `${coverageSentence(covers, approval.actions.length)}.`) + notHere,
    approve: { label: `${approveVerb(covers.covers, held, approval.actions.length)} as ${visible(identity)} on ${visible(approval.pipeline_id)}`, closed },
    reject: { label: "Reject", closed: noReject },
    stop: null,
    check: null,
    back: null,
    signIn: null,
    hold: null,
    timeLeft: timeLeft(approval, now),
  };
}

/** `Approve 1 and 2`, `Approve all`, `Approve`: the button says what it covers. */
function approveVerb(covers: number[], held: number, total: number): string {
  if (held > 0) return `Approve ${held}`;
  if (covers.length === 0 || total === 1) return "Approve";
  return covers.length === total ? "Approve all" : `Approve ${list(covers)}`;
}

/** Why it cannot be approved right now; `null` if it can. */
function closedReason(input: BarInput): string | null {
  const { approval, gateway } = input;
  if (input.store === "read only") return READ_ONLY;
  if (!gateway?.account) return "Nobody is signed in to this gateway: sign in in Settings.";
  if (input.may === "look") return lookOnly(input);
  if (!isLive(gateway.connection) || !input.fresh) return notLive(input);
  if (input.may === "not_approve" || approval.requested_by === gateway.account) return "You asked for this yourself: someone else has to approve it.";
  if (approval.digest !== null && approval.digest !== digest(approval)) return "What arrived here is not what the gateway holds: its digest does not fit.";
  if (input.decisions.some(isOpen)) return "Your decision is on its way.";
  return coverage(approval).covers.length === 0 && approval.pending_approval_actions.length > 0 ? "It waits for an action that is not among its actions." : null;
}

/** Why it cannot be rejected right now. Without a connection it can be queued: what becomes of it is said before it is confirmed. */
function rejectClosed(input: BarInput, holds: boolean): string | null {
  if (input.store === "read only") return READ_ONLY;
  if (!input.gateway?.account) return "Nobody is signed in to this gateway.";
  if (input.may === "look") return lookOnly(input);
  return holds && input.approval.digest === null ? "This gateway cannot reject a request that holds." : null;
}

const READ_ONLY = "Nothing can be decided: the data here may only be read, as the line at the top says.";

function lookOnly({ approval, gateway }: BarInput): string {
  return `${gateway?.account ?? "This account"} may look at ${visible(approval.pipeline_id)} but not decide there.`;
}

function notLive({ approval, fresh, kept, gateway, asOf, now }: BarInput): string {
  const queues = kept === null && (fresh || approval.digest !== null);
  switch (gateway?.connection.state) {
    case "catching_up":
      return "An approval needs a fresh look: what was missed is still coming in.";
    case "sign_in_needed":
      return "An approval needs a fresh look, and the session has ended: sign in in Settings.";
    case "refused":
      return "An approval needs a fresh look, and this gateway is refused.";
    default: {
      const seen = asOf === null ? null : span(now - Date.parse(asOf));
      return `An approval needs a fresh look${seen === null ? ", and the gateway is not live" : `: this was last read ${seen} ago`}. ${queues ? "A reject can be queued." : "A reject has to wait for the gateway as well: it has told nothing of this request since Holdpoint started."}`;
    }
  }
}

/** What has not left: what it waits for, and the way to take it back as long as the engine says that it waits. */
function unsent({ decisions, policy, signsIn, now }: BarInput): Bar {
  const decision = decisions.findLast(isOpen);
  const words = decision === undefined ? null : waiting(decision, policy, now);
  if (decision === undefined || words === null) return quiet("Your decision is recorded", "Nothing has been sent.");
  const what = decision.waits?.what ?? null;
  const back: TakeBack | null = what === null ? null : { label: "Take back", decision: decision.id, weight: what === "undo" ? "filled" : "plain" };
  const signIn: Offer | null = what === "sign_in" && signsIn === "yes" ? { label: "Sign in", closed: null } : null;
  return quiet(words.headline, words.detail, { back, signIn, hold: words.share });
}

function running({ approval }: BarInput): Bar {
  const at = Math.min(approval.current_action_index + 1, approval.actions.length);
  const name = approval.actions[at - 1]?.action_id ?? "";
  const stop: Offer = { label: "Stop after this action", closed: approval.digest === null ? "This gateway cannot stop a running request." : null };
  const offers = { stop };
  return quiet(`Running ${at} of ${approval.actions.length}${name === "" ? "" : `, ${visible(name)}`}`, "Stop ends the chain after this action. It cannot undo what ran.", offers);
}

function quiet(headline: string, detail: string | null, offers: Partial<Pick<Bar, "stop" | "check" | "back" | "signIn" | "hold">> = {}): Bar {
  return { headline, detail, approve: null, reject: null, stop: null, check: null, back: null, signIn: null, hold: null, timeLeft: null, ...offers };
}

function timeLeft(approval: Approval, now: number): number | null {
  if (approval.expires_at === null || approval.created_at === null) return null;
  const from = Date.parse(approval.created_at);
  const until = Date.parse(approval.expires_at);
  return until > from ? Math.min(1, Math.max(0, (until - now) / (until - from))) : null;
}

const OVER = {
  took_effect: "It took effect",
  ended_unproved: "It ended; nothing proves the effect",
  failed: "It failed",
  rejected: "It was rejected",
  stopped: "It was stopped",
  withdrawn: "It was withdrawn",
  expired: "It expired",
  interrupted: "It was interrupted; what was running may or may not have taken effect",
} as const;
