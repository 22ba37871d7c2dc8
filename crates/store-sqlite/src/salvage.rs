//! Copies everything that can be read into a new store.

use crate::{
    blocks::{Blocks, Location},
    check::{LOST, affected, ids},
    encode::facts_row,
    error::{Error, Result, StoreError},
    groups::record_facts,
    read::{Lists, body, content},
    schema::{self, FILE, SCORE, score_from_row, sql_value::unix_nanos, stored::role},
    store::{Options, SqliteStore},
};
use rusqlite::Connection;
use std::{collections::HashMap, path::Path, sync::Arc};
use turnscope_model::{
    ContentHash, GroupKey, Origin, Record, RecordId, Role, RunId, Score, ScoreSource, SpanId, TraceGroupId,
    TraceId,
};
use turnscope_query::NewScore;
use turnscope_store::{Batch, MetricRow, Store as _, commit_and_wait};

/// Records committed at once.
const AT_ONCE: usize = 1000;

/// What was copied, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Salvaged {
    /// Spans and log records copied.
    pub records: u64,
    /// Metrics copied.
    pub metrics: u64,
    /// Scores and tags copied.
    pub annotations: u64,
    /// What could not be copied, each with the reason.
    pub lost: Vec<String>,
}

/// Copies what can be read of the store in `from` into a new store in `to`, which must not have one.
pub fn salvage(from: &Path, to: &Path, options: Options) -> std::result::Result<Salvaged, StoreError> {
    if to.join(FILE).exists() {
        return Err(StoreError::Io {
            path: to.join(FILE).display().to_string(),
            source: std::io::Error::new(std::io::ErrorKind::AlreadyExists, "a store is there already"),
        });
    }
    let db = schema::open_reader(&from.join(FILE))?;
    schema::check(&db)?;
    db.execute_batch("BEGIN").map_err(Error::from)?;
    let store = SqliteStore::open(to, options)?;
    let mut salvage = Salvage {
        db: &db,
        store: &store,
        blocks: Blocks::new(),
        lists: Lists::default(),
        origins: HashMap::new(),
        done: Salvaged::default(),
    };
    salvage.records()?;
    salvage.metrics()?;
    store.project_all()?;
    salvage.annotations()?;
    Ok(salvage.done)
}

struct Salvage<'a> {
    db: &'a Connection,
    store: &'a SqliteStore,
    blocks: Blocks,
    lists: Lists,
    origins: HashMap<i64, Arc<Origin>>,
    done: Salvaged,
}

