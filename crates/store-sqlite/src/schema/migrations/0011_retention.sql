-- Age is counted from receipt: the times that clients send may be zero, wrong or in the future.
CREATE INDEX trace_groups_received ON trace_groups (received_at);
-- The first numbers given out since a moment. Rows of records and metrics stand in the order of receipt, so that these say
-- which came before it.
CREATE TABLE receipts (
    at     INTEGER PRIMARY KEY,     -- ms
    record INTEGER NOT NULL,
    metric INTEGER NOT NULL
);
