-- Lists of runs are walked in their order, with the columns of the common filters beside it: no run is looked at that is
-- not in the answer, but for those that another filter leaves out.
-- What is unknown comes after everything else.
ALTER TABLE runs ADD COLUMN cost_key INTEGER GENERATED ALWAYS AS (coalesce(cost, -1)) VIRTUAL;
ALTER TABLE runs ADD COLUMN tokens_key INTEGER GENERATED ALWAYS AS (coalesce(total_tokens, -1)) VIRTUAL;
DROP INDEX runs_started;
DROP INDEX runs_roots;
DROP INDEX runs_errors;
CREATE INDEX runs_by_started ON runs (started_at, id, failed, ended_at, error_count, parent_run_id, agent_name, service_name, session_id, waiting_since, continued_by);
CREATE INDEX runs_by_duration ON runs (duration, id, started_at, failed, ended_at, error_count, parent_run_id, agent_name, service_name, waiting_since, continued_by);
CREATE INDEX runs_by_cost ON runs (cost_key, id, started_at, failed, ended_at, error_count, parent_run_id, agent_name, service_name, waiting_since, continued_by);
CREATE INDEX runs_by_tokens ON runs (tokens_key, id, started_at, failed, ended_at, error_count, parent_run_id, agent_name, service_name, waiting_since, continued_by);
-- The same columns by row: short lists of runs are filtered and sorted without reading the runs.
CREATE INDEX runs_narrow ON runs (id, started_at, duration, cost_key, tokens_key, failed, ended_at, error_count, parent_run_id, agent_name, service_name, waiting_since, continued_by);
-- Few runs are failed or open, and those are asked for most.
CREATE INDEX runs_failed ON runs (started_at) WHERE failed;
CREATE INDEX runs_open ON runs (started_at) WHERE failed = 0 AND ended_at IS NULL;

-- The values of a run in the order of its start, so that the newest runs with a value stand side by side.
ALTER TABLE run_values RENAME TO old_run_values;
DROP INDEX run_values_run;
CREATE TABLE run_values (
    field      INTEGER NOT NULL,    -- see schema/stored.rs
    value      TEXT NOT NULL,
    started_at INTEGER NOT NULL,    -- of the run
    run        INTEGER NOT NULL,
    PRIMARY KEY (field, value, started_at, run)
) WITHOUT ROWID;
INSERT INTO run_values (field, value, started_at, run)
    SELECT v.field, v.value, r.started_at, v.run FROM old_run_values v JOIN runs r ON r.id = v.run
    ORDER BY v.field, v.value, r.started_at, v.run;
CREATE INDEX run_values_run ON run_values (run);
DROP TABLE old_run_values;
CREATE INDEX tags_tag ON tags (tag);

-- Plans must not change with what a store holds: statistics were gathered when it was closed.
DROP TABLE IF EXISTS sqlite_stat1;
DROP TABLE IF EXISTS sqlite_stat4;
