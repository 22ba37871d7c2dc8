//! Log events that stand for steps of their own: grouped by key, and given up where a span reports the same step.
//!
//! An event meets its span by what both name (the tool call's id, the response's id), else by the same tokens or the
//! same tool at the right time. Not here: log records that only add to a span (`tree`).

use super::{
    RecordFacts,
    step::{Step, fuller, join, same_tool},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use turnscope_model::{Kind, Role, SpanId, TraceId, UnixNanos};

/// How long before the span of what it tells of an event may be written: both are made as an answer ends.
const EARLY: UnixNanos = 1_000_000_000;
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
            let usage = fuller(&steps[place].facts.usage, &event.facts.usage);
            for &i in &events {
                join(&mut steps[place], i, &records[i]);
            }
            let step = &mut steps[place];
            if step.is_call() {
                Arc::make_mut(&mut step.facts).usage = usage;
            }
            take_plain_name(step, &event);
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

/// A span's tool may be named with its server in front and nothing between; the event has the name alone.
fn take_plain_name(step: &mut Step, event: &Step) {
    if let (Some(long), Some(plain)) = (&step.tool_name, &event.tool_name)
        && long.len() > plain.len()
        && long.ends_with(plain.as_str())
        && !same_tool(long, plain)
    {
        step.tool_name.clone_from(&event.tool_name);
    }
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
    /// Model calls that no event has claimed yet, by their input tokens, each with its end.
    calls: HashMap<Option<u64>, BTreeSet<(UnixNanos, usize)>>,
    /// Tool calls that no event has claimed yet, by name, each with its end.
    tools: HashMap<String, BTreeSet<(UnixNanos, usize)>>,
}

impl Natural {
    fn of(steps: &[Step]) -> Self {
        let mut found = Self {
            by_tool_call: HashMap::new(),
            by_response: HashMap::new(),
            calls: HashMap::new(),
            tools: HashMap::new(),
        };
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
                let tokens = step.facts.usage.input_tokens;
                found.calls.entry(tokens).or_default().insert((step.end_or_start(), i));
            }
            if step.kind == Kind::Tool
                && let Some(name) = &step.tool_name
            {
                found.tools.entry(name.clone()).or_default().insert((step.end_or_start(), i));
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
            Kind::Tool | Kind::Policy => match &facts.tool_call_id {
                Some(id) => self.by_tool_call.get(id).copied(),
                None => self.by_tool_name(event, steps),
            },
            Kind::Llm | Kind::Embedding => {
                let named = facts.response_id.as_ref().and_then(|id| self.by_response.get(id)).copied();
                named.or_else(|| self.by_tokens(event, steps))
            }
            _ => None,
        };
        if let Some(found) = found {
            let claimed = (steps[found].end_or_start(), found);
            if let Some(calls) = self.calls.get_mut(&steps[found].facts.usage.input_tokens) {
                calls.remove(&claimed);
            }
            if let Some(tools) = steps[found].tool_name.as_ref().and_then(|name| self.tools.get_mut(name)) {
                tools.remove(&claimed);
            }
            return Some(found);
        }
        // The event names a span of its own kind: it is that span's.
        let record_span = event.trace.zip(event.span);
        record_span.and_then(|id| by_span.get(&id)).copied().filter(|&i| steps[i].kind == event.kind)
    }

    /// The call with the event's tokens whose end is nearest to it.
    fn by_tokens(&self, event: &Step, steps: &[Step]) -> Option<usize> {
        let facts = &event.facts;
        let fits = |step: &Step| {
            // What counts as output differs between the two; what was failed has none.
            if facts.usage.is_unknown() {
                step.failed() == event.failed() && step.facts.request_model == facts.request_model
            } else {
                !step.facts.usage.is_unknown()
            }
        };
        let same = self.calls.get(&facts.usage.input_tokens);
        let same = same.and_then(|calls| nearest(calls, event, steps, fits));
        let silent = || {
            let silent = |step: &Step| {
                !step.failed()
                    && step.facts.usage.is_unknown()
                    && step.facts.request_model == facts.request_model
            };
            nearest(self.calls.get(&None)?, event, steps, silent)
        };
        same.or_else(|| silent().filter(|_| !facts.usage.is_unknown()))
    }

    /// The call of the event's tool whose end is nearest to it.
    fn by_tool_name(&self, event: &Step, steps: &[Step]) -> Option<usize> {
        nearest(self.tools.get(event.tool_name.as_ref()?)?, event, steps, |_| true)
    }
}

/// So many are looked at on either side of the event's time.
const NEAR: usize = 8;

/// The step that ended nearest to the event, of those that were going on when it was written, or had just ended.
fn nearest(
    ends: &BTreeSet<(UnixNanos, usize)>,
    event: &Step,
    steps: &[Step],
    fits: impl Fn(&Step) -> bool,
) -> Option<usize> {
    let at = event.end_or_start();
    let possible = |&&(end, i): &&(UnixNanos, usize)| {
        let step = &steps[i];
        (event.trace.is_none() || step.trace == event.trace)
            && step.start <= at.saturating_add(EARLY)
            && event.start <= end.saturating_add(LATE)
            && fits(step)
    };
    let before = ends.range(..(at, 0)).rev().take(NEAR).find(possible);
    let after = ends.range((at, 0)..).take(NEAR).find(possible);
    [before, after].into_iter().flatten().min_by_key(|(end, i)| (end.abs_diff(at), *i)).map(|(_, i)| *i)
}
