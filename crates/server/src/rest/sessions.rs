//! `GET /v1/sessions` and `GET /v1/sessions/{id}`.

use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use std::sync::Arc;
use turnscope_api::{SessionRuns, Sessions, SessionsQuery};

/// Sessions, the one with the latest run first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<SessionsQuery>,
) -> Result<Json<Sessions>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, 1000);
    let offset = query.offset.unwrap_or(0);
    Ok(Json(app.ask(move |answers| answers.sessions(query.user_id.as_deref(), limit, offset)).await?))
}

/// One session's runs, oldest first.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<SessionRuns>, Problem> {
    Ok(Json(app.ask(move |answers| answers.session(&id)).await?))
}
