//! Reads trace groups: which ones are projected together, their records, and what the projection makes of them.

mod members;
pub(crate) mod record_facts;

pub(crate) use members::{leader, members};

use crate::{blocks::Blocks, error::Result};
use rusqlite::Connection;
use turnscope_model::TraceGroupId;
use turnscope_project::{Projection, RecordFacts, TraceGroup, project};

/// What the records of these trace groups, which are projected together, make.
pub(crate) fn project_members(
    db: &Connection,
    members: &[TraceGroupId],
    records: &[RecordFacts],
) -> Result<Projection> {
    let keys =
        members.iter().map(|member| record_facts::group_key(db, *member)).collect::<Result<Vec<_>>>()?;
    Ok(project(&keys, records))
}

/// Reads the records of these trace groups, which are projected together, and projects them.
pub(crate) fn load_members(
    db: &Connection,
    blocks: &mut Blocks,
    members: &[TraceGroupId],
) -> Result<TraceGroup> {
    let records = record_facts::load(db, blocks, members)?;
    let projection = project_members(db, members, &records)?;
    Ok(TraceGroup { records, projection })
}
