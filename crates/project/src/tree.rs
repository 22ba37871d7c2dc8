//! From records to a forest of steps: each span once, logs and events joined, parents found.
//!
//! In: records in any order. Out: steps in pre-order, siblings by start, so that an index range is a subtree. Parents
//! that never came make orphans, parents that go round in a circle are cut at the earliest step. No recursion: depth
//! is bounded by nothing. Not here: what a run or a call is.

use super::{
    RecordFacts, events,
    step::{Step, fill_from_logs},
};
use std::{
    cmp::{Ordering, Reverse},
    collections::HashMap,
    sync::Arc,
};
use turnscope_model::{Facts, Kind, Role, SpanId, TraceId};

/// The steps of these records, in pre-order.
pub(super) fn build(records: &[RecordFacts]) -> Vec<Step> {
    let mut order: Vec<usize> = (0..records.len()).collect();
    order.sort_by(|&a, &b| canonical(&records[a], &records[b]));

    let (mut steps, mut by_span) = spans(records, &order);
    join_logs(&mut steps, &by_span, records, &order);
    let fixed = steps.len();
    let mut by_key = events::merge(&mut steps, &by_span, records, &order);
    if steps.len() > fixed {
        // Events stand among the spans by their time.
        let mut rank: Vec<usize> = (0..steps.len()).collect();
        rank.sort_by_key(|&i| (steps[i].start, i >= fixed, i));
        let place = inverse(&rank);
        steps = rank.iter().map(|&i| steps[i].clone()).collect();
        by_span.values_mut().chain(by_key.values_mut()).for_each(|i| *i = place[*i]);
    }
    let mut parents: Vec<_> = steps.iter().map(|step| parent_of(step, records, &by_span, &by_key)).collect();
    hang_invoked_agents(&steps, &mut parents);
    preorder(steps, &cut_cycles(parents))
}

/// An agent that goes on in a trace of its own belongs under the tool call that it says started it.
fn hang_invoked_agents(steps: &[Step], parents: &mut [Option<usize>]) {
    let invoking = |i: usize| {
        let step = &steps[i];
        step.facts.tool_call_id.as_ref().filter(|_| step.kind == Kind::Run && parents[i].is_none())
    };
    let invoked: Vec<(usize, &String)> = (0..steps.len()).filter_map(|i| Some((i, invoking(i)?))).collect();
    if invoked.is_empty() {
        return;
    }
    let mut tools: HashMap<&String, usize> = HashMap::new();
    for (i, step) in steps.iter().enumerate().filter(|(_, step)| step.kind == Kind::Tool) {
        if let Some(id) = &step.facts.tool_call_id {
            tools.entry(id).or_insert(i);
        }
    }
    for (agent, call) in invoked {
        parents[agent] = tools.get(call).copied();
    }
}

/// An order that depends on what the records say, not on how they came.
fn canonical(a: &RecordFacts, b: &RecordFacts) -> Ordering {
    let ids = |n: &RecordFacts| (n.start, n.trace_id, n.span_id, n.parent_span_id, Reverse(n.end));
    let role = |n: &RecordFacts| match &n.role {
        Role::Span => (0, None),
        Role::Open => (1, None),
        Role::Event { key, parent } => (2, Some((key.clone(), parent.clone()))),
        Role::Log => (3, None),
    };
    let facts = |f: &Facts| {
        (
            f.kind,
            f.response_id.clone(),
            f.tool_call_id.clone(),
            f.input_text.clone(),
            f.output_text.clone(),
            f.usage.total_tokens(),
        )
    };
    ids(a)
        .cmp(&ids(b))
        .then_with(|| role(a).cmp(&role(b)))
        .then_with(|| a.facts.name.cmp(&b.facts.name))
        .then_with(|| facts(&a.facts).cmp(&facts(&b.facts)))
}

type BySpan = HashMap<(TraceId, SpanId), usize>;

/// One step for each span. A finished span takes the place of an open one, a later end that of an earlier one.
fn spans(records: &[RecordFacts], order: &[usize]) -> (Vec<Step>, BySpan) {
    let mut best: HashMap<(TraceId, SpanId), Vec<usize>> = HashMap::new();
    let mut nameless = Vec::new();
    for &i in order {
        if !matches!(records[i].role, Role::Span | Role::Open) {
            continue;
        }
        match (records[i].trace_id, records[i].span_id) {
            (Some(trace), Some(span)) => best.entry((trace, span)).or_default().push(i),
            _ => nameless.push(Step::of(i, &records[i])),
        }
    }
    let finished = |i: usize| (records[i].role == Role::Span && records[i].end.is_some(), records[i].end);
    let mut steps: Vec<Step> = best
        .into_values()
        .map(|versions| {
            let winner =
                versions.iter().copied().reduce(|a, b| if finished(b) > finished(a) { b } else { a });
            let winner = winner.unwrap_or_default();
            let mut step = Step::of(winner, &records[winner]);
            if records[winner].role == Role::Open {
                step.end = None;
            }
            step.joined = versions.into_iter().filter(|&i| i != winner).collect();
            step
        })
        .chain(nameless)
        .collect();
    steps.sort_by(|a, b| canonical(&records[a.record], &records[b.record]));
    let by_span = steps.iter().enumerate().filter_map(|(i, s)| Some(((s.trace?, s.span?), i))).collect();
    (steps, by_span)
}

