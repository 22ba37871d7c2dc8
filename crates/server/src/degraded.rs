//! What is not as it should be: for `/health`, and for the log, which says each thing once.

use crate::state::App;
use std::{collections::BTreeMap, path::Path, sync::atomic::Ordering, time::Instant};

/// Contents behind at which the search index counts as lagging.
const LAGGING: u64 = 100_000;
/// Free space below which the disk counts as nearly full, in bytes.
const SCARCE: u64 = 1 << 30;

/// What is not as it should be, in words.
pub(crate) fn degraded(app: &App) -> Vec<String> {
    let store = app.store.health();
    let lag = app.store.counters().index_lag;
    let mut degraded: Vec<String> = [store.failed, store.stalled].into_iter().flatten().collect();
    degraded.extend(store.degraded);
    if app.ingest.stopping.load(Ordering::Relaxed) {
        degraded.push("the server is stopping".to_owned());
    }
    if lag > LAGGING {
        degraded.push(format!("search lags {lag} messages behind"));
    }
    degraded.extend(free_bytes(&app.data).filter(|free| *free < SCARCE).map(|free| {
        format!("the disk of the data directory is nearly full: {} MB are free", free / 1_000_000)
    }));
    let unrecorded = app.unrecorded.count();
    if unrecorded > 0 {
        degraded.push(format!("runs missing in the audit trail: {unrecorded}; the log says why"));
    }
    degraded.extend(app.prices.wrong().map(|wrong| format!("prices are not up to date: {wrong}")));
    degraded.extend(
        app.own_retention.wrong().map(|wrong| format!("retention rules are not up to date: {wrong}")),
    );
    degraded.extend(app.own_rules.wrong().map(|wrong| format!("your own rules are not up to date: {wrong}")));
    degraded
}

/// Free space on the disk of this directory; `None` where the system does not say.
#[cfg(unix)]
fn free_bytes(directory: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Logs when something goes wrong, and when it is well again.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// What is wrong, without its figures, since when, and how often it was seen.
    known: BTreeMap<String, (Instant, u64)>,
}

impl Watch {
    /// Compares what is wrong now with what was wrong at the last call. The log's texts.
    pub(crate) fn look(&mut self, degraded: &[String]) {
        for text in degraded {
            let (_, seen) = self.known.entry(without_figures(text)).or_insert_with(|| {
                tracing::warn!("{text}");
                (Instant::now(), 0)
            });
            *seen += 1;
        }
        self.known.retain(|what, (since, seen)| {
            let is_wrong = degraded.iter().any(|text| without_figures(text) == *what);
            if !is_wrong {
                let seconds = since.elapsed().as_secs();
                tracing::info!(seconds, times_seen = *seen, "no longer: {what}");
            }
            is_wrong
        });
    }
}

fn without_figures(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_trouble_with_other_figures_is_not_new() {
        let mut watch = Watch::default();
        watch.look(&["search lags 100001 messages behind".into()]);
        watch.look(&["search lags 200000 messages behind".into(), "the server is stopping".into()]);
        assert_eq!(watch.known.values().map(|(_, seen)| *seen).collect::<Vec<_>>(), [2, 1]);
        watch.look(&[]);
        assert!(watch.known.is_empty());
    }
}
