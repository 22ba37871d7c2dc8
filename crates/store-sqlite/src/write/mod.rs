//! The way in: the writer's thread, commits, and what people add.

mod annotate;
pub(crate) mod commit;
pub(crate) mod hash_index;
pub(crate) mod intern;
mod lists;
pub(crate) mod pack;
mod recent_lists;
mod records;
mod trace_groups;
pub(crate) mod writer;

pub(crate) use annotate::source_number;
pub(crate) use commit::{Applied, Placed, role};
pub(crate) use trace_groups::TouchedGroup;
