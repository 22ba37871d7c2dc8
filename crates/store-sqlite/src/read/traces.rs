//! Traces of any kind, those that make no run too.

use super::{SqliteReader, runs::Position};
use crate::{encode::facts_row, error::Result, groups::leader};
use rusqlite::OptionalExtension as _;
use turnscope_model::{Kind, TraceGroupId, TraceId};
use turnscope_query::{Trace, TraceCursor, TracePage};

/// The name of the list of traces, for cursors.
const LIST: &str = "traces";

impl SqliteReader<'_> {
    /// Traces, newest first.
    pub(super) fn trace_page(&mut self, after: Option<&TraceCursor>, limit: u32) -> Result<TracePage> {
        let after = match after {
            Some(cursor) => Position::parse(cursor.as_str(), LIST)?,
            None => Position { value: i64::MAX, row: i64::MAX },
        };
        let mut statement = self.db()?.prepare_cached(
            "SELECT g.id, g.key, g.started_at, g.ended_at, g.spans, g.agentic, o.service, c.facts
             FROM trace_groups g
             JOIN records c ON c.id = (
                 SELECT id FROM records WHERE trace = g.id AND role & 15 < 2
                 ORDER BY parent IS NOT NULL, start LIMIT 1)
             JOIN origins o ON o.id = c.origin
             WHERE length(g.key) = 16 AND g.spans > 0 AND (g.started_at, g.id) < (?1, ?2)
             ORDER BY g.started_at DESC, g.id DESC LIMIT ?3",
        )?;
        let mut rows = statement.query((after.value, after.row, limit))?;
        let mut page = TracePage::default();
        let (mut count, mut last) = (0, None);
        while let Some(row) = rows.next()? {
            count += 1;
            last = Some(Position { row: row.get(0)?, value: row.get(2)? });
            let key: Vec<u8> = row.get(1)?;
            let Ok(trace_id) = TraceId::try_from(&key[..]) else { continue };
            let facts: Vec<u8> = row.get(7)?;
            let name =
                facts_row::decode(&facts, Kind::Other).map(|(facts, _)| facts.name).unwrap_or_default();
            page.traces.push(Trace {
                trace_id,
                start: row.get(2)?,
                end: row.get(3)?,
                span_count: row.get(4)?,
                has_runs: row.get(5)?,
                service_name: row.get(6)?,
                name,
            });
        }
        page.next = last.filter(|_| count == limit).map(|last| TraceCursor::new(last.text(LIST)));
        Ok(page)
    }

    /// The trace group that a trace is projected with.
    pub(super) fn group_that_holds(&mut self, trace: TraceId) -> Result<Option<TraceGroupId>> {
        let db = self.db()?;
        let group: Option<i64> = db
            .prepare_cached("SELECT id FROM trace_groups WHERE key = ?1")?
            .query_row([trace.bytes()], |row| row.get(0))
            .optional()?;
        let Some(group) = group else { return Ok(None) };
        // Records that the producer scattered over traces lie in a group of their own.
        let home: Option<i64> = db
            .prepare_cached(
                "SELECT trace_group FROM records WHERE trace = ?1 AND trace_group IS NOT NULL LIMIT 1",
            )?
            .query_row([group], |row| row.get(0))
            .optional()?;
        leader(db, TraceGroupId(home.unwrap_or(group))).map(Some)
    }
}
