//! One batch of records into one transaction: contents interned, lists coded, rows written.
//!
//! Not here: the thread and its queue (`writer`), runs (`projector`).

use crate::{
    bases::Bases,
    body, contexts,
    facts_row::{self, Beside},
    hash_index::{HashIndex, Table},
    intern::Interner,
    next_ids::NextIds,
    pack::Packer,
    sqlite::StoreError,
    units::{TouchedUnit, Units},
};
use lru::LruCache;
use rusqlite::{Connection, OptionalExtension as _, Transaction};
use std::{collections::HashSet, num::NonZeroUsize, sync::Arc};
use turnscope_model::{ContentHash, Form, Origin, Purpose, Record, Role, Value};

/// `records.role`, low four bits.
pub(crate) mod role {
    pub(crate) const SPAN: u32 = 0;
    pub(crate) const OPEN: u32 = 1;
    pub(crate) const LOG: u32 = 2;
    pub(crate) const EVENT: u32 = 3;
    /// A version that a later one of the same span replaced; kept because lists may be coded against its own.
    pub(crate) const SUPERSEDED: u32 = 15;
    pub(crate) const MASK: u32 = 15;
    pub(crate) const REMOTE_PARENT: u32 = 0x10;
}

/// What one request asks to be kept.
#[derive(Debug, Default)]
pub struct Batch {
    /// Spans and log records.
    pub records: Vec<Record>,
    /// Metrics, whole.
    pub metrics: Vec<MetricRow>,
}

/// One metric of one request, exactly as received.
#[derive(Debug)]
pub struct MetricRow {
    /// Its name.
    pub name: String,
    /// The resource and scope it came under.
    pub origin: Arc<Origin>,
    /// The earliest time of its points, nanoseconds.
    pub start: u64,
    /// The latest.
    pub end: u64,
    /// How many points it holds.
    pub points: u64,
    /// The encoded `Metric`.
    pub bytes: Vec<u8>,
}

/// Where a record was put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    pub(crate) row: i64,
    pub(crate) unit: Option<i64>,
    /// It took the place of an earlier version of its span.
    pub(crate) replaced: bool,
}

/// What one batch came to: where each record was put (`None`: it was there already), and the sums.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    pub(crate) placed: Vec<Option<Placed>>,
    pub(crate) stored: Stored,
}

/// What a transaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Records that are new.
    pub records: u64,
    /// Records that were there already.
    pub duplicates: u64,
    /// Metrics that are new.
    pub metrics: u64,
}

/// Everything that lives as long as the writer, beside the connection.
pub(crate) struct Committer {
    next_record: i64,
    interner: Interner,
    /// From what one call has in common wherever it is reported to the units that report it.
    joins: HashIndex,
    packer: Packer,
    units: Units,
    bases: Bases,
    origins: LruCache<ContentHash, i64>,
    /// Previews that their unit has met already.
    previews: LruCache<(i64, i64), ()>,
    /// Spans written by the transaction at hand, of units that are fresh in it.
    seen: HashSet<(i64, i64)>,
}

impl Committer {
    pub(crate) fn new(db: &Connection) -> Result<Self, StoreError> {
        let next = NextIds::read(db)?;
        Ok(Self {
            next_record: next.record,
            interner: Interner::new(next.content),
            joins: HashIndex::new(Table::Joins),
            packer: Packer::new(next.block)?,
            units: Units::new(next.unit),
            bases: Bases::new(),
            origins: LruCache::new(NonZeroUsize::new(4096).unwrap_or(NonZeroUsize::MIN)),
            previews: LruCache::new(NonZeroUsize::new(16 * 1024).unwrap_or(NonZeroUsize::MIN)),
            seen: HashSet::new(),
        })
    }

    /// Forgets what the database may not hold, after a roll-back or a deletion. Numbers are not given out again.
    pub(crate) fn reset(&mut self) {
        self.interner.reset();
        self.joins.reset();
        self.packer.reset();
        self.units.reset();
        self.bases.reset();
        self.origins.clear();
        self.previews.clear();
        self.seen.clear();
    }

