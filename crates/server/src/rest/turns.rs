//! Turns: what was new for the model, what it said, which tools followed.

use super::{
    cost,
    problem::Problem,
    sent,
    step::{self, Usage},
    timeline::{not_one, with_run},
    wire::{self, ErrorInfo},
};
use crate::{content_stores::ContentStores, state::App};
use axum::{
    Json,
    extract::{Path, State},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::HashSet, sync::Arc};
use turnscope_insight::context::{Difference, difference};
use turnscope_insight::cost::PriceList;
use turnscope_model::{Costs, Message, Purpose};
use turnscope_store::{Reader, StoreError, query::UnitView};

/// One decision of a run's model and what followed from it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Turn {
    pub(crate) n: u64,
    pub(crate) started_at: i64,
    pub(crate) duration_ms: f64,
    pub(crate) llm_step_ids: Vec<String>,
    pub(crate) tool_step_ids: Vec<String>,
    pub(crate) tool_names: Vec<String>,
    pub(crate) usage: Option<Usage>,
    #[serde(flatten)]
    pub(crate) money: wire::Money,
    pub(crate) error: Option<ErrorInfo>,
    /// Messages of the context that the turn before was not sent; null where no messages were captured.
    pub(crate) new_count: Option<usize>,
    /// Messages that the turn before was sent too.
    pub(crate) resent_count: Option<usize>,
    /// Messages of the turn before that are gone: a sliding window, or a compacted history.
    pub(crate) dropped_count: Option<usize>,
    /// The place of the first message that differs from the turn before, where a prompt cache misses; null when the
    /// context only grew.
    pub(crate) breaks_at: Option<usize>,
}

/// A turn with its messages.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TurnDetail {
    #[serde(flatten)]
    turn: Turn,
    run_id: String,
    #[schemars(with = "Vec<serde_json::Value>")]
    new_messages: Vec<Message>,
    /// What the model answered.
    #[schemars(with = "Vec<serde_json::Value>")]
    output: Vec<Message>,
    /// The tool calls that followed.
    tools: Vec<ToolCall>,
}

/// One tool call of a turn.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ToolCall {
    step: step::Step,
    arguments: Option<serde_json::Value>,
    result: Option<serde_json::Value>,
}

/// Contexts are compared for runs of up to this many turns; beyond, each turn is compared when it is asked for.
const COMPARED: usize = 2000;

/// All turns of a run, without messages.
pub(crate) fn of_run(
    reader: &mut Reader,
    view: &UnitView,
    prices: &PriceList,
    run: usize,
) -> Result<Vec<Turn>, StoreError> {
    let turns = &view.projection.runs[run].turns;
    let mut before: Vec<i64> = Vec::new();
    let mut out = Vec::with_capacity(turns.len());
    for index in 0..turns.len() {
        let differs = if turns.len() <= COMPARED {
            let context = context(reader, view, run, index)?;
            let differs = context.as_ref().map(|context| difference(&before, context));
            before = context.unwrap_or(before);
            differs
        } else {
            None
        };
        out.push(turn(view, prices, run, index, differs.as_ref()));
    }
    Ok(out)
}

/// The context of a turn's last model call, as the store's content ids; `None` where no messages were captured.
fn context(
    reader: &mut Reader,
    view: &UnitView,
    run: usize,
    index: usize,
) -> Result<Option<Vec<i64>>, StoreError> {
    let turn = &view.projection.runs[run].turns[index];
    let Some(&call) = turn.llm_steps.last() else { return Ok(None) };
    let step = &view.projection.steps[call];
    let rows: Vec<i64> = step.node.iter().chain(&step.joined).map(|node| view.nodes[*node].row).collect();
    let lists = reader.lists(&rows)?;
    let mut ids = Vec::new();
    for purpose in [Purpose::System, Purpose::Input] {
        for list in lists.iter().filter(|list| list.purpose == purpose) {
            ids.extend(&list.ids);
        }
    }
    Ok((!ids.is_empty()).then_some(ids))
}

