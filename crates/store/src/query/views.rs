//! Large units that were read lately: a page about a large run asks for many parts of the same view.
//!
//! A view is used again only while its unit has not changed. Small units are read faster than they are kept track of.

use super::UnitView;
use crate::sqlite::StoreError;
use rusqlite::Connection;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Units with fewer records are not kept.
const SMALLEST: usize = 2000;
/// Records in all the views kept; each is two to three kilobytes.
const MOST: usize = 120_000;
/// A view that nobody asked for in this time is dropped with the next question.
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
pub(crate) struct Views(Arc<Mutex<Vec<Kept>>>);

impl Views {
    /// The view of these units, read by `read` where it is not known or no longer right.
    pub(crate) fn get(
        &self,
        db: &Connection,
        group: &[i64],
        read: impl FnOnce() -> Result<UnitView, StoreError>,
    ) -> Result<Arc<UnitView>, StoreError> {
        let main = group.first().copied();
        let now = Instant::now();
        let of_unit = |kept: &Kept| kept.stamp.0.first().map(|(unit, ..)| *unit) == main;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|view| now.duration_since(view.used) < UNUSED);
        let is_known = kept.iter().any(of_unit);
        drop(kept);
        let stamp = stamp(db, group)?;
        if is_known {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = kept.iter_mut().find(|view| view.stamp == stamp) {
                known.used = now;
                return Ok(Arc::clone(&known.view));
            }
            kept.retain(|view| !of_unit(view));
        }
        let view = Arc::new(read()?);
        let size = view.nodes.len();
        if (SMALLEST..=MOST).contains(&size) {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.sort_by_key(|view| std::cmp::Reverse(view.used));
            let mut room = MOST - size;
            kept.retain(|view| {
                let fits = view.view.nodes.len() <= room;
                room = room.saturating_sub(view.view.nodes.len());
                fits
            });
            kept.push(Kept { stamp, view: Arc::clone(&view), used: now });
        }
        Ok(view)
    }
}

fn stamp(db: &Connection, group: &[i64]) -> Result<Stamp, StoreError> {
    let mut count =
        db.prepare_cached("SELECT count(*), coalesce(max(id), 0) FROM records WHERE unit = ?1")?;
    let of_unit = |unit: &i64| count.query_row([unit], |row| Ok((*unit, row.get(0)?, row.get(1)?)));
    Ok(Stamp(group.iter().map(of_unit).collect::<Result<_, _>>()?))
}
