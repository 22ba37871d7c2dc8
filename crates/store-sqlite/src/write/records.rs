//! The rows of spans, log records and metrics.

use super::{applied::Placed, commit::Committer};
use crate::{
    encode::{
        facts_row::{self, Companions},
        record_body,
    },
    error::Result,
    schema::{
        sql_value::{count, nanos},
        stored::role,
    },
};
use rusqlite::{OptionalExtension as _, Transaction};
use std::collections::HashMap;
use turnscope_model::{ContentHash, Form, Origin, Purpose, Record, RecordId, Role, SpanId, TraceGroupId};
use turnscope_store::MetricRow;

/// Traces that can report the same call, at most: an application, its instrumentations, and gateways.
const MOST_REPORTS: usize = 8;
/// Nanoseconds that may lie between two reports of one call: clocks differ, and evaluations come later.
const JOINED_WITHIN: i64 = 3_600_000_000_000;

impl Committer {
    pub(super) fn span(&mut self, tx: &Transaction<'_>, record: &Record) -> Result<Option<Placed>> {
        let (Some(trace), Some(span)) = (self.groups.id_of_trace(tx, record.trace_id)?, record.span_id)
        else {
            return Ok(None);
        };
        let span = span.as_i64();
        let may_be_stored = !self.groups.is_new(trace) || !self.seen.insert((trace, span));
        let mut replaced = false;
        if may_be_stored {
            match supersede(tx, trace, span, record)? {
                Version::First => {}
                Version::Later => replaced = true,
                Version::Earlier => return Ok(None),
            }
        }
        let placed = self.insert(tx, record, Some(trace))?;
        Ok(Some(Placed { replaced, ..placed }))
    }

    pub(super) fn log(
        &mut self,
        tx: &Transaction<'_>,
        record: &Record,
        in_request: &mut HashMap<[u8; 16], u32>,
    ) -> Result<Option<Placed>> {
        let trace = self.groups.id_of_trace(tx, record.trace_id)?;
        let content = log_hash(record, 0);
        let copy = in_request.entry(*content.bytes()).or_insert(0);
        let hash = if *copy == 0 { content } else { log_hash(record, *copy) };
        *copy += 1;
        // A hash may lead to a record that was deleted.
        let is_new = tx
            .prepare_cached(
                "INSERT INTO log_hashes (hash, record) VALUES (?1, ?2) ON CONFLICT (hash) DO UPDATE SET record = ?2
                     WHERE NOT EXISTS (SELECT 1 FROM records c WHERE c.id = log_hashes.record)",
            )?
            .execute((hash.bytes(), self.next_record))?;
        if is_new == 0 {
            return Ok(None);
        }
        self.insert(tx, record, trace).map(Some)
    }

    pub(super) fn insert(
        &mut self,
        tx: &Transaction<'_>,
        record: &Record,
        trace: Option<TraceGroupId>,
    ) -> Result<Placed> {
        let id = RecordId(self.next_record);
        self.next_record += 1;
        let origin = self.origin(tx, &record.origin)?;
        let group = self.groups.id_of(tx, record.group)?;
        let mut inline = Vec::with_capacity(record.body.values.len());
        for (slot, value) in (0..).zip(&record.body.values) {
            inline.push(self.list(tx, group, id, slot, value)?);
        }
        let companions = self.companions(tx, group, id, record)?;
        let location = self.packer.append_with(|buffer| {
            record_body::write(buffer, &record.body, |slot| inline[slot].as_deref());
        })?;
        tx.prepare_cached(
            "INSERT INTO records (id, trace_group, trace, span, parent, role, kind, start, dur, status, origin, facts,
                 block, off, len)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(rusqlite::params![
            id.0,
            group.map(|group| group.0),
            trace.map(|trace| trace.0),
            record.span_id.map(SpanId::as_i64),
            record.parent_span_id.map(SpanId::as_i64),
            stored_role(record),
            record.facts.kind as u8,
            nanos(record.start),
            record.end.map(|end| nanos(end).saturating_sub(nanos(record.start))),
            record.status as u8,
            origin,
            facts_row::encode(&record.facts, companions),
            location.block.0,
            location.off,
            location.len,
        ])?;
        if let Some(group) = group {
            self.join(tx, group, record)?;
        }
        let is_span = matches!(record.role, Role::Span | Role::Open);
        for touched in [group, trace.filter(|trace| Some(*trace) != group)].into_iter().flatten() {
            self.groups.touch(touched, record, is_span);
        }
        Ok(Placed { record: id, group, replaced: false })
    }

    /// What stands beside a record's facts: their texts as contents, an event's keys.
    pub(super) fn companions(
        &mut self,
        tx: &Transaction<'_>,
        group: Option<TraceGroupId>,
        id: RecordId,
        record: &Record,
    ) -> Result<Companions> {
        let error = record.facts.error.as_ref().and_then(|error| error.message.as_deref());
        Ok(Companions {
            input_text: self.text(tx, group, id, Purpose::Other, record.facts.input_text.as_deref())?,
            output_text: self.text(tx, group, id, Purpose::Other, record.facts.output_text.as_deref())?,
            error_text: self.text(tx, group, id, Purpose::Error, error)?,
            event: match &record.role {
                Role::Event { key, parent } => Some((key.clone(), parent.clone())),
                _ => None,
            },
        })
    }

