/**
 * Named starting points of the fake: `?scene=NAME`. Each is whole data; what happens from there on is `fake.ts`.
 */
import type { Approval } from "../../bindings/Approval";
import type { Code } from "../../bindings/Code";
import type { Banner } from "../../bindings/Banner";
import type { BannerKind } from "../../bindings/BannerKind";
import type { DecisionView } from "../../bindings/DecisionView";
import type { GatewayView } from "../../bindings/GatewayView";
import type { Policy } from "../../bindings/Policy";
import type { Waits } from "../../bindings/Waits";
import type { WindowView } from "../../bindings/WindowView";
import type { RenderedAction } from "../../bindings/RenderedAction";
import { digest } from "../../digest/digest";
import { at, decision, gateway, LAB, ME, result, STAGING } from "./make";
import { asked, certificate, everyday, hostile, lag, latency, nightly, oidc, pool, staging, undisclosed, webhooks } from "./requests";

export type Scene = {
  gateways: GatewayView[];
  /** Every request the gateway knows; open ones are rows. */
  requests: Approval[];
  decisions: DecisionView[];
  /** Arrive a moment after the start. */
  late?: Approval[];
  /** What becomes of a request without anybody here: after so many milliseconds it is known so. */
  then?: [number, Approval][];
  /** Requests that are not the first gateway's. */
  homes?: Record<string, string>;
  /** What the shell knows, where it is not the everyday. */
  shell?: Partial<Pick<WindowView, "realm" | "closing" | "notifying" | "asked">>;
  /** The gateway cannot be reached: reads come from the cache. */
  offline?: boolean;
  /** Answers never come. */
  silent?: boolean;
  /** Queries are refused so. */
  failing?: Code;
  /** What confirming leads to, instead of success. */
  ends?: "unknown" | "not_taken" | "conflict" | "changed" | "refused";
  /** Keeps lists and history empty. */
  bare?: boolean;
  /** What a person has set about decisions. */
  policy?: Policy;
  /** What the engine says of the data here. */
  banners?: Banner[];
  /** The request as it was shown for a decision. */
  shown?: Record<string, Approval>;
  /** The store's chain does not hold. */
  badReceipt?: boolean;
};

const live = gateway();
const base = (rest: Partial<Scene> = {}): Scene => ({ gateways: [live], requests: everyday, decisions: [], ...rest });
const others = (of: Approval): Approval[] => [of, ...everyday.filter((one) => one.request_id !== of.request_id)];

const ran = (ok: boolean) => ({ requires_approval: false, approved: true, executed: true, success: ok, approved_by: ME, approved_at: at(-60) });
const listed = result("list-pools", { output: { pools: [{ name: "payments", active: 200, waiting: 186 }] } });
const missing = result("raise-pool-limit", {
  status: "success",
  result: { status: "success", status_code: 404, response: '{"error":"pool_not_found","pool":"payments-rw","known":["payments","payments-ro"]}' },
  execution_time: 0.148,
});
const restarted = result("restart-pgbouncer", {
  output: "statefulset.apps/pgbouncer restarted\nWaiting for 3 pods to be ready...\n3 of 3 pods ready",
  result: { status: "success", exit_code: 0 },
  execution_time: 44.1,
});
const raised = result("raise-pool-limit", { output: { pool: "payments-rw", pool_size: 60, reserve_pool: 10 } });
const twoRan = { "list-pools": ran(true), "raise-pool-limit": ran(true) };

