-- Derived: sums over the runs that began in an hour. Kept by triggers of the writer (see rollups/mod.rs); runs up to the number
-- in state (rollups_above) are taken in behind everything else.
CREATE TABLE rollups (
    dimension INTEGER NOT NULL,     -- all runs, or those of an agent, a service or a model
    value     TEXT NOT NULL,
    hour      INTEGER NOT NULL,     -- since the epoch
    runs      INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    open      INTEGER NOT NULL,     -- neither ended nor waiting for a person
    turns     INTEGER NOT NULL,
    tool_calls INTEGER NOT NULL,
    errors    INTEGER NOT NULL,
    allowed   INTEGER NOT NULL,
    denied    INTEGER NOT NULL,
    asked     INTEGER NOT NULL,
    llm_calls INTEGER NOT NULL,
    unpriced_calls INTEGER NOT NULL,
    cost      INTEGER NOT NULL,     -- of what is known; how many runs, or models of runs, it is known of
    cost_known INTEGER NOT NULL,
    computed_cost INTEGER NOT NULL,
    computed_cost_known INTEGER NOT NULL,
    reported_cost INTEGER NOT NULL,
    reported_cost_known INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    input_tokens_known INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    output_tokens_known INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_read_tokens_known INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cache_write_tokens_known INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    reasoning_tokens_known INTEGER NOT NULL,
    waiting   INTEGER NOT NULL,
    durations BLOB NOT NULL,        -- of runs that have ended, as a sketch
    PRIMARY KEY (dimension, value, hour)
) WITHOUT ROWID;
INSERT INTO state (key, value) SELECT 'rollups_above', coalesce(max(id), 0) FROM runs;
