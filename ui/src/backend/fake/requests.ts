/** The requests of the fake's night, as the gateway would give them. Data only. */
import type { Approval } from "../../bindings/Approval";
import type { RenderedAction } from "../../bindings/RenderedAction";
import { action, approval, at, ME } from "./make";

const admin = ["Bearer ", { secret: "pgbouncer_admin" }];

export const listPools: RenderedAction = action(
  "list-pools",
  "pgbouncer",
  { kind: "http", method: "GET", url: "https://pool-admin.payments.internal/v1/pools", headers: { accept: "application/json", authorization: admin }, body: null },
  { version: 7, definition: "Lists the pools with their active and waiting clients.", action_metadata: { timeout: 5 }, secrets: ["pgbouncer_admin"] },
);

export const raiseLimit: RenderedAction = action(
  "raise-pool-limit",
  "pgbouncer",
  {
    kind: "http",
    method: "PATCH",
    url: "https://pool-admin.payments.internal/v1/pools/payments-rw",
    headers: { authorization: admin, "content-type": "application/json" },
    body: '{"pool_size":60,"reserve_pool":10,"reserve_timeout_s":3,"reason":"APR-7F3A19C4E2B0","revert_after_s":3600}',
  },
  {
    version: 3,
    definition: "Raises the server connection limit of one pool for an hour; the admin service reverts it by itself.",
    risk_level: "medium",
    on_failure: "continue",
    rollback: "restore-pool-limit",
    action_metadata: { timeout: 10 },
    secrets: ["pgbouncer_admin"],
    parameters: {
      pool: { type: "string", required: true, default: "payments-rw", validation_regex: "[a-z-]+" },
      pool_size: { type: "integer", required: false, default: 60, validation_regex: null },
    },
    arguments: { pool: "payments-rw", pool_size: 60 },
  },
);

export const restartPool: RenderedAction = action(
  "restart-pgbouncer",
  "pgbouncer",
  { kind: "k8s", argv: ["kubectl", "--context", "payments-prod", "--namespace", "payments", "rollout", "restart", "statefulset/pgbouncer"] },
  {
    version: 12,
    method: "k8s",
    definition: "Restarts the pooler's pods one after another; clients that are connected are moved or dropped.",
    risk_level: "high",
    requires_approval: true,
    action_metadata: { timeout: 180 },
  },
);

export const scaleOrders: RenderedAction = action(
  "scale-orders-api",
  "orders-api",
  { kind: "k8s", argv: ["kubectl", "--context", "checkout-prod", "scale", "deployment/orders-api", "--replicas=12"] },
  { version: 2, method: "k8s", risk_level: "medium", definition: "Adds replicas to the orders service.", action_metadata: { timeout: 60 }, rollback: "scale-orders-api" },
);

export const flushCache: RenderedAction = action(
  "flush-orders-cache",
  "orders-cache",
  { kind: "argv", argv: ["redis-cli", "-h", "orders-cache.checkout.internal", "UNLINK", "orders:list"], cwd: "/var/lib/holdpoint" },
  { version: 5, method: "command", definition: "Drops one cached list; it refills by itself.", action_metadata: { timeout: 15 } },
);

export const pool: Approval = approval("APR-7F3A19C4E2B0", "payments-prod", "pgbouncer: no more connections allowed (max_client_conn 200)", [listPools, raiseLimit, restartPool], {
  matched_error: "db-pool-exhausted",
  description:
    "A migration job started at 02:30 holds 140 idle-in-transaction sessions on payments-rw. New charges wait for a server connection and give up after 30 s. Traffic is normal (412 req/s); the pool is the bottleneck, not the database.",
  distance: 0.21,
  confidence: "high",
  created_at: at(-180),
  expires_at: at(402),
  links: { runbook_url: "https://runbooks.example.com/db-pool", dashboard_url: "https://grafana.example.com/d/pgbouncer", alert_url: "https://alerts.example.com/a/8812" },
});

export const latency: Approval = approval("APR-20C8E1D97A44", "checkout-prod", "p99 above 2.5 s on POST /v2/orders for 10 min", [scaleOrders, flushCache], {
  matched_error: "latency-orders-p99",
  description: "Deploy 4418 of orders-api raised allocations by 40 %. Old pods are throttled at their memory limit; the cache tier is healthy.",
  distance: 0.38,
  confidence: "medium",
  created_at: at(-360),
  expires_at: at(490),
  links: { runbook_url: "https://runbooks.example.com/orders-latency" },
});

export const lag: Approval = approval(
  "APR-93B04D7716FE",
  "ledger-prod",
  "Consumer lag 184,220 on ledger.postings",
  [
    action(
      "pause-settlement",
      "ledger",
      { kind: "ssh", host: "ledger-batch-2.internal", port: "22", user: "ops", host_key: "SHA256:vJ2oKq0cM3lZ8m4xTqv0YpWQbq3nD1b9w5QmJtFz1kE", argv: ["systemctl", "stop", "settlement.timer"] },
      { version: 4, method: "script", risk_level: "medium", validated: false, definition: "Stops the settlement timer until it is started again by hand.", action_metadata: { timeout: 20 } },
    ),
  ],
  { matched_error: "consumer-lag-ledger", distance: 0.12, confidence: "high", created_at: at(-540), expires_at: at(1244) },
);

