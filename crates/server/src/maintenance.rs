//! Background work of a running server: retention, changed prices, and memory kept for readers.

use crate::{
    degraded::{Watch, degraded},
    retention_rules,
    state::App,
};
use std::{sync::Arc, time::Duration};
use tokio::task::{JoinError, JoinHandle};
use turnscope_query::{Pruned, RuleOutcome};
use turnscope_store::StoreError;

/// The time between two passes of retention.
const PRUNE_INTERVAL: Duration = Duration::from_secs(3600);
/// The time before the first pass, so that it does not slow the start down.
const PRUNE_DELAY: Duration = Duration::from_secs(60);

/// Applies the retention settings and rules every hour.
pub(crate) fn spawn_pruning(app: &Arc<App>) -> JoinHandle<()> {
    let app = Arc::downgrade(app);
    tokio::spawn(async move {
        tokio::time::sleep(PRUNE_DELAY).await;
        loop {
            let Some(app) = app.upgrade() else { return };
            let (store, rules) = (Arc::clone(&app.store), app.own_retention.rules());
            let (retention, moment) = (app.retention, app.moment());
            drop(app);
            if !(retention.keeps_everything() && rules.0.is_empty()) {
                let work = move || retention_rules::apply(&*store, &rules, retention, moment, false);
                say(tokio::task::spawn_blocking(work).await);
            }
            tokio::time::sleep(PRUNE_INTERVAL).await;
        }
    })
}

/// Logs what a pass of retention did.
fn say(outcome: Result<Result<(Vec<RuleOutcome>, Pruned), StoreError>, JoinError>) {
    match outcome {
        Ok(Ok((_, pruned))) if pruned == Pruned::default() => {}
        Ok(Ok((_, pruned))) => tracing::info!(
            groups = pruned.groups,
            records = pruned.records,
            metrics = pruned.metrics,
            only_contents_of_groups = pruned.contents,
            "pruned"
        ),
        Ok(Err(error)) => tracing::error!(%error, "pruning failed; the next try is in an hour"),
        Err(error) => tracing::error!(%error, "pruning panicked; the next try is in an hour"),
    }
}

/// How often the price file and the memory kept for readers are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// Applies a changed price file (stored costs follow in the background) and changed rules for dialects, frees large runs
/// that nobody reads any more, and logs what goes wrong.
pub(crate) fn spawn_upkeep(app: &Arc<App>) -> JoinHandle<()> {
    let app = Arc::downgrade(app);
    tokio::spawn(async move {
        let mut watch = Watch::default();
        loop {
            tokio::time::sleep(CHECK_INTERVAL).await;
            let Some(app) = app.upgrade() else { return };
            watch.look(&degraded(&app));
            let (store, prices) = (Arc::clone(&app.store), Arc::clone(&app.prices));
            let (own_rules, own_retention) = (Arc::clone(&app.own_rules), Arc::clone(&app.own_retention));
            drop(app);
            store.free_unused_memory();
            let outcome = tokio::task::spawn_blocking(move || {
                own_rules.refresh();
                own_retention.refresh();
                if prices.refresh() { store.set_pricing(prices.pricing()) } else { Ok(()) }
            });
            if let Ok(Err(error)) = outcome.await {
                tracing::error!(%error, "the new prices could not be applied; restart the server to use them");
            }
        }
    })
}

/// Waits until the store has failed for good, and returns the reason. The process should then exit, so that a supervisor
/// restarts it.
pub(crate) async fn store_failure(store: Arc<dyn turnscope_store::Store>) -> String {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Some(reason) = store.health().failed {
            return reason;
        }
    }
}
