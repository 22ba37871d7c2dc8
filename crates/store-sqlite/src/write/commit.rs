//! One batch of records into one transaction: contents interned, lists coded, rows written.
//!
//! Here: what lives as long as the writer, and a transaction from its beginning to its end. Rows of records: `records`;
//! lists and texts: `lists`. Not here: the thread and its queue (`writer`), runs (`derive`).

use super::{
    applied::{Applied, TouchedGroup},
    gone::Gone,
    hash_index::HashIndex,
    hash_tables::Table,
    intern::Interner,
    pack::Packer,
    recent_lists::RecentLists,
    trace_groups::TraceGroups,
};
use crate::{
    error::Result,
    schema::{NextIds, Numbers},
    text,
};
use lru::LruCache;
use rusqlite::{Connection, Transaction};
use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
};
use turnscope_model::{ContentHash, ContentId, Role, TraceGroupId};
use turnscope_store::Batch;

/// Milliseconds between two notes of which records had come.
const RECEIPTS_EVERY_MS: i64 = if cfg!(debug_assertions) { 0 } else { 10_000 };
/// Origins and previews remembered.
const ORIGINS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
const PREVIEWS: NonZeroUsize = NonZeroUsize::new(16 * 1024).unwrap();

/// Everything that lives as long as the writer, beside the connection.
pub(crate) struct Committer {
    pub(super) next_record: i64,
    pub(super) interner: Interner,
    /// From what reports of one call have in common to the trace groups that hold them.
    pub(super) joins: HashIndex,
    pub(super) packer: Packer,
    pub(super) groups: TraceGroups,
    pub(super) recent_lists: RecentLists,
    pub(super) origins: LruCache<ContentHash, i64>,
    /// Previews that their trace group has met already.
    pub(super) previews: LruCache<(i64, ContentId), ()>,
    /// When it was last noted which records had come, in milliseconds since the epoch.
    last_receipt: i64,
    /// Spans written by the transaction at hand, of trace groups that are new in it.
    pub(super) seen: HashSet<(TraceGroupId, i64)>,
}

impl Committer {
    pub(crate) fn new(db: &Connection) -> Result<Self> {
        let next = NextIds::read(db)?;
        Ok(Self {
            next_record: next.record,
            interner: Interner::new(next.content),
            joins: HashIndex::new(Table::Joins),
            packer: Packer::new(next.block)?,
            groups: TraceGroups::new(next.trace_group),
            recent_lists: RecentLists::new(),
            origins: LruCache::new(ORIGINS),
            previews: LruCache::new(PREVIEWS),
            last_receipt: 0,
            seen: HashSet::new(),
        })
    }

    /// Forgets what the database may not hold, after a roll-back or a deletion. Numbers are not given out again.
    pub(crate) fn reset(&mut self) {
        self.interner.reset();
        self.joins.reset();
        self.packer.reset();
        self.groups.reset();
        self.recent_lists.reset();
        self.origins.clear();
        self.previews.clear();
        self.seen.clear();
    }

    /// Forgets what a deletion took.
    pub(crate) fn forget(&mut self, gone: &Gone) {
        self.interner.forget(&gone.contents);
        self.groups.forget(&gone.keys);
        self.recent_lists.forget_groups(&gone.groups);
    }

    /// The last numbers that were given out.
    pub(crate) fn numbers(&self) -> Numbers {
        Numbers { record: self.next_record - 1, trace_group: self.groups.last_id() }
    }

    /// Writes one batch.
    pub(crate) fn apply(&mut self, tx: &Transaction<'_>, batch: &Batch) -> Result<Applied> {
        let mut applied = Applied::default();
        let stored = &mut applied.stored;
        let mut logs_in_request = HashMap::<[u8; 16], u32>::new();
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

    /// Ends the transaction's own part; gives the trace groups to project again.
    pub(crate) fn finish(&mut self, tx: &Transaction<'_>, now_ms: i64) -> Result<Vec<TouchedGroup>> {
        self.note_receipt(tx, now_ms)?;
        self.settle(tx, now_ms)
    }

    /// Writes what was gathered; gives the trace groups that changed, by what was received then.
    pub(super) fn settle(&mut self, tx: &Transaction<'_>, received_at: i64) -> Result<Vec<TouchedGroup>> {
        self.packer.flush(tx)?;
        self.seen.clear();
        for content in self.interner.late.drain(..) {
            text::add_late(tx, content)?;
        }
        self.interner.advance(tx)?;
        self.joins.advance(tx)?;
        self.groups.flush(tx, received_at)
    }

    /// Notes now and then which records and metrics came before this moment.
    fn note_receipt(&mut self, tx: &Transaction<'_>, now_ms: i64) -> Result<()> {
        if now_ms.saturating_sub(self.last_receipt) < RECEIPTS_EVERY_MS {
            return Ok(());
        }
        // Of what this transaction wrote, nothing came later.
        tx.prepare_cached(
            "INSERT OR IGNORE INTO receipts (at, record, metric) VALUES (?1, ?2, (SELECT coalesce(max(id), 0) + 1 FROM metrics))",
        )?
        .execute((now_ms, self.next_record))?;
        self.last_receipt = now_ms;
        Ok(())
    }

    /// Brings the indexes by hash up to date, before the store is closed.
    pub(crate) fn close(&mut self, tx: &Transaction<'_>) -> Result<()> {
        self.interner.finish(tx)?;
        self.joins.finish(tx)
    }
}
