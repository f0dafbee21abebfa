-- Times are milliseconds since 1970 UTC. Nothing here leans on one database: PostgreSQL reads the same statements.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_why TEXT
);
CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    expires_at BIGINT NOT NULL,
    rotated_at BIGINT,
    successor TEXT
);

CREATE TABLE workflows (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    always_ask BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE workflow_members (
    workflow_id TEXT NOT NULL REFERENCES workflows (id),
    standing TEXT NOT NULL,
    member TEXT NOT NULL,
    PRIMARY KEY (workflow_id, standing, member)
);
CREATE INDEX workflow_members_by_member ON workflow_members (member);

CREATE TABLE actions (
    pipeline_id TEXT NOT NULL REFERENCES workflows (id),
    action_id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (pipeline_id, action_id)
);
CREATE TABLE mappings (
    pipeline_id TEXT NOT NULL REFERENCES workflows (id),
    error TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (pipeline_id, error)
);

CREATE TABLE approvals (
    request_id TEXT PRIMARY KEY,
    pipeline_id TEXT NOT NULL REFERENCES workflows (id),
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    context TEXT NOT NULL,
    stop_asked TEXT,
    body TEXT NOT NULL
);
CREATE INDEX approvals_by_status ON approvals (status, expires_at);
CREATE INDEX approvals_by_pipeline ON approvals (pipeline_id, status);
CREATE TABLE approval_digests (
    request_id TEXT NOT NULL REFERENCES approvals (request_id),
    revision BIGINT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (request_id, revision)
);
CREATE TABLE action_runs (
    request_id TEXT NOT NULL REFERENCES approvals (request_id),
    action_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    result TEXT,
    PRIMARY KEY (request_id, action_id)
);
CREATE TABLE idempotency (
    subject TEXT NOT NULL,
    route TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request_id TEXT,
    status BIGINT,
    body TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (subject, route, idempotency_key)
);

CREATE TABLE topics (topic TEXT PRIMARY KEY, head_seq BIGINT NOT NULL);
CREATE TABLE events (
    seq BIGINT PRIMARY KEY,
    topic TEXT NOT NULL,
    id TEXT NOT NULL,
    frame TEXT NOT NULL
);
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
);
