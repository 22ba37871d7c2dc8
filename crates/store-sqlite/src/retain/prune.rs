//! Prunes by age and size, in whole trace groups.

use super::{
    delete::{UNSHARED, delete_groups},
    remove_records::RecordRemoval,
};
use crate::{error::Result, groups::members, schema, writer::Writer};
use std::collections::BTreeSet;
use turnscope_model::{RecordId, TraceGroupId};
use turnscope_query::Pruned;

/// Trace groups deleted in one transaction, so that requests are not kept waiting: by age, and by size.
const GROUPS_BY_AGE: usize = 100;
const GROUPS_BY_SIZE: usize = 20;

/// Deletes a few trace groups, metrics and log records that ended before this time (nanoseconds since the epoch). Nothing
/// deleted means that nothing is left to do.
pub(crate) fn prune_step_before(writer: &mut Writer, before: i64) -> Result<Pruned> {
    let groups = writer
        .db
        .prepare_cached(&format!(
            "SELECT id FROM trace_groups WHERE ended_at < ?1 AND {UNSHARED} ORDER BY ended_at LIMIT ?2"
        ))?
        .query_map((before, GROUPS_BY_AGE), |row| row.get(0).map(TraceGroupId))?
        .collect::<rusqlite::Result<_>>()?;
    let metrics = writer.db.execute("DELETE FROM metrics WHERE ended_at < ?1", [before])? as u64;
    let records = delete_loose_logs(writer, before)?;
    let mut pruned = Pruned { groups: 0, records, metrics };
    pruned += delete_with_members(writer, groups)?;
    Ok(pruned)
}

/// Deletes a few of the oldest trace groups while more than `max_bytes` are in use. Nothing deleted means that nothing is
/// left to do.
pub(crate) fn prune_step_to_size(writer: &mut Writer, max_bytes: u64) -> Result<Pruned> {
    let (used, _) = schema::size(&writer.db)?;
    if used <= max_bytes {
        return Ok(Pruned::default());
    }
    let groups = writer
        .db
        .prepare_cached(&format!(
            "SELECT id FROM trace_groups WHERE {UNSHARED} ORDER BY started_at LIMIT ?1"
        ))?
        .query_map([GROUPS_BY_SIZE], |row| row.get(0).map(TraceGroupId))?
        .collect::<rusqlite::Result<_>>()?;
    delete_with_members(writer, groups)
}

/// What is projected together goes together.
fn delete_with_members(writer: &mut Writer, groups: Vec<TraceGroupId>) -> Result<Pruned> {
    let mut all = BTreeSet::new();
    for group in groups {
        all.extend(members(&writer.db, group)?);
    }
    if all.is_empty() {
        return Ok(Pruned::default());
    }
    let all: Vec<TraceGroupId> = all.into_iter().collect();
    let records = delete_groups(writer, &all)?;
    Ok(Pruned { groups: all.len() as u64, records, metrics: 0 })
}

/// Deletes log records that belong to no run and to no trace.
fn delete_loose_logs(writer: &mut Writer, before: i64) -> Result<u64> {
    let tx = writer.db.transaction()?;
    let records: Vec<RecordId> = tx
        .prepare_cached(
            "SELECT id FROM records WHERE trace_group IS NULL AND trace IS NULL AND start < ?1 LIMIT 10000",
        )?
        .query_map([before], |row| row.get(0).map(RecordId))?
        .collect::<rusqlite::Result<_>>()?;
    if records.is_empty() {
        return Ok(0);
    }
    let mut removal = RecordRemoval::default();
    for record in &records {
        removal.add(&tx, *record)?;
    }
    removal.finish(&tx)?;
    tx.commit()?;
    writer.committer.reset();
    Ok(records.len() as u64)
}
