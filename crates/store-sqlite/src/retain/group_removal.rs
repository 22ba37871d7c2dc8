//! Takes trace groups out with all that hangs on them, as much as one transaction should hold.

use super::remove_records::RecordRemoval;
use crate::{derive::delete_run_rows, error::Result, schema::Numbers, write::Gone};
use rusqlite::Transaction;
use std::collections::BTreeSet;
use turnscope_model::{RecordId, RunId, TraceGroupId};
use turnscope_store::Change;

/// Records in one transaction, at most.
const RECORDS: u64 = 1_000;

/// Trace groups on their way out.
#[derive(Default)]
pub(super) struct GroupRemoval {
    removal: RecordRemoval,
    /// Groups of which nothing is left.
    whole: Vec<TraceGroupId>,
    /// The groups themselves, and traces over which their records were scattered.
    traces: BTreeSet<i64>,
    changes: Vec<Change>,
    records: u64,
    is_full: bool,
}

impl GroupRemoval {
    /// Groups taken out whole.
    pub(super) fn groups(&self) -> usize {
        self.whole.len()
    }

    /// Whether this group was taken out.
    pub(super) fn has(&self, group: TraceGroupId) -> bool {
        self.whole.contains(&group)
    }

    /// No more should be added. The last group may be there in part: its runs are gone, and its oldest records stay.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records == 0 && self.whole.is_empty()
    }

    /// Adds a trace group. The newest records go first: lists are coded against those of older ones.
    pub(super) fn add(&mut self, tx: &Transaction<'_>, group: TraceGroupId) -> Result<()> {
        if self.is_full {
            return Ok(());
        }
        self.remove_runs(tx, group)?;
        let room = RECORDS.saturating_sub(self.records).max(1);
        let mut rows: Vec<(i64, Option<i64>)> = tx
            .prepare_cached("SELECT id, trace FROM records WHERE trace_group = ?1 ORDER BY id DESC LIMIT ?2")?
            .query_map((group.0, room + 1), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        if rows.len() as u64 > room {
            rows.truncate(usize::try_from(room).unwrap_or(usize::MAX));
            self.is_full = true;
        } else {
            self.whole.push(group);
            self.traces.insert(group.0);
        }
        self.records += rows.len() as u64;
        for (record, trace) in rows.into_iter().rev() {
            self.removal.add(tx, RecordId(record))?;
            self.traces.extend(trace);
        }
        Ok(())
    }

    /// Takes out the runs of a trace group, and what people added to them.
    fn remove_runs(&mut self, tx: &Transaction<'_>, group: TraceGroupId) -> Result<()> {
        let runs: Vec<(i64, Vec<u8>)> = tx
            .prepare_cached("SELECT id, run_id FROM runs WHERE trace_group = ?1")?
            .query_map([group.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (id, run_id) in runs {
            delete_run_rows(tx, id)?;
            if let Ok(run_id) = RunId::from_bytes(&run_id) {
                self.changes.push(Change { run_id, gone: true });
            }
        }
        for table in ["scores", "tags"] {
            tx.prepare_cached(&format!("DELETE FROM {table} WHERE trace_group = ?1"))?.execute([group.0])?;
        }
        tx.prepare_cached("DELETE FROM quarantine WHERE kind = 'trace_group' AND target = ?1")?
            .execute([group.0])?;
        Ok(())
    }

    /// Deletes what was added.
    pub(super) fn finish(self, tx: &Transaction<'_>, numbers: Numbers) -> Result<Gone> {
        let contents = self.removal.finish(tx)?;
        let mut keys = Vec::new();
        for group in &self.traces {
            // Where nothing else is left: a trace's row stays while scattered records name it.
            let mut delete = tx.prepare_cached(
                "DELETE FROM trace_groups WHERE id = ?1
                     AND NOT EXISTS (SELECT 1 FROM records c WHERE c.trace = trace_groups.id AND c.trace_group <> c.trace)
                     AND NOT EXISTS (SELECT 1 FROM records WHERE trace_group = ?1) RETURNING key",
            )?;
            for key in delete.query_map([group], |row| row.get::<_, Vec<u8>>(0))? {
                keys.push(key?);
            }
            // Groups that were joined to it stand for themselves again.
            tx.prepare_cached(
                "UPDATE trace_groups SET leader = NULL WHERE leader = ?1 AND NOT EXISTS (SELECT 1 FROM trace_groups WHERE id = ?1)",
            )?
            .execute([group])?;
        }
        numbers.keep(tx)?;
        Ok(Gone { groups: self.whole, keys, contents, changes: self.changes, records: self.records })
    }
}
