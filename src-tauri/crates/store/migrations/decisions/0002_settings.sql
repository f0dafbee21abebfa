-- What a person has set about decisions. Beside the decisions, so that it outlives the cache.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