    /// Writes one batch.
    pub(crate) fn apply(&mut self, tx: &Transaction<'_>, batch: &Batch) -> Result<Applied, StoreError> {
        let mut applied = Applied::default();
        let stored = &mut applied.stored;
        let mut logs_in_request = std::collections::HashMap::<[u8; 16], u32>::new();
        for record in &batch.records {
            let placed = match record.role {
                Role::Span | Role::Open => self.span(tx, record)?,
                Role::Log | Role::Event { .. } => self.log(tx, record, &mut logs_in_request)?,
            };
            stored.records += u64::from(placed.is_some());
            stored.duplicates += u64::from(placed.is_none());
            applied.placed.push(placed);
            self.packer.record_ends(tx)?;
        }
        for metric in &batch.metrics {
            stored.metrics += u64::from(self.metric(tx, metric)?);
            self.packer.record_ends(tx)?;
        }
        Ok(applied)
    }

    /// Ends the transaction's own part; gives the units to project again.
    pub(crate) fn finish(
        &mut self,
        tx: &Transaction<'_>,
        now_ms: i64,
    ) -> Result<Vec<TouchedUnit>, StoreError> {
        self.packer.flush(tx)?;
        self.seen.clear();
        for content in self.interner.late.drain(..) {
            tx.prepare_cached("INSERT OR IGNORE INTO search_late (content) VALUES (?1)")?
                .execute([content])?;
        }
        self.interner.advance(tx)?;
        self.joins.advance(tx)?;
        self.units.flush(tx, now_ms)
    }

    /// Brings the indexes by hash up to date, before the store is closed.
    pub(crate) fn close(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        self.interner.finish(tx)?;
        self.joins.finish(tx)
    }

    fn span(&mut self, tx: &Transaction<'_>, record: &Record) -> Result<Option<Placed>, StoreError> {
        let (Some(trace), Some(span)) = (self.units.id_of_trace(tx, record.trace_id)?, record.span_id) else {
            return Ok(None);
        };
        let span = span.as_i64();
        let maybe_known = !self.units.is_fresh(trace) || !self.seen.insert((trace, span));
        let mut replaced = false;
        if maybe_known {
            match Self::supersede(tx, trace, span, record)? {
                Rank::First => {}
                Rank::Later => replaced = true,
                Rank::Earlier => return Ok(None),
            }
        }
        let placed = self.insert(tx, record, Some(trace))?;
        Ok(Some(Placed { replaced, ..placed }))
    }

    /// Makes room for a version of a span, unless the one that is stored stays. The later end wins.
    fn supersede(tx: &Transaction<'_>, trace: i64, span: i64, new: &Record) -> Result<Rank, StoreError> {
        let stored: Option<(i64, u32, i64, Option<i64>, u32)> = tx
            .prepare_cached(
                "SELECT id, role, start, dur, len FROM records WHERE trace = ?1 AND span = ?2 AND role & 15 < 2",
            )?
            .query_row((trace, span), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()?;
        let Some((id, stored_role, start, dur, _)) = stored else { return Ok(Rank::First) };
        let stored_end = dur.map(|dur| start.saturating_add(dur));
        let new_end = (new.role == Role::Span).then_some(new.end).flatten().map(ns);
        let wins = match (stored_role & role::MASK, new_end) {
            (_, None) => false,
            (role::OPEN, Some(_)) => true,
            (_, Some(end)) => stored_end.is_none_or(|stored| end > stored),
        };
        if wins {
            tx.prepare_cached("UPDATE records SET role = ?2 WHERE id = ?1")?
                .execute((id, role::SUPERSEDED))?;
        }
        Ok(if wins { Rank::Later } else { Rank::Earlier })
    }

    fn log(
        &mut self,
        tx: &Transaction<'_>,
        record: &Record,
        in_request: &mut std::collections::HashMap<[u8; 16], u32>,
    ) -> Result<Option<Placed>, StoreError> {
        let trace = self.units.id_of_trace(tx, record.trace_id)?;
        let content = log_hash(record, 0);
        let copy = in_request.entry(*content.bytes()).or_insert(0);
        let hash = if *copy == 0 { content } else { log_hash(record, *copy) };
        *copy += 1;
        let id = self.next_record;
        let fresh = tx
            .prepare_cached("INSERT OR IGNORE INTO log_hashes (hash, record) VALUES (?1, ?2)")?
            .execute((hash.bytes(), id))?;
        if fresh == 0 {
            return Ok(None);
        }
        self.insert(tx, record, trace).map(Some)
    }

    fn insert(
        &mut self,
        tx: &Transaction<'_>,
        record: &Record,
        trace: Option<i64>,
    ) -> Result<Placed, StoreError> {
        let id = self.next_record;
        self.next_record += 1;
        let origin = self.origin(tx, &record.origin)?;
        let unit = self.units.id_of(tx, record.unit)?;
        let mut inline = Vec::with_capacity(record.body.values.len());
        for (hole, value) in record.body.values.iter().enumerate() {
            inline.push(self.list(tx, unit, id, hole as u32, value)?);
        }
        let beside = Beside {
            input_text: self.text(tx, unit, id, Purpose::Other, record.facts.input_text.as_deref())?,
            output_text: self.text(tx, unit, id, Purpose::Other, record.facts.output_text.as_deref())?,
            error_text: {
                let message = record.facts.error.as_ref().and_then(|error| error.message.as_deref());
                self.text(tx, unit, id, Purpose::Error, message)?
            },
            event: match &record.role {
                Role::Event { key, parent } => Some((key.clone(), parent.clone())),
                _ => None,
            },
        };
        let place = self.packer.append_with(|buffer| {
            body::write(buffer, &record.body, |hole| inline[hole].as_deref());
        });
        let role = match record.role {
            Role::Span => role::SPAN,
            Role::Open => role::OPEN,
            Role::Log => role::LOG,
            Role::Event { .. } => role::EVENT,
        };
        let remote = if record.remote_parent { role::REMOTE_PARENT } else { 0 };
        tx.prepare_cached(
            "INSERT INTO records (id, unit, trace, span, parent, role, kind, start, dur, status, origin, facts, block, off, len)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(rusqlite::params![
            id,
            unit,
            trace,
            record.span_id.map(turnscope_model::SpanId::as_i64),
            record.parent_span_id.map(turnscope_model::SpanId::as_i64),
            role | remote,
            record.facts.kind as u8,
            ns(record.start),
            record.end.map(|end| ns(end).saturating_sub(ns(record.start))),
            record.status as u8,
            origin,
            facts_row::encode(&record.facts, beside),
            place.block,
            place.off,
            place.len,
        ])?;
        if let Some(unit) = unit {
            self.join(tx, unit, record)?;
        }
        let is_span = matches!(record.role, Role::Span | Role::Open);
        for touched in [unit, trace.filter(|trace| Some(*trace) != unit)].into_iter().flatten() {
            self.units.touch(touched, record, is_span);
        }
        Ok(Placed { row: id, unit, replaced: false })
    }