impl Salvage<'_> {
    fn records(&mut self) -> Result<()> {
        let mut batch = Batch::default();
        for id in ids(self.db, "records") {
            match self.record(RecordId(id)) {
                Ok(record) => batch.records.push(record),
                Err(error) => self.done.lost.push(format!("record {id}: {error}")),
            }
            if batch.records.len() >= AT_ONCE {
                self.commit(std::mem::take(&mut batch))?;
            }
        }
        self.commit(batch)?;
        for id in affected::lost_records(self.db) {
            self.done.lost.push(format!("record {id}: {LOST}"));
        }
        Ok(())
    }

    fn commit(&mut self, batch: Batch) -> Result<()> {
        let stored = commit_and_wait(self.store, batch)
            .map_err(|error| Error::Store(StoreError::Database(Box::new(error))))?;
        self.done.records += stored.records;
        self.done.metrics += stored.metrics;
        Ok(())
    }

    /// A record as it was handed to the store.
    fn record(&mut self, id: RecordId) -> Result<Record> {
        let db = self.db;
        let mut statement = db.prepare_cached(
            "SELECT trace_group, trace, span, parent, role, kind, start, dur, status, origin, facts
             FROM records WHERE id = ?1",
        )?;
        let mut rows = statement.query([id.0])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let kind = record_facts::kind(row.get(5)?);
        let (mut facts, companions) = facts_row::decode(&row.get::<_, Vec<u8>>(10)?, kind)
            .map_err(|error| Error::damaged(format!("its facts: {error}")))?;
        facts.input_text = self.text(companions.input_text);
        facts.output_text = self.text(companions.output_text);
        let (stored_role, start, dur): (u32, i64, Option<i64>) = (row.get(4)?, row.get(6)?, row.get(7)?);
        let key = |id: Option<i64>| -> Result<GroupKey> {
            id.map_or(Ok(GroupKey::None), |id| record_facts::group_key(db, TraceGroupId(id)))
        };
        let trace_id: Option<TraceId> = match key(row.get(1)?)? {
            GroupKey::Trace(trace) => Some(trace),
            _ => None,
        };
        Ok(Record {
            role: match stored_role & role::MASK {
                role::OPEN => Role::Open,
                role::LOG => Role::Log,
                role::EVENT => {
                    let (key, parent) = companions.event.unwrap_or_default();
                    Role::Event { key, parent }
                }
                _ => Role::Span,
            },
            trace_id,
            span_id: row.get::<_, Option<i64>>(2)?.and_then(SpanId::from_i64),
            parent_span_id: row.get::<_, Option<i64>>(3)?.and_then(SpanId::from_i64),
            remote_parent: stored_role & role::REMOTE_PARENT != 0,
            group: key(row.get(0)?)?,
            start: unix_nanos(start),
            end: dur.map(|dur| unix_nanos(start.saturating_add(dur))),
            status: record_facts::status(row.get(8)?),
            facts,
            origin: self.origin(row.get(9)?)?,
            body: body(db, &mut self.blocks, &mut self.lists, id)?,
        })
    }

    fn text(&mut self, id: Option<turnscope_model::ContentId>) -> Option<String> {
        let (_, bytes) = content(self.db, &mut self.blocks, id?).ok()?;
        String::from_utf8(bytes).ok()
    }

    fn origin(&mut self, id: i64) -> Result<Arc<Origin>> {
        if let Some(origin) = self.origins.get(&id) {
            return Ok(Arc::clone(origin));
        }
        let (hash, service_name, scope_name, bytes): (Vec<u8>, String, String, Vec<u8>) = self
            .db
            .prepare_cached("SELECT hash, service, scope, bytes FROM origins WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let hash = ContentHash::from_bytes(&hash).ok_or_else(|| Error::damaged(format!("origin {id}")))?;
        let origin = Arc::new(Origin { service_name, scope_name, hash, bytes });
        self.origins.insert(id, Arc::clone(&origin));
        Ok(origin)
    }

    fn metrics(&mut self) -> Result<()> {
        let mut batch = Batch::default();
        for id in ids(self.db, "metrics") {
            match self.metric(id) {
                Ok(metric) => batch.metrics.push(metric),
                Err(error) => self.done.lost.push(format!("metric {id}: {error}")),
            }
            if batch.metrics.len() >= AT_ONCE {
                self.commit(std::mem::take(&mut batch))?;
            }
        }
        self.commit(batch)
    }

    fn metric(&mut self, id: i64) -> Result<MetricRow> {
        let (name, origin, start, end, points, location): (String, i64, i64, i64, u64, Location) = self
            .db
            .prepare_cached(
                "SELECT name, origin, started_at, ended_at, points, block, off, len FROM metrics WHERE id = ?1",
            )?
            .query_row([id], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    Location::from_row(row, 5)?,
                ))
            })?;
        Ok(MetricRow {
            name,
            origin: self.origin(origin)?,
            start: unix_nanos(start),
            end: unix_nanos(end),
            points,
            bytes: self.blocks.read(self.db, location)?,
        })
    }

    /// Scores and tags that people and programs gave; those of the telemetry come with it.
    fn annotations(&mut self) -> Result<()> {
        let sql = format!("SELECT {SCORE} FROM scores WHERE source >= 2");
        let scores: Vec<rusqlite::Result<Score>> =
            self.db.prepare(&sql)?.query_map([], score_from_row)?.collect();
        for score in scores {
            let given = score.map_err(Error::from).and_then(|score| self.score(score));
            self.count("score", given);
        }
        let tags: Vec<rusqlite::Result<(Vec<u8>, String)>> = self
            .db
            .prepare("SELECT run_id, tag FROM tags")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect();
        for tag in tags {
            let given = tag.map_err(Error::from).and_then(|(run, tag)| {
                let run = RunId::from_bytes(&run).map_err(|error| Error::damaged(error.to_string()))?;
                Ok(self.store.change_tags(run, vec![tag], Vec::new())?)
            });
            self.count("tag", given);
        }
        Ok(())
    }

    fn score(&self, score: Score) -> Result<bool> {
        let source = if score.source == ScoreSource::Person { ScoreSource::Person } else { ScoreSource::Api };
        let new = NewScore {
            run_id: score.run_id,
            step_id: score.step_id,
            turn: score.turn,
            name: score.name,
            value: score.value,
            label: score.label,
            comment: score.comment,
            source,
            score_id: Some(score.score_id),
            created_at: Some(score.created_at),
        };
        Ok(self.store.add_score(new)?.is_some())
    }

    fn count(&mut self, what: &str, given: Result<bool>) {
        match given {
            Ok(true) => self.done.annotations += 1,
            Ok(false) => self.done.lost.push(format!("a {what}: its run could not be copied")),
            Err(error) => self.done.lost.push(format!("a {what}: {error}")),
        }
    }
}
