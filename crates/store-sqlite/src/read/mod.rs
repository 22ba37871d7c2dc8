//! The way out: questions answered from one consistent view of the database.

mod blocks;
mod careful;
mod content;
mod figures;
mod filter_sql;
mod find;
mod group_cache;
mod groups;
mod links;
mod reader;
mod runs;
mod scores;
mod search;
mod sessions;
mod size;
mod traces;

pub(crate) use blocks::Blocks;
pub(crate) use content::{Lists, body, content, inline};
pub(crate) use reader::{Readers, SqliteReader};
pub(crate) use scores::{SCORE, score_from_row};
