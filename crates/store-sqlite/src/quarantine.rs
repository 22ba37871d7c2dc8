//! What could not be processed, set aside with the reason, so that it holds up nothing else: requests, trace groups and
//! contents. Each is kept, counted, and tried again by another version of the program or on request.

use crate::{
    encode::batch_dump,
    error::{Error, Result},
};
use rusqlite::Connection;
use turnscope_store::Batch;

/// Of what version an entry is: another one tries again.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Requests kept at most. Beyond, requests are refused: something is wrong with all of them.
const REQUESTS: u64 = 1000;
const LEVEL: i32 = 3;

/// What is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    TraceGroup,
    Content,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::TraceGroup => "trace_group",
            Self::Content => "content",
        }
    }
}

/// Sets a trace group or a content aside, or changes the reason.
pub(crate) fn put(db: &Connection, kind: Kind, target: i64, error: &Error) -> Result<()> {
    let reason = error.to_string();
    tracing::error!(kind = kind.as_str(), target, %reason, "set aside in quarantine");
    db.prepare_cached(
        "INSERT OR REPLACE INTO quarantine (kind, target, reason, version, at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((kind.as_str(), target, reason, VERSION, crate::clock::now_ms()))?;
    Ok(())
}

/// Sets the batch of a request aside, whole.
pub(crate) fn put_batch(db: &Connection, batch: &Batch, error: &Error) -> Result<()> {
    let held: u64 =
        db.query_row("SELECT count(*) FROM quarantine WHERE kind = 'request'", [], |row| row.get(0))?;
    if held >= REQUESTS {
        return Err(Error::damaged(format!("{held} requests are in quarantine already; {error}")));
    }
    let bytes = batch_dump::encode(batch);
    let body = zstd::bulk::compress(&bytes, LEVEL).map_err(Error::compress)?;
    db.prepare_cached(
        "INSERT INTO quarantine (kind, reason, version, at, size, body) VALUES ('request', ?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((error.to_string(), VERSION, crate::clock::now_ms(), bytes.len(), body))?;
    Ok(())
}

/// Takes something out that was processed after all.
pub(crate) fn remove(db: &Connection, kind: Kind, target: i64) -> Result<bool> {
    let removed = db
        .prepare_cached("DELETE FROM quarantine WHERE kind = ?1 AND target = ?2")?
        .execute((kind.as_str(), target))?;
    Ok(removed > 0)
}

/// Takes a batch out.
pub(crate) fn remove_batch(db: &Connection, id: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// How much is in quarantine.
pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0))?)
}

/// Trace groups or contents to try again: all, or those that another version set aside.
pub(crate) fn targets(db: &Connection, kind: Kind, all: bool) -> Result<Vec<i64>> {
    let mut statement =
        db.prepare_cached("SELECT target FROM quarantine WHERE kind = ?1 AND (?2 OR version <> ?3)")?;
    let rows = statement.query_map((kind.as_str(), all, VERSION), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Batches to try again, with their numbers: all, or those that another version set aside. One that cannot be read stays.
pub(crate) fn batches(db: &Connection, all: bool) -> Result<Vec<(i64, Batch)>> {
    let mut statement = db.prepare_cached(
        "SELECT id, size, body FROM quarantine WHERE kind = 'request' AND (?1 OR version <> ?2) ORDER BY id",
    )?;
    let mut rows = statement.query((all, VERSION))?;
    let mut batches = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, size, body): (i64, usize, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let batch = zstd::bulk::decompress(&body, size).ok().and_then(|bytes| batch_dump::decode(&bytes));
        if let Some(batch) = batch {
            batches.push((id, batch));
        } else {
            tracing::error!(id, "a request in quarantine is damaged");
        }
    }
    Ok(batches)
}
