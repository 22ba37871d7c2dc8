//! Reads the records of a unit as the projection wants them.

use crate::{blocks::Blocks, commit::role, facts_row, pack::Place, project::Node, sqlite::StoreError};
use rusqlite::Connection;
use std::{collections::HashMap, sync::Arc};
use turnscope_model::{Facts, Kind, Role, SpanId, Status, TraceId, Unit};

/// Reads every record of these units (those that are projected together), without bodies.
pub(crate) fn load(db: &Connection, blocks: &mut Blocks, units: &[i64]) -> Result<Vec<Node>, StoreError> {
    let mut nodes = Vec::new();
    let mut names = Names::default();
    let mut statement = db.prepare_cached(
        "SELECT id, trace, span, parent, role, kind, start, dur, status, origin, facts FROM records
         WHERE unit = ?1 AND role & 15 < 15 ORDER BY id",
    )?;
    for unit in units {
        let mut rows = statement.query([unit])?;
        while let Some(row) = rows.next()? {
            let coded: &[u8] = row.get_ref(10)?.as_blob().map_err(rusqlite::Error::from)?;
            let (facts, event) = names.facts(db, blocks, kind_of(row.get(5)?), coded)?;
            let stored_role: u32 = row.get(4)?;
            let start: i64 = row.get(6)?;
            let dur: Option<i64> = row.get(7)?;
            let (service_name, scope_name) = names.origin(db, row.get(9)?)?;
            nodes.push(Node {
                row: row.get(0)?,
                role: match stored_role & role::MASK {
                    role::SPAN => Role::Span,
                    role::OPEN => Role::Open,
                    role::EVENT => {
                        let (key, parent) = event.unwrap_or_default();
                        Role::Event { key, parent }
                    }
                    _ => Role::Log,
                },
                trace_id: row.get::<_, Option<i64>>(1)?.map(|id| names.trace(db, id)).transpose()?.flatten(),
                span_id: row.get::<_, Option<i64>>(2)?.and_then(SpanId::from_i64),
                parent_span_id: row.get::<_, Option<i64>>(3)?.and_then(SpanId::from_i64),
                remote_parent: stored_role & role::REMOTE_PARENT != 0,
                start: start as u64,
                end: dur.map(|dur| start.saturating_add(dur) as u64),
                status: status_of(row.get(8)?),
                service_name,
                scope_name,
                facts,
            });
        }
    }
    Ok(nodes)
}

/// The kind kept under this number.
pub(crate) fn kind_of(value: u8) -> Kind {
    Kind::ALL.get(usize::from(value)).copied().unwrap_or_default()
}

fn status_of(value: u8) -> Status {
    match value {
        1 => Status::Ok,
        2 => Status::Error,
        _ => Status::Unset,
    }
}

/// The unit kept under this id.
pub(crate) fn unit_of(db: &Connection, id: i64) -> Result<Unit, StoreError> {
    let key: Vec<u8> =
        db.prepare_cached("SELECT key FROM units WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
    Ok(match turnscope_model::RunId::from_bytes(&key) {
        Ok(run) => Unit::Assembled(run),
        Err(_) => TraceId::try_from(&key[..]).map_or(Unit::None, Unit::Trace),
    })
}

/// Texts remembered.
const TEXTS: usize = 256;
/// Facts remembered, and the most bytes that are looked up: a query that ran ten thousand times has the same facts
/// each time, a model call has its own.
const FACTS: usize = 1024;
const FACTS_BYTES: usize = 160;

/// Lookups that repeat for every record of a unit.
#[derive(Default)]
struct Names {
    origins: HashMap<i64, (Arc<str>, Arc<str>)>,
    traces: HashMap<i64, Option<TraceId>>,
    texts: HashMap<i64, Option<String>>,
    facts: HashMap<(Kind, Box<[u8]>), Arc<Facts>>,
}

/// The key of an event, and its parent's.
type Event = (String, Option<String>);

impl Names {
    fn origin(&mut self, db: &Connection, id: i64) -> Result<(Arc<str>, Arc<str>), StoreError> {
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
    ) -> Result<(Arc<Facts>, Option<Event>), StoreError> {
        let key = (coded.len() <= FACTS_BYTES).then(|| (kind, Box::from(coded)));
        if let Some(known) = key.as_ref().and_then(|key| self.facts.get(key)) {
            return Ok((Arc::clone(known), None));
        }
        let (mut facts, beside) =
            facts_row::decode(coded, kind).map_err(|error| StoreError::Damaged(error.to_string()))?;
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

    fn trace(&mut self, db: &Connection, id: i64) -> Result<Option<TraceId>, StoreError> {
        if let Some(trace) = self.traces.get(&id) {
            return Ok(*trace);
        }
        let trace = match unit_of(db, id)? {
            Unit::Trace(trace) => Some(trace),
            Unit::Assembled(_) | Unit::None => None,
        };
        self.traces.insert(id, trace);
        Ok(trace)
    }

    fn text(
        &mut self,
        db: &Connection,
        blocks: &mut Blocks,
        content: Option<i64>,
    ) -> Result<Option<String>, StoreError> {
        let Some(id) = content else { return Ok(None) };
        if let Some(text) = self.texts.get(&id) {
            return Ok(text.clone());
        }
        let place = db
            .prepare_cached("SELECT block, off, len FROM contents WHERE id = ?1")?
            .query_row([id], |row| Place::from_row(row, 0))?;
        let text = String::from_utf8(blocks.read(db, place)?).ok();
        // The question of a run is in each of its calls; most other texts are met once.
        if self.texts.len() >= TEXTS {
            self.texts.clear();
        }
        self.texts.insert(id, text.clone());
        Ok(text)
    }
}
