-- The first schema. Every table says what one row is; sizes matter, since there are tens of millions of them.

-- One resource with one instrumentation scope.
CREATE TABLE origins (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL UNIQUE,
    service TEXT NOT NULL,
    scope   TEXT NOT NULL,
    bytes   BLOB NOT NULL
);

-- A trace (16-byte key), or records that a producer scattered but named (24-byte key).
CREATE TABLE units (
    id          INTEGER PRIMARY KEY,
    key         BLOB NOT NULL UNIQUE,
    main        INTEGER,            -- the unit it is projected with, where calls join two of them
    dirty       INTEGER NOT NULL,   -- records came since it was last projected
    started_at  INTEGER NOT NULL,   -- ns, the earliest record
    ended_at    INTEGER NOT NULL,   -- ns, the latest time seen
    received_at INTEGER NOT NULL,   -- ms, the latest receipt
    spans       INTEGER NOT NULL,
    agentic     INTEGER NOT NULL    -- holds a step that makes a run
);
CREATE INDEX units_dirty ON units (id) WHERE dirty;
CREATE INDEX units_main ON units (main) WHERE main IS NOT NULL;
CREATE INDEX units_started ON units (started_at);

-- What joins units: a response id seen in two traces is one call.
CREATE TABLE joins (
    key  INTEGER NOT NULL,          -- 8 bytes of a hash
    unit INTEGER NOT NULL,
    PRIMARY KEY (key, unit)
) WITHOUT ROWID;

-- One span or log record: ids, times and facts, without content.
CREATE TABLE records (
    id     INTEGER PRIMARY KEY,     -- in order of arrival
    unit   INTEGER,
    trace  INTEGER,                 -- the unit of its trace
    span   INTEGER,
    parent INTEGER,
    role   INTEGER NOT NULL,        -- low bits the role, 0x10 remote parent
    kind   INTEGER NOT NULL,
    start  INTEGER NOT NULL,        -- ns
    dur    INTEGER,                 -- ns; null while open
    status INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    facts  BLOB NOT NULL,
    block  INTEGER NOT NULL,        -- where the body lies
    off    INTEGER NOT NULL,
    len    INTEGER NOT NULL
);
CREATE UNIQUE INDEX records_span ON records (trace, span) WHERE role & 15 < 2;
CREATE INDEX records_unit ON records (unit) WHERE unit IS NOT NULL;

-- Log records already stored, so that a repeated delivery is stored once.
CREATE TABLE log_hashes (
    hash   BLOB PRIMARY KEY,
    record INTEGER NOT NULL
) WITHOUT ROWID;

-- Bodies and content, packed and compressed together.
CREATE TABLE blocks (
    id   INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,          -- bytes before compression
    data BLOB NOT NULL
);

-- One piece of content: a message, an argument, a large value.
CREATE TABLE contents (
    id    INTEGER PRIMARY KEY,
    hash1 INTEGER NOT NULL,         -- the two halves of its hash
    hash2 INTEGER NOT NULL,
    form  INTEGER NOT NULL,         -- low bits the form, 0x10 to be searched, purpose above
    record INTEGER NOT NULL,        -- where it was met first; see uses for further units
    block INTEGER NOT NULL,
    off   INTEGER NOT NULL,
    len   INTEGER NOT NULL
);
CREATE INDEX contents_hash ON contents (hash1);

-- The list of contents in one hole of one record's body, coded against an earlier list of its unit. Only lists that
-- are sent again and compared (messages, prompts, definitions); other holes keep their contents' ids in the body.
CREATE TABLE contexts (
    record      INTEGER NOT NULL,
    hole        INTEGER NOT NULL,
    purpose     INTEGER NOT NULL,
    base_record INTEGER,
    base_hole   INTEGER,
    ops         BLOB NOT NULL,
    PRIMARY KEY (record, hole)
) WITHOUT ROWID;

-- Where further units meet a content for the first time: keeps it alive, and leads from a search hit to their runs.
CREATE TABLE uses (
    content INTEGER NOT NULL,
    record  INTEGER NOT NULL,
    PRIMARY KEY (content, record)
) WITHOUT ROWID;

-- Metric data as received, one row per metric of a request.
CREATE TABLE metrics (
    id         INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    origin     INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    points     INTEGER NOT NULL,
    block      INTEGER NOT NULL,
    off        INTEGER NOT NULL,
    len        INTEGER NOT NULL
);
CREATE INDEX metrics_name ON metrics (name, ended_at);

