//! A stored record beside what its bytes make today.

use crate::{
    encode::facts_row::{self, Companions},
    error::Result,
    isolate::catch_panic,
    read::StoredRecords,
    schema::sql_value::nanos,
};
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeSet;
use turnscope_model::{Record, RecordId, Role, TraceGroupId};
use turnscope_store::Rules;

/// A record that is different today.
pub(super) struct Found {
    pub(super) id: RecordId,
    pub(super) group: Option<TraceGroupId>,
    /// What its row was when it was read: the writer looks whether that still holds.
    pub(super) row: Row,
    pub(super) old: Record,
    pub(super) new: Record,
    pub(super) how: How,
}

/// How a difference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Only its row is different.
    Update,
    /// It belongs elsewhere, other values are cut out of it, or it shows other texts: a new record takes its place.
    Replace,
}

/// What tells that a record was not touched meanwhile. Its body may be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    trace_group: Option<i64>,
    role: u32,
    facts: Vec<u8>,
}

impl Row {
    /// The row of a record; `None` where there is none.
    pub(super) fn read(db: &Connection, id: RecordId) -> Result<Option<Self>> {
        Ok(db
            .prepare_cached("SELECT trace_group, role, facts FROM records WHERE id = ?1")?
            .query_row([id.0], |row| {
                Ok(Self { trace_group: row.get(0)?, role: row.get(1)?, facts: row.get(2)? })
            })
            .optional()?)
    }
}

/// Looks at one record: how many bytes were read, and the difference. A record that cannot be read, or be looked at, stays
/// as it is.
pub(super) fn look(
    db: &Connection,
    stored: &mut StoredRecords,
    rules: &Rules,
    id: RecordId,
) -> Result<(usize, Option<Found>)> {
    let Some(row) = Row::read(db, id)? else { return Ok((0, None)) };
    let old = match catch_panic(|| stored.read(db, id)) {
        Ok(old) => old,
        Err(error) if error.is_permanent() => {
            tracing::warn!(record = id.0, %error, "a damaged record keeps its facts");
            return Ok((0, None));
        }
        Err(error) => return Err(error),
    };
    if old.facts.contents_deleted {
        return Ok((0, None)); // its facts are all that is left
    }
    let values = old.body.values.iter().flat_map(|value| &value.items);
    let bytes = old.body.bytes.len() + values.map(|item| item.bytes.len()).sum::<usize>();
    let new = match catch_panic(|| Ok((rules.again)(&old))) {
        Ok(Ok(new)) => new,
        Ok(Err(error)) => {
            tracing::warn!(record = id.0, %error, "a record keeps its facts");
            return Ok((bytes, None));
        }
        Err(error) => {
            tracing::warn!(record = id.0, %error, "a record keeps its facts");
            return Ok((bytes, None));
        }
    };
    let group = row.trace_group.map(TraceGroupId);
    Ok((bytes, difference(&old, &new).map(|how| Found { id, group, row, old, new, how })))
}

fn difference(old: &Record, new: &Record) -> Option<How> {
    let same_place = (old.group, old.trace_id, old.span_id) == (new.group, new.trace_id, new.span_id)
        && old.body == new.body;
    if !same_place || !texts(old).is_subset(&texts(new)) {
        return Some(How::Replace);
    }
    (row_of(old) != row_of(new) || texts(old) != texts(new)).then_some(How::Update)
}

/// The texts that are contents of their own.
fn texts(record: &Record) -> BTreeSet<&str> {
    let facts = &record.facts;
    let error = facts.error.as_ref().and_then(|error| error.message.as_deref());
    [facts.input_text.as_deref(), facts.output_text.as_deref(), error].into_iter().flatten().collect()
}

/// Everything that stands in a record's row beside its place.
fn row_of(record: &Record) -> impl PartialEq {
    let event = match &record.role {
        Role::Event { key, parent } => Some((key.clone(), parent.clone())),
        _ => None,
    };
    let companions = Companions { event, ..Companions::default() };
    let facts = &record.facts;
    (
        facts_row::encode(facts, companions),
        (facts.input_text.clone(), facts.output_text.clone()),
        (record.parent_span_id, record.remote_parent, facts.kind as u8, record.status as u8),
        std::mem::discriminant(&record.role),
        (nanos(record.start), record.end.map(nanos)),
    )
}
