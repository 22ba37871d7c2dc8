//! Large units that were read lately: a page about a large run asks for many parts of the same view, some at once.
//!
//! A view is used again only while its unit has not changed. Small units are read faster than they are kept track of.

use super::UnitView;
use crate::sqlite::StoreError;
use rusqlite::Connection;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Units with fewer records are not kept.
const SMALLEST: i64 = 2000;
/// Records in all the views kept, but for one that is larger by itself; each is two to three kilobytes.
const MOST: usize = 120_000;
/// A view that nobody asked for in this time is dropped.
const UNUSED: Duration = Duration::from_secs(60);

/// What a unit's records were when they were read: additions raise the largest number, deletions lower the count.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp(Vec<(i64, i64, i64)>);

struct Kept {
    stamp: Stamp,
    view: Arc<UnitView>,
    used: Instant,
}

/// The views kept, shared by all readers of a store.
#[derive(Clone, Default)]
pub(crate) struct Views {
    kept: Arc<Mutex<Vec<Kept>>>,
    /// Who reads a large unit holds its lock: who asks meanwhile waits and shares the view, lest both work and hold it twice.
    reading: Arc<Mutex<HashMap<i64, Arc<Mutex<()>>>>>,
}

impl Views {
    /// The view of these units, read by `read` where it is not known or no longer right.
    pub(crate) fn get(
        &self,
        db: &Connection,
        group: &[i64],
        read: impl FnOnce() -> Result<UnitView, StoreError>,
    ) -> Result<Arc<UnitView>, StoreError> {
        let stamp = stamp(db, group)?;
        let size: i64 = stamp.0.iter().map(|(_, count, _)| count).sum();
        let Some(&main) = group.first().filter(|_| size >= SMALLEST) else { return Ok(Arc::new(read()?)) };
        if let Some(view) = self.known(&stamp) {
            return Ok(view);
        }
        let lock = Arc::clone(held(&self.reading).entry(main).or_default());
        let reading = held(&lock);
        let view = match self.known(&stamp) {
            Some(view) => Ok(view),
            None => read().map(|view| self.keep(main, stamp, Arc::new(view))),
        };
        drop(reading);
        let mut waiting = held(&self.reading);
        if Arc::strong_count(&lock) == 2 {
            waiting.remove(&main); // ours and the map's: nobody waits
        }
        view
    }

    /// Drops what nobody has asked for lately.
    pub(crate) fn forget_unused(&self) {
        let now = Instant::now();
        held(&self.kept).retain(|view| now.duration_since(view.used) < UNUSED);
    }

    fn known(&self, stamp: &Stamp) -> Option<Arc<UnitView>> {
        let mut kept = held(&self.kept);
        let known = kept.iter_mut().find(|view| view.stamp == *stamp)?;
        known.used = Instant::now();
        Some(Arc::clone(&known.view))
    }

    /// Keeps a view in the place of what its unit was before, and of those used longest ago if there is no room.
    fn keep(&self, main: i64, stamp: Stamp, view: Arc<UnitView>) -> Arc<UnitView> {
        let mut kept = held(&self.kept);
        kept.retain(|old| old.stamp.0.first().is_none_or(|(unit, ..)| *unit != main));
        kept.sort_by_key(|old| std::cmp::Reverse(old.used));
        let mut room = MOST.saturating_sub(view.nodes.len());
        kept.retain(|old| {
            let fits = old.view.nodes.len() <= room;
            room = room.saturating_sub(old.view.nodes.len());
            fits
        });
        kept.push(Kept { stamp, view: Arc::clone(&view), used: Instant::now() });
        view
    }
}

/// What a panic left is whole: nothing is changed between two steps that can fail.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stamp(db: &Connection, group: &[i64]) -> Result<Stamp, StoreError> {
    let mut count =
        db.prepare_cached("SELECT count(*), coalesce(max(id), 0) FROM records WHERE unit = ?1")?;
    let of_unit = |unit: &i64| count.query_row([unit], |row| Ok((*unit, row.get(0)?, row.get(1)?)));
    Ok(Stamp(group.iter().map(of_unit).collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Projection;
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };

    /// A database with these numbers of records in units 1, 2, ….
    fn database(sizes: &[i64]) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE records (id INTEGER PRIMARY KEY, unit INTEGER)").unwrap();
        for (unit, size) in (1..).zip(sizes) {
            let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
                       INSERT INTO records (unit) SELECT ?1 FROM n";
            db.execute(sql, (unit, size)).unwrap();
        }
        db
    }

    fn empty() -> UnitView {
        UnitView { nodes: Vec::new(), projection: Projection::default() }
    }

    /// How often the units were read when each was asked for in turn.
    fn reads(views: &Views, db: &Connection, asked: &[i64]) -> usize {
        let mut count = 0;
        for unit in asked {
            let read = || {
                count += 1;
                Ok(empty())
            };
            views.get(db, &[*unit], read).unwrap();
        }
        count
    }

    #[test]
    fn a_large_unit_is_read_once_until_it_changes_and_a_small_one_each_time() {
        let db = database(&[SMALLEST, SMALLEST - 1]);
        let views = Views::default();
        assert_eq!(reads(&views, &db, &[1, 1, 1]), 1);
        assert_eq!(reads(&views, &db, &[2, 2, 2]), 3);
        db.execute("INSERT INTO records (unit) VALUES (1)", ()).unwrap();
        assert_eq!(reads(&views, &db, &[1, 1]), 1);
        assert_eq!(held(&views.kept).len(), 1, "what the unit was before is gone");
        assert!(held(&views.reading).is_empty());
    }

    #[test]
    fn a_view_that_was_not_used_is_dropped() {
        let db = database(&[SMALLEST]);
        let views = Views::default();
        reads(&views, &db, &[1]);
        views.forget_unused();
        assert_eq!(reads(&views, &db, &[1]), 0);
        held(&views.kept)[0].used = Instant::now().checked_sub(UNUSED).unwrap();
        views.forget_unused();
        assert_eq!(reads(&views, &db, &[1]), 1);
    }

    #[test]
    fn who_asks_while_a_unit_is_read_shares_what_was_read() {
        let views = Views::default();
        let (read, both) = (AtomicUsize::new(0), Barrier::new(2));
        let ask = || {
            let db = database(&[SMALLEST]);
            both.wait();
            let counted = || {
                read.fetch_add(1, Ordering::SeqCst);
                Ok(empty())
            };
            views.get(&db, &[1], counted).unwrap()
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
        let views = Views::default();
        assert!(views.get(&db, &[1], || Err(StoreError::Damaged("a block".into()))).is_err());
        assert_eq!(reads(&views, &db, &[1]), 1);
    }
}
