-- cache.db: what the gateway can tell again. Times are microseconds since 1970 (UTC).

CREATE TABLE events (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    gateway TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    topic TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subtype TEXT,
    pipeline_id TEXT,
    request_id TEXT,
    at_us INTEGER NOT NULL,
    title TEXT NOT NULL,
    raw TEXT NOT NULL,
    holes TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_once ON events (gateway, epoch, id);
CREATE INDEX events_of_request ON events (gateway, request_id) WHERE request_id IS NOT NULL;

-- rowid = events.row; written by a statement of its own, because a trigger doubles the cost of an event.
CREATE VIRTUAL TABLE event_fts USING fts5 (
    body, content = '', contentless_delete = 1, tokenize = 'unicode61', prefix = '2 3'
);

CREATE TABLE cursors (
    gateway TEXT PRIMARY KEY,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    last_id TEXT
) STRICT;

CREATE TABLE approvals (
    gateway TEXT NOT NULL,
    request_id TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('open', 'closed', 'gone')),
    approval TEXT NOT NULL,
    holes TEXT NOT NULL,
    digest TEXT NOT NULL,
    as_of_us INTEGER NOT NULL,
    gone_us INTEGER,
    PRIMARY KEY (gateway, request_id)
) STRICT;
CREATE INDEX approvals_open ON approvals (gateway) WHERE standing = 'open';

-- Whole lists as last read: runbook actions, error mappings, pipelines. pipeline_id is '' where a list has none.
CREATE TABLE listings (
    kind TEXT NOT NULL,
    gateway TEXT NOT NULL,
    pipeline_id TEXT NOT NULL,
    items TEXT NOT NULL,
    as_of_us INTEGER NOT NULL,
    PRIMARY KEY (kind, gateway, pipeline_id)
) STRICT;
