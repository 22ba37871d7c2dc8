-- Indexes by hash are written behind the commit, in the order of the hashes (see hash_index.rs): what is new stands in
-- NAME_recent first.
CREATE TABLE content_hashes (
    hash    INTEGER NOT NULL,       -- contents.hash1
    content INTEGER NOT NULL,
    PRIMARY KEY (hash, content)
) WITHOUT ROWID;
INSERT INTO content_hashes (hash, content) SELECT hash1, id FROM contents ORDER BY hash1, id;
DROP INDEX contents_hash;
CREATE TABLE content_hashes_recent (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, content INTEGER NOT NULL);
CREATE TABLE joins_recent (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, unit INTEGER NOT NULL);
