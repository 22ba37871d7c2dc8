//! Which trace groups are projected when. Each one stands for itself: one that cannot be projected is set aside.

use super::{
    facts_cache::{FactsCache, RECORDS},
    write_runs::write_runs,
};
use crate::{
    blocks::Blocks,
    error::Result,
    groups::{members, project_members},
    isolate::catch_panic,
    quarantine,
    write::{Applied, TouchedGroup},
};
use rusqlite::{Connection, Transaction};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    time::{Duration, Instant},
};
use turnscope_model::TraceGroupId;
use turnscope_project::TraceGroup;
use turnscope_store::{Batch, Change, Pricing};

/// A trace group that took this long to project is not projected again before this many times as long has passed: a
/// trace of 100,000 spans that arrives bit by bit must not cost its square.
const REST_FACTOR: u32 = 3;
const REST_FROM: Duration = Duration::from_millis(5);

/// The trace groups waiting to be projected.
pub(crate) struct Schedule {
    cache: FactsCache,
    /// Records that came and were not projected yet; some of them are kept in the cache until then.
    new_records: usize,
    dirty: HashMap<TraceGroupId, Dirty>,
    /// Those that are dirty, the one that has been so for longest first.
    queue: BTreeMap<u64, TraceGroupId>,
    next_place: u64,
    resting: HashMap<TraceGroupId, Instant>,
    blocks: Blocks,
}

/// A trace group that is not projected as it is now.
struct Dirty {
    /// Its place in the queue.
    place: u64,
    /// The commits that are read whole once it is projected.
    commits: Vec<u64>,
}

/// Which trace groups a pass is to project.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    /// Those that are due, until the time is up.
    Due(Duration),
    /// Those that rest too, until the time is up.
    All(Duration),
    /// This one.
    One(TraceGroupId),
}

/// What one pass did.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    pub(crate) changes: Vec<Change>,
    /// For each trace group that was projected, the commits that waited for it.
    pub(crate) groups_done: Vec<Vec<u64>>,
    /// Something went into quarantine, or came out of it.
    pub(crate) quarantine_changed: bool,
}

/// What a trace group that cannot be projected takes back with it.
#[derive(Clone, Copy)]
enum Takes {
    /// Everything that was projected with it. That is tried first: a savepoint for each trace group makes SQLite copy
    /// each page that is changed.
    All,
    /// Only what was written for it.
    TheGroup,
}

/// What was projected in one transaction.
#[derive(Default)]
struct Projected {
    pass: Pass,
    groups: BTreeSet<TraceGroupId>,
    /// How long each took.
    costs: Vec<(TraceGroupId, Duration)>,
    /// How many records they have.
    records: usize,
}

impl Schedule {
    /// Picks up what was waiting when the store was closed.
    pub(crate) fn new(db: &Connection) -> Result<Self> {
        let dirty: Vec<TraceGroupId> = db
            .prepare("SELECT id FROM trace_groups WHERE dirty")?
            .query_map([], |row| row.get(0).map(TraceGroupId))?
            .collect::<rusqlite::Result<_>>()?;
        let mut schedule = Self {
            cache: FactsCache::new(),
            new_records: 0,
            dirty: HashMap::new(),
            queue: BTreeMap::new(),
            next_place: 0,
            resting: HashMap::new(),
            blocks: Blocks::new(),
        };
        for group in dirty {
            schedule.enqueue(group);
        }
        Ok(schedule)
    }

    /// Trace groups that wait.
    pub(crate) fn waiting(&self) -> BTreeSet<TraceGroupId> {
        self.dirty.keys().copied().collect()
    }

    fn enqueue(&mut self, group: TraceGroupId) {
        if let Entry::Vacant(entry) = self.dirty.entry(group) {
            entry.insert(Dirty { place: self.next_place, commits: Vec::new() });
            self.queue.insert(self.next_place, group);
            self.next_place += 1;
        }
    }

    /// Takes a trace group out; gives the commits that waited for it.
    fn dequeue(&mut self, group: TraceGroupId) -> Vec<u64> {
        let Some(dirty) = self.dirty.remove(&group) else { return Vec::new() };
        self.queue.remove(&dirty.place);
        dirty.commits
    }

    /// This commit is read whole once these trace groups are projected.
    pub(crate) fn hold(&mut self, commit: u64, groups: &BTreeSet<TraceGroupId>) {
        for group in groups {
            self.enqueue(*group);
            if let Some(dirty) = self.dirty.get_mut(group) {
                dirty.commits.push(commit);
            }
        }
    }

    /// Trace groups that a transaction changed.
    pub(crate) fn touched(&mut self, groups: &[TouchedGroup]) {
        for group in groups {
            self.enqueue(group.id);
            if group.is_new {
                self.cache.begin(group.id);
            }
        }
    }

    /// A trace group that changed in another way: its records are read again.
    pub(crate) fn add(&mut self, group: TraceGroupId) {
        self.enqueue(group);
        self.cache.forget();
    }

    /// Trace groups whose records are others now.
    pub(crate) fn changed(&mut self, groups: impl IntoIterator<Item = TraceGroupId>) {
        for group in groups {
            self.enqueue(group);
            self.cache.drop_group(group);
        }
    }

    /// Takes over what was committed, so that it need not be read again. After [`Schedule::touched`].
    pub(crate) fn remember(&mut self, batch: Batch, applied: &Applied) {
        self.new_records += batch.records.len();
        for (record, placed) in batch.records.into_iter().zip(&applied.placed) {
            if let Some(placed) = placed {
                self.cache.add(record, *placed);
            }
        }
    }

