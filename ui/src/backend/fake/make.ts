/** Builders for the fake's data: whole, valid values with sensible defaults. Times are offsets from `NOW_MS`. */
import type { ActionResult } from "../../bindings/ActionResult";
import type { Approval } from "../../bindings/Approval";
import type { DecisionView } from "../../bindings/DecisionView";
import type { Effect } from "../../bindings/Effect";
import type { GatewayView } from "../../bindings/GatewayView";
import type { RenderedAction } from "../../bindings/RenderedAction";
import type { RequestRow } from "../../bindings/RequestRow";
import { digest } from "../../digest/digest";

/** The fake's night: Friday, 20 November 2026, 02:41:12 UTC. */
export const NOW_MS = Date.UTC(2026, 10, 20, 2, 41, 12);
export const GATEWAY = "0192f0c1-7a3e-7c11-9b1e-5d0a6f2c4e10";
/** A second gateway, for the scenes that have several. */
export const STAGING = "0192f0c1-7a3e-7c11-9b1e-5d0a6f2c4e23";
export const LAB = "0192f0c1-7a3e-7c11-9b1e-5d0a6f2c4e31";
export const ME = "you@example.com";

/** RFC 3339, so many seconds after now (before, if negative). */
export function at(offsetS: number): string {
  return new Date(NOW_MS + offsetS * 1000).toISOString();
}

/** The time the fake lives in: it starts at `NOW_MS`; `still` keeps it there. */
export function fakeNow(still: boolean): () => number {
  const started = performance.now();
  return () => (still ? NOW_MS : NOW_MS + (performance.now() - started));
}

export function action(id: string, service: string, effect: Effect, rest: Partial<RenderedAction> = {}): RenderedAction {
  return {
    action_id: id,
    version: 1,
    method: "api",
    service,
    definition: "",
    requires_approval: false,
    risk_level: "low",
    validated: true,
    execution: {},
    parameters: {},
    secrets: [],
    on_failure: "stop",
    rollback: null,
    action_metadata: {},
    arguments: {},
    effect,
    ...rest,
  };
}

/** An approval whose digest fits what it shows. */
export function approval(id: string, pipeline: string, error: string, actions: RenderedAction[], rest: Partial<Approval> = {}): Approval {
  const gated = actions.some((one) => one.requires_approval || one.risk_level === "high" || !one.validated);
  const whole: Approval = {
    request_id: id,
    pipeline_id: pipeline,
    revision: 1,
    mode: gated ? "per_action" : "request",
    error_message: error,
    matched_error: null,
    description: null,
    distance: null,
    confidence: null,
    action_ids: actions.map((one) => one.action_id),
    actions,
    status: "pending",
    digest: null,
    created_at: at(-180),
    expires_at: at(900),
    requested_by: "automation@example.com",
    decided_by: null,
    decided_at: null,
    rejection_reason: null,
    current_action_index: 0,
    execution_state: {},
    pending_approval_actions: [],
    links: {},
    ...rest,
  };
  return "digest" in rest ? whole : { ...whole, digest: digest(whole) };
}

export function result(id: string, rest: Partial<ActionResult> = {}): ActionResult {
  return { action_id: id, success: true, status: "success", output: null, result: { status: "success", status_code: 200 }, error: null, execution_time: 0.212, ...rest };
}

export function row(of: Approval, rev = 1, gateway = GATEWAY): RequestRow {
  const rank = { low: 0, medium: 1, high: 2 };
  const risks = of.actions.map((one) => one.risk_level).sort((a, b) => rank[b] - rank[a]);
  return {
    key: { gateway, request: of.request_id },
    rev,
    pipeline: of.pipeline_id,
    error: of.error_message.slice(0, 120),
    status: of.status,
    confidence: of.confidence,
    risk: risks[0] ?? null,
    created_at: of.created_at,
    expires_at: of.expires_at,
    waiting: of.pending_approval_actions[0] ?? null,
    may: of.requested_by === ME ? "not_approve" : "decide",
    kept: null,
  };
}

export function gateway(rest: Partial<GatewayView> = {}): GatewayView {
  return {
    id: GATEWAY,
    origin: "https://hold.example.com",
    name: "prod-eu",
    account: ME,
    not_kept: null,
    connection: { state: "live", via: "socket" },
    changes: [],
    as_of: at(-4),
    clock_off_ms: null,
    ...rest,
  };
}

export function decision(of: Approval, rest: Partial<DecisionView> = {}): DecisionView {
  return {
    id: `5f0c1e9a-0000-7000-8000-${of.request_id.slice(-12).padStart(12, "0").toLowerCase()}`,
    key: { gateway: GATEWAY, request: of.request_id },
    pipeline: of.pipeline_id,
    point: "request",
    verdict: { verdict: "approve" },
    identity: ME,
    digest: of.digest ?? digest(of),
    state: "acknowledged",
    code: null,
    detail: null,
    status: of.status,
    waiting: null,
    results: [],
    waits: null,
    ...rest,
  };
}
