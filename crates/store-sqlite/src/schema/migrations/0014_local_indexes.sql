-- The index of contents by hash, in segments by number: what is new changes pages of the newest segment only. content_hashes
-- keeps what earlier versions wrote.
CREATE TABLE content_hash_segments (
    segment INTEGER NOT NULL,       -- see write/hash_tables.rs
    hash    INTEGER NOT NULL,       -- contents.hash1
    content INTEGER NOT NULL,
    PRIMARY KEY (segment, hash, content)
) WITHOUT ROWID;

-- A topmost run is found by its own id: only those below it need an entry under its id, which falls anywhere in an index.
DROP INDEX runs_root;
CREATE INDEX runs_below ON runs (root_run_id) WHERE parent_run_id IS NOT NULL;
