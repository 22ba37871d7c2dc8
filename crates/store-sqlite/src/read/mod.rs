//! The way out: questions answered from one consistent view of the database.

mod aged;
mod careful;
mod content;
mod figures;
mod filter_sql;
mod find;
mod functions;
mod group_cache;
mod groups;
mod links;
mod lists;
mod loose;
mod reader;
mod rolled;
mod run_source;
mod runs;
mod scores;
mod search;
mod sessions;
mod size;
mod stored_record;
mod text_scan;
mod traces;
mod values;

pub(crate) use content::{body, content, inline};
pub(crate) use lists::Lists;
pub(crate) use reader::{Readers, SqliteReader};
pub(crate) use stored_record::StoredRecords;
pub(crate) use values::ValueCounts;
