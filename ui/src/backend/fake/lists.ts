/** Runbooks, mappings and history of the fake's night. Data only. */
import type { ErrorMapping } from "../../bindings/ErrorMapping";
import type { HistoryEntry } from "../../bindings/HistoryEntry";
import type { RemediationAction } from "../../bindings/RemediationAction";
import { action, at, GATEWAY, ME, result } from "./make";
import { everyday, flushCache, listPools, pool, raiseLimit, restartPool, scaleOrders } from "./requests";

const undo = action("restore-pool-limit", "pgbouncer", { kind: "http", method: "PATCH", url: "https://pool-admin.payments.internal/v1/pools/payments-rw", headers: {}, body: '{"pool_size":20}' }, { version: 2, definition: "Puts the pool's limit back to what its configuration says.", execution: { endpoint: "https://pool-admin.payments.internal/v1/pools/{pool}", http_method: "PATCH" } });
const extra: RemediationAction[] = [
  action("cordon-node", "cluster-eu", null, { method: "k8s", risk_level: "medium", version: 3, definition: "Takes a node out of scheduling.", execution: { args: ["cordon", "{node}"] }, parameters: { node: { type: "string", required: true, default: null, validation_regex: "eu-[0-9]+" } } }),
  action("drain-kafka-partition", "ledger", null, { method: "rpc", risk_level: "high", version: 2, definition: "Moves one partition to another broker." }),
  action("failover-payments-rw", "payments-db", null, { method: "script", risk_level: "high", requires_approval: true, version: 6, definition: "Promotes the replica and repoints the writers." }),
  action("vacuum-sessions", "auth-db", null, { method: "script", risk_level: "medium", validated: false, definition: "Vacuums the session table outside of the schedule." }),
  action("warm-static-cache", "edge", null, { version: 1, definition: "Requests the hundred most wanted objects once." }),
  action("withdraw-dns-record", "edge", null, { risk_level: "high", version: 4, definition: "Takes one address out of DNS." }),
];

/** Every action with its pipeline. */
export const actions: [string, RemediationAction][] = (() => {
  const fromRequests = everyday.flatMap((request) => request.actions.map((one): [string, RemediationAction] => [request.pipeline_id, one]));
  const all: [string, RemediationAction][] = [...fromRequests, ["payments-prod", undo], ...extra.map((one): [string, RemediationAction] => ["platform-prod", one])];
  return all.sort((a, b) => a[1].action_id.localeCompare(b[1].action_id));
})();

export const mappings: [string, ErrorMapping][] = [
  ["edge-prod", { error: "cert-expiry-soon", actions: ["renew-edge-certificate"], description: "A certificate has less than a week left." }],
  ["ledger-prod", { error: "consumer-lag-ledger", actions: ["pause-settlement", "restart-consumer"], description: "The ledger's consumers fall behind." }],
  ["payments-prod", { error: "db-pool-exhausted", actions: [listPools.action_id, raiseLimit.action_id, restartPool.action_id], description: "pgbouncer turns clients away: no more connections allowed." }],
  ["payments-prod", { error: "db-pool-saturated", actions: [listPools.action_id, raiseLimit.action_id], description: "The pool is nearly full." }],
  ["reports-prod", { error: "export-slow", actions: ["restart-export"], description: "The nightly export takes too long." }],
  ["checkout-prod", { error: "latency-orders-p99", actions: [scaleOrders.action_id, flushCache.action_id], description: "Ordering is slow for one in a hundred." }],
  ["auth-prod", { error: "oidc-502", actions: ["restart-auth-proxy"], description: "The identity provider's discovery answers 502." }],
  ["ledger-prod", { error: "webhook-retries-exhausted", actions: ["replay-webhooks"], description: null }],
];

/** What the second gateway has. */
export const stagingActions: [string, RemediationAction][] = [
  ["checkout-staging", action("restart-orders-api", "orders-api", null, { method: "k8s", version: 4, definition: "Restarts the orders service's pods one after another.", execution: { args: ["rollout", "restart", "deployment/orders-api"] } })],
  ["checkout-staging", action("seed-orders", "orders-db", null, { method: "script", risk_level: "medium", validated: false, definition: "Loads the test orders anew." })],
];

