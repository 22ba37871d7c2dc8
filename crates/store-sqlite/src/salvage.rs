//! Copies everything that can be read into a new store.

use crate::{
    blocks::{Blocks, Location},
    check::{LOST, affected, ids},
    error::{Error, Result, StoreError},
    read::StoredRecords,
    schema::{self, FILE, SCORE, score_from_row, sql_value::unix_nanos},
    store::{Options, SqliteStore},
};
use rusqlite::Connection;
use std::path::Path;
use turnscope_model::{RecordId, RunId, Score, ScoreSource};
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
        stored: StoredRecords::default(),
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
    stored: StoredRecords,
    done: Salvaged,
}

impl Salvage<'_> {
    fn records(&mut self) -> Result<()> {
        let mut batch = Batch::default();
        for id in ids(self.db, "records") {
            match self.stored.read(self.db, RecordId(id)) {
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
            origin: self.stored.origin(self.db, origin)?,
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
