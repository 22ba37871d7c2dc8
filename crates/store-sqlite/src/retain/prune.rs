//! Prunes by age and size, oldest first, in slices: each is one transaction that keeps commits waiting for a moment only.
//!
//! What is projected together goes together, and only when all of it is due. Age is counted from receipt.

use super::{
    group_removal::GroupRemoval,
    loose::{delete_loose_logs, delete_metrics},
    shrink::shrink,
    sweep::{Sweep, sweep},
};
use crate::{
    error::{Error, Result},
    groups, schema,
    writer::Writer,
};
use rusqlite::{Connection, OptionalExtension as _};
use std::time::{Duration, Instant};
use turnscope_model::TraceGroupId;
use turnscope_query::{PIN, Pruned};

/// How long a slice may go on; the last thing that it began may take it further.
const SLICE: Duration = Duration::from_millis(30);
/// Trace groups between two looks at the size: a small part of them all, within these bounds.
const PARTS: i64 = 200;
const FEWEST: i64 = 4;
const MOST: i64 = 100;

/// What is to be deleted, and how far that has come.
#[derive(Clone, Debug)]
pub(crate) struct Pruning {
    limit: Limit,
    phase: Phase,
    /// The place, in the order of receipt, after which trace groups are still to be looked at: those before it stay.
    after: (i64, i64),
    /// Anything was deleted, so that what leads to it is to be swept up.
    has_deleted: bool,
    /// What was deleted so far.
    pub(crate) pruned: Pruned,
}

#[derive(Clone, Debug)]
enum Limit {
    /// What was received before this time, in milliseconds since the epoch, goes.
    Before(i64),
    /// The oldest goes while more than this many bytes are in use.
    Bytes(u64),
    /// Of these trace groups, the next one last, those go that were received before this time.
    These(Vec<TraceGroupId>, i64),
}

#[derive(Clone, Debug)]
enum Phase {
    Groups,
    Metrics,
    /// Log records of no trace, beyond this one.
    LooseLogs(i64),
    Sweep(Sweep),
    Shrink,
    Done,
}

impl Pruning {
    /// What was received before this time, in nanoseconds since the epoch.
    pub(crate) fn before(ns: i64) -> Self {
        Self::new(Limit::Before(ns.div_euclid(1_000_000)))
    }

    /// The oldest, until the rest fits into this many bytes.
    pub(crate) fn to_size(bytes: u64) -> Self {
        Self::new(Limit::Bytes(bytes))
    }

    /// Only metrics and log records of no trace; what led to what was deleted before is swept up too.
    pub(crate) fn loose_before(ns: i64) -> Self {
        Self { phase: Phase::Metrics, has_deleted: true, ..Self::before(ns) }
    }

    /// These trace groups with those that are projected with them, where all of it was received before this time, in
    /// milliseconds since the epoch. What led to them is swept up by another pruning.
    pub(crate) fn of(groups: Vec<TraceGroupId>, before: i64) -> Self {
        Self::new(Limit::These(groups, before))
    }

    fn new(limit: Limit) -> Self {
        Self {
            limit,
            phase: Phase::Groups,
            after: (i64::MIN, i64::MIN),
            has_deleted: false,
            pruned: Pruned::default(),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done)
    }

    /// Does one slice of the work.
    pub(crate) fn step(&mut self, writer: &mut Writer) -> Result<()> {
        let pruned = match &self.limit {
            _ if !self.is_deleting() => self.tidy(writer)?,
            Limit::Before(before) => self.delete_before(writer, *before)?,
            Limit::Bytes(max) if schema::size(&writer.db)?.0 > *max => self.delete_oldest(writer)?,
            Limit::Bytes(_) => {
                self.end_deleting();
                Pruned::default()
            }
            Limit::These(groups, _) if groups.is_empty() => {
                self.phase = Phase::Done;
                Pruned::default()
            }
            Limit::These(_, before) => self.delete_groups(writer, *before, usize::MAX)?,
        };
        self.has_deleted |= pruned != Pruned::default();
        self.pruned += pruned;
        Ok(())
    }

