//! Nodes of the units at work, kept as they were committed: projecting again does not read them again.
//!
//! A unit is known from its creation on, or from when it was read; it is forgotten when anything else than an addition
//! happens to it, or when there are too many.

use crate::{
    blocks::Blocks,
    commit::{Placed, ns},
    nodes,
    project::Node,
    sqlite::StoreError,
};
use lru::LruCache;
use rusqlite::Connection;
use std::{num::NonZeroUsize, sync::Arc};
use turnscope_model::{ContentHash, Record};

/// Nodes kept in all; each has two to three kilobytes. A unit larger than this is read every time.
pub(crate) const NODES: usize = 8_000;
const UNITS: NonZeroUsize = NonZeroUsize::new(8192).unwrap();
const ORIGINS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Service and scope, shared by all nodes of an origin.
type Names = (Arc<str>, Arc<str>);

pub(crate) struct KnownNodes {
    units: LruCache<i64, Vec<Node>>,
    count: usize,
    origins: LruCache<ContentHash, Names>,
}

impl KnownNodes {
    pub(crate) fn new() -> Self {
        Self { units: LruCache::new(UNITS), count: 0, origins: LruCache::new(ORIGINS) }
    }

    /// A unit was created: all its nodes will come by [`KnownNodes::add`].
    pub(crate) fn begin(&mut self, unit: i64) {
        self.put(unit, Vec::new());
    }

    /// A record was added to a unit.
    pub(crate) fn add(&mut self, record: Record, placed: Placed) {
        let Some(unit) = placed.unit else { return };
        if placed.replaced {
            self.drop_unit(unit);
            return;
        }
        if !self.units.contains(&unit) {
            return;
        }
        let (service_name, scope_name) = self.names(&record);
        let start = ns(record.start) as u64;
        let node = Node {
            row: placed.row,
            role: record.role,
            trace_id: record.trace_id,
            span_id: record.span_id,
            parent_span_id: record.parent_span_id,
            remote_parent: record.remote_parent,
            start,
            end: record.end.map(|end| (ns(end) as u64).max(start)),
            status: record.status,
            service_name,
            scope_name,
            facts: Arc::new(record.facts),
        };
        if let Some(nodes) = self.units.get_mut(&unit) {
            nodes.push(node);
            self.count += 1;
        }
        self.shrink();
    }

    /// The nodes of all these units, in the order of arrival.
    pub(crate) fn of_group(
        &mut self,
        db: &Connection,
        blocks: &mut Blocks,
        group: &[i64],
    ) -> Result<Vec<Node>, StoreError> {
        let mut all = Vec::new();
        for unit in group {
            if let Some(nodes) = self.units.get(unit) {
                all.extend_from_slice(nodes);
            } else {
                let nodes = nodes::load(db, blocks, &[*unit])?;
                if nodes.len() < NODES / 2 {
                    self.put(*unit, nodes.clone());
                }
                all.extend(nodes);
            }
        }
        all.sort_unstable_by_key(|node| node.row);
        Ok(all)
    }

    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        self.units.clear();
        self.count = 0;
    }

    fn put(&mut self, unit: i64, nodes: Vec<Node>) {
        self.count += nodes.len();
        if let Some((_, old)) = self.units.push(unit, nodes) {
            self.count -= old.len();
        }
        self.shrink();
    }

    fn drop_unit(&mut self, unit: i64) {
        if let Some(nodes) = self.units.pop(&unit) {
            self.count -= nodes.len();
        }
    }

    fn shrink(&mut self) {
        while self.count > NODES {
            let Some((_, nodes)) = self.units.pop_lru() else { break };
            self.count -= nodes.len();
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
