//! Puts the projection together: for each run its tools, turns and figures, then all steps in the order of the surface.
//!
//! Here: the order of the last rules, and the turning of inner indices into those of the result. Not here: the rules.

use super::{
    Projection, RecordFacts, RunView, StepView, TurnView, approvals,
    figures::Parts,
    runs::Run,
    step::Step,
    tools::{self, Synthesised},
    turns,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use turnscope_model::{ErrorFact, Facts, Kind, RunId, StepId, StepStatus, UnixNanos, Usage, Verdict};

/// The result, from steps that know their run and whether they count.
pub(super) fn assemble(mut steps: Vec<Step>, runs: &[Run], records: &[RecordFacts]) -> Projection {
    let mut own: Vec<Vec<usize>> = vec![Vec::new(); runs.len()];
    for (i, step) in steps.iter().enumerate() {
        if let Some(run) = step.run {
            own[run].push(i);
        }
    }
    let mut views = Vec::with_capacity(runs.len());
    let mut identities: Vec<Facts> = Vec::with_capacity(runs.len());
    let mut synthesised: Vec<Synthesised> = Vec::new();
    let mut asked_by = Vec::with_capacity(runs.len());
    for (index, own) in own.iter_mut().enumerate() {
        own.sort_by_key(|&i| (steps[i].start, i));
        let (made, by) = tools::match_requests(&mut steps, index, own);
        synthesised.extend(made);
        asked_by.push(by);
    }
    for (run, own) in runs.iter().zip(&own) {
        tools::leave_open(&mut steps, run, own);
    }
    tools::give_way(&mut steps, &mut synthesised);
    let settled = approvals::settle(&mut steps, runs, &mut synthesised);
    let mut unplaced: Vec<Vec<Synthesised>> = vec![Vec::new(); runs.len()];
    for tool in synthesised.drain(..) {
        unplaced[tool.run].push(tool);
    }
    for (index, run) in runs.iter().enumerate() {
        let (own, asked_by) = (&own[index], &asked_by[index]);
        let mut made = std::mem::take(&mut unplaced[index]);
        let mut verdicts = tools::judge(&mut steps, index, own, &mut made);
        verdicts.extend((0..settled.lone[index]).map(|_| Verdict::Hitl));
        let selves: HashSet<usize> = run.root.iter().chain(&run.also).copied().collect();
        let turns = turns::assign(&mut steps, own, &selves, asked_by);
        let parts = Parts {
            run,
            steps: &steps,
            records,
            own,
            synthesised: &made,
            verdicts: &verdicts,
            waiting: settled.waiting[index].as_ref(),
            continues: settled.continues[index].map(|before| &runs[before]),
            last_turn: turns.last().map(|turn| turn.n),
            above: run.parent.map(|parent| &identities[parent]),
        };
        let identity = parts.identity();
        let mut view = parts.view(&identity);
        identities.push(identity);
        view.turns = turns.iter().map(|turn| empty_turn(turn.n, turn.opened)).collect();
        views.push(view);
        synthesised.extend(made.into_iter().filter(|tool| tool.gave_way.is_none()));
    }
    texts_from_children(&mut views, runs);
    let steps = all_steps(&steps, &synthesised, runs, &views);
    fill_turns(&mut views, &steps, records);
    Projection { runs: views, steps }
}

/// A run that only hands on to child runs begins and ends with what they were asked and answered.
fn texts_from_children(views: &mut [RunView], runs: &[Run]) {
    let (mut first, mut last): (Vec<Option<usize>>, Vec<Option<usize>>) =
        (vec![None; runs.len()], vec![None; runs.len()]);
    for (i, run) in runs.iter().enumerate() {
        if let Some(parent) = run.parent {
            first[parent].get_or_insert(i);
            let later = last[parent].is_none_or(|l| views[l].last_seen <= views[i].last_seen);
            last[parent] = if later { Some(i) } else { last[parent] };
        }
    }
    for i in (0..runs.len()).rev() {
        if views[i].llm_call_count > 0 {
            continue;
        }
        if views[i].input_text.is_none() {
            views[i].input_text = first[i].and_then(|child| views[child].input_text.clone());
        }
        if views[i].output_text.is_none() && !views[i].failed {
            views[i].output_text = last[i].and_then(|child| views[child].output_text.clone());
        }
    }
}

/// When the last model call of each whole tree of runs began.
fn last_calls(steps: &[Step], runs: &[Run]) -> Vec<UnixNanos> {
    let mut last = vec![0; runs.len()];
    for step in steps.iter().filter(|step| step.counted && step.kind != Kind::Tool) {
        if let Some(run) = step.run {
            last[run] = step.start.max(last[run]);
        }
    }
    for run in (0..runs.len()).rev() {
        if let Some(parent) = runs[run].parent {
            last[parent] = last[parent].max(last[run]);
        }
    }
    for run in 0..runs.len() {
        if let Some(parent) = runs[run].parent {
            last[run] = last[parent];
        }
    }
    last
}

fn all_steps(steps: &[Step], synthesised: &[Synthesised], runs: &[Run], views: &[RunView]) -> Vec<StepView> {
    let count = steps.len();
    let last_calls = last_calls(steps, runs);
    let (parents, depths) = parents_and_depths(steps);
    let mut order: Vec<usize> = (0..count + synthesised.len()).collect();
    let start = |i: usize| if i < count { steps[i].start } else { synthesised[i - count].start };
    let deep = |i: usize| if i < count { depths[i] } else { u32::MAX };
    order.sort_by_key(|&i| (start(i), deep(i), i));
    let mut place = vec![0; order.len()];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new;
    }
    let mut out = Vec::with_capacity(order.len());
    for &i in &order {
        if i < count {
            let parent = parents[i].map(|p| place[p]);
            out.push(real(&steps[i], runs, parent, depths[i]));
        } else {
            let tool = &synthesised[i - count];
            let by = tool.requested_by.or(tool.gate);
            let above =
                by.and_then(|by| parents[by].filter(|p| steps[*p].run == Some(tool.run)).or(Some(by)));
            let depth = above.map_or(0, |above| depths[above] + 1);
            let view = &views[tool.run];
            let went_on = last_calls[tool.run] > tool.start;
            let status = made_status(tool, view, went_on);
            out.push(made(tool, steps, runs, status, above.map(|p| place[p]), depth, &place));
        }
    }
    for (i, step) in steps.iter().enumerate() {
        out[place[i]].same_as = step.same_as.map(|first| place[first]);
        out[place[i]].gate = step.gate.map(|gate| place[gate]);
        out[place[i]].requested_by = step.request.as_ref().map(|(call, _)| place[*call]);
    }
    out
}