fn turn(view: &UnitView, prices: &PriceList, run: usize, index: usize, differs: Option<&Difference>) -> Turn {
    let turn = &view.projection.runs[run].turns[index];
    let step = |place: &usize| &view.projection.steps[*place];
    let mut tool_names: Vec<String> = Vec::new();
    for name in turn.tool_steps.iter().filter_map(|place| step(place).tool_name.clone()) {
        if !tool_names.contains(&name) {
            tool_names.push(name);
        }
    }
    let mut costs = Costs::default();
    for call in turn.llm_steps.iter().filter_map(|place| cost::step_costs(step(place), prices)) {
        costs.add(&call);
    }
    Turn {
        n: turn.n,
        started_at: (turn.start / 1_000_000) as i64,
        duration_ms: wire::ms(turn.end.saturating_sub(turn.start) as i64),
        llm_step_ids: turn.llm_steps.iter().map(|place| step(place).step_id.to_string()).collect(),
        tool_step_ids: turn.tool_steps.iter().map(|place| step(place).step_id.to_string()).collect(),
        tool_names,
        usage: Usage::of(&turn.usage),
        money: wire::Money::of(&costs),
        error: turn.error.as_ref().map(ErrorInfo::from),
        new_count: differs.map(|differs| differs.new.len()),
        resent_count: differs.map(|differs| differs.resent),
        dropped_count: differs.map(|differs| differs.dropped),
        breaks_at: differs.and_then(|differs| differs.breaks_at),
    }
}

/// One turn: what was new in its context, what was re-sent, what came out, the tools that followed.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path((id, n)): Path<(String, u64)>,
) -> Result<Json<TurnDetail>, Problem> {
    let (prices, places) = (app.prices.list(), Arc::clone(&app.places));
    let (found, reply) = with_run(&app, id.clone(), move |reader, run, view, index| {
        let Some(at) = view.projection.runs[index].turns.iter().position(|turn| turn.n == n) else {
            return Ok(Err(view.projection.runs[index].turns.len()));
        };
        detail(reader, view, &prices, &places, index, at, run.start as u64).map(Ok)
    })
    .await?;
    match reply {
        Some(Ok(detail)) => Ok(Json(detail)),
        Some(Err(count)) => Err(Problem::not_found(format!("the run has no turn {n}"))
            .detail(format!("it has {count} turns; GET /v1/runs/{{id}} lists them"))),
        None => Err(not_one(&id, found)),
    }
}

fn detail(
    reader: &mut Reader,
    view: &UnitView,
    prices: &PriceList,
    places: &ContentStores,
    run: usize,
    at: usize,
    zero: u64,
) -> Result<TurnDetail, StoreError> {
    let view_turn = &view.projection.runs[run].turns[at];
    let mut before = Vec::new();
    for earlier in (0..at).rev() {
        if let Some(context) = context(reader, view, run, earlier)? {
            before = context;
            break;
        }
    }
    let differs = context(reader, view, run, at)?.map(|context| difference(&before, &context));
    let mut new_messages = Vec::new();
    let mut output = Vec::new();
    if let Some(&call) = view_turn.llm_steps.last() {
        let known: HashSet<String> = match (0..at)
            .rev()
            .find_map(|earlier| view.projection.runs[run].turns[earlier].llm_steps.last().copied())
        {
            Some(earlier) => sent::content(reader, view, places, earlier)?
                .input
                .into_iter()
                .filter_map(|message| message.id)
                .collect(),
            None => HashSet::new(),
        };
        let content = sent::content(reader, view, places, call)?;
        if at == 0 && !content.system.is_empty() {
            let parts = content.system;
            new_messages.push(Message { role: "system".into(), parts, ..Message::default() });
        }
        new_messages
            .extend(content.input.into_iter().filter(|m| m.id.as_ref().is_none_or(|id| !known.contains(id))));
        output = content.output;
    }
    let mut tools = Vec::new();
    for &place in &view_turn.tool_steps {
        let content = sent::content(reader, view, places, place)?;
        tools.push(ToolCall {
            step: step::Step::of(view, prices, place, zero),
            arguments: content.arguments.or(content.input_value),
            result: content.result.or(content.output_value),
        });
    }
    Ok(TurnDetail {
        turn: turn(view, prices, run, at, differs.as_ref()),
        run_id: view.projection.runs[run].run_id.to_string(),
        new_messages,
        output,
        tools,
    })
}
