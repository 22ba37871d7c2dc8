//! What makes the store smaller, and its copies: pruning by age and size, deleting runs, vacuum, backup.

mod backup;
mod bare;
mod delete;
mod delete_part;
mod group_removal;
mod left_behind;
mod loose;
mod prune;
mod remove_records;
mod repack;
mod replaced;
mod shrink;
mod sweep;
mod vacuum;

pub(crate) use backup::backup;
pub(crate) use bare::ContentDeletion;
pub(crate) use delete::{begin_delete, delete_some};
pub(crate) use prune::Pruning;
pub(crate) use replaced::remove_replaced;
pub(crate) use vacuum::Vacuum;
