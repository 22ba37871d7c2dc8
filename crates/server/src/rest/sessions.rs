//! `GET /v1/sessions` and `GET /v1/sessions/{id}`.

use super::{
    problem::Problem,
    step::Usage,
    wire::{self, Run},
};
use crate::state::App;
use axum::{
    Json,
    extract::{Path, Query, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use turnscope_store::query::{Filter, Page, RunFilter};

/// Which sessions.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct SessionsQuery {
    limit: Option<u32>,
    offset: Option<u32>,
    user_id: Option<String>,
}

/// Runs that the application says belong together.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Session {
    session_id: String,
    user_id: Option<String>,
    run_count: u64,
    turn_count: u64,
    error_count: u64,
    usage: Option<Usage>,
    #[serde(flatten)]
    money: wire::Money,
    started_at: i64,
    last_seen_at: i64,
    input_preview: Option<String>,
}

/// Sessions, the one with the latest run first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Sessions {
    sessions: Vec<Session>,
}

/// One session's runs, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SessionRuns {
    session_id: String,
    runs: Vec<Run>,
}

/// Sessions, the one with the latest run first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<SessionsQuery>,
) -> Result<Json<Sessions>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, 1000);
    let sessions = app
        .ask(move |reader| reader.sessions(query.user_id.as_deref(), limit, query.offset.unwrap_or(0)))
        .await?;
    Ok(Json(Sessions {
        sessions: sessions
            .into_iter()
            .map(|session| Session {
                session_id: session.session_id,
                user_id: session.user_id,
                run_count: session.run_count,
                turn_count: session.turn_count,
                error_count: session.error_count,
                usage: Usage::of(&session.usage),
                money: wire::Money::of(&session.costs),
                started_at: session.start / 1_000_000,
                last_seen_at: session.last_seen / 1_000_000,
                input_preview: session.input_preview,
            })
            .collect(),
    }))
}

/// One session's runs, oldest first.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<SessionRuns>, Problem> {
    let moment = app.moment();
    let mut filter = RunFilter { roots_only: true, ..RunFilter::default() };
    filter.is(Filter::Session, vec![id.clone()]);
    let page = Page { limit: 1000, ..Page::default() };
    let runs = app.ask(move |reader| reader.runs(&filter, &page, moment)).await?.runs;
    if runs.is_empty() {
        return Err(Problem::not_found(format!("there is no session {id}"))
            .detail("GET /v1/sessions lists the sessions there are"));
    }
    Ok(Json(SessionRuns { session_id: id, runs: runs.iter().map(|run| Run::of(run, moment)).collect() }))
}