export const stagingMappings: [string, ErrorMapping][] = [["checkout-staging", { error: "orders-crashloop", actions: ["restart-orders-api"], description: "A pod of the orders service does not stay up." }]];

type Decided = Extract<HistoryEntry, { kind: "decision" }>;

function decided(n: number, offsetS: number, rest: Partial<Decided>): Decided {
  return {
    kind: "decision",
    at: at(offsetS),
    changed_at: at(offsetS + 48),
    decision: `0192e000-0000-7000-8000-0000000000${String(n).padStart(2, "0")}`,
    gateway_id: GATEWAY,
    request_id: `APR-51D0B7720E${String(n).padStart(2, "0")}`,
    pipeline_id: "payments-prod",
    action_id: null,
    verdict: "approve",
    reason: null,
    identity: ME,
    digest: "sha-256:6b1e0d52c94f88a7b3d6e1f0a45c9921c7d80e3f5b6a794812cd34ef56ab20dd",
    state: "observed",
    status: "completed",
    detail: null,
    error_message: pool.error_message,
    execution_results: [],
    ...rest,
  };
}

const DAY_S = 86_400;
const timedOut = { status: "failed", exit_code: 1 };

/** Newest first, as the store gives it. */
export const history: HistoryEntry[] = [
  { kind: "event", at: at(-180), row: 9120, gateway_id: GATEWAY, request_id: pool.request_id, pipeline_id: "payments-prod", title: "Approval required: db-pool-exhausted", event: { type: "approval_required", request_id: pool.request_id } },
  decided(1, -5020, { status: "rejected", verdict: "reject", reason: "The readers drain by themselves", error_message: "Pool payments-ro above 90 % for 5 min", execution_results: [] }),
  decided(10, -5100, { state: "unknown", status: "executing", error_message: "Replica lag 38 s on payments-ro-1", detail: "No answer came within 60 s (HTTP 500, empty reason)." }),
  decided(11, -5200, { state: "refused", status: "pending", error_message: "Pool payments-ro above 90 % for 5 min", detail: "Taken back before it was sent. Nothing was sent." }),
  { kind: "event", at: at(-5300), row: 9088, gateway_id: GATEWAY, request_id: null, pipeline_id: "payments-prod", title: "Alert: pool payments-ro above 90 %", event: { type: "alert", text: "Pool payments-ro above 90 % for 5 min" } },
  decided(2, -9 * DAY_S + 1840, { execution_results: [result("list-pools", { execution_time: 0.187 }), result("restart-pgbouncer", { execution_time: 44.1, result: { status: "success", exit_code: 0 } })] }),
  decided(3, -9 * DAY_S + 1000, { error_message: "Idle in transaction over 120 on payments-rw", execution_results: [result("list-pools", { execution_time: 9 })] }),
  decided(4, -24 * DAY_S - 10_800, { execution_results: [result("list-pools"), result("restart-pgbouncer", { execution_time: 51 })] }),
  decided(5, -24 * DAY_S - 13_000, { state: "expired", status: "expired", error_message: "Pool payments-rw above 90 % for 5 min", detail: "Its time ran out before the decision arrived." }),
  decided(6, -42 * DAY_S + 40_000, { verdict: "stop", reason: "The lead took over", status: "stopped", execution_results: [result("list-pools", { execution_time: 0.3 })] }),
  decided(7, -42 * DAY_S + 39_000, { execution_results: [result("list-pools"), result("restart-pgbouncer", { execution_time: 48 })] }),
  decided(8, -79 * DAY_S + 72_000, { status: "failed", execution_results: [result("list-pools"), result("restart-pgbouncer", { success: true, status: "failed", result: timedOut, execution_time: 182, output: "error: timed out waiting for the condition" })] }),
  decided(9, -79 * DAY_S + 71_000, { state: "conflict", status: "completed", error_message: "Failover of payments-rw to payments-db-2", detail: "payments-lead@example.com decided first." }),
];
