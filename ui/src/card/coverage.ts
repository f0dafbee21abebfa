/**
 * Which actions the next approve runs before anybody is asked again, as `engine::rules` judges it. Only for the words beside
 * the button: what a decision covers is judged by the engine when it is prepared.
 */
import type { Approval } from "../bindings/Approval";
import type { Point } from "../bindings/Point";
import type { RenderedAction } from "../bindings/RenderedAction";
import { list } from "../words";

/** What the next approve starts, by position from 1, and where it holds. */
export type Coverage = { point: Point; covers: number[]; holdsBefore: number | null };

/** The coverage of an approve given now. */
export function coverage(approval: Approval): Coverage {
  const waiting = approval.pending_approval_actions[0];
  const start = waiting === undefined ? 0 : approval.actions.findIndex((action) => action.action_id === waiting);
  const covers: number[] = [];
  if (waiting !== undefined && start >= 0) covers.push(start + 1);
  let next = Math.max(0, start) + covers.length;
  while (next < approval.actions.length && !gated(approval, approval.actions[next])) {
    covers.push(next + 1);
    next += 1;
  }
  const point: Point = waiting === undefined ? "request" : { action: waiting };
  return { point, covers, holdsBefore: next < approval.actions.length ? next + 1 : null };
}

/** Does the chain stop before this action and ask? A gateway without digests stops only where the entry says so. */
export function gated(approval: Approval, action: RenderedAction | undefined): boolean {
  if (action === undefined) return false;
  if (approval.digest === null) {
    return action.requires_approval || approval.execution_state[action.action_id]?.requires_approval === true;
  }
  return action.requires_approval || action.risk_level === "high" || !action.validated;
}

/** Why the chain stops there. */
export function gateReason(action: RenderedAction): string {
  if (action.requires_approval) return "Needs its own approval";
  return action.risk_level === "high" ? "High risk: asks for itself" : "Not validated: asks for itself";
}

/** `Runs 1 and 2, then holds before 3`. */
export function coverageSentence(of: Coverage, total: number): string {
  if (of.covers.length === 0) return of.holdsBefore === null ? "Runs nothing" : `Runs nothing yet, holds before ${of.holdsBefore}`;
  const runs = of.covers.length < total ? `Runs ${list(of.covers)}` : total === 1 ? "Runs its one action" : `Runs all ${total} actions`;
  return of.holdsBefore === null ? runs : `${runs}, then holds before ${of.holdsBefore}`;
}