    fn is_deleting(&self) -> bool {
        matches!(self.phase, Phase::Groups | Phase::Metrics | Phase::LooseLogs(_))
    }

    fn end_deleting(&mut self) {
        self.phase = if self.has_deleted { Phase::Sweep(Sweep::default()) } else { Phase::Shrink };
    }

    fn delete_before(&mut self, writer: &mut Writer, before: i64) -> Result<Pruned> {
        match &mut self.phase {
            Phase::Groups => {
                let pruned = self.delete_groups(writer, before, usize::MAX)?;
                if pruned.records == 0 && pruned.groups == 0 {
                    self.phase = Phase::Metrics;
                }
                Ok(pruned)
            }
            Phase::Metrics => {
                let metrics = delete_metrics(writer, first_since(&writer.db, before)?.1)?;
                if metrics == 0 {
                    self.phase = Phase::LooseLogs(0);
                }
                Ok(Pruned { metrics, ..Pruned::default() })
            }
            Phase::LooseLogs(after) => {
                let to = first_since(&writer.db, before)?.0;
                let (records, last) = delete_loose_logs(writer, *after, to)?;
                if let Some(last) = last {
                    *after = last;
                } else {
                    forget_receipts(&writer.db, before)?;
                    self.end_deleting();
                }
                Ok(Pruned { records, ..Pruned::default() })
            }
            _ => Ok(Pruned::default()),
        }
    }

    /// Deletes the oldest of everything: metrics and logs that came before the oldest trace groups, then these.
    fn delete_oldest(&mut self, writer: &mut Writer) -> Result<Pruned> {
        let most = groups_by_size(&writer.db)?;
        let youngest: Option<i64> = writer
            .db
            .prepare_cached(
                "SELECT received_at FROM trace_groups WHERE (received_at, id) > (?1, ?2)
                 ORDER BY received_at, id LIMIT 1 OFFSET ?3",
            )?
            .query_row((self.after.0, self.after.1, most), |row| row.get(0))
            .optional()?;
        let before = youngest.map_or(i64::MAX, |at| at.saturating_add(1));
        let (record, metric) = first_since(&writer.db, before)?;
        let metrics = delete_metrics(writer, metric)?;
        if metrics > 0 {
            return Ok(Pruned { metrics, ..Pruned::default() });
        }
        let from = if let Phase::LooseLogs(after) = self.phase { after } else { 0 };
        let (records, last) = delete_loose_logs(writer, from, record)?;
        if let Some(last) = last {
            self.phase = Phase::LooseLogs(last);
            return Ok(Pruned { records, ..Pruned::default() });
        }
        let pruned = self.delete_groups(writer, before, most)?;
        if pruned == Pruned::default() && youngest.is_none() {
            self.end_deleting(); // nothing is left that may go
        }
        Ok(pruned)
    }

    /// Deletes trace groups that were received before this time, for a slice, or so many of them.
    fn delete_groups(&mut self, writer: &mut Writer, before: i64, most: usize) -> Result<Pruned> {
        let began = Instant::now();
        let tx = writer.db.transaction()?;
        let mut removal = GroupRemoval::default();
        while removal.groups() < most && began.elapsed() < SLICE && !removal.is_full() {
            let Some((at, group)) = self.next_group(&tx, before)? else { break };
            if removal.has(group) {
                self.pass(at, group); // it went with another
                continue;
            }
            let family = family(&tx, group)?;
            if is_due(&tx, &family, before)? {
                for member in family {
                    removal.add(&tx, member)?;
                }
                // What a slice cannot hold is met again by the next.
                if !removal.is_full() {
                    self.pass(at, group);
                }
            } else {
                self.pass(at, group);
            }
        }
        if removal.is_empty() {
            return Ok(Pruned::default());
        }
        let numbers = writer.committer.numbers();
        let gone = removal.finish(&tx, numbers)?;
        tx.commit()?;
        writer.forget(&gone);
        Ok(Pruned { groups: gone.groups.len() as u64, records: gone.records, ..Pruned::default() })
    }

