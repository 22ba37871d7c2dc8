//! Deletes whole trace groups, and runs: with the last run of a group the group goes.

use super::{delete_part::delete_part, remove_records::RecordRemoval};
use crate::{
    derive::{Which, delete_run_rows},
    error::Result,
    groups::members,
    write::hash_index::remove_numbers,
    writer::Writer,
};
use rusqlite::OptionalExtension as _;
use std::collections::BTreeSet;
use turnscope_model::{RecordId, RunId, TraceGroupId};
use turnscope_store::Change;

/// A trace group in which no records of other groups lie: a trace's row stays while scattered records name it.
pub(super) const UNSHARED: &str =
    "NOT EXISTS (SELECT 1 FROM records c WHERE c.trace = trace_groups.id AND c.trace_group <> c.trace)";

/// Deletes a run with its child runs and all their content; `false` when there is none.
pub(crate) fn delete_run(writer: &mut Writer, run: RunId) -> Result<bool> {
    let found: Option<(i64, bool)> = writer
        .db
        .query_row(
            "SELECT trace_group, parent_run_id IS NULL FROM runs WHERE run_id = ?1",
            [run.bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((group, is_root)) = found else { return Ok(false) };
    let group = TraceGroupId(group);
    let other_roots: i64 = writer.db.query_row(
        "SELECT count(*) FROM runs WHERE trace_group = ?1 AND parent_run_id IS NULL AND run_id <> ?2",
        (group.0, run.bytes()),
        |row| row.get(0),
    )?;
    // What came for it since goes with it.
    writer.project(Which::One(group));
    if other_roots == 0 && is_root {
        let members = members(&writer.db, group)?;
        delete_groups(writer, &members)?;
    } else {
        delete_part(writer, group, run)?;
    }
    Ok(true)
}

/// Deletes whole trace groups; gives the number of records.
pub(super) fn delete_groups(writer: &mut Writer, groups: &[TraceGroupId]) -> Result<u64> {
    let tx = writer.db.transaction()?;
    let mut removal = RecordRemoval::default();
    let mut deleted = 0;
    let mut changes = Vec::new();
    let mut traces: BTreeSet<i64> = groups.iter().map(|group| group.0).collect();
    for group in groups {
        let rows: Vec<(i64, Option<i64>)> = tx
            .prepare_cached("SELECT id, trace FROM records WHERE trace_group = ?1")?
            .query_map([group.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (record, trace) in &rows {
            removal.add(&tx, RecordId(*record))?;
            traces.extend(trace);
        }
        deleted += rows.len() as u64;
        let runs: Vec<(i64, Vec<u8>)> = tx
            .prepare_cached("SELECT id, run_id FROM runs WHERE trace_group = ?1")?
            .query_map([group.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (id, run_id) in runs {
            delete_run_rows(&tx, id)?;
            if let Ok(run_id) = RunId::from_bytes(&run_id) {
                changes.push(Change { run_id, gone: true });
            }
        }
        for table in ["scores", "tags"] {
            tx.prepare_cached(&format!("DELETE FROM {table} WHERE trace_group = ?1"))?.execute([group.0])?;
        }
        tx.prepare_cached("DELETE FROM quarantine WHERE kind = 'trace_group' AND target = ?1")?
            .execute([group.0])?;
    }
    let numbers: Vec<i64> = groups.iter().map(|group| group.0).collect();
    for table in ["joins", "joins_recent"] {
        remove_numbers(&tx, table, "trace_group", &numbers)?;
    }
    removal.finish(&tx)?;
    // The rows of the groups themselves, and of traces over which they were scattered, where nothing else is left.
    for group in traces {
        tx.prepare_cached(&format!(
            "DELETE FROM trace_groups WHERE id = ?1 AND {UNSHARED} AND NOT EXISTS (SELECT 1 FROM records WHERE trace_group = ?1)"
        ))?
        .execute([group])?;
        // Groups that were joined to it stand for themselves again.
        tx.prepare_cached(
            "UPDATE trace_groups SET leader = NULL WHERE leader = ?1 AND NOT EXISTS (SELECT 1 FROM trace_groups WHERE id = ?1)",
        )?
        .execute([group])?;
    }
    tx.commit()?;
    writer.committer.reset();
    for commits in writer.schedule.forget(groups) {
        writer.progress.commits.group_done(commits);
    }
    writer.progress.tell(changes);
    Ok(deleted)
}