-- Derived: the runs. Rewritten whenever their unit is projected again.
CREATE TABLE runs (
    id            INTEGER PRIMARY KEY,
    run_id        BLOB NOT NULL UNIQUE,
    unit          INTEGER NOT NULL,
    parent_run_id BLOB,
    root_run_id   BLOB NOT NULL,
    trace_id      BLOB,
    span_id       BLOB,
    native_run_id TEXT,
    name          TEXT NOT NULL,
    agent_name    TEXT,
    service_name  TEXT NOT NULL,
    dialect       TEXT NOT NULL,
    started_at    INTEGER NOT NULL, -- ns
    ended_at      INTEGER,          -- ns; null while the root has not ended
    last_seen_at  INTEGER NOT NULL, -- ns
    duration      INTEGER NOT NULL, -- ns, to the end or to what was last seen
    received_at   INTEGER NOT NULL, -- ms, for the silence after which a run is incomplete
    failed        INTEGER NOT NULL,
    turn_count    INTEGER NOT NULL,
    llm_call_count INTEGER NOT NULL,
    tool_call_count INTEGER NOT NULL,
    error_count   INTEGER NOT NULL,
    input_tokens  INTEGER,
    output_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens INTEGER,
    total_tokens  INTEGER,
    reported_cost INTEGER,          -- billionths of a US dollar
    session_id    TEXT,
    user_id       TEXT,
    user_role     TEXT,
    trigger_type  TEXT,
    allow_count   INTEGER NOT NULL,
    deny_count    INTEGER NOT NULL,
    hitl_count    INTEGER NOT NULL,
    error_type    TEXT,
    error_message TEXT,
    input_preview TEXT,
    output_preview TEXT,
    prompt_id     TEXT,
    prompt_version TEXT,
    experiment_id TEXT,
    experiment_variant TEXT,
    lists         TEXT NOT NULL     -- JSON: trace_ids, models, providers, tools, tags, metadata, risk_tiers
);
CREATE INDEX runs_unit ON runs (unit);
CREATE INDEX runs_started ON runs (started_at);
CREATE INDEX runs_roots ON runs (started_at) WHERE parent_run_id IS NULL;
CREATE INDEX runs_parent ON runs (parent_run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_root ON runs (root_run_id);
CREATE INDEX runs_service ON runs (service_name, started_at);
CREATE INDEX runs_agent ON runs (agent_name, started_at) WHERE agent_name IS NOT NULL;
CREATE INDEX runs_session ON runs (session_id, started_at) WHERE session_id IS NOT NULL;
CREATE INDEX runs_user ON runs (user_id, started_at) WHERE user_id IS NOT NULL;
CREATE INDEX runs_errors ON runs (started_at) WHERE error_count > 0;
CREATE INDEX runs_native ON runs (native_run_id) WHERE native_run_id IS NOT NULL;

-- Derived: what a run holds several of, for filters and their completion.
CREATE TABLE run_values (
    field INTEGER NOT NULL,         -- see query::filter
    value TEXT NOT NULL,
    run   INTEGER NOT NULL,
    PRIMARY KEY (field, value, run)
) WITHOUT ROWID;
CREATE INDEX run_values_run ON run_values (run);

-- Derived: a run's usage by model.
CREATE TABLE run_models (
    run      INTEGER NOT NULL,
    model    TEXT NOT NULL,
    provider TEXT NOT NULL,
    calls    INTEGER NOT NULL,
    input_tokens  INTEGER,
    output_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens INTEGER,
    PRIMARY KEY (run, model, provider)
) WITHOUT ROWID;

-- Scores. Those found in telemetry (source 0 and 1) are derived: rewritten with the runs of their unit.
CREATE TABLE scores (
    id         TEXT PRIMARY KEY,
    anchor     BLOB NOT NULL,       -- a run id, current when the score was given
    run_id     BLOB NOT NULL,       -- the run that the anchor now means
    unit       INTEGER NOT NULL,
    step_id    TEXT,
    turn       INTEGER,
    name       TEXT NOT NULL,
    value      REAL,
    label      TEXT,
    comment    TEXT,
    source     INTEGER NOT NULL,
    created_at INTEGER NOT NULL     -- ms
);
CREATE INDEX scores_unit ON scores (unit);
CREATE INDEX scores_run ON scores (run_id);
CREATE INDEX scores_name ON scores (name);

-- Tags given by API, on top of those that came with telemetry.
CREATE TABLE tags (
    anchor BLOB NOT NULL,
    run_id BLOB NOT NULL,           -- as in scores
    unit   INTEGER NOT NULL,
    tag    TEXT NOT NULL,
    PRIMARY KEY (unit, anchor, tag)
) WITHOUT ROWID;

-- Single values: how far the search index has come, counters that must survive a restart.
CREATE TABLE state (
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

-- Contents first seen where nobody searches, and met again where one does: the indexer has passed them by.
CREATE TABLE search_late (content INTEGER PRIMARY KEY);

-- The search index over contents; rowid is contents.id. It keeps no text of its own.
CREATE VIRTUAL TABLE search USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61');
