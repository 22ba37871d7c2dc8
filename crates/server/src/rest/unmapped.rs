//! `GET /v1/unmapped`: what was sent and no rule understood.

use super::{parameters::limit, runs};
use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Query, State},
};
use std::sync::Arc;
use turnscope_api::{RunQuery, Unmapped, UnmappedQuery};

/// What no rule understood, what looks most like a fact first.
pub(crate) async fn unmapped(
    State(app): State<Arc<App>>,
    Query(query): Query<UnmappedQuery>,
) -> Result<Json<Unmapped>, Problem> {
    let of_runs = RunQuery { q: query.q.clone(), tz: query.tz, ..RunQuery::default() };
    let filter = runs::filter(&of_runs, app.moment().now_ms)?;
    let filter = query.q.is_some().then_some(filter);
    let entries = limit(query.limit.map(|n| n as u64), 100, 1000)? as usize;
    let records = limit(query.records.map(|n| n as u64), 2000, 20_000)? as usize;
    Ok(Json(app.ask(move |answers| answers.unmapped(filter.as_ref(), records, entries)).await?))
}
