//! `GET /health`.

use super::maintain;
use crate::{degraded::degraded, state::App};
use axum::{Json, extract::State};
use http::StatusCode;
use std::sync::Arc;
use turnscope_api::Health;

/// Whether the server is well, and what is not. 503 when only a restart helps; a data directory that was moved can come back.
pub(crate) async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let store = app.store.health();
    let is_down = store.failed.is_some();
    let degraded = degraded(&app);
    let health = Health {
        status: if is_down || !degraded.is_empty() { "degraded" } else { "ok" }.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_ms: u64::try_from(app.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        degraded,
        search_lag: app.store.counters().index_lag,
        quarantined: store.quarantined,
        reprojection: maintain::reprojection(&app),
    };
    let status = if is_down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(health))
}