export const oidc: Approval = approval(
  "APR-4410AC0DE7F2",
  "auth-prod",
  "OIDC discovery answered 502, 3 of 5",
  [action("restart-auth-proxy", "auth-proxy", { kind: "http", method: "POST", url: "https://auth-proxy.internal/-/restart", headers: {}, body: null }, { version: 2 })],
  { matched_error: "oidc-502", distance: 0.28, confidence: "high", created_at: at(-720), expires_at: at(1565) },
);

export const webhooks: Approval = approval(
  "APR-6D0092F1BB3C",
  "ledger-prod",
  "Webhook retries exhausted, settlement.v3",
  [action("replay-webhooks", "ledger", { kind: "http", method: "POST", url: "https://hooks.ledger.internal/replay", headers: { "content-type": "application/json" }, body: '{"topic":"settlement.v3","since_min":60}' }, { version: 1, risk_level: "medium" })],
  { matched_error: "webhook-retries-exhausted", distance: 0.33, confidence: "medium", created_at: at(-1260), expires_at: at(2330) },
);

export const certificate: Approval = approval(
  "APR-0B77E3A5519D",
  "edge-prod",
  "Certificate static.example.com, 6 days left",
  [action("renew-edge-certificate", "edge", { kind: "argv", argv: ["certbot", "renew", "--cert-name", "static.example.com"], cwd: "/etc/letsencrypt" }, { version: 9, method: "script" })],
  { matched_error: "cert-expiry-soon", distance: 0.04, confidence: "high", created_at: at(-2460), expires_at: at(11940) },
);

export const nightly: Approval = approval(
  "APR-E5C1D0884A6B",
  "reports-prod",
  "Nightly export over 45 min",
  [action("restart-export", "reports", { kind: "http", method: "POST", url: "https://reports.internal/jobs/export/restart", headers: {}, body: null })],
  { matched_error: "export-slow", distance: 0.44, confidence: "medium", created_at: at(-3120), expires_at: at(18480) },
);

/** Text that tries to pass for something else: colour codes, reordering, zero width, a second "card" in the prose. */
export const hostile: Approval = approval(
  "APR-BAD0C0DE\u202e123",
  "payments-prod",
  "disk full\u001b[2K\u001b[32m resolved\u202e, nothing to do\u200b <img src=x onerror=alert(1)> on db-1",
  [
    action("rotate-logs\u200b", "db-1", {
      kind: "http",
      method: "DELETE",
      url: "https://files.internal/logs/\u202egol.ssecca",
      headers: { "x-note": "safe\u2028approve" },
      body: '{"path":"/var/log/[redacted]","keep":0}',
    }, { risk_level: "high", requires_approval: true, definition: "<b>Harmless.</b> Approve at once.\u2029" }),
  ],
  { matched_error: "disk-full", description: "What will be sent: nothing. Approve quickly.\u202e", distance: 0.2, confidence: "high", links: { runbook_url: "javascript:alert(1)" } },
);

/** From a gateway that discloses neither values nor digests. */
export const undisclosed: Approval = approval(
  "APR-5c6be236f85a",
  "507f1f77bcf86cd799439011",
  "medium db timeout",
  [
    action("check-db-health", "payments-db", { kind: "undisclosed", entry: { action_id: "check-db-health", method: "rpc", service: "payments-db", execution: { endpoint: "http://payments-db:8000/rpc", rpc_method: "check" }, parameters: { verbose: { type: "boolean", required: { n: "0" } } } } }, { version: 0, method: "rpc" }),
    action("restart-db-pool", "payments-db", { kind: "undisclosed", entry: null }, { version: 0, method: "rpc", risk_level: "medium" }),
  ],
  { revision: 0, digest: null, matched_error: "DatabaseConnectionTimeout", description: "Database connection pool exhausted", distance: 0.41, confidence: "medium", expires_at: null, requested_by: null },
);

/** Asked for by the one who looks at it: it needs somebody else. */
export const asked: Approval = approval("APR-44E0A1B2C3D4", "payments-prod", pool.error_message, pool.actions, { matched_error: pool.matched_error, distance: pool.distance, confidence: pool.confidence, requested_by: ME });

/** On the second gateway. */
export const staging: Approval = approval(
  "APR-5A6E1D0C77B2",
  "checkout-staging",
  "orders-api: back-off restarting failed container",
  [action("restart-orders-api", "orders-api", { kind: "k8s", argv: ["kubectl", "--context", "staging", "rollout", "restart", "deployment/orders-api"] }, { version: 4, method: "k8s", action_metadata: { timeout: 60 } })],
  { matched_error: "orders-crashloop", distance: 0.09, confidence: "high", created_at: at(-95), expires_at: at(3505) },
);

export const everyday: Approval[] = [pool, latency, lag, oidc, webhooks, certificate, nightly];
