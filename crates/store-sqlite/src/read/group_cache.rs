//! Large trace groups that were read lately: a page about a large run asks for many parts of the same group, some at once.
//!
//! What was read is used again only while the group has not changed. Small groups are read faster than they are kept
//! track of. An LRU by count would not do: groups differ in size by five orders of magnitude, and what is kept is bounded
//! by records.

use crate::{error::Result, isolate::lock, schema::facts_generation};
use rusqlite::Connection;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use turnscope_model::TraceGroupId;
use turnscope_project::TraceGroup;

/// Groups with fewer records are not kept.
const SMALLEST: i64 = 2000;
/// Records in all the groups kept, unless one is larger by itself; each takes two to three kilobytes.
const MOST: usize = 120_000;
/// A group that nobody asked for in this time is dropped.
const UNUSED: Duration = Duration::from_secs(60);

/// What a trace group's records were when they were read: additions raise the largest number, deletions lower the count, and
/// facts that were found again raise a number of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    groups: Vec<(TraceGroupId, i64, i64)>,
    facts: i64,
}

struct Kept {
    stamp: Stamp,
    view: Arc<TraceGroup>,
    used: Instant,
}

/// The views kept, shared by all readers of a store.
#[derive(Clone, Default)]
pub(crate) struct GroupCache {
    kept: Arc<Mutex<Vec<Kept>>>,
    /// Who reads a large trace group holds its lock: who asks meanwhile waits and shares the view, lest both work and hold it twice.
    reading: Arc<Mutex<HashMap<TraceGroupId, Arc<Mutex<()>>>>>,
}

impl GroupCache {
    /// The view of these trace groups, read by `read` where it is not known or no longer right.
    pub(crate) fn get(
        &self,
        db: &Connection,
        members: &[TraceGroupId],
        read: impl FnOnce() -> Result<TraceGroup>,
    ) -> Result<Arc<TraceGroup>> {
        let stamp = stamp(db, members)?;
        let size: i64 = stamp.groups.iter().map(|(_, count, _)| count).sum();
        let Some(&leader) = members.first().filter(|_| size >= SMALLEST) else {
            return Ok(Arc::new(read()?));
        };
        if let Some(view) = self.known(&stamp) {
            return Ok(view);
        }
        let gate = Arc::clone(lock(&self.reading).entry(leader).or_default());
        let reading = lock(&gate);
        let view = match self.known(&stamp) {
            Some(view) => Ok(view),
            None => read().map(|view| self.keep(leader, stamp, Arc::new(view))),
        };
        drop(reading);
        let mut waiting = lock(&self.reading);
        if Arc::strong_count(&gate) == 2 {
            waiting.remove(&leader); // ours and the map's: nobody waits
        }
        view
    }

    /// Drops what nobody has asked for lately.
    pub(crate) fn forget_unused(&self) {
        let now = Instant::now();
        lock(&self.kept).retain(|view| now.duration_since(view.used) < UNUSED);
    }

    fn known(&self, stamp: &Stamp) -> Option<Arc<TraceGroup>> {
        let mut kept = lock(&self.kept);
        let known = kept.iter_mut().find(|view| view.stamp == *stamp)?;
        known.used = Instant::now();
        Some(Arc::clone(&known.view))
    }

    /// Keeps a view in the place of what its trace group was before, and of those used longest ago if there is no room.
    fn keep(&self, leader: TraceGroupId, stamp: Stamp, view: Arc<TraceGroup>) -> Arc<TraceGroup> {
        let mut kept = lock(&self.kept);
        kept.retain(|old| old.stamp.groups.first().is_none_or(|(group, ..)| *group != leader));
        kept.sort_by_key(|old| std::cmp::Reverse(old.used));
        let mut room = MOST.saturating_sub(view.records.len());
        kept.retain(|old| {
            let fits = old.view.records.len() <= room;
            room = room.saturating_sub(old.view.records.len());
            fits
        });
        kept.push(Kept { stamp, view: Arc::clone(&view), used: Instant::now() });
        view
    }
}

