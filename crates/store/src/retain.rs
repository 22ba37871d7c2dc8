//! What makes the store smaller: deleting runs and pruning by age and size, in whole units; and its backup.
//!
//! Not here: one run out of several in a unit (`retain_part`), what goes with a record (`sweep`), blocks (`repack`).

use crate::{
    Change, Reader, Store, StoreError,
    hash_index::remove_numbers,
    projector::{delete_run_rows, group_of},
    repack::repack,
    retain_part::delete_part,
    sweep::Sweep,
    writer::Writer,
};
use rusqlite::{Connection, OptionalExtension as _};
use std::{collections::BTreeSet, path::Path, time::Duration};
use turnscope_model::RunId;

/// Units deleted in one transaction, so that requests are not kept waiting.
const UNITS_AT_ONCE: usize = 100;

/// What is to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Everything that ended before this goes, nanoseconds since the epoch.
    pub before: Option<i64>,
    /// The oldest goes until what is kept fits into this many bytes.
    pub max_bytes: Option<u64>,
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Traces and assembled runs.
    pub units: u64,
    /// Spans and log records.
    pub records: u64,
    /// Metrics.
    pub metrics: u64,
}

impl Store {
    /// Deletes a run with its child runs and all their content; `false` when there is none. The trace goes with its last run.
    pub fn delete_run(&self, run: RunId) -> Result<bool, StoreError> {
        self.on_writer(move |writer| {
            writer.project(true);
            let unit: Option<i64> = writer
                .db
                .query_row("SELECT unit FROM runs WHERE run_id = ?1", [run.bytes()], |row| row.get(0))
                .optional()?;
            let Some(unit) = unit else { return Ok(false) };
            let roots: i64 = writer.db.query_row(
                "SELECT count(*) FROM runs WHERE unit = ?1 AND parent_run_id IS NULL AND run_id <> ?2",
                (unit, run.bytes()),
                |row| row.get(0),
            )?;
            let is_root: bool = writer.db.query_row(
                "SELECT parent_run_id IS NULL FROM runs WHERE run_id = ?1",
                [run.bytes()],
                |row| row.get(0),
            )?;
            if roots == 0 && is_root {
                let group = group_of(&writer.db, unit)?;
                delete_units(writer, &group)?;
            } else {
                delete_part(writer, unit, run)?;
            }
            Ok(true)
        })
    }

    /// Deletes what is too old or too much, a little at a time.
    pub fn prune(
        &self,
        retention: Retention,
        mut progress: impl FnMut(Pruned),
    ) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        loop {
            let step = self.on_writer(move |writer| prune_step(writer, retention))?;
            pruned.units += step.units;
            pruned.records += step.records;
            pruned.metrics += step.metrics;
            if step == Pruned::default() {
                return Ok(pruned);
            }
            progress(pruned);
        }
    }

    /// Rewrites blocks of which less than half is used, merges the search index and gives free pages back to the disk.
    pub fn vacuum(&self) -> Result<(), StoreError> {
        self.on_writer(|writer| {
            repack(writer)?;
            writer.db.execute_batch("INSERT INTO search (search) VALUES ('optimize');")?;
            writer.db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(())
        })
    }
}