/// The tree as it is shown: the top of a trace that only repeats a call hangs below that call.
fn parents_and_depths(steps: &[Step]) -> (Vec<Option<usize>>, Vec<u32>) {
    let mut parents: Vec<Option<usize>> = steps.iter().map(|step| step.parent).collect();
    let mut depths: Vec<u32> = vec![0; steps.len()];
    for i in 0..steps.len() {
        depths[i] = parents[i].map_or(0, |p| depths[p] + 1);
    }
    for i in 0..steps.len() {
        if let (None, Some(first)) = (steps[i].parent, steps[i].same_as)
            && steps[first].top != i
            && steps[steps[first].top].same_as.is_none()
        {
            parents[i] = Some(first);
            let more = depths[first] + 1;
            depths[i..steps[i].last].iter_mut().for_each(|depth| *depth += more);
        }
    }
    (parents, depths)
}

fn step_id(step: &Step, run: Option<&Run>) -> StepId {
    match (step.trace, step.span) {
        (Some(trace), Some(span)) if run.is_some_and(|run| run.trace != Some(trace)) => {
            StepId::of_trace_span(trace, span)
        }
        (_, Some(span)) => StepId::of_span(span),
        _ => {
            let nowhere = RunId::assembled("", "", "");
            StepId::synthesised(run.map_or(&nowhere, |run| &run.id), step.key.as_deref().unwrap_or_default())
        }
    }
}

fn real(step: &Step, runs: &[Run], parent: Option<usize>, depth: u32) -> StepView {
    let tool = step.kind == Kind::Tool;
    StepView {
        step_id: step_id(step, step.run.map(|run| &runs[run])),
        record: Some(step.record),
        joined: step.joined.clone(),
        run: step.run,
        turn: step.turn,
        parent,
        depth,
        kind: step.kind,
        name: step.facts.name.clone(),
        status: step.step_status(),
        start: step.start,
        end: step.end,
        counted: step.counted,
        usage_is_sum: step.is_sum,
        same_as: None,
        outer: step.outer,
        tool_name: step.tool_name.clone().filter(|_| tool),
        tool_call_id: step.facts.tool_call_id.clone().or_else(|| step.request.as_ref()?.1.clone()),
        requested_by: None,
        usage: step.facts.usage,
        verdict: step.verdict,
        gate: None,
        asked: step.asked.clone(),
        error: step.facts.error.clone().or_else(|| step.failed().then(unnamed_error)),
        facts: Arc::clone(&step.facts),
    }
}

