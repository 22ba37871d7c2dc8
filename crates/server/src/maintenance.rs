//! What a running server does by itself: it deletes what is too old or too much, takes up changed prices, and frees memory.

use crate::state::{App, Keep, now_ms};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;

/// How often.
const EVERY: Duration = Duration::from_secs(3600);
/// The first time, once the start is over.
const FIRST: Duration = Duration::from_secs(60);

/// Deletes hourly what is not to be kept; `None` when everything is.
pub(crate) fn spawn_pruning(app: &Arc<App>, keep: Keep) -> Option<JoinHandle<()>> {
    if keep.is_everything() {
        return None;
    }
    let store = Arc::downgrade(app.store.writer().ok()?);
    Some(tokio::spawn(async move {
        tokio::time::sleep(FIRST).await;
        loop {
            let Some(store) = store.upgrade() else { return };
            let outcome = tokio::task::spawn_blocking(move || store.prune(keep.at(now_ms()), |_| ())).await;
            match outcome {
                Ok(Ok(pruned)) if pruned.records > 0 || pruned.metrics > 0 => {
                    tracing::info!(
                        units = pruned.units,
                        records = pruned.records,
                        metrics = pruned.metrics,
                        "pruned"
                    );
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::error!(%error, "pruning failed; it is tried again in an hour"),
                Err(error) => tracing::error!(%error, "pruning panicked; it is tried again in an hour"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }))
}

/// How often the price file is looked at, and what was kept of large runs.
const LOOK: Duration = Duration::from_secs(2);

/// Takes up a changed price file (what was computed with the old prices follows in the background), and frees what was
/// kept for readers who are gone.
pub(crate) fn spawn_looking(app: &Arc<App>) -> Option<JoinHandle<()>> {
    let store = Arc::downgrade(app.store.writer().ok()?);
    let prices = Arc::clone(&app.prices);
    Some(tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(store) = store.upgrade() else { return };
            store.forget_unused();
            let prices = Arc::clone(&prices);
            let outcome = tokio::task::spawn_blocking(move || {
                if prices.refresh() { store.set_pricing(prices.pricing()) } else { Ok(()) }
            });
            if let Ok(Err(error)) = outcome.await {
                tracing::error!(%error, "the new prices hold for new runs only after a restart");
            }
        }
    }))
}
