//! Behind the commit: the runs that records make. Scheduling (`schedule`), reading records (`record_facts`,
//! `facts_cache`), building a run's row (`run_row`, pure) and writing it (`write_runs`, `write_scores`), prices
//! (`pricing`).

mod facts_cache;
mod members;
mod pricing;
pub(crate) mod record_facts;
mod run_row;
mod schedule;
mod write_runs;
mod write_scores;

pub(crate) use members::{leader, members};
pub(crate) use pricing::Repricing;
pub(crate) use schedule::Schedule;
pub(crate) use write_runs::{delete_run_rows, field};

use crate::{error::Result, read::Blocks};
use rusqlite::Connection;
use turnscope_model::{GroupKey, TraceGroupId};
use turnscope_project::{Projection, RecordFacts, TraceGroup, project};

/// What the records of these trace groups, which are projected together, make.
pub(crate) fn project_members(
    db: &Connection,
    members: &[TraceGroupId],
    records: &[RecordFacts],
) -> Result<Projection> {
    let key = members.first().map_or(Ok(GroupKey::None), |leader| record_facts::group_key(db, *leader))?;
    Ok(project(key, records))
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
