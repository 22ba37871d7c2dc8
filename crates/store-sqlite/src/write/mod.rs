//! The way in: commits, and what people add. The thread that does it: `writer.rs`.

mod again;
pub(crate) mod annotate;
mod applied;
mod commit;
mod gone;
mod hash_filters;
pub(crate) mod hash_index;
pub(crate) mod hash_tables;
mod intern;
mod lists;
pub(crate) mod pack;
mod recent_lists;
mod records;
mod trace_groups;

pub(crate) use applied::{Applied, Placed, TouchedGroup};
pub(crate) use commit::Committer;
pub(crate) use gone::Gone;
