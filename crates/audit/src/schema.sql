-- The audit trail, version 1. Rows are only ever added; the two tables share one sequence and one chain.
-- A row's `mac` covers its table, its `seq`, `prev` (the mac of the row before) and every other column.
PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;

-- One row: which trail this is, what its first record is chained to, and the proof that a key belongs to it.
CREATE TABLE trail (
  id        BLOB NOT NULL,
  genesis   BLOB NOT NULL,
  key_check BLOB NOT NULL
) STRICT;

-- One record per run.
CREATE TABLE audit_runs (
  seq           INTEGER PRIMARY KEY,
  recorded_at   INTEGER NOT NULL, -- this and all other times: milliseconds since the epoch
  source        TEXT NOT NULL,    -- 'agent': written by the agent itself; 'server': kept by a server for what it received
  origin        TEXT UNIQUE,      -- what a server kept: the same thing is kept once
  run_id        TEXT,
  trace_id      TEXT,
  session_id    TEXT,
  agent         TEXT,
  user_id       TEXT,
  user_role     TEXT,
  trigger_type  TEXT,
  started_at    INTEGER NOT NULL,
  ended_at      INTEGER NOT NULL,
  prompt        TEXT,
  output        TEXT,
  model         TEXT,
  input_tokens  INTEGER,
  output_tokens INTEGER,
  success       INTEGER NOT NULL, -- 1 or 0
  error         TEXT,
  prev          BLOB NOT NULL,
  mac           BLOB NOT NULL
) STRICT;
CREATE INDEX audit_runs_of_run ON audit_runs (run_id);
CREATE INDEX audit_runs_of_trace ON audit_runs (trace_id);

-- One record per policy decision, and one more when a human has answered.
CREATE TABLE audit_decisions (
  seq            INTEGER PRIMARY KEY,
  recorded_at    INTEGER NOT NULL,
  source         TEXT NOT NULL,
  origin         TEXT UNIQUE,
  run_id         TEXT,
  trace_id       TEXT,
  span_id        TEXT,
  session_id     TEXT,
  agent          TEXT,
  user_id        TEXT,
  user_role      TEXT,
  tool           TEXT,
  action         TEXT,
  verdict        TEXT NOT NULL,   -- allow, deny, hitl
  resolution     TEXT,            -- approved, rejected
  decided_by     TEXT,
  reason         TEXT,
  risk_tier      TEXT,
  policy_version TEXT,
  decided_at     INTEGER NOT NULL,
  prev           BLOB NOT NULL,
  mac            BLOB NOT NULL
) STRICT;
CREATE INDEX audit_decisions_of_run ON audit_decisions (run_id);
CREATE INDEX audit_decisions_of_trace ON audit_decisions (trace_id);

-- What pruning leaves: the records up to `through` are gone, the last of them had this mac. Each is signed, and signs the one before.
CREATE TABLE checkpoints (
  id        INTEGER PRIMARY KEY,
  pruned_at INTEGER NOT NULL,
  before    INTEGER NOT NULL, -- what was recorded before this time went
  through   INTEGER NOT NULL,
  mac       BLOB NOT NULL,
  prev      BLOB NOT NULL,
  signature BLOB NOT NULL
) STRICT;

-- Against mistakes, not against someone who can write the file: for that there is the chain.
CREATE TRIGGER trail_is_fixed BEFORE UPDATE ON trail BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER trail_stays BEFORE DELETE ON trail BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER runs_are_fixed BEFORE UPDATE ON audit_runs BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER decisions_are_fixed BEFORE UPDATE ON audit_decisions BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER checkpoints_are_fixed BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER checkpoints_stay BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
-- Only what a checkpoint stands for may go.
CREATE TRIGGER runs_stay BEFORE DELETE ON audit_runs
  WHEN OLD.seq > (SELECT coalesce(max(through), 0) FROM checkpoints)
  BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER decisions_stay BEFORE DELETE ON audit_decisions
  WHEN OLD.seq > (SELECT coalesce(max(through), 0) FROM checkpoints)
  BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
