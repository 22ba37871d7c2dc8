//! What could not be processed, set aside with the reason, so that it holds up nothing else: requests, trace groups and
//! contents. Each is kept, counted, and tried again by another version of the program or on request.

use crate::error::{Error, Result, StoreError};
use rusqlite::Connection;
use turnscope_store::RawRequest;

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

/// Sets a request aside, whole.
pub(crate) fn put_request(db: &Connection, request: &RawRequest, error: &Error) -> Result<()> {
    let held: u64 =
        db.query_row("SELECT count(*) FROM quarantine WHERE kind = 'request'", [], |row| row.get(0))?;
    if held >= REQUESTS {
        return Err(Error::damaged(format!("{held} requests are in quarantine already; {error}")));
    }
    let body = zstd::bulk::compress(&request.body, LEVEL).map_err(|error| Error::compress(&error))?;
    db.prepare_cached(
        "INSERT INTO quarantine (kind, reason, version, at, signal, format, body)
         VALUES ('request', ?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        error.to_string(),
        VERSION,
        crate::clock::now_ms(),
        request.signal,
        request.format,
        with_size(&request.body, body),
    ))?;
    Ok(())
}

/// The uncompressed size goes before the compressed bytes.
fn with_size(raw: &[u8], compressed: Vec<u8>) -> Vec<u8> {
    let mut bytes = (raw.len() as u64).to_be_bytes().to_vec();
    bytes.extend(compressed);
    bytes
}

/// Takes something out that was processed after all.
pub(crate) fn remove(db: &Connection, kind: Kind, target: i64) -> Result<bool> {
    let removed = db
        .prepare_cached("DELETE FROM quarantine WHERE kind = ?1 AND target = ?2")?
        .execute((kind.as_str(), target))?;
    Ok(removed > 0)
}

/// Takes a request out.
pub(crate) fn remove_request(db: &Connection, id: i64) -> Result<()> {
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

/// Requests to try again: all, or those that another version set aside.
pub(crate) fn requests(db: &Connection, all: bool) -> Result<Vec<(i64, RawRequest)>> {
    let mut statement = db.prepare_cached(
        "SELECT id, signal, format, body FROM quarantine WHERE kind = 'request' AND (?1 OR version <> ?2) ORDER BY id",
    )?;
    let mut rows = statement.query((all, VERSION))?;
    let mut requests = Vec::new();
    while let Some(row) = rows.next()? {
        let (signal, format): (String, String) = (row.get(1)?, row.get(2)?);
        let body = decompress(row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?)?;
        let request = RawRequest {
            signal: known(&signal, &["traces", "logs", "metrics"])?,
            format: known(&format, &["protobuf", "json"])?,
            body: body.into(),
        };
        requests.push((row.get(0)?, request));
    }
    Ok(requests)
}

fn decompress(bytes: &[u8]) -> Result<Vec<u8>> {
    let damaged = || Error::damaged("a request in quarantine");
    let (size, compressed) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
    let size = usize::try_from(u64::from_be_bytes(*size)).map_err(|_| damaged())?;
    zstd::bulk::decompress(compressed, size).map_err(|error| Error::compress(&error))
}

fn known(text: &str, names: &[&'static str]) -> Result<&'static str> {
    let found = names.iter().find(|name| **name == text).copied();
    found.ok_or_else(|| Error::Store(StoreError::Damaged(format!("a request in quarantine of kind {text:?}"))))
}
