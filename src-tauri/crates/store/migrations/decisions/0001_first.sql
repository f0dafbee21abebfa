-- decisions.db: what must never be lost. Times are microseconds since 1970 (UTC).

CREATE TABLE gateways (
    id TEXT PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    dialect TEXT,
    account TEXT,
    pipelines_by_hand TEXT NOT NULL,
    added_us INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    decision TEXT NOT NULL UNIQUE,
    gateway TEXT NOT NULL REFERENCES gateways (id),
    request_id TEXT NOT NULL,
    point TEXT NOT NULL,
    action_id TEXT,
    track TEXT NOT NULL CHECK (track IN ('decide', 'stop')),
    pipeline_id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    digest TEXT NOT NULL,
    identity TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT,
    status TEXT,
    results TEXT NOT NULL,
    superseded TEXT,
    created_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL
) STRICT;

-- Rule 4: the row is the lock. The states are those of domain::OutboxState::locks.
CREATE UNIQUE INDEX outbox_lock ON outbox (gateway, request_id, point, track)
    WHERE state IN ('held', 'queued', 'sent', 'acknowledged', 'unknown');
CREATE INDEX outbox_of_request ON outbox (gateway, request_id);

CREATE TABLE shown (
    decision TEXT PRIMARY KEY REFERENCES outbox (decision),
    approval TEXT NOT NULL,
    error_message TEXT NOT NULL,
    holes TEXT NOT NULL,
    typed TEXT,
    words TEXT NOT NULL
) STRICT;

CREATE TABLE receipts (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    json TEXT NOT NULL
) STRICT;
CREATE INDEX receipts_by_kind ON receipts (kind, seq);

CREATE TABLE printed (
    gateway TEXT NOT NULL,
    request_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (gateway, request_id)
) STRICT;

-- Here and not in the cache, so that decisions are found after the cache was rebuilt. rowid = outbox.row.
CREATE VIRTUAL TABLE decision_fts USING fts5 (
    body, content = '', contentless_delete = 1, tokenize = 'unicode61', prefix = '2 3'
);
