//! The trace groups that a transaction touches: their ids, and what changed in them.

use super::applied::TouchedGroup;
use crate::{
    error::Result,
    schema::sql_value::{count, nanos},
};
use lru::LruCache;
use rusqlite::{OptionalExtension as _, Transaction};
use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
};
use turnscope_model::{GroupKey, Record, TraceGroupId, TraceId};

const CACHED: NonZeroUsize = NonZeroUsize::new(16 * 1024).unwrap();

/// What a transaction adds to a trace group.
#[derive(Debug, Clone, Copy)]
struct Delta {
    started_at: u64,
    ended_at: u64,
    spans: u64,
    agentic: bool,
}

/// Ids of trace groups, and the changes of the transaction at hand.
pub(crate) struct TraceGroups {
    ids: LruCache<Vec<u8>, TraceGroupId>,
    next_id: i64,
    /// Created in the transaction at hand: none of their spans can have been stored before.
    new: HashSet<TraceGroupId>,
    deltas: HashMap<TraceGroupId, Delta>,
}

impl TraceGroups {
    pub(crate) fn new(next_id: i64) -> Self {
        Self { ids: LruCache::new(CACHED), next_id, new: HashSet::new(), deltas: HashMap::new() }
    }

    pub(crate) fn id_of(&mut self, tx: &Transaction<'_>, key: GroupKey) -> Result<Option<TraceGroupId>> {
        match key {
            GroupKey::Trace(trace) => self.id(tx, trace.bytes()).map(Some),
            GroupKey::Assembled(run) => self.id(tx, run.bytes()).map(Some),
            GroupKey::None => Ok(None),
        }
    }

    pub(crate) fn id_of_trace(
        &mut self,
        tx: &Transaction<'_>,
        trace: Option<TraceId>,
    ) -> Result<Option<TraceGroupId>> {
        trace.map(|trace| self.id(tx, trace.bytes())).transpose()
    }

    fn id(&mut self, tx: &Transaction<'_>, key: &[u8]) -> Result<TraceGroupId> {
        if let Some(&id) = self.ids.get(key) {
            return Ok(id);
        }
        let known: Option<i64> = tx
            .prepare_cached("SELECT id FROM trace_groups WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        let id = if let Some(id) = known {
            TraceGroupId(id)
        } else {
            let id = TraceGroupId(self.next_id);
            self.next_id += 1;
            tx.prepare_cached(
                "INSERT INTO trace_groups (id, key, dirty, started_at, ended_at, received_at, spans, agentic)
                 VALUES (?1, ?2, 0, 9223372036854775807, 0, 0, 0, 0)",
            )?
            .execute((id.0, key))?;
            self.new.insert(id);
            id
        };
        self.ids.put(key.to_vec(), id);
        Ok(id)
    }

    /// Whether the transaction at hand created it, so that no record of it can be in the store yet.
    pub(crate) fn is_new(&self, id: TraceGroupId) -> bool {
        self.new.contains(&id)
    }

    /// Notes a new record of a trace group.
    pub(crate) fn touch(&mut self, id: TraceGroupId, record: &Record, is_span: bool) {
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

    /// Writes the changes and gives the trace groups that must be projected again.
    pub(crate) fn flush(&mut self, tx: &Transaction<'_>, received_at: i64) -> Result<Vec<TouchedGroup>> {
        let mut update = tx.prepare_cached(
            "UPDATE trace_groups SET dirty = 1, started_at = min(started_at, ?2), ended_at = max(ended_at, ?3),
                 received_at = max(received_at, ?4), spans = spans + ?5, agentic = max(agentic, ?6)
             WHERE id = ?1",
        )?;
        let mut touched = Vec::with_capacity(self.deltas.len());
        for (id, delta) in self.deltas.drain() {
            update.execute((
                id.0,
                nanos(delta.started_at),
                nanos(delta.ended_at),
                received_at,
                count(delta.spans),
                delta.agentic,
            ))?;
            touched.push(TouchedGroup { id, is_new: self.new.contains(&id) });
        }
        self.new.clear();
        touched.sort_unstable_by_key(|group| group.id);
        Ok(touched)
    }

    /// The last id that was given out.
    pub(crate) fn last_id(&self) -> i64 {
        self.next_id - 1
    }

    /// Forgets trace groups whose rows were deleted.
    pub(crate) fn forget(&mut self, keys: &[Vec<u8>]) {
        for key in keys {
            self.ids.pop(key);
        }
    }

    /// Forgets everything, after a transaction was rolled back or trace groups were deleted.
    pub(crate) fn reset(&mut self) {
        self.ids.clear();
        self.new.clear();
        self.deltas.clear();
    }
}
