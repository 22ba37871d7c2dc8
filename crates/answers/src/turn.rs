//! Turns: what was new for the model, what it said, which tools followed.

use crate::{
    AnswerError, Answers, Result, cost, step,
    telemetry::Telemetry,
    wire::{at_ms, error_info, money, ms_between, sent_as_null, usage},
};
use std::collections::{HashMap, HashSet};
use turnscope_api::{ToolCall, Turn, TurnDetail};
use turnscope_insight::{
    context::{Difference, difference},
    cost::PriceList,
};
use turnscope_model::{ContentId, Costs, Message, Purpose, RecordId};
use turnscope_otlp::messages::mark_injected;
use turnscope_project::TraceGroup;
use turnscope_store::{ContextList, Reader};

impl Answers {
    /// One turn: what was new in its context, what was sent again, what came out, the tools that followed.
    pub fn turn(&self, run: &str, n: u64) -> Result<TurnDetail> {
        self.about_run_with_contents(run, |reader, found, fetched| {
            let turns = &found.group.projection.runs[found.index].turns;
            let Some(at) = turns.iter().position(|turn| turn.n == n) else {
                return Err(AnswerError::not_found(
                    format!("the run has no turn {n}"),
                    format!("it has {} turns; GET /v1/runs/{{id}} lists them", turns.len()),
                ));
            };
            let differs = differs_at(reader, &found.group, found.index, at)?;
            let telemetry = &mut Telemetry::new(reader, &found.group, fetched);
            let turn = turn(&found.group, &self.prices, found.index, at, differs.as_ref());
            detail(telemetry, &found.group, &self.prices, found.index, at, turn)
        })
    }
}

/// Contexts are compared for runs of up to this many turns; beyond, each turn is compared when it is asked for.
const COMPARED: usize = 2000;

/// All turns of a run, without messages.
pub(crate) fn all(
    reader: &mut dyn Reader,
    group: &TraceGroup,
    prices: &PriceList,
    run: usize,
) -> Result<Vec<Turn>> {
    let count = group.projection.runs[run].turns.len();
    let contexts =
        if count <= COMPARED { contexts(reader, group, run, 0..count)? } else { vec![None; count] };
    let mut before: Vec<ContentId> = Vec::new();
    let mut turns = Vec::with_capacity(count);
    for (at, context) in contexts.into_iter().enumerate() {
        let differs = context.as_ref().map(|context| difference(&before, context));
        before = context.unwrap_or(before);
        turns.push(turn(group, prices, run, at, differs.as_ref()));
    }
    Ok(turns)
}

/// The contexts of the last model call of some turns, as content ids; `None` where no messages were captured.
fn contexts(
    reader: &mut dyn Reader,
    group: &TraceGroup,
    run: usize,
    turns: std::ops::Range<usize>,
) -> Result<Vec<Option<Vec<ContentId>>>> {
    let last_calls: Vec<Option<usize>> =
        group.projection.runs[run].turns[turns].iter().map(|turn| turn.llm_steps.last().copied()).collect();
    let records_of = |call: usize| group.records_of_step(call).map(|record| record.id);
    let records: Vec<RecordId> = last_calls.iter().flatten().flat_map(|call| records_of(*call)).collect();
    let mut lists: HashMap<RecordId, Vec<ContextList>> = HashMap::new();
    for list in reader.contexts(&records)? {
        lists.entry(list.record).or_default().push(list);
    }
    let context = |call: Option<usize>| {
        let own: Vec<&ContextList> =
            records_of(call?).filter_map(|record| lists.get(&record)).flatten().collect();
        let mut ids = Vec::new();
        for purpose in [Purpose::System, Purpose::Input] {
            for list in own.iter().filter(|list| list.purpose == purpose) {
                ids.extend(&list.contents);
            }
        }
        (!ids.is_empty()).then_some(ids)
    };
    Ok(last_calls.into_iter().map(context).collect())
}

