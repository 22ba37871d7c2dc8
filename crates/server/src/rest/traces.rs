//! `GET /v1/traces` and `GET /v1/traces/{trace_id}`: traces of any kind, those that make no run too.

use super::parameters::limit;
use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use std::sync::Arc;
use turnscope_api::{TraceDetail, Traces, TracesQuery};
use turnscope_model::{IdError, TraceId};
use turnscope_query::TraceCursor;

/// Traces of any kind, newest first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<TracesQuery>,
) -> Result<Json<Traces>, Problem> {
    let limit = limit(query.limit, 50, 1000)?;
    let after = query.cursor.map(TraceCursor::new);
    Ok(Json(app.ask(move |answers| answers.traces(after.as_ref(), limit)).await?))
}

/// One trace: the runs it makes, and every span once.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<TraceDetail>, Problem> {
    let trace: TraceId = id.parse().map_err(|error: IdError| Problem::bad_request(error.to_string()))?;
    Ok(Json(app.ask(move |answers| answers.trace(trace)).await?))
}
