//! The units that a transaction touches: their ids, and what changed in them.

use crate::{commit::ns, sqlite::StoreError};
use lru::LruCache;
use rusqlite::{OptionalExtension as _, Transaction};
use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
};
use turnscope_model::{Record, TraceId, Unit};

const CACHED: NonZeroUsize = NonZeroUsize::new(16 * 1024).unwrap();

/// A unit that a transaction changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TouchedUnit {
    pub(crate) id: i64,
    /// It was created in that transaction.
    pub(crate) is_fresh: bool,
}

/// What a transaction adds to a unit.
#[derive(Debug, Clone, Copy)]
struct Delta {
    started_at: u64,
    ended_at: u64,
    spans: u64,
    agentic: bool,
}

/// Ids of units, and the changes of the transaction at hand.
pub(crate) struct Units {
    ids: LruCache<Vec<u8>, i64>,
    next_id: i64,
    /// Created in the transaction at hand: none of their spans can have been stored before.
    fresh: HashSet<i64>,
    deltas: HashMap<i64, Delta>,
}

impl Units {
    pub(crate) fn new(next_id: i64) -> Self {
        Self { ids: LruCache::new(CACHED), next_id, fresh: HashSet::new(), deltas: HashMap::new() }
    }

    pub(crate) fn id_of(&mut self, tx: &Transaction<'_>, unit: Unit) -> Result<Option<i64>, StoreError> {
        match unit {
            Unit::Trace(trace) => self.id(tx, trace.bytes()).map(Some),
            Unit::Assembled(run) => self.id(tx, run.bytes()).map(Some),
            Unit::None => Ok(None),
        }
    }

    pub(crate) fn id_of_trace(
        &mut self,
        tx: &Transaction<'_>,
        trace: Option<TraceId>,
    ) -> Result<Option<i64>, StoreError> {
        trace.map(|trace| self.id(tx, trace.bytes())).transpose()
    }

    fn id(&mut self, tx: &Transaction<'_>, key: &[u8]) -> Result<i64, StoreError> {
        if let Some(&id) = self.ids.get(key) {
            return Ok(id);
        }
        let known: Option<i64> = tx
            .prepare_cached("SELECT id FROM units WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        let id = if let Some(id) = known {
            id
        } else {
            let id = self.next_id;
            self.next_id += 1;
            tx.prepare_cached(
                "INSERT INTO units (id, key, dirty, started_at, ended_at, received_at, spans, agentic)
                 VALUES (?1, ?2, 0, 9223372036854775807, 0, 0, 0, 0)",
            )?
            .execute((id, key))?;
            self.fresh.insert(id);
            id
        };
        self.ids.put(key.to_vec(), id);
        Ok(id)
    }

    /// Whether no record of this unit can be in the store yet.
    pub(crate) fn is_fresh(&self, id: i64) -> bool {
        self.fresh.contains(&id)
    }

    /// Notes a new record of a unit.
    pub(crate) fn touch(&mut self, id: i64, record: &Record, is_span: bool) {
        let end = record.end.unwrap_or(record.start);
        let delta = self.deltas.entry(id).or_insert(Delta {
            started_at: u64::MAX,
            ended_at: 0,
            spans: 0,
            agentic: false,
        });
        delta.started_at = delta.started_at.min(record.start);
        delta.ended_at = delta.ended_at.max(end);
        delta.spans += u64::from(is_span);
        delta.agentic |= record.facts.kind.is_agentic();
    }

    /// Writes the changes and gives the units that must be projected again.
    pub(crate) fn flush(
        &mut self,
        tx: &Transaction<'_>,
        now_ms: i64,
    ) -> Result<Vec<TouchedUnit>, StoreError> {
        let mut update = tx.prepare_cached(
            "UPDATE units SET dirty = 1, started_at = min(started_at, ?2), ended_at = max(ended_at, ?3),
                 received_at = ?4, spans = spans + ?5, agentic = max(agentic, ?6)
             WHERE id = ?1",
        )?;
        let mut touched = Vec::with_capacity(self.deltas.len());
        for (id, delta) in self.deltas.drain() {
            update.execute((
                id,
                ns(delta.started_at),
                ns(delta.ended_at),
                now_ms,
                delta.spans as i64,
                delta.agentic,
            ))?;
            touched.push(TouchedUnit { id, is_fresh: self.fresh.contains(&id) });
        }
        self.fresh.clear();
        touched.sort_unstable_by_key(|unit| unit.id);
        Ok(touched)
    }

    /// Forgets everything, after a transaction was rolled back or units were deleted.
    pub(crate) fn reset(&mut self) {
        self.ids.clear();
        self.fresh.clear();
        self.deltas.clear();
    }
}
