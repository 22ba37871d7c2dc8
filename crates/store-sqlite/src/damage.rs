//! Damage that readers met: remembered, so that `/health` can say it, and healed where what is damaged can be derived
//! again.

use rusqlite::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};
use turnscope_model::TraceGroupId;

/// Places remembered; the rest is only counted.
const PLACES: usize = 100;

/// What readers and the writer know of damage.
#[derive(Debug, Default)]
pub(crate) struct DamageLog(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    places: BTreeMap<String, String>,
    more: u64,
    to_derive: BTreeSet<TraceGroupId>,
}

impl DamageLog {
    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that `place` is damaged.
    pub(crate) fn note(&self, place: impl Into<String>, reason: impl Into<String>) {
        let (place, reason) = (place.into(), reason.into());
        let mut found = self.found();
        if found.places.contains_key(&place) {
            return;
        }
        tracing::error!(place, reason, "damaged data was met");
        if found.places.len() < PLACES {
            found.places.insert(place, reason);
        } else {
            found.more += 1;
        }
    }

    /// Asks the writer to derive the runs of a trace group again.
    pub(crate) fn derive_again(&self, group: TraceGroupId) {
        self.found().to_derive.insert(group);
    }

    /// Whether trace groups wait for the writer.
    pub(crate) fn has_work(&self) -> bool {
        !self.found().to_derive.is_empty()
    }

    /// The trace groups to derive again.
    pub(crate) fn take_work(&self) -> BTreeSet<TraceGroupId> {
        std::mem::take(&mut self.found().to_derive)
    }

    /// What is damaged, in words.
    pub(crate) fn in_words(&self) -> Option<String> {
        let found = self.found();
        let (place, reason) = found.places.first_key_value()?;
        let more = found.more + found.places.len() as u64 - 1;
        let others = if more == 0 { String::new() } else { format!(", and {more} more places") };
        Some(format!("damaged data was met: {place} ({reason}){others}; `turnscope doctor` says more"))
    }
}

/// The ids that a query gives, in its order, as far as they can be read, and whether those are all.
pub(crate) fn ids_until_damage(db: &Connection, sql: &str) -> (Vec<i64>, bool) {
    let mut found = Vec::new();
    let Ok(mut statement) = db.prepare(sql) else { return (found, false) };
    let Ok(mut rows) = statement.query([]) else { return (found, false) };
    loop {
        match rows.next() {
            Ok(Some(row)) => found.extend(row.get::<_, i64>(0)),
            Ok(None) => return (found, true),
            Err(_) => return (found, false),
        }
    }
}