    /// Joins units that hold reports of the same call: they are projected together, under the older one.
    fn join(&mut self, tx: &Transaction<'_>, unit: i64, record: &Record) -> Result<(), StoreError> {
        for key in crate::project::join_keys(record) {
            let key = ContentHash::of(Form::Text, key.as_bytes()).prefix();
            let others = self.joins.find(tx, key)?;
            if others.contains(&unit) {
                continue;
            }
            self.joins.add(tx, key, unit)?;
            let Some(&other) = others.first() else { continue };
            let main_of = |id: i64| -> Result<i64, rusqlite::Error> {
                tx.prepare_cached("SELECT coalesce(main, id) FROM units WHERE id = ?1")?
                    .query_row([id], |row| row.get(0))
            };
            let (a, b) = (main_of(unit)?, main_of(other)?);
            let (main, joined) = (a.min(b), a.max(b));
            if main != joined {
                tx.prepare_cached("UPDATE units SET main = ?2 WHERE id = ?1 OR main = ?1")?
                    .execute((joined, main))?;
            }
        }
        Ok(())
    }

    /// Interns the items of one hole. Gives their ids where they are to be kept in the body; lists that are sent again
    /// and compared go to `contexts`.
    fn list(
        &mut self,
        tx: &Transaction<'_>,
        unit: Option<i64>,
        record: i64,
        hole: u32,
        value: &Value,
    ) -> Result<Option<Vec<i64>>, StoreError> {
        let mut list = Vec::with_capacity(value.items.len());
        let mut met_before = Vec::new();
        for item in &value.items {
            let bytes = &item.bytes[..];
            let (form, purpose) = (value.form, value.purpose);
            let interned =
                self.interner.intern(tx, &mut self.packer, item.hash, form, purpose, bytes, record)?;
            if !interned.is_new {
                met_before.push(interned.id);
            }
            list.push(interned.id);
        }
        if !matches!(value.purpose, Purpose::Input | Purpose::System | Purpose::Definitions) {
            Self::uses(tx, record, &met_before)?;
            return Ok(Some(list));
        }
        let base = unit.and_then(|unit| self.bases.find(unit, value.purpose, &list));
        let coded = contexts::encode(&list, base.map_or(&[], |base| &base.list));
        let uses_base = coded.literals.len() < list.len();
        let (base_record, base_hole) = match base {
            Some(base) if uses_base => (Some(base.record), Some(base.hole)),
            _ => (None, None),
        };
        tx.prepare_cached(
            "INSERT INTO contexts (record, hole, purpose, base_record, base_hole, ops) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((record, hole, value.purpose as u8, base_record, base_hole, coded.ops))?;
        // What the base holds, the base keeps alive.
        met_before.retain(|id| coded.literals.contains(id));
        Self::uses(tx, record, &met_before)?;
        if let Some(unit) = unit {
            self.bases.remember(unit, value.purpose, record, hole, list);
        }
        Ok(None)
    }

    /// Notes that a record meets contents which were in the store before.
    fn uses(tx: &Transaction<'_>, record: i64, contents: &[i64]) -> Result<(), StoreError> {
        let mut insert = tx.prepare_cached("INSERT OR IGNORE INTO uses (content, record) VALUES (?1, ?2)")?;
        for &content in contents {
            insert.execute((content, record))?;
        }
        Ok(())
    }

    /// Keeps a fact's text as a content: the same question stands on every call of a run, and errors are searched.
    fn text(
        &mut self,
        tx: &Transaction<'_>,
        unit: Option<i64>,
        record: i64,
        purpose: Purpose,
        text: Option<&str>,
    ) -> Result<Option<i64>, StoreError> {
        let Some(text) = text else { return Ok(None) };
        let hash = ContentHash::of(Form::Text, text.as_bytes());
        let (packer, bytes) = (&mut self.packer, text.as_bytes());
        let interned = self.interner.intern(tx, packer, hash, Form::Text, purpose, bytes, record)?;
        let met = self.previews.put((unit.unwrap_or(-record), interned.id), ()).is_some();
        if !interned.is_new && !met {
            Self::uses(tx, record, &[interned.id])?;
        }
        Ok(Some(interned.id))
    }

    fn origin(&mut self, tx: &Transaction<'_>, origin: &Origin) -> Result<i64, StoreError> {
        if let Some(&id) = self.origins.get(&origin.hash) {
            return Ok(id);
        }
        tx.prepare_cached(
            "INSERT OR IGNORE INTO origins (hash, service, scope, bytes) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((origin.hash.bytes(), &origin.service_name, &origin.scope_name, &origin.bytes))?;
        let id = tx
            .prepare_cached("SELECT id FROM origins WHERE hash = ?1")?
            .query_row([origin.hash.bytes()], |row| row.get(0))?;
        self.origins.put(origin.hash, id);
        Ok(id)
    }

    fn metric(&mut self, tx: &Transaction<'_>, metric: &MetricRow) -> Result<bool, StoreError> {
        let origin = self.origin(tx, &metric.origin)?;
        let mut keyed = metric.origin.hash.bytes().to_vec();
        keyed.extend_from_slice(&metric.bytes);
        let hash = ContentHash::of(Form::Bytes, &keyed);
        let known = tx.prepare_cached("SELECT 1 FROM metrics WHERE hash = ?1")?.exists([hash.bytes()])?;
        if known {
            return Ok(false);
        }
        let place = self.packer.append(&metric.bytes);
        tx.prepare_cached(
            "INSERT INTO metrics (hash, name, origin, started_at, ended_at, points, block, off, len)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            hash.bytes(),
            &metric.name,
            origin,
            ns(metric.start),
            ns(metric.end),
            metric.points as i64,
            place.block,
            place.off,
            place.len,
        ))?;
        Ok(true)
    }
}

/// How a version of a span stands to the one that is stored.
enum Rank {
    /// None is stored.
    First,
    /// It takes the stored one's place.
    Later,
    /// The stored one stays.
    Earlier,
}

/// Nanoseconds as SQLite keeps them; what lies past the year 2262 is clamped (the body keeps what was sent).
pub(crate) fn ns(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

/// A log record's identity: what was sent, under which resource; `copy` tells twins of one request apart.
fn log_hash(record: &Record, copy: u32) -> ContentHash {
    let mut bytes = record.origin.hash.bytes().to_vec();
    bytes.extend_from_slice(&copy.to_be_bytes());
    for id in [record.trace_id.map(|id| id.bytes().to_vec()), record.span_id.map(|id| id.bytes().to_vec())] {
        bytes.extend_from_slice(&id.unwrap_or_default());
    }
    bytes.extend_from_slice(&record.start.to_be_bytes());
    for value in &record.body.values {
        for item in &value.items {
            bytes.extend_from_slice(item.hash.bytes());
        }
    }
    bytes.extend_from_slice(&record.body.bytes);
    ContentHash::of(Form::Bytes, &bytes)
}
