/**
 * What the live region says when one of this console's decisions moves on: what happened to which request. Pure. It says no
 * more than the decision and its results prove; the request on the card may be a moment behind them.
 */
import type { Approval } from "../bindings/Approval";
import type { DecisionView } from "../bindings/DecisionView";
import type { Policy } from "../bindings/Policy";
import { outcome } from "../outcome";
import { oneLine, visible } from "../text";
import { count } from "../words";
import { mergedResults, standing } from "./standing";
import { waitingSaid } from "./waiting";
import { calledOff, standingWords } from "./words";

export type Told = {
  decision: DecisionView;
  /** Every decision about the same request. */
  about: DecisionView[];
  /** The request, if it is on the card. */
  approval: Approval | null;
  title: string | undefined;
  policy: Policy;
  now: number;
};

/** Is there something to say between these two? A wait that only got another end is the same wait. */
export function movedOn(before: DecisionView, after: DecisionView): boolean {
  return before.state !== after.state || (after.waits !== null && before.waits?.what !== after.waits.what);
}

/** The words; `null` where nothing has happened that a person has to hear. */
export function announcement({ decision, about, approval, title, policy, now }: Told): string | null {
  const name = title === undefined || approval !== null ? "" : `${visible(oneLine(title))}: `;
  const said = decision.waits !== null ? waitingSaid(decision, policy, now) : calledOff(decision) ? "Called off. Nothing was sent." : (ENDED[decision.state] ?? seen(decision, about, approval, now));
  return said === null ? null : `${name}${said}`;
}

const ENDED: Partial<Record<DecisionView["state"], string>> = {
  acknowledged: "The gateway took it.",
  conflict: "Someone else decided first. Nothing of yours was carried out.",
  changed: "The request had changed. Nothing was carried out.",
  expired: "Its time ran out. Nothing ran.",
  refused: "The gateway refused it. Nothing was carried out.",
  not_taken: "Not taken. The request still stands open.",
  unknown: "Outcome unknown, checking. The gateway is asked again by itself.",
  sent: "Sent, no answer yet.",
};

function seen(decision: DecisionView, about: DecisionView[], approval: Approval | null, now: number): string | null {
  // Between its row and the wire: what it waits for, or that it left, is said when it is known.
  if (decision.state === "queued" || decision.state === "held") return null;
  if (approval !== null) {
    const known = { ...approval, status: decision.status ?? approval.status };
    return standingWords(standing(known, [decision], mergedResults(known, about), now)).word;
  }
  const outcomes = about.flatMap((one) => one.results).map(outcome);
  const of = (wanted: string) => outcomes.filter((one) => one === wanted).length;
  const parts = [`${count(of("succeeded"), "action")} took effect`, ...(of("failed") > 0 ? [`${of("failed")} failed`] : []), ...(of("unknown") > 0 ? [`${of("unknown")} unknown`] : [])];
  return `${decision.status ?? decision.state}. ${parts.join(", ")}.`;
}
