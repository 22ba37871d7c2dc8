//! Writing: opening or creating the trail, and appending.

use crate::{
    AuditError, Entry, FILE, Head, Key, Reader, Source,
    chain::{Purpose, mac},
    key::random,
    read::{head, of_file},
    schema,
    table::{self, Table},
};
use rusqlite::{
    Connection, Transaction, TransactionBehavior,
    types::{Value, ValueRef},
};
use std::{fs, io::ErrorKind, path::Path};

/// The trail, opened for appending. Any number of processes may have it open at once.
#[derive(Debug)]
pub struct Trail {
    reader: Reader,
    key: Key,
}

impl Trail {
    /// Opens the trail of this directory, or creates it. If no key is passed, uses `audit.key` in the
    /// directory; it is created with the trail and readable only by its owner.
    ///
    /// # Errors
    /// [`AuditError::NoKey`] if the trail exists but its key does not; [`AuditError::WrongKey`] if it has a
    /// different key.
    pub fn open(directory: &Path, key: Option<Key>) -> Result<Self, AuditError> {
        let path = directory.join(FILE);
        let is_new = !path.try_exists().map_err(AuditError::io(&path))?;
        if is_new {
            private_directory(directory).map_err(AuditError::io(directory))?;
        }
        let key = match key {
            Some(key) => key,
            None if is_new => Key::of_or_new(directory)?,
            None => Key::of(directory)?,
        };
        if is_new {
            create(directory, &path, &key)?;
        }
        let db = of_file(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.execute_batch("PRAGMA synchronous = FULL;")?;
        let mut reader = Reader { db };
        reader.check_key(&key)?;
        if schema::version(&reader.db)? < schema::VERSION {
            let tx = begin(&mut reader.db)?;
            // Another process may have been first.
            if schema::version(&tx)? < schema::VERSION {
                tx.execute_batch(schema::VERSION_2)?;
            }
            tx.commit()?;
        }
        Ok(Self { reader, key })
    }

    /// Appends a record with this time (milliseconds since the Unix epoch), and returns its sequence number.
    /// The record is on disk when this returns.
    pub fn append(&mut self, entry: &Entry, source: Source, now_ms: i64) -> Result<u64, AuditError> {
        let tx = begin(&mut self.reader.db)?;
        let seq = insert(&tx, &self.key, entry, source, None, now_ms)?;
        tx.commit()?;
        Ok(seq)
    }

    /// Appends these records in one transaction, skipping those whose origin is already in the trail. The
    /// origin identifies what a record is about, so that it is recorded only once. Returns the number of
    /// records appended.
    pub fn append_once(
        &mut self,
        entries: &[(String, Entry)],
        source: Source,
        now_ms: i64,
    ) -> Result<usize, AuditError> {
        let tx = begin(&mut self.reader.db)?;
        let mut added = 0;
        for (origin, entry) in entries {
            if !is_known(&tx, Table::of(entry), origin)? {
                insert(&tx, &self.key, entry, source, Some(origin), now_ms)?;
                added += 1;
            }
        }
        tx.commit()?;
        Ok(added)
    }

    /// The same trail, for reading.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    pub(crate) fn begin(&mut self) -> Result<(Transaction<'_>, &Key), AuditError> {
        Ok((begin(&mut self.reader.db)?, &self.key))
    }
}

/// Creates a directory that only its owner can read.
fn private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Begins a write transaction: nobody else can append until it ends.
fn begin(db: &mut Connection) -> Result<Transaction<'_>, AuditError> {
    Ok(db.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

fn is_known(db: &Connection, table: Table, origin: &str) -> Result<bool, AuditError> {
    let sql = format!("SELECT 1 FROM {} WHERE origin = ?1", table.name());
    Ok(db.prepare_cached(&sql)?.exists([origin])?)
}

fn insert(
    db: &Connection,
    key: &Key,
    entry: &Entry,
    source: Source,
    origin: Option<&str>,
    now_ms: i64,
) -> Result<u64, AuditError> {
    let Head { count, mac: prev } = head(db)?;
    let table = Table::of(entry);
    let seq = count + 1;
    let mut row: Vec<Value> = vec![
        (seq as i64).into(),
        now_ms.into(),
        source.as_str().to_owned().into(),
        origin.map(str::to_owned).into(),
    ];
    row.extend(table::values(entry));
    let mac = record_mac(key, table, row.iter().map(ValueRef::from).collect(), &prev.as_value());
    let placeholders = vec!["?"; table.width()].join(", ");
    let mut statement = db.prepare_cached(&format!(
        "INSERT INTO {} ({}) VALUES ({placeholders})",
        table.name(),
        table.columns()
    ))?;
    for (at, value) in row.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, value)?;
    }
    statement.raw_bind_parameter(table.width() - 1, prev)?;
    statement.raw_bind_parameter(table.width(), mac)?;
    // A trigger that someone planted in the file could swallow or change the record.
    let is_kept = statement.raw_execute()? == 1 && head(db)? == Head { count: seq, mac };
    if is_kept { Ok(seq) } else { Err(AuditError::NotKept) }
}

/// The MAC of a record, over its table, all columns from `seq` on, and the MAC of the previous record.
pub(crate) fn record_mac<'a>(
    key: &Key,
    table: Table,
    row: Vec<ValueRef<'a>>,
    prev: &ValueRef<'a>,
) -> crate::chain::Mac {
    let row = table.covered(row, |value| *value == ValueRef::Null);
    let name = ValueRef::Text(table.name().as_bytes());
    mac(key, Purpose::Record, std::iter::once(name).chain(row).chain(std::iter::once(*prev)))
}

/// Creates the trail under a temporary name and renames it, so that it never exists half-written. If several
/// processes do so at once, the first one wins.
fn create(directory: &Path, path: &Path, key: &Key) -> Result<(), AuditError> {
    let id: [u8; 16] = random()?;
    let file = tempfile::NamedTempFile::new_in(directory).map_err(AuditError::io(directory))?;
    let db = Connection::open(file.path())?;
    db.execute_batch(schema::SQL)?;
    db.execute_batch(schema::VERSION_2)?;
    db.execute(
        "INSERT INTO trail (id, genesis, key_check) VALUES (?1, ?2, ?3)",
        (
            &id[..],
            mac(key, Purpose::Genesis, [ValueRef::Blob(&id)]),
            mac(key, Purpose::KeyCheck, [ValueRef::Blob(&id)]),
        ),
    )?;
    db.close().map_err(|(_, error)| error)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(AuditError::io(path)(error.error)),
    }
}
