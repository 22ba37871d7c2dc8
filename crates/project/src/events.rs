//! Log events that stand for steps of their own: grouped by key, and given up where a span reports the same step.
//!
//! An event meets its span by what both name (the tool call's id, the response's id), else, for model calls, by the
//! same tokens in the same trace at the right time. Not here: log records that only add to a span (`tree`).

use super::{
    RecordFacts,
    step::{Step, join},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use turnscope_model::{Kind, Role, SpanId, TraceId, UnixNanos};

/// How long after a call's end its event may be written.
const LATE: UnixNanos = 5_000_000_000;

/// Joins the events to `steps`, or appends steps for them. Gives the step that each key names.
pub(super) fn merge(
    steps: &mut Vec<Step>,
    by_span: &HashMap<(TraceId, SpanId), usize>,
    records: &[RecordFacts],
    order: &[usize],
) -> HashMap<String, usize> {
    let mut groups: Vec<(&String, Vec<usize>)> = Vec::new();
    let mut group_of: HashMap<&String, usize> = HashMap::new();
    for &i in order {
        if let Role::Event { key, .. } = &records[i].role {
            let group = *group_of.entry(key).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
            groups[group].1.push(i);
        }
    }
    if groups.is_empty() {
        return HashMap::new();
    }
    let mut natural = Natural::of(steps);
    let mut by_key = HashMap::with_capacity(groups.len());
    for (key, events) in groups {
        let event = one_step(&events, records);
        let place = natural.span_of(&event, steps, by_span);
        if let Some(place) = place {
            for &i in &events {
                join(&mut steps[place], i, &records[i]);
            }
        } else {
            let mut event = event;
            event.key = Some(key.clone());
            event.span = None;
            steps.push(event);
        }
        by_key.insert(key.clone(), place.unwrap_or(steps.len() - 1));
    }
    by_key
}

/// All events of one key as one step.
fn one_step(events: &[usize], records: &[RecordFacts]) -> Step {
    let mut step = Step::of(events[0], &records[events[0]]);
    for &i in &events[1..] {
        let record = &records[i];
        join(&mut step, i, record);
        if step.kind == Kind::Other {
            step.kind = record.facts.kind;
        }
        step.start = step.start.min(record.start);
        step.end = step.end.max(record.end);
        step.status = if record.status as u8 > step.status as u8 { record.status } else { step.status };
    }
    if step.facts.name.is_empty() {
        let named = events.iter().map(|&i| &records[i].facts.name).find(|name| !name.is_empty());
        if let Some(name) = named {
            Arc::make_mut(&mut step.facts).name.clone_from(name);
        }
    }
    step
}

/// What the spans of the group can be found by.
struct Natural {
    by_tool_call: HashMap<String, usize>,
    by_response: HashMap<String, usize>,
    /// Model calls that no event has claimed yet, by trace and tokens, each with its end.
    calls: HashMap<(TraceId, Tokens), BTreeSet<(UnixNanos, usize)>>,
}

type Tokens = (Option<u64>, Option<u64>);

fn tokens(step: &Step) -> Tokens {
    (step.facts.usage.input_tokens, step.facts.usage.output_tokens)
}

impl Natural {
    fn of(steps: &[Step]) -> Self {
        let mut found =
            Self { by_tool_call: HashMap::new(), by_response: HashMap::new(), calls: HashMap::new() };
        for (i, step) in steps.iter().enumerate() {
            if let Some(id) = &step.facts.tool_call_id {
                let first = found.by_tool_call.entry(id.clone()).or_insert(i);
                if steps[*first].kind != Kind::Tool && step.kind == Kind::Tool {
                    *first = i;
                }
            }
            if step.is_call() {
                if let Some(id) = &step.facts.response_id {
                    found.by_response.entry(id.clone()).or_insert(i);
                }
                if let Some(trace) = step.trace {
                    found.calls.entry((trace, tokens(step))).or_default().insert((step.end_or_start(), i));
                }
            }
        }
        found
    }

    fn span_of(
        &mut self,
        event: &Step,
        steps: &[Step],
        by_span: &HashMap<(TraceId, SpanId), usize>,
    ) -> Option<usize> {
        let facts = &event.facts;
        let found = match event.kind {
            Kind::Tool | Kind::Policy => {
                facts.tool_call_id.as_ref().and_then(|id| self.by_tool_call.get(id)).copied()
            }
            Kind::Llm | Kind::Embedding => {
                let named = facts.response_id.as_ref().and_then(|id| self.by_response.get(id)).copied();
                named.or_else(|| self.by_tokens(event, steps))
            }
            _ => None,
        };
        if let Some(found) = found {
            if let Some(trace) = steps[found].trace
                && let Some(calls) = self.calls.get_mut(&(trace, tokens(&steps[found])))
            {
                calls.remove(&(steps[found].end_or_start(), found));
            }
            return Some(found);
        }
        // The event names a span of its own kind: it is that span's.
        let record_span = event.trace.zip(event.span);
        record_span.and_then(|id| by_span.get(&id)).copied().filter(|&i| steps[i].kind == event.kind)
    }

    /// The call with the event's tokens whose end is nearest to it.
    fn by_tokens(&self, event: &Step, steps: &[Step]) -> Option<usize> {
        let at = event.end_or_start();
        let fits = |&(end, i): &(UnixNanos, usize)| {
            let step = &steps[i];
            let same = !event.facts.usage.is_unknown()
                || step.failed() == event.failed() && step.facts.request_model == event.facts.request_model;
            same && step.start <= at && event.start <= end.saturating_add(LATE)
        };
        let calls = self.calls.get(&(event.trace?, tokens(event)))?;
        let before = calls.range(..(at, 0)).next_back().filter(|call| fits(call));
        let after = calls.range((at, 0)..).next().filter(|call| fits(call));
        [before, after].into_iter().flatten().min_by_key(|(end, i)| (end.abs_diff(at), *i)).map(|(_, i)| *i)
    }
}
