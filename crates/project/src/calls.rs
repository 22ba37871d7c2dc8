//! Which steps are model calls, each call once.
//!
//! A call may be reported twice: by a framework and by a provider's SDK inside it, by two instrumentations side by
//! side or in two traces (same response id), or in two halves (the request's span, and a record of what was
//! streamed). One report counts and is completed from the others. Not here: tools, sums.

use super::{
    RecordFacts,
    step::{Step, complete, same_tool},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use turnscope_model::{Facts, Kind, UnixNanos, Usage};

/// So many reports with one id are compared at most, so that an id used for everything does not cost its square.
const NEAR: usize = 16;

/// Marks the calls that count, and for each second report the step that it repeats.
pub(super) fn mark(steps: &mut [Step], records: &[RecordFacts]) {
    let above = call_above(steps);
    let said = signs_of_a_call(steps);
    for step in steps.iter_mut() {
        step.counted = step.is_call();
    }
    set_aside_preparations(steps, &said);
    set_aside_containers(steps, &above);
    // First of all: a span inside the request may know the usage, and hide that the request's own was not answered.
    merge_halves(steps, records);
    merge_nested(steps, &above);
    merge_same_response(steps);
    merge_beside(steps, records);
    merge_repeated_usage(steps);
    count_silent_agents(steps);
    use_sums(steps);
    name_models(steps);
}

/// The call of the same kind that a call lies in, unless a tool, an agent, a turn, … stands between them.
fn call_above(steps: &[Step]) -> Vec<Option<usize>> {
    let mut above: Vec<Option<usize>> = vec![None; steps.len()];
    for i in 0..steps.len() {
        let Some(parent) = steps[i].parent else { continue };
        above[i] = match steps[parent].kind {
            Kind::Llm | Kind::Embedding => Some(parent),
            Kind::Workflow | Kind::Other | Kind::Http | Kind::Mcp => above[parent],
            _ => None,
        };
    }
    let same_kind = |(i, call): (usize, Option<usize>)| call.filter(|&c| steps[c].kind == steps[i].kind);
    above.into_iter().enumerate().map(same_kind).collect()
}

/// Whether a span shows that a model was called: that it was sent messages, answered, failed, or was billed.
fn signs_of_a_call(steps: &[Step]) -> Vec<bool> {
    steps
        .iter()
        .map(|step| {
            let facts = &step.facts;
            step.kind != Kind::Llm
                || facts.context.is_some()
                || !facts.usage.is_unknown()
                || facts.response_id.is_some()
                || facts.finish_reason.is_some()
                || facts.time_to_first_chunk_ns.is_some()
                || !facts.requested_tools.is_empty()
                || step.end.is_none()
                || step.failed()
        })
        .collect()
}

/// No model answers faster over a network.
const FASTEST_CALL: UnixNanos = 5_000_000;

/// A span of kind `llm` without any sign of a call, right before one with, or in a tree where the same model is really
/// called, prepares that call and is none.
fn set_aside_preparations(steps: &mut [Step], said: &[bool]) {
    // When the last real call under a step began.
    let mut real_below: Vec<Option<UnixNanos>> = vec![None; steps.len()];
    for i in (0..steps.len()).rev() {
        let real = real_below[i].max((steps[i].kind == Kind::Llm && said[i]).then_some(steps[i].start));
        if let Some(parent) = steps[i].parent {
            real_below[parent] = real_below[parent].max(real);
        }
    }
    // The models that real calls of each tree asked for, and when the last of them began.
    let mut said_models: HashMap<usize, HashSet<Option<String>>> = HashMap::new();
    let mut last_said: HashMap<usize, UnixNanos> = HashMap::new();
    for (step, _) in steps.iter().zip(said).filter(|(step, said)| step.kind == Kind::Llm && **said) {
        said_models.entry(step.top).or_default().insert(step.facts.request_model.clone());
        let last = last_said.entry(step.top).or_default();
        *last = step.start.max(*last);
    }
    for i in 0..steps.len() {
        let next = steps[i].parent.and_then(|parent| real_below[parent]);
        let before = next.is_some_and(|next| next >= steps[i].end_or_start());
        let top = steps[i].top;
        let models = &steps[i].facts.request_model;
        let beside = models.is_some() && said_models.get(&top).is_some_and(|said| said.contains(models));
        // A router that chose a model: no answer comes that fast.
        let instant = steps[i].end_or_start().saturating_sub(steps[i].start) < FASTEST_CALL
            && last_said.get(&top).is_some_and(|last| *last >= steps[i].end_or_start());
        if steps[i].kind == Kind::Llm && !said[i] && real_below[i].is_none() && (before || beside || instant)
        {
            steps[i].counted = false;
            steps[i].kind = Kind::Workflow;
        }
    }
}

/// A step that holds agents is no call, whatever usage it repeats; nor is one whose tokens are those of calls that lie in
/// it beyond a tool. A tool that the step itself asked for may run inside it, with whatever that does.
fn set_aside_containers(steps: &mut [Step], above: &[Option<usize>]) {
    for i in 0..steps.len() {
        if steps[i].kind == Kind::Llm && is_container(steps, above, i) {
            steps[i].kind = Kind::Workflow;
            steps[i].counted = false;
        }
    }
}

fn is_container(steps: &[Step], above: &[Option<usize>], call: usize) -> bool {
    let is_agent = |j: usize| {
        steps[j].kind == Kind::Run && (steps[j].last > j + 1 || steps[j].facts.agent_name.is_some())
    };
    let is_beyond = |j: usize| steps[j].kind == Kind::Llm && above[j].is_none_or(|outer| outer < call);
    let (mut below, mut holds_calls) = (Usage::default(), false);
    let mut j = call + 1;
    while j < steps[call].last {
        if is_agent(j) {
            return true;
        }
        if is_beyond(j) {
            holds_calls = true;
            below.add(&steps[j].facts.usage);
        }
        j = if asked_for(&steps[call], &steps[j]) { steps[j].last } else { j + 1 };
    }
    let own = &steps[call].facts.usage;
    let covers = own.input_tokens >= below.input_tokens && own.output_tokens >= below.output_tokens;
    holds_calls && (covers || own.is_unknown())
}

/// Whether a step is a tool that the call's answer asked for.
fn asked_for(call: &Step, step: &Step) -> bool {
    step.kind == Kind::Tool
        && call.facts.requested_tools.iter().any(|asked| match (&asked.id, &step.facts.tool_call_id) {
            (Some(asked), Some(id)) => asked == id,
            _ => step.tool_name.as_ref().is_some_and(|name| same_tool(name, &asked.name)),
        })
}

/// A record of nothing but tokens repeats a call of its run that tells more; where it used as many, it is that call.
fn merge_repeated_usage(steps: &mut [Step]) {
    let is_bare = |step: &Step| {
        let facts = &step.facts;
        content(step) <= 1
            && !facts.usage.is_unknown()
            && facts.response_id.is_none()
            && facts.finish_reason.is_none()
            && facts.time_to_first_chunk_ns.is_none()
            && step.end_or_start().saturating_sub(step.start) < MOMENT
    };
    let mut agent: Vec<usize> = (0..steps.len()).collect();
    let mut told: HashMap<usize, Vec<usize>> = HashMap::new();
    for i in 0..steps.len() {
        if let Some(parent) = steps[i].parent {
            agent[i] = if steps[parent].kind == Kind::Run { parent } else { agent[parent] };
        }
        let is_call = steps[i].counted && steps[i].kind == Kind::Llm && !steps[i].facts.usage.is_unknown();
        if is_call && !is_bare(&steps[i]) {
            told.entry(agent[i]).or_default().push(i);
        }
    }
    for i in 0..steps.len() {
        if !steps[i].counted || steps[i].kind != Kind::Llm || steps[i].last > i + 1 || !is_bare(&steps[i]) {
            continue;
        }
        let Some(calls) = told.get_mut(&agent[i]) else { continue };
        let same = calls.iter().position(|&call| tokens(&steps[call]) == tokens(&steps[i]));
        match same {
            Some(place) => repeat_of(steps, calls.remove(place), i),
            None if calls.is_empty() => {}
            None => {
                steps[i].counted = false;
                steps[i].kind = Kind::Other;
            }
        }
    }
}

/// A call takes longer than this.
const MOMENT: UnixNanos = 1_000_000;

fn tokens(step: &Step) -> (Option<u64>, Option<u64>) {
    (step.facts.usage.input_tokens, step.facts.usage.output_tokens)
}

fn merge_nested(steps: &mut [Step], above: &[Option<usize>]) {
    let mut inner: HashMap<usize, Vec<usize>> = HashMap::new();
    for i in (0..steps.len()).rev().filter(|&i| steps[i].is_call()).collect::<Vec<_>>() {
        if let Some(mut calls) = inner.remove(&i) {
            calls.reverse();
            if let [only] = calls[..] {
                let only = first_report(steps, only);
                // The fuller report stands for the call; of equal ones the inner, nearest to the provider.
                let (keep, repeat) =
                    if content(&steps[i]) > content(&steps[only]) { (i, only) } else { (only, i) };
                repeat_of(steps, keep, repeat);
            } else {
                steps[i].counted = false;
                let calls: Vec<usize> = calls.iter().map(|&call| first_report(steps, call)).collect();
                let answered = calls.iter().rev().find(|&&call| !steps[call].failed());
                let unknown = calls.iter().all(|&call| steps[call].facts.usage.is_unknown());
                if let Some(&last) = answered.filter(|_| unknown) {
                    complete(steps, last, i);
                }
            }
        }
        if let Some(outer) = above[i] {
            inner.entry(outer).or_default().push(i);
        }
    }
}

/// How much of a call's content a report holds.
fn content(step: &Step) -> u8 {
    let facts = &step.facts;
    u8::from(facts.context.is_some()) * 2
        + u8::from(facts.output_text.is_some() || !facts.requested_tools.is_empty()) * 2
        + u8::from(!facts.usage.is_unknown())
}

fn first_report(steps: &[Step], mut call: usize) -> usize {
    while let Some(first) = steps[call].same_as {
        call = first;
    }
    call
}

fn repeat_of(steps: &mut [Step], keep: usize, repeat: usize) {
    complete(steps, keep, repeat);
    steps[repeat].counted = false;
    steps[repeat].same_as = Some(keep);
}

/// The provider's id of the answer names the call, unless a cache gave the same answer again later.
fn merge_same_response(steps: &mut [Step]) {
    let mut by_id: HashMap<(String, Kind), Vec<usize>> = HashMap::new();
    for (i, step) in steps.iter().enumerate() {
        if step.counted
            && let Some(id) = &step.facts.response_id
        {
            by_id.entry((id.clone(), step.kind)).or_default().push(i);
        }
    }
    let mut groups: Vec<Vec<usize>> = by_id.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    for mut group in groups {
        // In a larger tree first, then with more content, then the earlier one.
        group.sort_by_key(|&i| {
            let tree = steps[steps[i].top].last - steps[i].top;
            (std::cmp::Reverse((tree > 1, content(&steps[i]))), steps[i].start, i)
        });
        let mut kept: Vec<usize> = Vec::new();
        for i in group {
            match kept.iter().rev().take(NEAR).find(|&&k| steps[k].overlaps(&steps[i])) {
                Some(&keep) => repeat_of(steps, keep, i),
                None => kept.push(i),
            }
        }
    }
}

/// Two instrumentations may report one call side by side, where one of them does not hand its context on: under the same
/// step, one within the time of the other, and with nothing that speaks against it.
fn merge_beside(steps: &mut [Step], records: &[RecordFacts]) {
    let mut under: HashMap<usize, Vec<usize>> = HashMap::new();
    for (i, step) in steps.iter().enumerate() {
        if let (true, Kind::Llm, Some(parent)) = (step.counted, step.kind, step.parent) {
            under.entry(parent).or_default().push(i);
        }
    }
    let mut groups: Vec<Vec<usize>> = under.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    let agree = |one: Option<u64>, other: Option<u64>| one.is_none() || other.is_none() || one == other;
    for mut group in groups {
        // Of two that began together the longer one holds the other.
        group.sort_by_key(|&i| (steps[i].start, std::cmp::Reverse(steps[i].end_or_start()), i));
        let mut open: Vec<usize> = Vec::new();
        for i in group {
            open.retain(|&outer| steps[outer].end.is_none_or(|end| end >= steps[i].start));
            let same = |&outer: &usize| {
                let (a, b) = (&steps[outer], &steps[i]);
                let scope = |step: &Step| &records[step.record].scope_name;
                b.end.is_some_and(|end| a.end.is_none_or(|outer| end <= outer))
                    && scope(a) != scope(b)
                    && asked_model(a) == asked_model(b)
                    && asked_model(a).is_some()
                    && agree(a.facts.usage.input_tokens, b.facts.usage.input_tokens)
                    && agree(a.facts.usage.output_tokens, b.facts.usage.output_tokens)
                    && (a.facts.response_id.is_none() || b.facts.response_id.is_none())
                    && a.failed() == b.failed()
            };
            let mut fits = open.iter().rev().take(NEAR).copied().filter(|outer| same(outer));
            // Of calls that run side by side nothing says which one it repeats.
            match (fits.next(), fits.next()) {
                (Some(outer), None) => {
                    open.retain(|&known| known != outer);
                    let keep = if content(&steps[i]) > content(&steps[outer]) { i } else { outer };
                    repeat_of(steps, keep, if keep == i { outer } else { i });
                }
                _ => open.push(i),
            }
        }
    }
}

fn asked_model(step: &Step) -> Option<&String> {
    step.facts.request_model.as_ref().or(step.facts.response_model.as_ref())
}

/// A request whose span ended before the answer was streamed, and the record of what was streamed: it is an instant,
/// repeats the request's messages, and comes after it.
fn merge_halves(steps: &mut [Step], records: &[RecordFacts]) {
    let mut by_context: HashMap<(u64, String), Vec<usize>> = HashMap::new();
    for i in 0..steps.len() {
        if steps[i].counted && (is_request_half(&steps[i]) || is_answer_half(&steps[i])) {
            let Some(context) = steps[i].facts.context else { continue };
            let service = records[steps[i].record].service_name.to_string();
            by_context.entry((context, service)).or_default().push(i);
        }
    }
    let mut groups: Vec<Vec<usize>> = by_context.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    for mut group in groups {
        let at = |i: usize, steps: &[Step]| -> UnixNanos {
            if is_request_half(&steps[i]) { steps[i].end_or_start() } else { steps[i].start }
        };
        group.sort_by_key(|&i| (at(i, steps), is_answer_half(&steps[i]), i));
        let mut open: Vec<usize> = Vec::new();
        for i in group {
            if is_request_half(&steps[i]) {
                open.push(i);
            } else if let Some(request) = open.pop() {
                let end = steps[i].end_or_start();
                repeat_of(steps, request, i);
                steps[request].end = steps[request].end.map(|known| known.max(end));
            }
        }
    }
}

/// A finished request of which nothing came back.
fn is_request_half(step: &Step) -> bool {
    step.end.is_some_and(|end| end > step.start) && !step.failed() && is_half(&step.facts, false)
}

/// An instant that holds an answer.
fn is_answer_half(step: &Step) -> bool {
    step.end == Some(step.start) && is_half(&step.facts, true)
}

/// Whether these are facts of a model call that was answered, or of one that was not.
pub(super) fn is_half(facts: &Facts, answered: bool) -> bool {
    let has_answer = !facts.usage.is_unknown()
        || facts.response_id.is_some()
        || facts.output_text.is_some()
        || !facts.requested_tools.is_empty();
    facts.kind == Kind::Llm && has_answer == answered
}

/// A call that names no model is of the model that the step around it names.
fn name_models(steps: &mut [Step]) {
    let mut above: Vec<Option<usize>> = vec![None; steps.len()];
    for i in 0..steps.len() {
        let Some(parent) = steps[i].parent else { continue };
        let names = |step: &Step| step.facts.request_model.is_some() || step.facts.response_model.is_some();
        above[i] = if names(&steps[parent]) { Some(parent) } else { above[parent] };
        if steps[i].counted
            && steps[i].kind == Kind::Llm
            && !names(&steps[i])
            && let Some(named) = above[i]
        {
            let model = Arc::clone(&steps[named].facts);
            let facts = Arc::make_mut(&mut steps[i].facts);
            facts.request_model.clone_from(&model.request_model);
            facts.response_model.clone_from(&model.response_model);
            facts.provider = facts.provider.take().or_else(|| model.provider.clone());
        }
    }
}

/// Where no call says how many tokens it used, the sum on the innermost step that holds the calls is used.
fn use_sums(steps: &mut [Step]) {
    let mut has_tokens = vec![false; steps.len()];
    for i in (0..steps.len()).rev() {
        let known = !steps[i].facts.usage.is_unknown();
        let holds = matches!(steps[i].kind, Kind::Run | Kind::Turn | Kind::Workflow) && steps[i].last > i + 1;
        if known && holds && !has_tokens[i] && !steps[i].counted {
            steps[i].counted = true;
            steps[i].is_sum = true;
        }
        if (has_tokens[i] || steps[i].counted && known && steps[i].kind != Kind::Tool)
            && let Some(parent) = steps[i].parent
        {
            has_tokens[parent] = true;
        }
    }
}

/// A turn or agent span that carries usage and holds no model call counts as one.
fn count_silent_agents(steps: &mut [Step]) {
    let mut holds = vec![false; steps.len()];
    for i in (0..steps.len()).rev() {
        let facts = &steps[i].facts;
        if !holds[i] && matches!(steps[i].kind, Kind::Run | Kind::Turn) && !facts.usage.is_unknown() {
            steps[i].counted = true;
        }
        if (holds[i] || steps[i].counted || steps[i].is_call())
            && let Some(parent) = steps[i].parent
        {
            holds[parent] = true;
        }
    }
}
