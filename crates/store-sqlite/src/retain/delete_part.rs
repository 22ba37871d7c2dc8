//! Deletes one of several runs of a trace group: what the other runs' records need must stay.

use super::{
    left_behind::{Search, keep_texts, write_out_lists},
    remove_records::RecordRemoval,
};
use crate::{
    blocks::Blocks,
    derive::Which,
    error::Result,
    groups::{load_members, members},
    writer::Writer,
};
use rusqlite::Transaction;
use std::collections::BTreeSet;
use turnscope_model::{RecordId, RunId, TraceGroupId};

/// Deletes one of several runs of a trace group, with its child runs.
pub(super) fn delete_part(writer: &mut Writer, leader: TraceGroupId, run: RunId) -> Result<()> {
    let members = members(&writer.db, leader)?;
    let group = load_members(&writer.db, &mut Blocks::new(), &members)?;
    let Some(top) = group.run_index(run) else { return Ok(()) };
    let steps = group.projection.steps.iter();
    let mut doomed: BTreeSet<RecordId> = steps
        .filter(|step| step.run.is_some_and(|run| group.is_within(run, top)))
        .flat_map(|step| step.record.into_iter().chain(step.joined.iter().copied()))
        .map(|record| group.records[record].id)
        .collect();
    let tx = writer.db.transaction()?;
    add_replaced_versions(&tx, &members, &mut doomed)?;
    write_out_lists(&tx, &members, &doomed)?;
    keep_texts(&tx, &members, &doomed, Search::Whole)?;
    let mut removal = RecordRemoval::default();
    for record in &doomed {
        removal.add(&tx, *record)?;
    }
    for (index, gone) in group.projection.runs.iter().enumerate() {
        if group.is_within(index, top) {
            let id = gone.run_id;
            tx.prepare_cached("DELETE FROM scores WHERE run_id = ?1")?.execute([id.bytes()])?;
            tx.prepare_cached("DELETE FROM tags WHERE trace_group = ?1 AND run_id = ?2")?
                .execute((leader.0, id.bytes()))?;
        }
    }
    tx.prepare_cached("UPDATE trace_groups SET dirty = 1, spans = max(0, spans - ?2) WHERE id = ?1")?
        .execute((leader.0, doomed.len()))?;
    removal.finish(&tx)?;
    tx.commit()?;
    writer.committer.reset();
    writer.schedule.add(leader);
    writer.project(Which::One(leader));
    Ok(())
}

/// Versions of the same spans that later ones replaced.
fn add_replaced_versions(
    tx: &Transaction<'_>,
    members: &[TraceGroupId],
    doomed: &mut BTreeSet<RecordId>,
) -> Result<()> {
    for group in members {
        let replaced: Vec<(RecordId, RecordId)> = tx
            .prepare_cached(
                "SELECT old.id, new.id FROM records old JOIN records new
                     ON new.trace = old.trace AND new.span = old.span AND new.role & 15 < 2
                 WHERE old.trace_group = ?1 AND old.role & 15 = 15",
            )?
            .query_map([group.0], |row| Ok((RecordId(row.get(0)?), RecordId(row.get(1)?))))?
            .collect::<rusqlite::Result<_>>()?;
        for (old, new) in replaced {
            if doomed.contains(&new) {
                doomed.insert(old);
            }
        }
    }
    Ok(())
}
