//! Reads the records of a trace group as the projection wants them.

use crate::{
    blocks::{Blocks, Location},
    encode::facts_row,
    error::{Error, Result},
    schema::{sql_value::unix_nanos, stored::role},
};
use rusqlite::Connection;
use std::{collections::HashMap, sync::Arc};
use turnscope_model::{
    ContentId, Facts, GroupKey, Kind, RecordId, Role, RunId, SpanId, Status, TraceGroupId, TraceId,
};
use turnscope_project::RecordFacts;

/// What [`one`] reads.
const SELECT: &str =
    "SELECT id, trace, span, parent, role, kind, start, dur, status, origin, facts FROM records";

/// Reads every record of these trace groups, without bodies.
pub(crate) fn load(
    db: &Connection,
    blocks: &mut Blocks,
    groups: &[TraceGroupId],
) -> Result<Vec<RecordFacts>> {
    let mut records = Vec::new();
    let mut lookups = Lookups::default();
    let sql = format!("{SELECT} WHERE trace_group = ?1 AND role & 15 < 15 ORDER BY id");
    let mut statement = db.prepare_cached(&sql)?;
    for group in groups {
        let mut rows = statement.query([group.0])?;
        while let Some(row) = rows.next()? {
            let id = RecordId(row.get(0)?);
            let record = one(db, blocks, &mut lookups, row)
                .map_err(|error| if error.is_damage() { named(db, id, &error) } else { error })?;
            records.push(record);
        }
    }
    Ok(records)
}

/// One record, without its body; `None` where there is none.
pub(crate) fn load_one(db: &Connection, blocks: &mut Blocks, id: RecordId) -> Result<Option<RecordFacts>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    let mut rows = statement.query([id.0])?;
    rows.next()?.map(|row| one(db, blocks, &mut Lookups::default(), row)).transpose()
}

/// An error that says which record is damaged, and of which trace.
fn named(db: &Connection, id: RecordId, error: &Error) -> Error {
    let trace: Option<String> = db
        .query_row(
            "SELECT lower(hex(g.key)) FROM records r JOIN trace_groups g ON g.id = r.trace WHERE r.id = ?1",
            [id.0],
            |row| row.get(0),
        )
        .ok();
    let trace = trace.map_or_else(String::new, |trace| format!(" of trace {trace}"));
    Error::damaged(format!("record {id}{trace} cannot be read: {error}"))
}

fn one(
    db: &Connection,
    blocks: &mut Blocks,
    lookups: &mut Lookups,
    row: &rusqlite::Row<'_>,
) -> Result<RecordFacts> {
    let coded: &[u8] = row.get_ref(10)?.as_blob().map_err(rusqlite::Error::from)?;
    let (facts, event) = lookups.facts(db, blocks, kind(row.get(5)?), coded)?;
    let stored_role: u32 = row.get(4)?;
    let start: i64 = row.get(6)?;
    let dur: Option<i64> = row.get(7)?;
    let (service_name, scope_name) = lookups.origin(db, row.get(9)?)?;
    Ok(RecordFacts {
        id: RecordId(row.get(0)?),
        role: match stored_role & role::MASK {
            role::SPAN => Role::Span,
            role::OPEN => Role::Open,
            role::EVENT => {
                let (key, parent) = event.unwrap_or_default();
                Role::Event { key, parent }
            }
            _ => Role::Log,
        },
        trace_id: row
            .get::<_, Option<i64>>(1)?
            .map(|id| lookups.trace(db, TraceGroupId(id)))
            .transpose()?
            .flatten(),
        span_id: row.get::<_, Option<i64>>(2)?.and_then(SpanId::from_i64),
        parent_span_id: row.get::<_, Option<i64>>(3)?.and_then(SpanId::from_i64),
        remote_parent: stored_role & role::REMOTE_PARENT != 0,
        start: unix_nanos(start),
        end: dur.map(|dur| unix_nanos(start.saturating_add(dur))),
        status: status(row.get(8)?),
        service_name,
        scope_name,
        facts,
    })
}

/// The kind kept under this number.
pub(crate) fn kind(value: u8) -> Kind {
    Kind::ALL.get(usize::from(value)).copied().unwrap_or_default()
}