    /// Joins trace groups that hold reports of the same call: they are projected together, and the older one leads.
    pub(super) fn join(&mut self, tx: &Transaction<'_>, group: TraceGroupId, record: &Record) -> Result<()> {
        for key in turnscope_project::join_keys(record) {
            let key = key_of(&key);
            let others = self.joins.find(tx, key)?;
            // What is in so many traces is no name of one call: caches and mocks repeat their answers' ids.
            if others.len() < MOST_REPORTS && !others.contains(&group.0) {
                self.joins.add(tx, key, group.0)?;
                join_nearest(tx, group, record, others)?;
            }
        }
        if let Some(key) = turnscope_project::sought_key(record) {
            let others = self.joins.find(tx, key_of(&key))?;
            if others.len() < MOST_REPORTS && !others.contains(&group.0) {
                join_nearest(tx, group, record, others)?;
            }
        }
        Ok(())
    }

    pub(super) fn origin(&mut self, tx: &Transaction<'_>, origin: &Origin) -> Result<i64> {
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

    pub(super) fn metric(&mut self, tx: &Transaction<'_>, metric: &MetricRow) -> Result<bool> {
        let origin = self.origin(tx, &metric.origin)?;
        let mut keyed = metric.origin.hash.bytes().to_vec();
        keyed.extend_from_slice(&metric.bytes);
        let hash = ContentHash::of(Form::Bytes, &keyed);
        let is_stored = tx.prepare_cached("SELECT 1 FROM metrics WHERE hash = ?1")?.exists([hash.bytes()])?;
        if is_stored {
            return Ok(false);
        }
        let location = self.packer.append(&metric.bytes)?;
        tx.prepare_cached(
            "INSERT INTO metrics (hash, name, origin, started_at, ended_at, points, block, off, len)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            hash.bytes(),
            &metric.name,
            origin,
            nanos(metric.start),
            nanos(metric.end),
            count(metric.points),
            location.block.0,
            location.off,
            location.len,
        ))?;
        Ok(true)
    }
}

/// How a record's role is kept.
pub(super) fn stored_role(record: &Record) -> u32 {
    let role = match record.role {
        Role::Span => role::SPAN,
        Role::Open => role::OPEN,
        Role::Log => role::LOG,
        Role::Event { .. } => role::EVENT,
    };
    role | if record.remote_parent { role::REMOTE_PARENT } else { 0 }
}

/// How a version of a span stands to the one that is stored.
enum Version {
    /// None is stored.
    First,
    /// It takes the stored one's place.
    Later,
    /// The stored one stays.
    Earlier,
}

/// Makes room for a version of a span, unless the one that is stored stays. The later end wins.
fn supersede(tx: &Transaction<'_>, trace: TraceGroupId, span: i64, new: &Record) -> Result<Version> {
    let stored: Option<(i64, u32, i64, Option<i64>)> = tx
        .prepare_cached(
            "SELECT id, role, start, dur FROM records WHERE trace = ?1 AND span = ?2 AND role & 15 < 2",
        )?
        .query_row((trace.0, span), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((id, stored_role, start, dur)) = stored else { return Ok(Version::First) };
    let stored_end = dur.map(|dur| start.saturating_add(dur));
    let new_end = (new.role == Role::Span).then_some(new.end).flatten().map(nanos);
    let wins = match (stored_role & role::MASK, new_end) {
        (_, None) => false,
        (role::OPEN, Some(_)) => true,
        (_, Some(end)) => stored_end.is_none_or(|stored| end > stored),
    };
    if wins {
        tx.prepare_cached("UPDATE records SET role = ?2 WHERE id = ?1")?.execute((id, role::SUPERSEDED))?;
    }
    Ok(if wins { Version::Later } else { Version::Earlier })
}

/// A log record's identity: what was sent, under which resource; `copy` tells twins of one request apart.
pub(super) fn log_hash(record: &Record, copy: u32) -> ContentHash {
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

/// What stands for a key in the index.
fn key_of(key: &str) -> i64 {
    ContentHash::of(Form::Text, key.as_bytes()).prefix()
}

/// Joins a trace group with the first of the others that lies near in time.
fn join_nearest(tx: &Transaction<'_>, group: TraceGroupId, record: &Record, others: Vec<i64>) -> Result<()> {
    let start = nanos(record.start);
    // A group may be gone, and one that is new in this transaction has no times yet.
    let mut leader_near = tx.prepare_cached(
        "SELECT coalesce(leader, id) FROM trace_groups WHERE id = ?1
             AND (spans = 0 OR (started_at <= ?3 AND ended_at >= ?2))",
    )?;
    let (from, to) = (start.saturating_sub(JOINED_WITHIN), start.saturating_add(JOINED_WITHIN));
    let mut near = Vec::new();
    for other in others {
        near.extend(leader_near.query_row((other, from, to), |row| row.get::<_, i64>(0)).optional()?);
    }
    let own: i64 = tx
        .prepare_cached("SELECT coalesce(leader, id) FROM trace_groups WHERE id = ?1")?
        .query_row([group.0], |row| row.get(0))?;
    let Some(other) = near.into_iter().next() else { return Ok(()) };
    let (leader, joined) = (own.min(other), own.max(other));
    if leader != joined {
        tx.prepare_cached("UPDATE trace_groups SET leader = ?2 WHERE id = ?1 OR leader = ?1")?
            .execute((joined, leader))?;
    }
    Ok(())
}
