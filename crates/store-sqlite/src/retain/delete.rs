//! Deletes runs: with the last run of a trace group the group goes.

use super::{delete_part::delete_part, group_removal::GroupRemoval};
use crate::{derive::Which, error::Result, groups::members, writer::Writer};
use rusqlite::{Connection, OptionalExtension as _};
use turnscope_model::{RunId, TraceGroupId};

/// Begins to delete a run with its child runs and all their content. Gives the trace groups that go whole, and are to be
/// deleted by [`delete_some`]; `None` when there is no such run.
pub(crate) fn begin_delete(writer: &mut Writer, run: RunId) -> Result<Option<Vec<TraceGroupId>>> {
    let Some((group, _)) = place(&writer.db, run)? else { return Ok(None) };
    // What came for it since goes with it, and may have made it another run.
    writer.project(Which::One(group));
    let Some((group, is_root)) = place(&writer.db, run)? else { return Ok(None) };
    let other_roots: i64 = writer.db.query_row(
        "SELECT count(*) FROM runs WHERE trace_group = ?1 AND parent_run_id IS NULL AND run_id <> ?2",
        (group.0, run.bytes()),
        |row| row.get(0),
    )?;
    if other_roots == 0 && is_root {
        return members(&writer.db, group).map(Some);
    }
    delete_part(writer, group, run)?;
    Ok(Some(Vec::new()))
}

/// The trace group of a run, and whether no run is above it.
fn place(db: &Connection, run: RunId) -> Result<Option<(TraceGroupId, bool)>> {
    let found = db
        .prepare_cached("SELECT trace_group, parent_run_id IS NULL FROM runs WHERE run_id = ?1")?
        .query_row([run.bytes()], |row| Ok((TraceGroupId(row.get(0)?), row.get(1)?)))
        .optional()?;
    Ok(found)
}

/// Deletes as much of these trace groups as a slice may hold, and takes out of the list those that are gone.
pub(crate) fn delete_some(writer: &mut Writer, groups: &mut Vec<TraceGroupId>) -> Result<()> {
    let tx = writer.db.transaction()?;
    let mut removal = GroupRemoval::default();
    for group in groups.iter() {
        removal.add(&tx, *group)?;
    }
    let gone = removal.finish(&tx, writer.committer.numbers())?;
    tx.commit()?;
    groups.retain(|group| !gone.groups.contains(group));
    writer.forget(&gone);
    Ok(())
}
