/**
 * What the live region says when one of this console's decisions moves on: what happened to which request. Pure. It says no
 * more than the decision and its results prove; the request on the card may be a moment behind them.
 */
import type { Approval } from "../bindings/Approval";
import type { DecisionView } from "../bindings/DecisionView";
import { outcome } from "../outcome";
import { oneLine, visible } from "../text";
import { count } from "../words";
import { mergedResults, standing } from "./standing";
import { standingWords } from "./words";

/** `approval`: the request, if it is on the card. `about`: every decision about the same request. */
export function announcement(decision: DecisionView, about: DecisionView[], approval: Approval | null, title: string | undefined, now: number): string {
  const name = title === undefined || approval !== null ? "" : `${visible(oneLine(title))}: `;
  return `${name}${ENDED[decision.state] ?? seen(decision, about, approval, now)}`;
}

const ENDED: Partial<Record<DecisionView["state"], string>> = {
  acknowledged: "The gateway took it.",
  conflict: "Someone else decided first. Nothing of yours was carried out.",
  changed: "The request had changed. Nothing was carried out.",
  expired: "Its time ran out. Nothing ran.",
  refused: "The gateway refused it. Nothing was carried out.",
  not_taken: "Not taken. The request still stands open.",
  unknown: "Outcome unknown, checking.",
};

function seen(decision: DecisionView, about: DecisionView[], approval: Approval | null, now: number): string {
  if (approval !== null) {
    const known = { ...approval, status: decision.status ?? approval.status };
    return standingWords(standing(known, [decision], mergedResults(known, about), now)).word;
  }
  const outcomes = about.flatMap((one) => one.results).map(outcome);
  const of = (wanted: string) => outcomes.filter((one) => one === wanted).length;
  const parts = [`${count(of("succeeded"), "action")} took effect`, ...(of("failed") > 0 ? [`${of("failed")} failed`] : []), ...(of("unknown") > 0 ? [`${of("unknown")} unknown`] : [])];
  return `${decision.status ?? decision.state}. ${parts.join(", ")}.`;
}
