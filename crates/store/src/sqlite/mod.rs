//! Opening the database: pragmas, migrations, readers. All SQL statements stand next to their use.

mod migrate;

pub(crate) use migrate::{check, migrate};
use rusqlite::{Connection, OpenFlags};
use std::{path::Path, time::Duration};

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data directory belongs to another process.
    #[error("{0}")]
    Owned(String),
    /// The database was written by a newer Turnscope.
    #[error("the store has schema version {found}, this program knows up to {known}: use a newer turnscope")]
    TooNew {
        /// The version in the file.
        found: usize,
        /// The newest version known here.
        known: usize,
    },
    /// The database was written by an older Turnscope, and is open for reading only.
    #[error(
        "the store has schema version {found}, this program reads {known}: start `turnscope serve` on it once"
    )]
    TooOld {
        /// The version in the file.
        found: usize,
        /// The version known here.
        known: usize,
    },
    /// A file or directory could not be used.
    #[error("cannot use {path}: {source}")]
    Io {
        /// The file or directory.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("the store failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// zstd refused.
    #[error("compression failed: {0}")]
    Compress(std::io::Error),
    /// What was read makes no sense.
    #[error("the store holds damaged data: {0}")]
    Damaged(String),
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    }
}

/// Opens the database for the one writer, creating and migrating it as needed.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let mut db = Connection::open(path)?;
    db.execute_batch(
        "PRAGMA page_size = 8192;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -32000;
         PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = OFF;",
    )?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.set_prepared_statement_cache_capacity(128);
    migrate(&mut db)?;
    Ok(db)
}

/// Opens the database for reading beside the writer.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(path, flags)?;
    db.execute_batch("PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON;")?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.set_prepared_statement_cache_capacity(128);
    Ok(db)
}
