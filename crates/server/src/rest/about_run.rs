//! What `GET /v1/runs/{id}/…` gives beside steps: one turn, its context windows, its cost, its statistics, its export and its summary.

use super::parameters::within;
use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use http::header;
use std::sync::Arc;
use turnscope_api::{CostQuery, ExportQuery, RunContext, RunCost, RunStatistics, SummaryQuery, TurnDetail};

/// One turn: what was new in its context, what was re-sent, what came out, the tools that followed.
pub(crate) async fn turn(
    State(app): State<Arc<App>>,
    Path((id, n)): Path<(String, u64)>,
) -> Result<Json<TurnDetail>, Problem> {
    Ok(Json(app.ask(move |answers| answers.turn(&id, n)).await?))
}

/// What filled the context window of each model call of the run, and where it was compacted or rewritten.
pub(crate) async fn context(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<RunContext>, Problem> {
    Ok(Json(app.ask(move |answers| answers.context(&id)).await?))
}

/// How a run's cost comes about.
pub(crate) async fn cost(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<CostQuery>,
) -> Result<Json<RunCost>, Problem> {
    let children = query.children.unwrap_or(true);
    Ok(Json(app.ask(move |answers| answers.cost(&id, children)).await?))
}

/// Where a run's time, money and failures are, by kind, tool and model.
pub(crate) async fn statistics(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<RunStatistics>, Problem> {
    Ok(Json(app.ask(move |answers| answers.statistics(&id)).await?))
}

/// Everything of a run, its child runs and the spans above it.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Json<serde_json::Value>, Problem> {
    let plain = match query.format.as_deref() {
        None | Some("turnscope") => false,
        Some("otlp") => true,
        Some(other) => {
            return Err(Problem::bad_request(format!("there is no format {other:?}"))
                .detail("take otlp, or leave it out"));
        }
    };
    let export = app.ask(move |answers| if plain { answers.export_otlp(&id) } else { answers.export(&id) });
    Ok(Json(export.await?))
}

/// Characters a token, roughly.
const CHARS_A_TOKEN: usize = 4;

/// The run in words, for a person or an agent.
pub(crate) async fn summary(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<SummaryQuery>,
) -> Result<Response, Problem> {
    let max_chars = within("max_tokens", query.max_tokens.unwrap_or(2000), 50..=100_000)? * CHARS_A_TOKEN;
    let text = app.ask(move |answers| answers.summary(&id, max_chars)).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