impl Reader {
    /// Copies the store, as it is at one moment, into a new file; the server goes on meanwhile.
    pub fn backup(&mut self, to: &Path, mut progress: impl FnMut(u32, u32)) -> Result<(), StoreError> {
        let mut target = Connection::open(to)?;
        let backup = rusqlite::backup::Backup::new(&self.db, &mut target)?;
        loop {
            let step = backup.step(2000)?;
            let done = backup.progress();
            progress((done.pagecount - done.remaining) as u32, done.pagecount as u32);
            match step {
                rusqlite::backup::StepResult::Done => return Ok(()),
                rusqlite::backup::StepResult::More => {}
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Bytes in use and bytes free within the file.
    pub fn size(&mut self) -> Result<(u64, u64), StoreError> {
        size(&self.db)
    }
}

fn size(db: &Connection) -> Result<(u64, u64), StoreError> {
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, u64>(0));
    let (page, pages, free) = (pragma("page_size")?, pragma("page_count")?, pragma("freelist_count")?);
    Ok(((pages - free) * page, free * page))
}

/// A unit in which no other unit's records lie: a trace's row stays while scattered records name it.
const UNSHARED: &str = "NOT EXISTS (SELECT 1 FROM records c WHERE c.trace = units.id AND c.unit <> c.trace)";

fn prune_step(writer: &mut Writer, retention: Retention) -> Result<Pruned, StoreError> {
    let (used, _) = size(&writer.db)?;
    let over = retention.max_bytes.is_some_and(|max| used > max);
    let old: Vec<i64> = match retention.before {
        Some(before) => writer
            .db
            .prepare_cached(&format!(
                "SELECT id FROM units WHERE ended_at < ?1 AND {UNSHARED} ORDER BY ended_at LIMIT ?2"
            ))?
            .query_map((before, UNITS_AT_ONCE), |row| row.get(0))?
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let units = if old.is_empty() && over {
        writer
            .db
            .prepare_cached(&format!("SELECT id FROM units WHERE {UNSHARED} ORDER BY started_at LIMIT ?1"))?
            .query_map([UNITS_AT_ONCE.min(20)], |row| row.get(0))?
            .collect::<Result<_, _>>()?
    } else {
        old
    };
    let mut pruned = Pruned::default();
    if let Some(before) = retention.before {
        pruned.metrics = writer.db.execute("DELETE FROM metrics WHERE ended_at < ?1", [before])? as u64;
        pruned.records = delete_loose_logs(writer, before)?;
    }
    if !units.is_empty() {
        // What is projected together goes together.
        let mut all = BTreeSet::new();
        for unit in units {
            all.extend(group_of(&writer.db, unit)?);
        }
        let all: Vec<i64> = all.into_iter().collect();
        pruned.records += delete_units(writer, &all)?;
        pruned.units = all.len() as u64;
    }
    Ok(pruned)
}

/// Log records that belong to no run and to no trace.
fn delete_loose_logs(writer: &mut Writer, before: i64) -> Result<u64, StoreError> {
    let tx = writer.db.transaction()?;
    let rows: Vec<i64> = tx
        .prepare_cached(
            "SELECT id FROM records WHERE unit IS NULL AND trace IS NULL AND start < ?1 LIMIT 10000",
        )?
        .query_map([before], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut sweep = Sweep::default();
    for row in &rows {
        sweep.record(&tx, *row)?;
    }
    sweep.finish(&tx)?;
    tx.commit()?;
    writer.committer.reset();
    Ok(rows.len() as u64)
}

/// Deletes whole units; gives the number of records.
fn delete_units(writer: &mut Writer, units: &[i64]) -> Result<u64, StoreError> {
    let tx = writer.db.transaction()?;
    let mut sweep = Sweep::default();
    let mut deleted = 0;
    let mut changes = Vec::new();
    let mut traces: BTreeSet<i64> = units.iter().copied().collect();
    for unit in units {
        let rows: Vec<(i64, Option<i64>)> = tx
            .prepare_cached("SELECT id, trace FROM records WHERE unit = ?1")?
            .query_map([unit], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (row, trace) in &rows {
            sweep.record(&tx, *row)?;
            traces.extend(trace);
        }
        deleted += rows.len() as u64;
        let runs: Vec<(i64, Vec<u8>)> = tx
            .prepare_cached("SELECT id, run_id FROM runs WHERE unit = ?1")?
            .query_map([unit], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (id, run_id) in runs {
            delete_run_rows(&tx, id)?;
            if let Ok(run_id) = RunId::from_bytes(&run_id) {
                changes.push(Change { run_id, gone: true });
            }
        }
        for table in ["scores", "tags"] {
            tx.prepare_cached(&format!("DELETE FROM {table} WHERE unit = ?1"))?.execute([unit])?;
        }
    }
    for table in ["joins", "joins_recent"] {
        remove_numbers(&tx, table, "unit", units)?;
    }
    sweep.finish(&tx)?;
    // The rows of the units themselves, and of traces over which they were scattered, where nothing else is left.
    for unit in traces {
        tx.prepare_cached(&format!(
            "DELETE FROM units WHERE id = ?1 AND {UNSHARED} AND NOT EXISTS (SELECT 1 FROM records WHERE unit = ?1)"
        ))?
        .execute([unit])?;
        // Units that were joined to it stand for themselves again.
        tx.prepare_cached(
            "UPDATE units SET main = NULL WHERE main = ?1 AND NOT EXISTS (SELECT 1 FROM units WHERE id = ?1)",
        )?
        .execute([unit])?;
    }
    tx.commit()?;
    writer.projector.forget(units);
    writer.committer.reset();
    if !changes.is_empty() {
        (writer.on_change)(changes);
    }
    Ok(deleted)
}
