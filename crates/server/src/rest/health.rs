//! `GET /health`.

use crate::state::App;
use axum::{Json, extract::State};
use http::StatusCode;
use std::sync::{Arc, atomic::Ordering};
use turnscope_api::Health;

/// Contents behind at which the search index counts as lagging.
const LAGGING: u64 = 100_000;

/// Whether the server is well, and what is not. 503 when nothing can be stored or read.
pub(crate) async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let store = app.store.health();
    let is_down = store.failed.is_some() || store.stalled.is_some();
    let degraded = degraded(&app);
    let health = Health {
        status: if is_down || !degraded.is_empty() { "degraded" } else { "ok" }.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_ms: u64::try_from(app.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        degraded,
        search_lag: app.store.counters().index_lag,
        quarantined: store.quarantined,
    };
    let status = if is_down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(health))
}

/// What is not as it should be, in words.
pub(super) fn degraded(app: &App) -> Vec<String> {
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
    let unrecorded = app.unrecorded.count();
    if unrecorded > 0 {
        degraded.push(format!("runs missing in the audit trail: {unrecorded}; the log says why"));
    }
    degraded.extend(app.prices.wrong().map(|wrong| format!("prices are not up to date: {wrong}")));
    degraded
}
