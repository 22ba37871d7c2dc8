-- Lists coded against a list of another trace group: a chat whose every message is a trace of its own sends the same
-- history again and again. When the base list goes, these are written out.
CREATE TABLE foreign_bases (
    base_record INTEGER NOT NULL,
    record      INTEGER NOT NULL,
    slot        INTEGER NOT NULL,
    PRIMARY KEY (base_record, record, slot)
) WITHOUT ROWID;