pub(crate) fn status(value: u8) -> Status {
    match value {
        1 => Status::Ok,
        2 => Status::Error,
        _ => Status::Unset,
    }
}

/// What names the trace group with this id.
pub(crate) fn group_key(db: &Connection, id: TraceGroupId) -> Result<GroupKey> {
    let key: Vec<u8> = db
        .prepare_cached("SELECT key FROM trace_groups WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))?;
    Ok(match RunId::from_bytes(&key) {
        Ok(run) => GroupKey::Assembled(run),
        Err(_) => TraceId::try_from(&key[..]).map_or(GroupKey::None, GroupKey::Trace),
    })
}

/// Texts remembered.
const TEXTS: usize = 256;
/// Facts remembered, and the most bytes that are looked up: a query that ran ten thousand times has the same facts
/// each time, a model call has its own.
const FACTS: usize = 1024;
const FACTS_BYTES: usize = 160;

/// Lookups that repeat for every record of a trace group.
#[derive(Default)]
struct Lookups {
    origins: HashMap<i64, (Arc<str>, Arc<str>)>,
    traces: HashMap<TraceGroupId, Option<TraceId>>,
    texts: HashMap<ContentId, Option<String>>,
    facts: HashMap<(Kind, Box<[u8]>), Arc<Facts>>,
}

/// The key of an event, and its parent's.
type Event = (String, Option<String>);

impl Lookups {
    fn origin(&mut self, db: &Connection, id: i64) -> Result<(Arc<str>, Arc<str>)> {
        if let Some((service, scope)) = self.origins.get(&id) {
            return Ok((Arc::clone(service), Arc::clone(scope)));
        }
        let (service, scope): (String, String) = db
            .prepare_cached("SELECT service, scope FROM origins WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let names: (Arc<str>, Arc<str>) = (service.into(), scope.into());
        self.origins.insert(id, names.clone());
        Ok(names)
    }

    /// A record's facts; records with the same ones share them.
    fn facts(
        &mut self,
        db: &Connection,
        blocks: &mut Blocks,
        kind: Kind,
        coded: &[u8],
    ) -> Result<(Arc<Facts>, Option<Event>)> {
        let key = (coded.len() <= FACTS_BYTES).then(|| (kind, Box::from(coded)));
        if let Some(known) = key.as_ref().and_then(|key| self.facts.get(key)) {
            return Ok((Arc::clone(known), None));
        }
        let (mut facts, beside) =
            facts_row::decode(coded, kind).map_err(|error| Error::damaged(format!("its facts: {error}")))?;
        facts.input_text = self.text(db, blocks, beside.input_text)?;
        facts.output_text = self.text(db, blocks, beside.output_text)?;
        let facts = Arc::new(facts);
        if let (Some(key), None) = (key, &beside.event)
            && self.facts.len() < FACTS
        {
            self.facts.insert(key, Arc::clone(&facts));
        }
        Ok((facts, beside.event))
    }

    fn trace(&mut self, db: &Connection, id: TraceGroupId) -> Result<Option<TraceId>> {
        if let Some(trace) = self.traces.get(&id) {
            return Ok(*trace);
        }
        let trace = match group_key(db, id)? {
            GroupKey::Trace(trace) => Some(trace),
            GroupKey::Assembled(_) | GroupKey::None => None,
        };
        self.traces.insert(id, trace);
        Ok(trace)
    }

    fn text(
        &mut self,
        db: &Connection,
        blocks: &mut Blocks,
        content: Option<ContentId>,
    ) -> Result<Option<String>> {
        let Some(id) = content else { return Ok(None) };
        if let Some(text) = self.texts.get(&id) {
            return Ok(text.clone());
        }
        let location = db
            .prepare_cached("SELECT block, off, len FROM contents WHERE id = ?1")?
            .query_row([id.0], |row| Location::from_row(row, 0))?;
        let text = String::from_utf8(blocks.read(db, location)?).ok();
        // The question of a run is in each of its calls; most other texts are met once.
        if self.texts.len() >= TEXTS {
            self.texts.clear();
        }
        self.texts.insert(id, text.clone());
        Ok(text)
    }
}
