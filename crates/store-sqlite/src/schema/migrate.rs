//! Migrations: a list of steps, `user_version` as the index. Forward only; an entry is never changed once released.

use crate::error::{Result, StoreError};
use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_scattered.sql"),
    include_str!("migrations/0003_costs.sql"),
    include_str!("migrations/0004_hashes_behind.sql"),
    include_str!("migrations/0005_plain_names.sql"),
    include_str!("migrations/0006_quarantine.sql"),
    include_str!("migrations/0007_foreign_bases.sql"),
    include_str!("migrations/0008_substring_search.sql"),
    include_str!("migrations/0009_waiting.sql"),
    include_str!("migrations/0010_lists.sql"),
    include_str!("migrations/0011_retention.sql"),
    include_str!("migrations/0012_rollups.sql"),
    include_str!("migrations/0013_reprojection.sql"),
    include_str!("migrations/0014_local_indexes.sql"),
    include_str!("migrations/0015_value_counts.sql"),
    include_str!("migrations/0016_bases.sql"),
    include_str!("migrations/0017_contents_deleted.sql"),
];

/// What SQLite may keep in memory while it builds indexes, in kibibytes: sorting on disk would take several times as long.
const CACHE: i64 = 200_000;

/// Brings the database to the newest version, each step in a transaction of its own.
pub(crate) fn migrate(db: &mut Connection) -> Result<()> {
    let cache: i64 = db.query_row("PRAGMA cache_size", [], |row| row.get(0))?;
    db.pragma_update(None, "cache_size", -CACHE)?;
    let outcome = migrate_steps(db);
    db.pragma_update(None, "cache_size", cache)?;
    outcome
}

fn migrate_steps(db: &mut Connection) -> Result<()> {
    loop {
        let tx = db.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        let found: usize = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found > MIGRATIONS.len() {
            return Err(StoreError::TooNew { found, known: MIGRATIONS.len() }.into());
        }
        let Some(step) = MIGRATIONS.get(found) else { return Ok(()) };
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", found + 1)?;
        tx.commit()?;
    }
}

/// Refuses to read a database that only the owner of its directory can bring to the newest version.
pub(crate) fn check(db: &Connection) -> Result<()> {
    let found: usize = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found.cmp(&MIGRATIONS.len()) {
        std::cmp::Ordering::Less => Err(StoreError::TooOld { found, known: MIGRATIONS.len() }.into()),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(StoreError::TooNew { found, known: MIGRATIONS.len() }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_new_file_gets_the_newest_version_and_a_newer_one_is_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        migrate(&mut db).unwrap();
        let version: usize = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, MIGRATIONS.len());
        check(&db).unwrap();
        db.pragma_update(None, "user_version", 1).unwrap();
        assert!(matches!(check(&db), Err(Error::Store(StoreError::TooOld { found: 1, .. }))));
        db.pragma_update(None, "user_version", 999).unwrap();
        assert!(matches!(migrate(&mut db), Err(Error::Store(StoreError::TooNew { found: 999, .. }))));
    }
}