/** The pool's request after somebody edited every kind of field in it. */
const rewritten: Approval = (() => {
  const [, limit, restart] = pool.actions as [RenderedAction, RenderedAction, RenderedAction];
  const edited: RenderedAction = {
    ...limit,
    version: limit.version + 1,
    risk_level: "high",
    requires_approval: true,
    action_metadata: { timeout: 60 },
    effect: { kind: "http", method: "PUT", url: "https://pool-admin.payments.internal/v1/pools/payments-ro", headers: { "content-type": "application/json", "x-force": "1" }, body: '{"pool_size":600,"reserve_pool":10,"reserve_timeout_s":3,"reason":"APR-7F3A19C4E2B0","revert_after_s":0}' },
  };
  const wider: RenderedAction = { ...restart, effect: { kind: "k8s", argv: ["kubectl", "--context", "payments-prod", "--namespace", "payments", "delete", "--force", "statefulset/pgbouncer"] } };
  const ssh = lag.actions[0] as RenderedAction;
  const actions = [wider, edited, ssh];
  const whole = { ...pool, revision: 4, actions, action_ids: actions.map((one) => one.action_id) };
  return { ...whole, digest: digest(whole) };
})();
const held: Approval = { ...pool, status: "paused", current_action_index: 2, pending_approval_actions: ["restart-pgbouncer"], execution_state: twoRan, decided_by: ME, decided_at: at(-60), expires_at: at(298) };
const running: Approval = { ...held, status: "executing", pending_approval_actions: [] };
const over = (status: string): Approval => ({ ...pool, status, decided_by: ME, decided_at: at(-100), execution_state: twoRan });
const OTHER = "sre-secondary@example.com";
const byOther = (done: number) => Object.fromEntries(pool.actions.slice(0, done).map((one) => [one.action_id, { ...ran(true), approved_by: OTHER }]));
const taken: Approval = { ...pool, status: "executing", decided_by: OTHER, decided_at: at(1), execution_state: byOther(1), current_action_index: 1 };
const elsewhere = { ...pool, status: "completed", decided_by: OTHER, decided_at: at(-30), execution_state: byOther(3), current_action_index: 3, execution_results: [listed, result("raise-pool-limit", { output: { pool: "payments-rw", pool_size: 60 } }), restarted] } as Approval;
const third = { point: { action: "restart-pgbouncer" } };
const first = decision(pool, { id: "5f0c1e9a-0000-7000-8000-000000000001", state: "observed", status: "paused", waiting: "restart-pgbouncer", results: [listed, missing] });
const second = (rest: Partial<DecisionView>) => decision(pool, { id: "5f0c1e9a-0000-7000-8000-000000000002", ...third, ...rest });
const stale = gateway({ connection: { state: "stale", since: at(-250), why: "lost" }, as_of: at(-254) });
const waits = (what: Waits["what"], inS: number | null): Waits => ({ what, until: inS === null ? null : at(inS) });
const banner = (kind: BannerKind, agoS: number, sentence: string): Banner => ({ kind, since: at(-agoS), sentence });
const full = banner("disk_full", 95, "The disk is full since 02:39:37 UTC: new decisions are refused and nothing is sent; new events wait at the gateway. Free some space, Holdpoint goes on by itself.");
const readOnly = banner("read_only", 30, "Nothing can be decided here. The decisions file was written by a newer Holdpoint (version 12, this one knows 10). Update Holdpoint, or start a fresh copy.");
const salvaged = banner("decisions_salvaged", 3700, "The decisions file was damaged and moved aside as decisions.corrupt-20261120T013932Z.db. 4 of 4 open decisions and 4,460 of 4,472 receipts were taken over. Compare with the gateway before you decide anything twice.");
const noReach = gateway({ connection: { state: "stale", since: at(-250), why: "unreachable" }, as_of: at(-254) });
const rollback = { verdict: "reject" as const, reason: "Deploy 4418 is already rolling back, this would race it." };
const ended = (state: DecisionView["state"], code: Code | null, detail: string | null) => decision(pool, { state, code, detail });

