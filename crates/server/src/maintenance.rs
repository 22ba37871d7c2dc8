//! What a running server does by itself: it deletes what is too old or too much, takes up changed prices, and frees memory.

use crate::state::{App, now_ms};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use turnscope_query::Retention;

/// How often.
const EVERY: Duration = Duration::from_secs(3600);
/// The first time, once the start is over.
const FIRST: Duration = Duration::from_secs(60);

/// Deletes hourly what is not to be kept; `None` when everything is.
pub(crate) fn spawn_pruning(app: &Arc<App>, retention: Retention) -> Option<JoinHandle<()>> {
    if retention.keeps_everything() {
        return None;
    }
    let store = Arc::downgrade(&app.store);
    Some(tokio::spawn(async move {
        tokio::time::sleep(FIRST).await;
        loop {
            let Some(store) = store.upgrade() else { return };
            let outcome = tokio::task::spawn_blocking(move || store.retain(retention, now_ms())).await;
            match outcome {
                Ok(Ok(pruned)) if pruned.records > 0 || pruned.metrics > 0 => {
                    tracing::info!(
                        groups = pruned.groups,
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
pub(crate) fn spawn_looking(app: &Arc<App>) -> JoinHandle<()> {
    let store = Arc::downgrade(&app.store);
    let prices = Arc::clone(&app.prices);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(store) = store.upgrade() else { return };
            store.free_unused_memory();
            let prices = Arc::clone(&prices);
            let outcome = tokio::task::spawn_blocking(move || {
                if prices.refresh() { store.set_pricing(prices.pricing()) } else { Ok(()) }
            });
            if let Ok(Err(error)) = outcome.await {
                tracing::error!(%error, "the new prices hold for new runs only after a restart");
            }
        }
    })
}

/// Waits until the store can do nothing any more, and gives the reason: the process should end then, so that a
/// supervisor starts it again.
pub(crate) async fn store_failure(store: Arc<dyn turnscope_store::Store>) -> String {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Some(reason) = store.health().failed {
            return reason;
        }
    }
}