/// How the context of a turn differs from the one before it that was captured.
fn differs_at(
    reader: &mut dyn Reader,
    group: &TraceGroup,
    run: usize,
    at: usize,
) -> Result<Option<Difference>> {
    let Some(context) = contexts(reader, group, run, at..at + 1)?.pop().flatten() else { return Ok(None) };
    let mut before = Vec::new();
    for earlier in (0..at).rev() {
        if let Some(found) = contexts(reader, group, run, earlier..earlier + 1)?.pop().flatten() {
            before = found;
            break;
        }
    }
    Ok(Some(difference(&before, &context)))
}

fn turn(group: &TraceGroup, prices: &PriceList, run: usize, at: usize, differs: Option<&Difference>) -> Turn {
    let turn = &group.projection.runs[run].turns[at];
    let step = |index: &usize| &group.projection.steps[*index];
    let mut tool_names: Vec<String> = Vec::new();
    for name in turn.tool_steps.iter().filter_map(|index| step(index).tool_name.clone()) {
        if !tool_names.contains(&name) {
            tool_names.push(name);
        }
    }
    let mut costs = Costs::default();
    for call in turn.llm_steps.iter().filter_map(|index| cost::of_step(step(index), prices)) {
        costs.add(&call);
    }
    Turn {
        n: turn.n,
        started_at: at_ms(turn.start),
        duration_ms: ms_between(turn.start, turn.end),
        llm_step_ids: turn.llm_steps.iter().map(|index| step(index).step_id.to_string()).collect(),
        tool_step_ids: turn.tool_steps.iter().map(|index| step(index).step_id.to_string()).collect(),
        tool_names,
        usage: usage(&turn.usage),
        money: money(&costs),
        error: turn.error.as_ref().map(error_info),
        new_count: differs.map(|differs| differs.new.len()),
        resent_count: differs.map(|differs| differs.resent),
        dropped_count: differs.map(|differs| differs.dropped),
        breaks_at: differs.and_then(|differs| differs.breaks_at),
    }
}

fn detail(
    telemetry: &mut Telemetry<'_>,
    group: &TraceGroup,
    prices: &PriceList,
    run: usize,
    at: usize,
    turn: Turn,
) -> Result<TurnDetail> {
    let (view, turns) = (&group.projection.runs[run], &group.projection.runs[run].turns);
    let call = turns[at].llm_steps.last().copied();
    let earlier = turns[..at].iter().rev().find_map(|turn| turn.llm_steps.last().copied());
    telemetry.load(call.into_iter().chain(earlier).chain(turns[at].tool_steps.iter().copied()))?;
    let mut new_messages = Vec::new();
    let mut output = Vec::new();
    if let Some(call) = call {
        let known: HashSet<String> = match earlier {
            Some(earlier) => {
                telemetry.content(earlier)?.input.into_iter().filter_map(|message| message.id).collect()
            }
            None => HashSet::new(),
        };
        let content = telemetry.content(call)?;
        if at == 0 && !content.system.is_empty() {
            let parts = content.system;
            new_messages.push(Message { role: "system".into(), parts, ..Message::default() });
        }
        let is_new = |message: &Message| message.id.as_ref().is_none_or(|id| !known.contains(id));
        new_messages.extend(content.input.into_iter().filter(is_new));
        mark_injected(&mut new_messages);
        output = content.output;
    }
    let mut tools = Vec::new();
    for &index in &turns[at].tool_steps {
        let content = telemetry.content(index)?;
        let arguments = content.arguments.or(content.input_value);
        let result = content.result.or(content.output_value);
        let sent_as_null = sent_as_null(&[("arguments", &arguments), ("result", &result)]);
        let step = step::step(group, prices, index, view.start);
        tools.push(ToolCall { step, arguments, result, sent_as_null });
    }
    Ok(TurnDetail { turn, run_id: view.run_id.to_string(), new_messages, output, tools })
}