const SCENES: Record<string, () => Scene> = {
  first: () => base({ gateways: [], requests: [], bare: true }),
  inbox: () => base(),
  newcomers: () => base({ requests: [pool, latency, oidc, certificate], late: [lag, webhooks, nightly] }),
  held: () => base({ requests: others(held), decisions: [first] }),
  results: () => base({ requests: others(running), decisions: [first, second({ state: "acknowledged" })] }),
  sent: () => base({ decisions: [ended("sent", null, null)] }),
  tookeffect: () => base({ requests: others({ ...over("completed"), execution_state: { ...twoRan, "restart-pgbouncer": ran(true) } }), decisions: [{ ...first, results: [listed, raised] }, second({ state: "observed", status: "completed", results: [restarted] })] }),
  failed: () => base({ requests: others(over("failed")), decisions: [{ ...first, status: "failed", results: [listed, { ...missing, success: false, status: "failed", error: "HTTP 404 from pool-admin.payments.internal" }] }] }),
  unknown: () => base({ requests: others(running), decisions: [first, second({ state: "unknown", code: "unknown", detail: "No answer came within 60 s (HTTP 500, empty reason)." })] }),
  unknowns: () =>
    base({
      requests: [...everyday.slice(2), { ...running }, { ...latency, status: "completed", decided_by: ME, decided_at: at(-300) }],
      decisions: [first, second({ state: "unknown", code: "unknown", detail: "No answer came within 60 s (HTTP 500, empty reason)." }), decision(latency, { state: "unknown", code: "unknown", verdict: rollback, detail: "The last run ended while it was on the wire." })],
    }),
  rejected: () => base({ requests: others({ ...over("rejected"), execution_state: {}, rejection_reason: "The migration is being rolled back" }), decisions: [decision(pool, { state: "observed", status: "rejected", verdict: { verdict: "reject", reason: "The migration is being rolled back" } })] }),
  stopped: () => base({ requests: others({ ...over("stopped"), execution_state: { "list-pools": ran(true) } }), decisions: [decision(pool, { state: "observed", status: "stopped", verdict: { verdict: "stop", reason: "The lead took over" }, results: [listed] })] }),
  conflict: () => base({ requests: others(elsewhere), decisions: [ended("conflict", "already_decided", "sre-secondary@example.com decided at 02:40:42: approved.")] }),
  elsewhere: () => base({ then: [[900, taken], [2600, { ...elsewhere, decided_at: at(1) }]] }),
  rejectedelsewhere: () => base({ then: [[900, { ...pool, status: "rejected", decided_by: OTHER, decided_at: at(1), rejection_reason: "The migration is being rolled back" }]] }),
  nottaken: () => base({ decisions: [ended("not_taken", "not_taken", "The gateway answered HTTP 502.")] }),
  refused: () => base({ decisions: [ended("refused", "not_allowed", "Policy change-freeze denies restarts on payments-prod until 06:00.")] }),
  expired: () => base({ requests: others({ ...pool, expires_at: at(-30) }) }),
  own: () => base({ requests: [asked, latency] }),
  changed: () => base({ ends: "changed" }),
  changedafter: () => base({ requests: others(rewritten), decisions: [decision(pool, { state: "changed", code: "changed", detail: "The gateway answered HTTP 412: the request is at revision 4." })], shown: { [decision(pool).id]: pool } }),
  hostile: () => base({ requests: [hostile, latency, oidc] }),
  undisclosed: () => base({ requests: [undisclosed, latency], gateways: [gateway({ name: "platform", origin: "https://platform.example.com" })] }),
  offline: () => base({ gateways: [stale], offline: true, decisions: [decision(latency, { state: "queued", verdict: rollback, waits: waits("gateway", 5) })] }),
  undo: () => base({ policy: { undo_s: 10, fresh_approve_min: 2 } }),
  heldback: () => base({ policy: { undo_s: 10, fresh_approve_min: 2 }, decisions: [decision(pool, { state: "held", waits: waits("undo", 7) })] }),
  takenback: () => base({ policy: { undo_s: 10, fresh_approve_min: 2 }, decisions: [decision(pool, { state: "refused", code: "not_taken", detail: "Taken back before it was sent. Nothing was sent." })] }),
  waitsgateway: () => base({ gateways: [noReach], offline: true, decisions: [decision(pool, { state: "sent", verdict: rollback, waits: waits("gateway", 5) }), decision(latency, { state: "queued", verdict: rollback, waits: waits("gateway", null) })] }),
  ratelimited: () => base({ decisions: [decision(pool, { state: "sent", waits: waits("rate_limit", 128) })] }),
  frozen: () => base({ gateways: [gateway({ account: null, connection: { state: "sign_in_needed", why: "expired" } })], offline: true, decisions: [decision(pool, { state: "queued", verdict: rollback, waits: waits("sign_in", null) })] }),
  signin: () => base({ gateways: [gateway({ account: null, as_of: null, connection: { state: "sign_in_needed", why: "expired" } })], requests: [], failing: "sign_in" }),
  polling: () => base({ gateways: [gateway({ connection: { state: "live", via: "polling" } })] }),
  catchingup: () => base({ gateways: [gateway({ connection: { state: "catching_up" }, as_of: at(-40) })] }),
  clocksapart: () => base({ gateways: [gateway({ clock_off_ms: -95_000 })] }),
  portal: () => base({ gateways: [gateway({ as_of: at(-600), connection: { state: "refused", why: "portal" } })], offline: true }),
  proxied: () => base({ gateways: [gateway({ as_of: at(-600), connection: { state: "refused", why: "proxy" } })], offline: true }),
  untrusted: () => base({ gateways: [gateway({ account: null, as_of: null, connection: { state: "refused", why: "certificate" } })], requests: [], failing: "certificate" }),
  rehearsal: () => base({ gateways: [gateway({ name: "Rehearsal", origin: "http://127.0.0.1:41733" })], requests: [pool], bare: true, shell: { realm: "rehearsal" } }),
  several: () =>
    base({
      gateways: [live, gateway({ id: STAGING, name: "staging", origin: "https://hold.staging.example.com" }), gateway({ id: LAB, name: "lab", origin: "https://hold.lab.example.com", account: null, as_of: null, connection: { state: "refused", why: "certificate" } })],
      requests: [...everyday, staging],
      homes: { [staging.request_id]: STAGING },
    }),
  notified: () => base({ shell: { asked: { key: { gateway: live.id, request: lag.request_id }, nth: 1 } } }),
  quiet: () => base({ shell: { notifying: { state: "unable", why: "No notification service runs in this session." }, closing: "minimises" } }),
  empty: () => base({ requests: [], bare: true }),
  loading: () => base({ gateways: [gateway({ connection: { state: "catching_up" } })], silent: true }),
  error: () => base({ failing: "store" }),
  diskfull: () => base({ banners: [full] }),
  readonly: () => base({ banners: [readOnly] }),
  damaged: () =>
    base({
      banners: [
        salvaged,
        banner("gateway_audit", 600, "The audit chain of prod-eu went back from entry 88,120 to 88,020: what was decided there may have been rewritten. Ask who runs it; receipts here are kept."),
        banner("row_changed", 4000, "Another program changed the decision about APR-51D0B7720E03 in the decisions file. It is asked for again at the gateway; check who has access to this account."),
        banner("cache_rebuilt", 3800, "The cache was damaged and begun anew. Older events are read from the gateway again as far as it keeps them."),
      ],
    }),
  badreceipt: () => base({ badReceipt: true }),
  unclear: () => base({ ends: "unknown" }),
};

/** The scene of that name; the everyday inbox if there is none. */
export function scene(name: string | null): Scene {
  return (SCENES[name ?? "inbox"] ?? base)();
}

export const SCENE_NAMES = Object.keys(SCENES);