    /// The next trace group to look at, and when it was received.
    fn next_group(&self, db: &Connection, before: i64) -> Result<Option<(i64, TraceGroupId)>> {
        match &self.limit {
            Limit::These(groups, _) => Ok(groups.last().map(|group| (i64::MIN, *group))),
            _ => next_group(db, self.after, before),
        }
    }

    /// A trace group was looked at.
    fn pass(&mut self, at: i64, group: TraceGroupId) {
        if let Limit::These(groups, _) = &mut self.limit {
            groups.pop();
        } else {
            self.after = (at, group.0);
        }
    }

    /// Takes away what led to what was deleted, and gives room back.
    fn tidy(&mut self, writer: &mut Writer) -> Result<Pruned> {
        let next = match &mut self.phase {
            Phase::Sweep(at) => sweep(writer, at)?.then_some(Phase::Shrink),
            _ => shrink(&writer.db)?.then_some(Phase::Done),
        };
        if let Some(next) = next {
            self.phase = next;
        }
        Ok(Pruned::default())
    }
}

/// How many trace groups may go before the size is looked at again.
fn groups_by_size(db: &Connection) -> Result<usize> {
    let end = |which: &str| -> Result<i64> {
        let sql = format!("SELECT coalesce({which}(id), 0) FROM trace_groups");
        Ok(db.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
    };
    let part = (end("max")?.saturating_sub(end("min")?) / PARTS).clamp(FEWEST, MOST);
    Ok(usize::try_from(part).unwrap_or(1))
}

/// The next trace group in the order of receipt, unless it came at this time or later.
fn next_group(db: &Connection, after: (i64, i64), before: i64) -> Result<Option<(i64, TraceGroupId)>> {
    let next = db
        .prepare_cached(
            "SELECT received_at, id FROM trace_groups WHERE (received_at, id) > (?1, ?2) AND received_at < ?3
             ORDER BY received_at, id LIMIT 1",
        )?
        .query_row((after.0, after.1, before), |row| Ok((row.get(0)?, TraceGroupId(row.get(1)?))))
        .optional()?;
    Ok(next)
}

/// What is projected together with this trace group; nothing where that was deleted meanwhile.
pub(super) fn family(db: &Connection, group: TraceGroupId) -> Result<Vec<TraceGroupId>> {
    match groups::members(db, group) {
        Err(Error::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => Ok(Vec::new()),
        family => family,
    }
}

/// Whether everything that is projected together was received before this time, no run of it is pinned, and no record of
/// another group lies in its traces.
fn is_due(db: &Connection, family: &[TraceGroupId], before: i64) -> Result<bool> {
    if !may_change(db, family, before)? {
        return Ok(false);
    }
    let mut others =
        db.prepare_cached("SELECT 1 FROM records c WHERE c.trace = ?1 AND c.trace_group <> c.trace LIMIT 1")?;
    for group in family {
        if others.exists([group.0])? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether there is something, all of it was received before this time, and no run of it is pinned.
pub(super) fn may_change(db: &Connection, family: &[TraceGroupId], before: i64) -> Result<bool> {
    let Some(leader) = family.first() else { return Ok(false) };
    let mut pins = db.prepare_cached("SELECT 1 FROM tags WHERE trace_group = ?1 AND tag = ?2")?;
    if pins.exists((leader.0, PIN))? {
        return Ok(false);
    }
    let mut old = db.prepare_cached("SELECT 1 FROM trace_groups WHERE id = ?1 AND received_at < ?2")?;
    for group in family {
        if !old.exists((group.0, before))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Forgets what came before when, but for the last note before this time.
fn forget_receipts(db: &Connection, before: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM receipts WHERE at < (SELECT max(at) FROM receipts WHERE at <= ?1)")?
        .execute([before])?;
    Ok(())
}

/// The first record and the first metric that may have come at this time or later.
fn first_since(db: &Connection, at: i64) -> Result<(i64, i64)> {
    let known = db
        .prepare_cached("SELECT record, metric FROM receipts WHERE at <= ?1 ORDER BY at DESC LIMIT 1")?
        .query_row([at], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(known.unwrap_or((0, 0)))
}