fn unnamed_error() -> ErrorFact {
    ErrorFact { r#type: "_OTHER".to_owned(), message: None }
}

/// Where a tool call without a span stands, and whether it is over. It is pending where it was asked for last of all, and
/// nothing tells that it ran.
fn made_status(tool: &Synthesised, view: &RunView, went_on: bool) -> (StepStatus, bool) {
    let over = tool.end.is_some() || view.end.is_some();
    let nothing_came = tool.end.is_none() && view.output_text.is_none() && !went_on;
    let status = if tool.failed {
        StepStatus::Error
    } else if tool.is_waiting() {
        StepStatus::Waiting
    } else if !over {
        StepStatus::Running
    } else if nothing_came && !tool.is_decided() {
        StepStatus::Pending
    } else {
        StepStatus::Ok
    };
    (status, over)
}

fn made(
    tool: &Synthesised,
    steps: &[Step],
    runs: &[Run],
    (status, over): (StepStatus, bool),
    parent: Option<usize>,
    depth: u32,
    place: &[usize],
) -> StepView {
    StepView {
        step_id: StepId::synthesised(&runs[tool.run].id, &tool.key),
        record: None,
        joined: Vec::new(),
        run: Some(tool.run),
        turn: tool.requested_by.or(tool.gate).and_then(|by| steps[by].turn),
        parent,
        depth,
        kind: Kind::Tool,
        name: tool.name.clone(),
        status,
        start: tool.start,
        end: tool.end.or_else(|| over.then_some(tool.start)),
        counted: true,
        usage_is_sum: false,
        same_as: None,
        outer: false,
        tool_name: Some(tool.name.clone()),
        tool_call_id: tool.call_id.clone(),
        requested_by: tool.requested_by.map(|call| place[call]),
        usage: Usage::default(),
        verdict: tool.verdict,
        gate: tool.gate.map(|gate| place[gate]),
        asked: tool.asked.clone(),
        error: tool.error(),
        facts: Arc::new(Facts {
            name: tool.name.clone(),
            kind: Kind::Tool,
            tool_name: Some(tool.name.clone()),
            tool_call_id: tool.call_id.clone(),
            verdict: tool.verdict,
            ..Facts::default()
        }),
    }
}

fn empty_turn(n: u64, start: UnixNanos) -> TurnView {
    TurnView {
        n,
        start,
        end: start,
        llm_steps: Vec::new(),
        tool_steps: Vec::new(),
        usage: Usage::default(),
        error: None,
    }
}

fn fill_turns(views: &mut [RunView], steps: &[StepView], records: &[RecordFacts]) {
    let guests = Guests::of(views, steps, records);
    // For each turn, by run and place: when its first step began and its last one ended.
    let mut times: HashMap<(usize, usize), (UnixNanos, UnixNanos)> = HashMap::new();
    let holds_others: HashSet<usize> = steps.iter().filter_map(|step| step.parent).collect();
    for (i, step) in steps.iter().enumerate() {
        let (Some(run), Some(n)) = (step.run, step.turn) else { continue };
        let turns = &mut views[run].turns;
        let Ok(at) = turns.binary_search_by_key(&n, |turn| turn.n) else { continue };
        let turn = &mut turns[at];
        let (start, end) = guests.times(steps, i);
        let (first, last) = times.entry((run, at)).or_insert((UnixNanos::MAX, 0));
        if !holds_others.contains(&i) || step.counted || step.kind == Kind::Turn {
            *first = start.min(*first);
        }
        *last = end.max(*last);
        if step.counted && !step.usage_is_sum {
            if step.kind == Kind::Tool {
                turn.tool_steps.push(i);
            } else {
                turn.llm_steps.push(i);
                turn.usage.add(&step.usage);
            }
        }
        if turn.error.is_none() && step.same_as.is_none() && !step.is_refused() {
            turn.error.clone_from(&step.error);
        }
    }
    for ((run, at), (first, last)) in times {
        let turn = &mut views[run].turns[at];
        turn.start = if first == UnixNanos::MAX { turn.start } else { first };
        turn.end = last.max(turn.start);
    }
}

/// Steps of other services than their run's. Their machines' clocks may differ by minutes, so that they count as going on
/// within the step of the run's own service that they lie in.
struct Guests {
    /// For each step, itself where it is of the run's own service; else the nearest such step above it.
    hosts: Vec<Option<usize>>,
}

impl Guests {
    fn of(views: &[RunView], steps: &[StepView], records: &[RecordFacts]) -> Self {
        let is_own = |i: usize| {
            let service = steps[i].record.map(|record| &records[record].service_name);
            steps[i].run.is_none_or(|run| service.is_none_or(|service| **service == views[run].service_name))
        };
        let mut hosts: Vec<Option<Option<usize>>> = vec![None; steps.len()];
        let mut path = Vec::new();
        for i in 0..steps.len() {
            let mut at = Some(i);
            // The first known step above decides for the whole way up to it.
            let host = loop {
                match at {
                    None => break None,
                    Some(step) => match hosts[step] {
                        Some(known) => break known,
                        None if is_own(step) => break Some(step),
                        None => {
                            path.push(step);
                            at = steps[step].parent.filter(|above| steps[*above].run == steps[step].run);
                        }
                    },
                }
            };
            hosts[i] = Some(host);
            for step in path.drain(..) {
                hosts[step] = Some(host);
            }
        }
        Self { hosts: hosts.into_iter().map(Option::flatten).collect() }
    }

    /// When a step began and ended, within its host's times.
    fn times(&self, steps: &[StepView], i: usize) -> (UnixNanos, UnixNanos) {
        let (start, end) = (steps[i].start, steps[i].end.unwrap_or(steps[i].start));
        let Some(host) = self.hosts[i].filter(|host| *host != i) else { return (start, end) };
        let earliest = steps[host].start;
        let latest = steps[host].end.unwrap_or(UnixNanos::MAX).max(earliest);
        (start.clamp(earliest, latest), end.clamp(earliest, latest))
    }
}
