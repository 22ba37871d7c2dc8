//! `GET /v1/loose-telemetry`: what the exports of runs leave out.

use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Query, State},
};
use std::sync::Arc;
use turnscope_api::{LooseTelemetry, LooseTelemetryQuery};

/// Telemetry that belongs to no run, a page at a time: traces that make none, log records of no step, metrics. With the exports
/// of all runs it is everything that was received.
pub(crate) async fn telemetry(
    State(app): State<Arc<App>>,
    Query(query): Query<LooseTelemetryQuery>,
) -> Result<Json<LooseTelemetry>, Problem> {
    Ok(Json(app.ask(move |answers| answers.loose_telemetry(query.cursor.as_deref())).await?))
}
