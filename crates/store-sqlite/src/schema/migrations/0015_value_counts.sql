-- Derived: how many runs have each value that lists are filtered by. Kept by triggers of the writer (see rollups/value_counts.rs); runs
-- up to the number in state (value_counts_above) are taken in behind everything else.
CREATE TABLE value_counts (
    field INTEGER NOT NULL,         -- see schema/stored.rs
    value TEXT NOT NULL,
    runs  INTEGER NOT NULL,
    PRIMARY KEY (field, value)
) WITHOUT ROWID;
INSERT INTO state (key, value) SELECT 'value_counts_above', coalesce(max(id), 0) FROM runs;
