//! `GET /v1/runs/{id}/context`: what filled the context window of each model call of a run.

use super::{
    problem::Problem,
    timeline::{not_one, with_run},
};
use crate::state::App;
use axum::{
    Json,
    extract::{Path, State},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::HashMap, sync::Arc};
use turnscope_insight::context::{Entry, What, Window, window};
use turnscope_model::{Kind, Part, Purpose};
use turnscope_otlp::messages::item_messages;
use turnscope_store::{Reader, StoreError, project::StepView, query::UnitView};

/// The context windows of a run's model calls, in order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunContext {
    run_id: String,
    /// Calls whose messages were captured.
    calls: Vec<CallContext>,
    /// Calls whose messages were not.
    unknown_count: usize,
}

/// The window of one call, and how it differs from that of the call before.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CallContext {
    step_id: String,
    turn: Option<u64>,
    started_at: i64,
    model: Option<String>,
    /// As the provider counts; null when unknown.
    input_tokens: Option<u64>,
    bytes: u64,
    segments: Vec<ContextSegment>,
    /// Messages that the call before was sent too.
    resent_count: usize,
    /// Messages of the call before that are gone.
    dropped_count: usize,
    /// New messages that stand before one that was sent again.
    rewritten_count: usize,
    /// History was replaced by less.
    compacted: bool,
    /// The first message that differs from the call before, where a prompt cache misses; null when the context only grew.
    change_at: Option<usize>,
}

/// What fills a part of a window.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ContextSegment {
    /// `system`, `tools`, `history`, `tool_results` or `new`.
    what: String,
    messages: usize,
    bytes: u64,
    /// Its share of `input_tokens`, by bytes.
    tokens: Option<u64>,
}

/// What filled the context window of each model call of the run, and where it was compacted or rewritten.
pub(crate) async fn context(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<RunContext>, Problem> {
    let (found, reply) =
        with_run(&app, id.clone(), move |reader, _, view, index| windows(reader, view, index)).await?;
    reply.map(Json).ok_or_else(|| not_one(&id, found))
}

fn windows(reader: &mut Reader, view: &UnitView, run: usize) -> Result<RunContext, StoreError> {
    let mut known: HashMap<i64, (What, u64)> = HashMap::new();
    let mut before: Vec<Entry> = Vec::new();
    let mut out = RunContext {
        run_id: view.projection.runs[run].run_id.to_string(),
        calls: Vec::new(),
        unknown_count: 0,
    };
    let steps = view.projection.steps.iter();
    for step in steps.filter(|step| step.run == Some(run) && step.kind == Kind::Llm && step.counted) {
        let now = entries(reader, view, step, &mut known)?;
        if now.is_empty() {
            out.unknown_count += 1;
            continue;
        }
        let window = window(&before, &now, step.usage.input_tokens);
        out.calls.push(shown(step, &window));
        before = now;
    }
    Ok(out)
}

/// What a call was sent. Each content is read once, however often it was sent again.
fn entries(
    reader: &mut Reader,
    view: &UnitView,
    step: &StepView,
    known: &mut HashMap<i64, (What, u64)>,
) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<i64> = step.node.iter().chain(&step.joined).map(|node| view.nodes[*node].row).collect();
    let lists = reader.lists(&rows)?;
    let mut out = Vec::new();
    for purpose in [Purpose::System, Purpose::Definitions, Purpose::Input] {
        for &id in lists.iter().filter(|list| list.purpose == purpose).flat_map(|list| &list.ids) {
            if let Some(&(what, bytes)) = known.get(&id) {
                out.push(Entry { id, what, bytes });
                continue;
            }
            let (form, content) = reader.item(id)?;
            let what = match purpose {
                Purpose::System => What::System,
                Purpose::Definitions => What::Tools,
                _ => what(&item_messages(form, &content)),
            };
            let bytes = content.len() as u64;
            known.insert(id, (what, bytes));
            out.push(Entry { id, what, bytes });
        }
    }
    Ok(out)
}

fn what(messages: &[turnscope_model::Message]) -> What {
    let is_result = |part: &Part| matches!(part, Part::ToolCallResponse { .. });
    if messages.iter().any(|message| matches!(message.role.as_str(), "system" | "developer")) {
        What::System
    } else if messages.iter().any(|message| message.role == "tool" || message.parts.iter().any(is_result)) {
        What::ToolResults
    } else {
        What::History
    }
}

fn shown(step: &StepView, window: &Window) -> CallContext {
    CallContext {
        step_id: step.step_id.to_string(),
        turn: step.turn,
        started_at: (step.start / 1_000_000) as i64,
        model: step.facts.response_model.clone().or_else(|| step.facts.request_model.clone()),
        input_tokens: step.usage.input_tokens,
        bytes: window.bytes,
        segments: window
            .segments
            .iter()
            .map(|segment| ContextSegment {
                what: segment.what.as_str().to_owned(),
                messages: segment.messages,
                bytes: segment.bytes,
                tokens: segment.tokens,
            })
            .collect(),
        resent_count: window.resent,
        dropped_count: window.dropped,
        rewritten_count: window.rewritten,
        compacted: window.is_compacted,
        change_at: window.change_at,
    }
}
