/** Requests and decisions for the tests: short, valid and without a word that a state could be mistaken for. Data only. */
import { action, approval, at, decision, ME, result } from "../src/backend/fake/make";
import type { ActionResult } from "../src/bindings/ActionResult";
import type { ActionState } from "../src/bindings/ActionState";
import type { Approval } from "../src/bindings/Approval";
import type { DecisionView } from "../src/bindings/DecisionView";
import type { RenderedAction } from "../src/bindings/RenderedAction";

export const COLLEAGUE = "sre-two@example.com";

const call = (path: string) => ({ kind: "http" as const, method: "POST", url: `https://search.internal/${path}`, headers: {}, body: null });

export const measure: RenderedAction = action("measure-disk", "search", call("measure"));
export const trim: RenderedAction = action("trim-index", "search", call("trim"), { risk_level: "medium" });
export const restart: RenderedAction = action("restart-search", "search-data", call("restart"), { risk_level: "high", requires_approval: true });

/** Two actions, one decision for both. */
export const disk: Approval = approval("APR-00000000D15C", "search-prod", "Disk 91 % on search-data-2", [measure, trim], {
  matched_error: "disk-nearly-full",
  description: "Old segments were kept.",
  distance: 0.12,
  confidence: "high",
});

/** Three actions; it holds before the third. */
export const gated: Approval = approval("APR-0000000611ED", "search-prod", "Search answers nothing", [measure, trim, restart], { confidence: "medium", distance: 0.4 });

export const ran = (success: boolean | null): ActionState => ({ requires_approval: false, approved: true, executed: true, success, approved_by: ME, approved_at: at(-60) });
const twoRan = { [measure.action_id]: ran(true), [trim.action_id]: ran(true) };

/** Holding before its third action; the first two ran by my decision. */
export const holding: Approval = { ...gated, status: "paused", current_action_index: 2, pending_approval_actions: [restart.action_id], execution_state: twoRan, decided_by: ME, decided_at: at(-60) };
export const executing: Approval = { ...gated, status: "executing", current_action_index: 1, execution_state: { [measure.action_id]: ran(true) }, decided_by: ME, decided_at: at(-60) };

/** A request that is over, decided by this person unless told otherwise. */
export const over = (of: Approval, status: string, rest: Partial<Approval> = {}): Approval => ({ ...of, status, decided_by: ME, decided_at: at(-30), ...rest });

/** My own decision upon a request. */
export const mine = (of: Approval, rest: Partial<DecisionView> = {}): DecisionView => decision(of, rest);

/** Results that prove the effect of these actions. */
export const proved = (...actions: RenderedAction[]): ActionResult[] => actions.map((one) => result(one.action_id));
