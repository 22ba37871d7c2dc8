//! Which trace groups are projected together: those that calls joined, under the oldest one as the leader.

use crate::error::Result;
use rusqlite::Connection;
use turnscope_model::TraceGroupId;

/// The trace group that this one is projected with.
pub(crate) fn leader(db: &Connection, group: TraceGroupId) -> Result<TraceGroupId> {
    Ok(TraceGroupId(
        db.prepare_cached("SELECT coalesce(leader, id) FROM trace_groups WHERE id = ?1")?
            .query_row([group.0], |row| row.get(0))?,
    ))
}

/// The trace groups that are projected together with this one, the leader first.
pub(crate) fn members(db: &Connection, group: TraceGroupId) -> Result<Vec<TraceGroupId>> {
    let leader = leader(db, group)?;
    let mut members = vec![leader];
    let mut others =
        db.prepare_cached("SELECT id FROM trace_groups WHERE leader = ?1 AND id <> ?1 ORDER BY id")?;
    for id in others.query_map([leader.0], |row| row.get(0))? {
        members.push(TraceGroupId(id?));
    }
    Ok(members)
}
