//! Behind the commit: the runs that records make. Scheduling (`schedule`), records kept for it
//! (`facts_cache`), building a run's row (`run_row`, pure) and writing it (`write_runs`, `write_scores`), prices
//! (`pricing`).

mod facts_cache;
mod pricing;
mod run_row;
mod schedule;
mod write_runs;
mod write_scores;

pub(crate) use pricing::Repricing;
pub(crate) use schedule::{Schedule, Which};
pub(crate) use write_runs::delete_run_rows;
