-- The audit trail, version 1; version_2.sql adds to it. Rows are only added; the two record tables share one sequence and one chain.
-- A row's `mac` covers its table, `seq`, `prev` (the mac of the previous row) and all other columns.
PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;

-- One row: the trail's id, the value that its first record is chained to, and the proof that a key belongs to it.
CREATE TABLE trail (
  id        BLOB NOT NULL,
  genesis   BLOB NOT NULL,
  key_check BLOB NOT NULL
) STRICT;

-- One record per run.
CREATE TABLE audit_runs (
  seq           INTEGER PRIMARY KEY,
  recorded_at   INTEGER NOT NULL, -- all times are milliseconds since the Unix epoch
  source        TEXT NOT NULL,    -- 'agent': written by the agent itself; 'server': written by a server for what it received
  origin        TEXT UNIQUE,      -- identifies what a server recorded, so that it is recorded once
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

-- One record per policy decision, and another one for a human's answer.
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

-- Left by pruning: records up to `through` were deleted, and the last of them had this mac. Each checkpoint is signed and covers the previous one.
CREATE TABLE checkpoints (
  id        INTEGER PRIMARY KEY,
  pruned_at INTEGER NOT NULL,
  before    INTEGER NOT NULL, -- records older than this time were deleted
  through   INTEGER NOT NULL,
  mac       BLOB NOT NULL,
  prev      BLOB NOT NULL,
  signature BLOB NOT NULL
) STRICT;

-- These triggers prevent mistakes. Against someone who can write the file there is the chain.
CREATE TRIGGER trail_is_fixed BEFORE UPDATE ON trail BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER trail_stays BEFORE DELETE ON trail BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER runs_are_fixed BEFORE UPDATE ON audit_runs BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER decisions_are_fixed BEFORE UPDATE ON audit_decisions BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER checkpoints_are_fixed BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER checkpoints_stay BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
-- Only records covered by a checkpoint may be deleted.
CREATE TRIGGER runs_stay BEFORE DELETE ON audit_runs
  WHEN OLD.seq > (SELECT coalesce(max(through), 0) FROM checkpoints)
  BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER decisions_stay BEFORE DELETE ON audit_decisions
  WHEN OLD.seq > (SELECT coalesce(max(through), 0) FROM checkpoints)
  BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
