//! What makes the store smaller, and its copies: pruning by age and size, deleting runs, vacuum, backup.

mod backup;
mod delete;
mod delete_part;
mod prune;
mod remove_records;
mod repack;

pub(crate) use backup::backup;
pub(crate) use delete::delete_run;
pub(crate) use prune::{prune_step_before, prune_step_to_size};
pub(crate) use repack::vacuum;
