//! Traces of any kind, those that make no run too.

use super::{Reader, UnitView};
use crate::{StoreError, projector::group_of};
use rusqlite::OptionalExtension as _;
use std::sync::Arc;
use turnscope_model::TraceId;

/// One trace's summary.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Its id.
    pub trace_id: TraceId,
    /// Nanoseconds: the earliest record.
    pub start: i64,
    /// Nanoseconds: the latest time seen.
    pub end: i64,
    /// Its spans.
    pub span_count: u64,
    /// The name of its root, or of its earliest span.
    pub name: String,
    /// The root's service.
    pub service_name: String,
    /// Whether it makes runs.
    pub has_runs: bool,
}

impl Reader {
    /// Traces, newest first; `before` is a start in nanoseconds.
    pub fn traces(&mut self, before: Option<i64>, limit: u32) -> Result<Vec<Trace>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT u.key, u.started_at, u.ended_at, u.spans, u.agentic, o.service, c.facts
             FROM units u
             JOIN records c ON c.id = (
                 SELECT id FROM records WHERE trace = u.id AND role & 15 < 2
                 ORDER BY parent IS NOT NULL, start LIMIT 1)
             JOIN origins o ON o.id = c.origin
             WHERE length(u.key) = 16 AND u.spans > 0 AND u.started_at < ?1
             ORDER BY u.started_at DESC LIMIT ?2",
        )?;
        let mut rows = statement.query((before.unwrap_or(i64::MAX), limit))?;
        let mut traces = Vec::new();
        while let Some(row) = rows.next()? {
            let key: Vec<u8> = row.get(0)?;
            let Ok(trace_id) = TraceId::try_from(&key[..]) else { continue };
            let facts: Vec<u8> = row.get(6)?;
            let name = crate::facts_row::decode(&facts, turnscope_model::Kind::Other)
                .map(|(facts, _)| facts.name)
                .unwrap_or_default();
            traces.push(Trace {
                trace_id,
                start: row.get(1)?,
                end: row.get(2)?,
                span_count: row.get(3)?,
                name,
                service_name: row.get(5)?,
                has_runs: row.get(4)?,
            });
        }
        Ok(traces)
    }

    /// Everything that a trace is seen together with.
    pub fn trace(&mut self, trace: TraceId) -> Result<Option<Arc<UnitView>>, StoreError> {
        let unit: Option<i64> = self
            .db
            .prepare_cached("SELECT id FROM units WHERE key = ?1")?
            .query_row([trace.bytes()], |row| row.get(0))
            .optional()?;
        let Some(unit) = unit else { return Ok(None) };
        // Records that the producer scattered over traces lie in a unit of their own.
        let home: Option<i64> = self
            .db
            .prepare_cached("SELECT unit FROM records WHERE trace = ?1 AND unit IS NOT NULL LIMIT 1")?
            .query_row([unit], |row| row.get(0))
            .optional()?;
        let main = group_of(&self.db, home.unwrap_or(unit))?[0];
        self.unit(main).map(Some)
    }
}
