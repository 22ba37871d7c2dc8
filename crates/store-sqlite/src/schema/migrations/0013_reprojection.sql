-- Trace groups of which the records are to be looked at again, by the rules of today: those after one and up to another. How far
-- that has come over all records is in state (rules, reproject_rules, reproject_after, reproject_to).
CREATE TABLE reproject_groups (
    trace_group INTEGER PRIMARY KEY,
    after       INTEGER NOT NULL,
    last        INTEGER NOT NULL
);
