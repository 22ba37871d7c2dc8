//! The database file: pragmas, migrations, connections for writing and for reading. SQL statements stand next to their
//! use.

pub(crate) mod columns;
mod facts_generation;
mod migrate;
mod next_ids;
mod scores;
pub(crate) mod sql_value;
pub(crate) mod stored;

pub(crate) use facts_generation::{facts_change, facts_generation};
pub(crate) use migrate::{check, migrate};
pub(crate) use next_ids::{NextIds, Numbers};
pub(crate) use scores::{SCORE, score_from_row, source_number};

use crate::error::Result;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{path::Path, time::Duration};

/// The database's name within the data directory.
pub const FILE: &str = "turnscope.db";

/// How long a connection waits for another process that holds SQLite's lock.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the database for the one writer, creating and migrating it as needed.
///
/// `synchronous = FULL` syncs the log at each commit. On macOS `fsync` leaves data in the drive's cache, so `fullfsync`
/// is asked for there.
pub(crate) fn open_writer(path: &Path) -> Result<Connection> {
    let mut db = Connection::open(path)?;
    db.execute_batch(
        "PRAGMA page_size = 8192;
         PRAGMA auto_vacuum = INCREMENTAL;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -32000;
         PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = OFF;",
    )?;
    configure(&db)?;
    migrate(&mut db)?;
    Ok(db)
}

/// Opens the database for reading beside the writer.
pub(crate) fn open_reader(path: &Path) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(path, flags)?;
    db.execute_batch("PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON;")?;
    configure(&db)?;
    Ok(db)
}

fn configure(db: &Connection) -> Result<()> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(128);
    // Otherwise a statement that compares a range, or could use a partial index, is prepared again for each value.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Bytes in use and bytes free within the file.
pub(crate) fn size(db: &Connection) -> Result<(u64, u64)> {
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, u64>(0));
    let (page, pages, free) = (pragma("page_size")?, pragma("page_count")?, pragma("freelist_count")?);
    Ok((pages.saturating_sub(free) * page, free * page))
}
