//! How large the store is.

use super::SqliteReader;
use crate::{error::Result, schema};
use rusqlite::OptionalExtension as _;
use turnscope_query::StoreSize;

impl SqliteReader<'_> {
    /// Counts everything: a look at every row of some indexes, and at every page of the search index.
    pub(super) fn store_size(&mut self) -> Result<StoreSize> {
        let db = self.db()?;
        let (used_bytes, free_bytes) = schema::size(db)?;
        let count = |table: &str| {
            db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u64>(0))
        };
        let search = "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name GLOB 'search_*'";
        Ok(StoreSize {
            used_bytes,
            free_bytes,
            search_bytes: db.query_row(search, [], |row| row.get(0)).optional().unwrap_or(None).flatten(),
            records: count("records")?,
            contents: count("contents")?,
            runs: count("runs")?,
            oldest: db.query_row("SELECT min(started_at) FROM runs", [], |row| row.get(0))?,
        })
    }
}
