//! `GET /health`.

use crate::state::App;
use axum::{Json, extract::State};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::{Arc, atomic::Ordering};

/// Whether the server is well.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    /// `ok`, or `degraded` when something below is not as it should be.
    status: &'static str,
    version: &'static str,
    uptime_ms: u64,
    /// What is degraded, in words.
    degraded: Vec<String>,
    /// Contents that the search index has not reached yet.
    search_lag: u64,
}

/// Contents behind at which the search index counts as lagging.
const LAGGING: u64 = 100_000;

/// Whether the server is well, and what is not.
pub(crate) async fn health(State(app): State<Arc<App>>) -> Json<Health> {
    let degraded = degraded(&app);
    Json(Health {
        status: if degraded.is_empty() { "ok" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        uptime_ms: app.started.elapsed().as_millis() as u64,
        degraded,
        search_lag: app.store.counters().index_lag,
    })
}

/// What is not as it should be, in words.
pub(super) fn degraded(app: &App) -> Vec<String> {
    let counters = app.store.counters();
    let mut degraded = Vec::new();
    if app.ingest.stopping.load(Ordering::Relaxed) {
        degraded.push("the server is stopping".to_owned());
    }
    if counters.index_lag > LAGGING {
        degraded.push(format!("search lags {} messages behind", counters.index_lag));
    }
    degraded.extend(app.prices.wrong().map(|wrong| format!("prices are not up to date: {wrong}")));
    degraded
}
