-- Indexes by hash are written behind the commit, in the order of the hashes (see hash_index.rs). What is new stands at the
-- end of contents, above a watermark (state, content_hashes_to), and in joins_recent.
CREATE TABLE content_hashes (
    hash    INTEGER NOT NULL,       -- contents.hash1
    content INTEGER NOT NULL,
    PRIMARY KEY (hash, content)
) WITHOUT ROWID;
INSERT INTO content_hashes (hash, content) SELECT hash1, id FROM contents ORDER BY hash1, id;
INSERT INTO state (key, value) SELECT 'content_hashes_to', coalesce(max(id), 0) FROM contents;
DROP INDEX contents_hash;
CREATE TABLE joins_recent (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, unit INTEGER NOT NULL);
