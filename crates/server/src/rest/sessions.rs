//! `GET /v1/sessions` and `GET /v1/sessions/{id}`.

use super::parameters::limit;
use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use std::sync::Arc;
use turnscope_api::{SessionQuery, SessionRuns, Sessions, SessionsQuery};
use turnscope_query::{RunCursor, RunPageQuery, SessionCursor};

/// Sessions, the one with the latest run first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<SessionsQuery>,
) -> Result<Json<Sessions>, Problem> {
    let limit = limit(query.limit, 50, 1000)?;
    let offset = query.offset.unwrap_or(0);
    let after = query.cursor.map(SessionCursor::new);
    let ask =
        app.ask(move |answers| answers.sessions(query.user_id.as_deref(), after.as_ref(), limit, offset));
    Ok(Json(ask.await?))
}

/// One session and its runs, newest first unless asked otherwise.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<SessionQuery>,
) -> Result<Json<SessionRuns>, Problem> {
    let limit = limit(query.limit, 1000, 1000)?;
    let after = query.cursor.map(RunCursor::new);
    let descending = match query.order.as_deref() {
        None | Some("-started_at") => true,
        Some("started_at") => false,
        Some(other) => {
            return Err(Problem::bad_request(format!("there is no order {other:?}"))
                .detail("use started_at, with a minus in front for the newest run first"));
        }
    };
    let page = RunPageQuery { limit, after, descending, ..RunPageQuery::default() };
    Ok(Json(app.ask(move |answers| answers.session(&id, &page)).await?))
}