    /// Reads the records of every trace group again when they are needed.
    pub(crate) fn forget_cached(&mut self) {
        self.cache.forget();
    }

    /// Whether a pass is due whatever else waits: soon records would be forgotten, and have to be read again. Projecting
    /// would then cost more than it does now, and fall behind for good.
    pub(crate) fn is_full(&self) -> bool {
        self.new_records >= RECORDS / 2
    }

    /// How long until something can be projected; `None` when nothing waits.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        let mut shortest = None;
        for group in self.queue.values() {
            let Some(until) = self.resting.get(group) else { return Some(Duration::ZERO) };
            let rest = until.saturating_duration_since(now);
            shortest = Some(shortest.map_or(rest, |shortest: Duration| shortest.min(rest)));
        }
        shortest
    }

    /// Projects what waits, in one transaction.
    pub(crate) fn run(
        &mut self,
        db: &mut Connection,
        which: Which,
        pricing: Option<&Pricing>,
    ) -> Result<Pass> {
        let began = Instant::now();
        let due: Vec<TraceGroupId> = match which {
            Which::All(_) => self.queue.values().copied().collect(),
            Which::Due(_) => {
                let rests = |group| self.resting.get(group).is_some_and(|until| *until > began);
                self.queue.values().filter(|group| !rests(group)).copied().collect()
            }
            Which::One(group) => vec![group],
        };
        let until = match which {
            Which::Due(budget) | Which::All(budget) => began.checked_add(budget),
            Which::One(_) => None,
        };
        let Projected { mut pass, groups, costs, records } =
            match self.project(db, &due, until, pricing, Takes::All) {
                Err(error) if error.is_permanent() => {
                    self.cache.forget();
                    self.project(db, &due, until, pricing, Takes::TheGroup)?
                }
                projected => projected?,
            };
        let are_all = due.iter().all(|group| groups.contains(group));
        self.new_records = match which {
            Which::Due(_) | Which::All(_) if are_all => 0,
            _ => self.new_records.saturating_sub(records),
        };
        for group in groups {
            pass.groups_done.push(self.dequeue(group));
        }
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        for (group, took) in costs {
            if took >= REST_FROM {
                self.resting.insert(group, now + took * REST_FACTOR);
            }
        }
        Ok(pass)
    }

    /// Projects these trace groups in one transaction, until the time is up.
    fn project(
        &mut self,
        db: &mut Connection,
        due: &[TraceGroupId],
        until: Option<Instant>,
        pricing: Option<&Pricing>,
        failure: Takes,
    ) -> Result<Projected> {
        let mut tx = db.transaction()?;
        self.blocks.refresh(&tx)?;
        let mut projected = Projected::default();
        for group in due {
            if projected.groups.contains(group) {
                continue; // projected together with an earlier one
            }
            let began = Instant::now();
            match failure {
                Takes::All => self.project_one(&tx, *group, pricing, &mut projected)?,
                Takes::TheGroup => self.project_alone(&mut tx, *group, pricing, &mut projected)?,
            }
            projected.costs.push((*group, began.elapsed()));
            if until.is_some_and(|until| Instant::now() >= until) {
                break;
            }
        }
        tx.commit()?;
        Ok(projected)
    }

    /// Projects one trace group within a savepoint. One that cannot be projected, because of damage or a bug, goes into
    /// quarantine. Any other failure fails the pass.
    fn project_alone(
        &mut self,
        tx: &mut Transaction<'_>,
        group: TraceGroupId,
        pricing: Option<&Pricing>,
        projected: &mut Projected,
    ) -> Result<()> {
        let savepoint = tx.savepoint()?;
        match self.project_one(&savepoint, group, pricing, projected) {
            Ok(()) => Ok(savepoint.commit()?),
            Err(error) if error.is_permanent() => {
                drop(savepoint);
                self.cache.forget();
                quarantine::put(tx, quarantine::Kind::TraceGroup, group.0, &error)?;
                tx.prepare_cached("UPDATE trace_groups SET dirty = 0 WHERE id = ?1")?.execute([group.0])?;
                projected.pass.quarantine_changed = true;
                projected.groups.insert(group);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Projects one trace group with those that it is joined to.
    fn project_one(
        &mut self,
        tx: &Connection,
        group: TraceGroupId,
        pricing: Option<&Pricing>,
        projected: &mut Projected,
    ) -> Result<()> {
        let (members, changes) = catch_panic(|| {
            let members = members(tx, group)?;
            let records = self.cache.of_members(tx, &mut self.blocks, &members)?;
            projected.records += records.len();
            let projection = project_members(tx, &members, &records)?;
            let changes = write_runs(tx, &members, &TraceGroup { records, projection }, pricing)?;
            Ok((members, changes))
        })?;
        let leader = members.first().copied().unwrap_or(group);
        for member in BTreeSet::from([leader, group]) {
            projected.pass.quarantine_changed |=
                quarantine::remove(tx, quarantine::Kind::TraceGroup, member.0)?;
        }
        projected.pass.changes.extend(changes);
        projected.groups.extend(members);
        Ok(())
    }

    /// Trace groups that are no more; gives the commits that waited for each.
    pub(crate) fn forget(&mut self, groups: &[TraceGroupId]) -> Vec<Vec<u64>> {
        for group in groups {
            self.cache.drop_group(*group);
        }
        groups.iter().map(|group| self.dequeue(*group)).collect()
    }

    /// Leaves everything for a while, after a failure.
    pub(crate) fn back_off(&mut self) {
        let until = Instant::now() + Duration::from_secs(1);
        self.resting.extend(self.dirty.keys().map(|group| (*group, until)));
    }
}
