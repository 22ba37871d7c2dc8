-- Search finds any piece of a text. The index of words goes; signatures of units are built behind the commits, also of what
-- is stored already.
DROP TABLE search;
DROP TABLE search_late;
DELETE FROM state WHERE key = 'search_watermark';

-- A unit: contents whose texts have one signature. Contents above the last unit's have none yet, and are read themselves.
CREATE TABLE search_units (
    id    INTEGER PRIMARY KEY,      -- without gaps
    first INTEGER NOT NULL,         -- the contents from here on,
    last  INTEGER NOT NULL,         -- and up to here; late contents stand in search_late
    part  INTEGER NOT NULL          -- of a content too large for one unit: which piece, from 0
);
CREATE INDEX search_units_parts ON search_units (id) WHERE part > 0;

-- Contents that are not looked for where their number stands: they became searchable after a unit had passed them by.
CREATE TABLE search_late (
    content INTEGER PRIMARY KEY,
    unit    INTEGER                 -- null: in none yet
);
CREATE INDEX search_late_unit ON search_late (unit);

-- Signatures of the newest units, one by one.
CREATE TABLE search_signatures (
    unit INTEGER PRIMARY KEY,
    bits BLOB NOT NULL
);

-- Signatures of many units, turned round: a slice holds one bit of each unit, so that a question reads few of them.
CREATE TABLE search_segments (
    id         INTEGER PRIMARY KEY,
    first_unit INTEGER NOT NULL,
    width      INTEGER NOT NULL,    -- units
    state      INTEGER NOT NULL,    -- 0 being built, 1 whole, 2 to be removed
    rows       INTEGER NOT NULL     -- of search_slices, written so far
);
CREATE TABLE search_slices (
    id   INTEGER PRIMARY KEY,       -- segment * 8192 + row
    bits BLOB NOT NULL
);
