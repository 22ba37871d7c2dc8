//! The steps of a run: in order with child runs (`timeline`), flat (`steps`), one whole (`data`).

use super::parameters::{limit, not_together, within};
use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use std::sync::Arc;
use turnscope_answers::StepFilter;
use turnscope_api::{StepData, StepExplanation, Steps, StepsQuery, TimelineQuery, TimelineReply};
use turnscope_model::Kind;

/// Steps with data that one window may hold.
const WITH_DATA: usize = 200;
/// Steps that one window holds when nothing is said, and at most.
const WINDOW: usize = 10_000;
const MAX_WINDOW: usize = 100_000;

/// The steps of a run in order, child runs' steps too.
pub(crate) async fn timeline(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<TimelineQuery>,
) -> Result<Json<TimelineReply>, Problem> {
    let with_data = query.include_data.unwrap_or(false);
    let limit = query.limit.unwrap_or(if with_data { WITH_DATA } else { WINDOW });
    let limit = within("limit", limit, 1..=if with_data { WITH_DATA } else { MAX_WINDOW })?;
    let columns = match query.format.as_deref() {
        None | Some("steps") => false,
        Some("columns") => true,
        Some(other) => {
            return Err(Problem::bad_request(format!("there is no format {other:?}"))
                .detail("take columns, or leave it out"));
        }
    };
    not_together(&[("include_data=true", with_data), ("format=columns", columns)])?;
    let children = query.children.unwrap_or(true);
    let window = (query.from.unwrap_or(0), limit);
    let reply = app.ask(move |answers| {
        Ok(if columns {
            TimelineReply::Columns(Box::new(answers.timeline_columns(&id, children, window)?))
        } else {
            TimelineReply::Steps(answers.timeline(&id, children, window, with_data)?)
        })
    });
    Ok(Json(reply.await?))
}

/// The run's own steps, flat.
pub(crate) async fn steps(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<StepsQuery>,
) -> Result<Json<Steps>, Problem> {
    let filter = StepFilter {
        kinds: kinds(&query)?,
        errors_only: query.event_type.as_deref() == Some("error"),
        last_only: query.event_type.as_deref() == Some("final_answer"),
    };
    let (limit, offset) = (limit(query.limit, WINDOW, MAX_WINDOW)?, query.offset.unwrap_or(0));
    Ok(Json(app.ask(move |answers| answers.steps(&id, &filter, offset, limit)).await?))
}

fn kinds(query: &StepsQuery) -> Result<Option<Vec<Kind>>, Problem> {
    not_together(&[("kind", query.kind.is_some()), ("event_type", query.event_type.is_some())])?;
    if let Some(kinds) = &query.kind {
        let parsed: Result<Vec<Kind>, ()> = kinds.split(',').map(str::parse).collect();
        return parsed.map(Some).map_err(|()| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            Problem::bad_request(format!("there is no kind {kinds:?}"))
                .detail(format!("take {}", known.join(", ")))
        });
    }
    match query.event_type.as_deref() {
        None | Some("error") => Ok(None),
        Some("llm_call" | "final_answer") => Ok(Some(vec![Kind::Llm])),
        Some("tool_call") => Ok(Some(vec![Kind::Tool])),
        Some("memory_read" | "memory_write") => Ok(Some(vec![Kind::Memory])),
        Some("custom") => Ok(Some(vec![Kind::Other])),
        Some(other) => Err(Problem::bad_request(format!("there is no event_type {other:?}"))
            .detail("take llm_call, tool_call, memory_read, memory_write, final_answer, error or custom")),
    }
}

/// One step whole.
pub(crate) async fn data(
    State(app): State<Arc<App>>,
    Path((id, step_id)): Path<(String, String)>,
) -> Result<Json<StepData>, Problem> {
    Ok(Json(app.ask(move |answers| answers.step(&id, &step_id)).await?))
}

/// Why the facts of one step are what they are, and what was sent and not understood.
pub(crate) async fn explain(
    State(app): State<Arc<App>>,
    Path((id, step_id)): Path<(String, String)>,
) -> Result<Json<StepExplanation>, Problem> {
    Ok(Json(app.ask(move |answers| answers.explain(&id, &step_id)).await?))
}
