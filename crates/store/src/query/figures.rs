//! Figures of the store as a whole.

use super::Reader;
use crate::StoreError;
use rusqlite::OptionalExtension as _;

/// How large the store is, and what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreFigures {
    /// Bytes in use.
    pub used_bytes: u64,
    /// Bytes free within the file.
    pub free_bytes: u64,
    /// Bytes of the search index; `None` where `SQLite` cannot tell.
    pub search_bytes: Option<u64>,
    /// Spans and log records.
    pub records: u64,
    /// Contents, each once.
    pub contents: u64,
    /// Runs.
    pub runs: u64,
    /// When the oldest run began, nanoseconds.
    pub oldest: Option<i64>,
}

impl Reader {
    /// Counts everything: a look at every row of some indexes, and at every page of the search index.
    pub fn store_figures(&mut self) -> Result<StoreFigures, StoreError> {
        let (used_bytes, free_bytes) = self.size()?;
        let count = |table: &str| {
            self.db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u64>(0))
        };
        let search = "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name GLOB 'search_*'";
        Ok(StoreFigures {
            used_bytes,
            free_bytes,
            search_bytes: self
                .db
                .query_row(search, [], |row| row.get(0))
                .optional()
                .unwrap_or(None)
                .flatten(),
            records: count("records")?,
            contents: count("contents")?,
            runs: count("runs")?,
            oldest: self.db.query_row("SELECT min(started_at) FROM runs", [], |row| row.get(0))?,
        })
    }
}
