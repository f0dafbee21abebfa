-- What shows that decisions.db, or a gateway's audit chain, is not what it was.

ALTER TABLE receipts ADD COLUMN decision TEXT;
UPDATE receipts SET decision = json ->> '$.fact.decision' WHERE json_valid(json);
CREATE INDEX receipts_of_decision ON receipts (decision, seq) WHERE decision IS NOT NULL;

-- The end of the chain at each export.
CREATE TABLE exports (
    seq INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT;

-- The end of each gateway's audit chain as last told.
CREATE TABLE audit_heads (
    gateway TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT;

-- What was found wrong here, for people. The same thing is told once.
CREATE TABLE incidents (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    sentence TEXT NOT NULL,
    UNIQUE (kind, subject)
) STRICT;
