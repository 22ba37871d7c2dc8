//! The facts of trace groups at work, kept as they were committed: projecting again does not read them again.
//!
//! A group is known from its creation on, or from when it was read. It is forgotten when anything else than an addition
//! happens to it, or when there are too many.

use crate::{
    blocks::Blocks,
    error::Result,
    groups::record_facts,
    schema::sql_value::{nanos, unix_nanos},
    write::Placed,
};
use lru::LruCache;
use rusqlite::Connection;
use std::{num::NonZeroUsize, sync::Arc};
use turnscope_model::{ContentHash, Record, TraceGroupId};
use turnscope_project::RecordFacts;

/// Records kept in all; each takes two to three kilobytes. A group that is larger than half of this is read every time.
pub(super) const RECORDS: usize = 8_000;
const TRACE_GROUPS: NonZeroUsize = NonZeroUsize::new(8192).unwrap();
const ORIGINS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Service and scope, shared by all records of an origin.
type Names = (Arc<str>, Arc<str>);

pub(super) struct FactsCache {
    groups: LruCache<TraceGroupId, Vec<RecordFacts>>,
    count: usize,
    origins: LruCache<ContentHash, Names>,
}

impl FactsCache {
    pub(super) fn new() -> Self {
        Self { groups: LruCache::new(TRACE_GROUPS), count: 0, origins: LruCache::new(ORIGINS) }
    }

    /// A trace group was created: all its records will come by [`FactsCache::add`].
    pub(super) fn begin(&mut self, group: TraceGroupId) {
        self.put(group, Vec::new());
    }

    /// A record was added to a trace group.
    pub(super) fn add(&mut self, record: Record, placed: Placed) {
        let Some(group) = placed.group else { return };
        if placed.replaced {
            self.drop_group(group);
            return;
        }
        if !self.groups.contains(&group) {
            return;
        }
        let (service_name, scope_name) = self.names(&record);
        // As the database gives them back.
        let start = unix_nanos(nanos(record.start));
        let facts = RecordFacts {
            id: placed.record,
            role: record.role,
            trace_id: record.trace_id,
            span_id: record.span_id,
            parent_span_id: record.parent_span_id,
            remote_parent: record.remote_parent,
            start,
            end: record.end.map(|end| unix_nanos(nanos(end)).max(start)),
            status: record.status,
            service_name,
            scope_name,
            facts: Arc::new(record.facts),
        };
        if let Some(records) = self.groups.get_mut(&group) {
            records.push(facts);
            self.count += 1;
        }
        self.shrink();
    }

    /// The records of all these trace groups, in the order of arrival.
    pub(super) fn of_members(
        &mut self,
        db: &Connection,
        blocks: &mut Blocks,
        members: &[TraceGroupId],
    ) -> Result<Vec<RecordFacts>> {
        let mut all = Vec::new();
        for group in members {
            if let Some(records) = self.groups.get(group) {
                all.extend_from_slice(records);
            } else {
                let records = record_facts::load(db, blocks, &[*group])?;
                if records.len() < RECORDS / 2 {
                    self.put(*group, records.clone());
                }
                all.extend(records);
            }
        }
        all.sort_unstable_by_key(|record| record.id);
        Ok(all)
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        self.groups.clear();
        self.count = 0;
    }

    fn put(&mut self, group: TraceGroupId, records: Vec<RecordFacts>) {
        self.count += records.len();
        if let Some((_, old)) = self.groups.push(group, records) {
            self.count -= old.len();
        }
        self.shrink();
    }

    /// Forgets one trace group.
    pub(super) fn drop_group(&mut self, group: TraceGroupId) {
        if let Some(records) = self.groups.pop(&group) {
            self.count -= records.len();
        }
    }

    fn shrink(&mut self) {
        while self.count > RECORDS {
            let Some((_, records)) = self.groups.pop_lru() else { break };
            self.count -= records.len();
        }
    }

    fn names(&mut self, record: &Record) -> Names {
        let origin = &record.origin;
        self.origins
            .get_or_insert(origin.hash, || {
                (origin.service_name.as_str().into(), origin.scope_name.as_str().into())
            })
            .clone()
    }
}
