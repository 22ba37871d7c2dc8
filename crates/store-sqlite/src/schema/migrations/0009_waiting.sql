-- Runs that stopped for a person.
ALTER TABLE runs ADD COLUMN waiting_since INTEGER;  -- ns, when the person was asked
ALTER TABLE runs ADD COLUMN continued_by BLOB;      -- the run that came after it in its session
CREATE INDEX runs_waiting ON runs (session_id, waiting_since) WHERE waiting_since IS NOT NULL;
CREATE INDEX runs_continued ON runs (continued_by) WHERE continued_by IS NOT NULL;
