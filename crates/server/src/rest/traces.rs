//! `GET /v1/traces` and `GET /v1/traces/{trace_id}`: traces of any kind, those that make no run too.

use super::{problem::Problem, step::Step, wire::Run};
use crate::state::App;
use axum::{
    Json,
    extract::{Path, Query, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use turnscope_model::TraceId;

/// Which traces.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct TracesQuery {
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One trace's summary.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Trace {
    trace_id: String,
    name: String,
    service_name: String,
    started_at: i64,
    ended_at: i64,
    duration_ms: f64,
    span_count: u64,
    /// Whether it makes runs.
    has_runs: bool,
}

/// Traces, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Traces {
    traces: Vec<Trace>,
    next_cursor: Option<String>,
}

/// A trace whole: the runs it makes, and every span once.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TraceDetail {
    trace_id: String,
    runs: Vec<Run>,
    steps: Vec<Step>,
}

/// Traces of any kind, newest first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<TracesQuery>,
) -> Result<Json<Traces>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, 1000);
    let before = match &query.cursor {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Problem::bad_request("the cursor is none of ours").detail("pass next_cursor of the page before")
        })?),
    };
    let traces = app.ask(move |reader| reader.traces(before, limit)).await?;
    let next_cursor =
        traces.last().filter(|_| traces.len() == limit as usize).map(|trace| trace.start.to_string());
    Ok(Json(Traces {
        traces: traces
            .into_iter()
            .map(|trace| Trace {
                trace_id: trace.trace_id.to_string(),
                name: trace.name,
                service_name: trace.service_name,
                started_at: trace.start / 1_000_000,
                ended_at: trace.end / 1_000_000,
                duration_ms: trace.end.saturating_sub(trace.start) as f64 / 1e6,
                span_count: trace.span_count,
                has_runs: trace.has_runs,
            })
            .collect(),
        next_cursor,
    }))
}

/// One trace: the runs it makes, and every span once.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<TraceDetail>, Problem> {
    let trace: TraceId =
        id.parse().map_err(|error: turnscope_model::IdError| Problem::bad_request(error.to_string()))?;
    let moment = app.moment();
    let prices = app.prices.list();
    let detail = app
        .ask(move |reader| {
            let Some(view) = reader.trace(trace)? else { return Ok(None) };
            let within: Vec<usize> = (0..view.projection.steps.len())
                .filter(|place| {
                    let step = &view.projection.steps[*place];
                    step.node.is_some_and(|node| view.nodes[node].trace_id == Some(trace))
                })
                .collect();
            let zero = within.iter().map(|place| view.projection.steps[*place].start).min().unwrap_or(0);
            let mut runs = Vec::new();
            for (index, run) in view.projection.runs.iter().enumerate() {
                if within.iter().any(|place| view.projection.steps[*place].run == Some(index))
                    && let Some(run) = reader.run(run.run_id)?
                {
                    runs.push(Run::of(&run, moment));
                }
            }
            let steps = within.iter().map(|place| Step::of(&view, &prices, *place, zero)).collect();
            Ok(Some(TraceDetail { trace_id: trace.to_string(), runs, steps }))
        })
        .await?;
    detail.map(Json).ok_or_else(|| {
        Problem::not_found(format!("there is no trace {trace}"))
            .detail("GET /v1/traces lists the traces there are")
    })
}
