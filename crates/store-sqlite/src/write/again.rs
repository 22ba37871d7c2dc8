//! Records whose facts were found again: rows are written anew in their place, or another record takes their place.
//!
//! Not here: which records (`reproject`), taking out what was replaced (`retain`).

use super::{
    applied::TouchedGroup,
    commit::Committer,
    records::{log_hash, stored_role},
};
use crate::{
    encode::facts_row,
    error::Result,
    schema::{sql_value::nanos, stored::role},
};
use rusqlite::{OptionalExtension as _, Transaction};
use turnscope_model::{ContentHash, Record, RecordId, Role, SpanId, TraceGroupId};

/// Twins of one log record in one request: so many are looked for.
const MOST_TWINS: u32 = 64;

impl Committer {
    /// From now on each record notes by itself which texts it uses: records that others relied on may go.
    pub(crate) fn begin_again(&mut self) {
        self.previews.clear();
    }

    /// Writes a record's row anew: its body, its trace group and its ids are the same.
    pub(crate) fn update(&mut self, tx: &Transaction<'_>, id: RecordId, record: &Record) -> Result<()> {
        let group = self.groups.id_of(tx, record.group)?;
        let companions = self.companions(tx, group, id, record)?;
        tx.prepare_cached(
            "UPDATE records SET parent = ?2, role = ?3, kind = ?4, start = ?5, dur = ?6, status = ?7, facts = ?8
             WHERE id = ?1",
        )?
        .execute(rusqlite::params![
            id.0,
            record.parent_span_id.map(SpanId::as_i64),
            stored_role(record),
            record.facts.kind as u8,
            nanos(record.start),
            record.end.map(|end| nanos(end).saturating_sub(nanos(record.start))),
            record.status as u8,
            facts_row::encode(&record.facts, companions),
        ])?;
        if let Some(group) = group {
            self.join(tx, group, record)?;
            self.groups.touch(group, record, false);
        }
        Ok(())
    }

    /// Puts another record in the place of a stored one, which is to be taken out then. `false` when there is no place for
    /// it: the span that it would be is stored already.
    pub(crate) fn replace(
        &mut self,
        tx: &Transaction<'_>,
        id: RecordId,
        old: &Record,
        new: &Record,
    ) -> Result<bool> {
        let trace = self.groups.id_of_trace(tx, new.trace_id)?;
        if let (Role::Span | Role::Open, Some(trace), Some(span)) = (&new.role, trace, new.span_id) {
            let other: Option<i64> = tx
                .prepare_cached(
                    "SELECT id FROM records WHERE trace = ?1 AND span = ?2 AND role & 15 < 2 AND id <> ?3",
                )?
                .query_row((trace.0, span.as_i64(), id.0), |row| row.get(0))
                .optional()?;
            if other.is_some() {
                return Ok(false);
            }
        }
        tx.prepare_cached("UPDATE records SET role = ?2 WHERE id = ?1")?.execute((id.0, role::SUPERSEDED))?;
        let placed = self.insert(tx, new, trace)?;
        if matches!(old.role, Role::Log | Role::Event { .. }) {
            lead_log_hash(tx, id, placed.record, old, new)?;
        }
        Ok(true)
    }

    /// Writes what was gathered, received then; gives the trace groups that changed.
    pub(crate) fn finish_again(
        &mut self,
        tx: &Transaction<'_>,
        received_at: i64,
    ) -> Result<Vec<TouchedGroup>> {
        self.settle(tx, received_at)
    }

    /// The lists of a trace group are to be coded against no earlier ones of it: those may go.
    pub(crate) fn forget_lists(&mut self, group: Option<TraceGroupId>) {
        if let Some(group) = group {
            self.recent_lists.forget_groups(&[group]);
        }
    }

    /// Contents that went with what was replaced.
    pub(crate) fn forget_contents(&mut self, contents: &[ContentHash]) {
        self.interner.forget(contents);
        self.previews.clear();
    }
}

/// A log record that is sent again is known, as it was cut then and as it is cut today.
fn lead_log_hash(
    tx: &Transaction<'_>,
    old_id: RecordId,
    new_id: RecordId,
    old: &Record,
    new: &Record,
) -> Result<()> {
    for copy in 0..MOST_TWINS {
        let led = tx
            .prepare_cached("UPDATE log_hashes SET record = ?3 WHERE hash = ?1 AND record = ?2")?
            .execute((log_hash(old, copy).bytes(), old_id.0, new_id.0))?;
        if led > 0 {
            tx.prepare_cached("INSERT OR IGNORE INTO log_hashes (hash, record) VALUES (?1, ?2)")?
                .execute((log_hash(new, copy).bytes(), new_id.0))?;
            break;
        }
    }
    Ok(())
}