/// Log records join the span that they name.
fn join_logs(steps: &mut [Step], by_span: &BySpan, records: &[RecordFacts], order: &[usize]) {
    let mut logs: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut answers: Option<HashMap<String, usize>> = None;
    for &i in order.iter().filter(|&&i| records[i].role == Role::Log) {
        if let Some(response) = judged_answer(&records[i], by_span, steps) {
            let answers = answers.get_or_insert_with(|| calls_by_answer(steps));
            if let Some(&step) = answers.get(response) {
                steps[step].joined.push(i);
                let facts = Arc::make_mut(&mut steps[step].facts);
                facts.scores.extend(records[i].facts.scores.iter().cloned());
            }
            continue;
        }
        if let (Some(trace), Some(span)) = (records[i].trace_id, records[i].span_id)
            && let Some(&step) = by_span.get(&(trace, span))
        {
            logs.entry(step).or_default().push(i);
        }
    }
    for (step, logs) in logs {
        let step = &mut steps[step];
        fill_from_logs(&mut step.facts, logs.iter().map(|&i| &*records[i].facts));
        step.joined.extend(logs);
    }
}

/// The answer that a log record judges, where it does not name the span of the call.
fn judged_answer<'a>(log: &'a RecordFacts, by_span: &BySpan, steps: &[Step]) -> Option<&'a str> {
    let response = log.facts.response_id.as_deref().filter(|_| !log.facts.scores.is_empty())?;
    let named = log.trace_id.zip(log.span_id).and_then(|id| by_span.get(&id));
    let is_the_call = named.is_some_and(|&step| steps[step].facts.response_id.as_deref() == Some(response));
    (!is_the_call).then_some(response)
}

/// The calls that gave each answer. Of two reports the first.
fn calls_by_answer(steps: &[Step]) -> HashMap<String, usize> {
    let mut calls = HashMap::new();
    for (i, step) in steps.iter().enumerate() {
        if let Some(id) = step.facts.response_id.as_ref().filter(|_| step.is_call()) {
            calls.entry(id.clone()).or_insert(i);
        }
    }
    calls
}

fn parent_of(
    step: &Step,
    records: &[RecordFacts],
    by_span: &BySpan,
    by_key: &HashMap<String, usize>,
) -> Option<usize> {
    let record = &records[step.record];
    let span = |id: Option<SpanId>| by_span.get(&(record.trace_id?, id?)).copied();
    match &record.role {
        Role::Event { parent, .. } => {
            let above = parent.as_ref().and_then(|key| by_key.get(key).copied());
            above.or_else(|| span(record.parent_span_id)).or_else(|| span(record.span_id))
        }
        _ => span(record.parent_span_id),
    }
}

/// Takes away one parent of every circle: that of its earliest step.
fn cut_cycles(mut parents: Vec<Option<usize>>) -> Vec<Option<usize>> {
    const NEW: usize = usize::MAX;
    let mut seen_by = vec![NEW; parents.len()];
    for start in 0..parents.len() {
        let mut at = start;
        while seen_by[at] == NEW {
            seen_by[at] = start;
            match parents[at] {
                Some(up) => at = up,
                None => break,
            }
        }
        if seen_by[at] == start && parents[at].is_some() {
            let (mut earliest, mut walk) = (at, parents[at]);
            while let Some(i) = walk.filter(|&i| i != at) {
                earliest = earliest.min(i);
                walk = parents[i];
            }
            if walk == Some(at) {
                parents[earliest] = None;
            }
        }
    }
    parents
}

fn preorder(steps: Vec<Step>, parents: &[Option<usize>]) -> Vec<Step> {
    let count = steps.len();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (i, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            children[*parent].push(i);
        }
    }
    let mut stack: Vec<usize> = (0..count).rev().filter(|&i| parents[i].is_none()).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(i) = stack.pop() {
        order.push(i);
        stack.extend(children[i].iter().rev());
    }
    let place = inverse(&order);
    let mut slots: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut out: Vec<Step> = order.iter().filter_map(|&i| slots[i].take()).collect();
    for (i, &old) in order.iter().enumerate() {
        out[i].parent = parents[old].map(|p| place[p]);
        out[i].top = out[i].parent.map_or(i, |p| out[p].top);
        out[i].last = i + 1;
    }
    for i in (0..out.len()).rev() {
        if let Some(parent) = out[i].parent {
            out[parent].last = out[parent].last.max(out[i].last);
        }
    }
    out
}

fn inverse(order: &[usize]) -> Vec<usize> {
    let mut place = vec![0; order.len()];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new;
    }
    place
}
