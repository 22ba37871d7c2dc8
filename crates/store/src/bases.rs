//! The recent lists of each unit, against which the next one is coded.

use lru::LruCache;
use std::num::NonZeroUsize;
use turnscope_model::Purpose;

/// Units remembered at once. A forgotten unit's next list is written out whole: correct, only larger.
const UNITS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Ids remembered in all lists together (8 bytes each).
const IDS: usize = 2_000_000;
/// Lists per unit: agents that take turns in one trace each have a history of their own.
const LISTS: usize = 6;

/// A list that a later one can be coded against.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) record: i64,
    pub(crate) hole: u32,
    purpose: Purpose,
    pub(crate) list: Vec<i64>,
}

/// Recent lists by unit.
pub(crate) struct Bases {
    units: LruCache<i64, Vec<Base>>,
    ids: usize,
}

impl Bases {
    pub(crate) fn new() -> Self {
        Self { units: LruCache::new(UNITS), ids: 0 }
    }

    /// The best list to code this one against: the one of the same purpose that shares the longest beginning, else the
    /// latest that shares anything.
    pub(crate) fn find(&mut self, unit: i64, purpose: Purpose, list: &[i64]) -> Option<&Base> {
        let bases = self.units.get(&unit)?;
        let shared = |base: &&Base| base.list.iter().zip(list).take_while(|(a, b)| a == b).count();
        let best = bases.iter().max_by_key(|base| (shared(base), base.purpose == purpose))?;
        if shared(&best) > 0 {
            return Some(best);
        }
        // A sliding window shares no beginning, but its first message is somewhere in the list before.
        bases.iter().rev().find(|base| list.first().is_some_and(|id| base.list.contains(id)))
    }

    /// Remembers a list, in the place of the one it grew out of.
    pub(crate) fn remember(&mut self, unit: i64, purpose: Purpose, record: i64, hole: u32, list: Vec<i64>) {
        self.ids += list.len();
        let base = Base { record, hole, purpose, list };
        if let Some(bases) = self.units.get_mut(&unit) {
            let same_start =
                |old: &Base| old.purpose == base.purpose && old.list.first() == base.list.first();
            if let Some(at) = bases.iter().position(same_start) {
                self.ids -= bases.remove(at).list.len();
            } else if bases.len() == LISTS {
                self.ids -= bases.remove(0).list.len();
            }
            bases.push(base);
        } else if let Some((_, evicted)) = self.units.push(unit, vec![base]) {
            self.ids -= evicted.iter().map(|base| base.list.len()).sum::<usize>();
        }
        while self.ids > IDS {
            let Some((_, evicted)) = self.units.pop_lru() else { break };
            self.ids -= evicted.iter().map(|base| base.list.len()).sum::<usize>();
        }
    }

    /// Forgets everything, after a transaction was rolled back or records were deleted.
    pub(crate) fn reset(&mut self) {
        self.units.clear();
        self.ids = 0;
    }
}
