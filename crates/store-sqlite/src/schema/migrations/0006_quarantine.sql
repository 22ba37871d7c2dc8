-- What could not be processed: set aside with the reason, so that it holds up nothing else. A newer version of the
-- program tries again.
CREATE TABLE quarantine (
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,      -- request, trace_group or content
    target   INTEGER,            -- the trace group or content; null for a request
    reason   TEXT NOT NULL,
    version  TEXT NOT NULL,      -- of the program that set it aside
    at       INTEGER NOT NULL,   -- ms
    size     INTEGER,            -- of a request: bytes before compression
    body     BLOB,               -- of a request: its batch, compressed with zstd
    UNIQUE (kind, target)
);