fn stamp(db: &Connection, members: &[TraceGroupId]) -> Result<Stamp> {
    let mut count =
        db.prepare_cached("SELECT count(*), coalesce(max(id), 0) FROM records WHERE trace_group = ?1")?;
    let of_group =
        |group: &TraceGroupId| count.query_row([group.0], |row| Ok((*group, row.get(0)?, row.get(1)?)));
    let groups = members.iter().map(of_group).collect::<rusqlite::Result<_>>()?;
    Ok(Stamp { groups, facts: facts_generation(db)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };
    use turnscope_project::Projection;

    /// A database with these numbers of records in trace groups 1, 2, ….
    fn database(sizes: &[i64]) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE TABLE records (id INTEGER PRIMARY KEY, trace_group INTEGER);
             CREATE TABLE state (key TEXT PRIMARY KEY, value INTEGER);",
        )
        .unwrap();
        for (trace_group, size) in (1..).zip(sizes) {
            let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
                       INSERT INTO records (trace_group) SELECT ?1 FROM n";
            db.execute(sql, (trace_group, size)).unwrap();
        }
        db
    }

    fn empty() -> TraceGroup {
        TraceGroup { records: Vec::new(), projection: Projection::default() }
    }

    /// How often the trace groups were read when each was asked for in turn.
    fn reads(views: &GroupCache, db: &Connection, asked: &[i64]) -> usize {
        let mut count = 0;
        for group in asked {
            let read = || {
                count += 1;
                Ok(empty())
            };
            views.get(db, &[TraceGroupId(*group)], read).unwrap();
        }
        count
    }

    #[test]
    fn a_large_group_is_read_once_until_it_changes_and_a_small_one_each_time() {
        let db = database(&[SMALLEST, SMALLEST - 1]);
        let views = GroupCache::default();
        assert_eq!(reads(&views, &db, &[1, 1, 1]), 1);
        assert_eq!(reads(&views, &db, &[2, 2, 2]), 3);
        db.execute("INSERT INTO records (trace_group) VALUES (1)", ()).unwrap();
        assert_eq!(reads(&views, &db, &[1, 1]), 1);
        assert_eq!(lock(&views.kept).len(), 1, "what the trace_group was before is gone");
        assert!(lock(&views.reading).is_empty());
    }

    #[test]
    fn a_view_that_was_not_used_is_dropped() {
        let db = database(&[SMALLEST]);
        let views = GroupCache::default();
        reads(&views, &db, &[1]);
        views.forget_unused();
        assert_eq!(reads(&views, &db, &[1]), 0);
        lock(&views.kept)[0].used = Instant::now().checked_sub(UNUSED).unwrap();
        views.forget_unused();
        assert_eq!(reads(&views, &db, &[1]), 1);
    }

    #[test]
    fn who_asks_while_a_group_is_read_shares_what_was_read() {
        let views = GroupCache::default();
        let (read, both) = (AtomicUsize::new(0), Barrier::new(2));
        let ask = || {
            let db = database(&[SMALLEST]);
            both.wait();
            let counted = || {
                read.fetch_add(1, Ordering::SeqCst);
                Ok(empty())
            };
            views.get(&db, &[TraceGroupId(1)], counted).unwrap()
        };
        let (one, other) = std::thread::scope(|scope| {
            let other = scope.spawn(ask);
            (ask(), other.join().unwrap())
        });
        assert_eq!(read.load(Ordering::SeqCst), 1);
        assert!(Arc::ptr_eq(&one, &other));
    }

    #[test]
    fn a_failed_reading_leaves_the_next_one_to_try() {
        let db = database(&[SMALLEST]);
        let views = GroupCache::default();
        assert!(views.get(&db, &[TraceGroupId(1)], || Err(Error::damaged("a block"))).is_err());
        assert_eq!(reads(&views, &db, &[1]), 1);
    }
}
