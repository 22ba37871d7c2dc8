//! Which steps make runs, and which run each step belongs to.
//!
//! A run starts at each topmost agent or workflow; several of those, or loose model calls, under one ancestor make
//! that ancestor the run. Agents below are child runs, save wrappers of the same run. Not here: figures, turns.

use super::{
    RecordFacts,
    step::{Step, complete},
};
use std::{collections::HashMap, sync::Arc};
use turnscope_model::{GroupKey, Kind, Role, RunId, TraceId, UnixNanos};

/// A run while the rules work on it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) id: RunId,
    /// The span it is rooted in.
    pub(super) root: Option<usize>,
    /// Further steps that are this run themselves: wrappers, and the events that open or close an assembled run.
    pub(super) also: Vec<usize>,
    pub(super) parent: Option<usize>,
    pub(super) trace: Option<TraceId>,
    /// The id that the application would know it by, where the records do not say so themselves.
    pub(super) native_id: Option<String>,
}

/// Finds the runs and gives every step its place.
pub(super) fn assign(group: GroupKey, steps: &mut [Step], records: &[RecordFacts]) -> Vec<Run> {
    let mut runs = Vec::new();
    set_aside_nameless_agents(steps);
    give_agents_their_work(steps);
    find_agents_under_tools(steps);
    let told = told_by_events(steps, records);
    match (group, told) {
        (GroupKey::None, _) => {}
        (_, Some(_)) if spans_make_runs(steps) => {
            for top in tops(steps) {
                if steps[top].key.is_none() && makes_runs(steps, top) {
                    in_tree(steps, records, top, &mut runs);
                }
            }
            place_events(steps, &mut runs);
        }
        (_, Some(id)) | (GroupKey::Assembled(id), None) => assembled(id, steps, records, &mut runs),
        (GroupKey::Trace(_), None) => {
            for top in tops(steps) {
                if makes_runs(steps, top) {
                    in_tree(steps, records, top, &mut runs);
                }
            }
        }
    }
    second_reports(steps);
    runs
}

/// The conversation that log events tell of which no span and no prompt's name holds together.
fn told_by_events(steps: &[Step], records: &[RecordFacts]) -> Option<RunId> {
    let loose = |step: &&Step| {
        step.key.is_some()
            && step.parent.is_none()
            && step.facts.native_run_id.is_none()
            && step.kind != Kind::Other
    };
    let first = steps.iter().filter(loose).min_by_key(|step| (step.start, step.record))?;
    let session = first.facts.session_id.as_deref()?;
    Some(RunId::assembled(&first.facts.dialect, &records[first.record].service_name, session))
}

/// Whether a span stands for the run of a prompt: an agent's, and not one that a tool calls.
fn spans_make_runs(steps: &[Step]) -> bool {
    (0..steps.len()).any(|i| steps[i].key.is_none() && steps[i].kind == Kind::Run && !is_under_tool(steps, i))
}

fn is_under_tool(steps: &[Step], step: usize) -> bool {
    std::iter::successors(steps[step].parent, |&above| steps[above].parent)
        .any(|above| steps[above].kind == Kind::Tool)
}

/// Gives log events without a place to the run of their session that was going on.
fn place_events(steps: &mut [Step], runs: &mut [Run]) {
    let mut places: Vec<(UnixNanos, usize, Option<String>)> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        if let Some(root) = run.root {
            let session = (root..steps[root].last)
                .filter(|&i| steps[i].run == Some(index))
                .find_map(|i| steps[i].facts.session_id.clone());
            places.push((steps[root].start, index, session));
        }
    }
    places.sort();
    let run_at = |start: UnixNanos, session: Option<&String>| {
        let of_session = |place: &&(UnixNanos, usize, Option<String>)| place.2.as_ref() == session;
        let mut same = places.iter().filter(of_session).peekable();
        let all: Vec<_> = if same.peek().is_some() { same.collect() } else { places.iter().collect() };
        let began = all.iter().rev().find(|place| place.0 <= start).or(all.first());
        began.map(|place| place.1)
    };
    let mut i = 0;
    while i < steps.len() {
        let last = steps[i].last;
        if steps[i].parent.is_none()
            && steps[i].key.is_some()
            && let Some(run) = run_at(steps[i].start, steps[i].facts.session_id.as_ref())
        {
            for (at, step) in steps.iter_mut().enumerate().take(last).skip(i) {
                if step.kind == Kind::Run {
                    step.kind = Kind::Workflow;
                    runs[run].also.push(at);
                }
                step.run = Some(run);
            }
        }
        i = last;
    }
}

fn tops(steps: &[Step]) -> Vec<usize> {
    let mut tops = Vec::new();
    let mut i = 0;
    while i < steps.len() {
        tops.push(i);
        i = steps[i].last;
    }
    tops
}

/// A tree makes runs if it holds an agentic step that is not merely a second report of a call elsewhere.
fn makes_runs(steps: &[Step], top: usize) -> bool {
    (top..steps[top].last)
        .any(|i| steps[i].kind.is_agentic() && steps[i].same_as.is_none_or(|first| steps[first].top == top))
}

fn in_tree(steps: &mut [Step], records: &[RecordFacts], top: usize, runs: &mut Vec<Run>) {
    let root = run_root(steps, top);
    let mut above = steps[root].parent;
    while let Some(i) = above {
        steps[i].outer = true;
        above = steps[i].parent;
    }
    open(steps, records, root, None, runs);
}

/// The topmost agent or workflow; the lowest common ancestor of several, and of loose model calls; else the top.
fn run_root(steps: &[Step], top: usize) -> usize {
    let (mut first, mut last, mut agents) = (None, top, false);
    let mut i = top;
    while i < steps[top].last {
        let agent = steps[i].is_agent_or_workflow();
        if agent || steps[i].is_call() {
            first.get_or_insert(i);
            last = i;
            agents |= agent;
        }
        i = if agent { steps[i].last } else { i + 1 };
    }
    let Some(mut root) = first.filter(|_| agents) else { return top };
    while steps[root].last <= last {
        match steps[root].parent {
            Some(parent) => root = parent,
            None => break,
        }
    }
    root
}

/// Makes the run rooted in a span, and the child runs below it.
fn open(
    steps: &mut [Step],
    records: &[RecordFacts],
    root: usize,
    parent: Option<usize>,
    runs: &mut Vec<Run>,
) {
    let mut todo = vec![(root, parent)];
    while let Some((root, parent)) = todo.pop() {
        let (Some(trace), Some(span)) = (steps[root].trace, steps[root].span) else {
            // An agent known from events only: by its own name, else by its key within the run above.
            let step = &steps[root];
            let key = step.key.clone().unwrap_or_default();
            let above = parent.map(|p: usize| runs[p].id.to_string()).unwrap_or_default();
            let id = match &step.facts.native_run_id {
                Some(name) if parent.is_none() => {
                    RunId::assembled(&step.facts.dialect, &records[step.record].service_name, name)
                }
                _ => RunId::assembled(&step.facts.dialect, &above, &key),
            };
            runs.push(Run { id, root: None, also: vec![root], parent, trace: None, native_id: None });
            let run = runs.len() - 1;
            todo.extend(
                own_steps(steps, records, root, run, &mut runs[run].also).into_iter().map(|c| (c, Some(run))),
            );
            continue;
        };
        let id = RunId::of_span(trace, span);
        runs.push(Run {
            id,
            root: Some(root),
            also: Vec::new(),
            parent,
            trace: Some(trace),
            native_id: None,
        });
        let run = runs.len() - 1;
        let children = own_steps(steps, records, root, run, &mut runs[run].also);
        todo.extend(children.into_iter().rev().map(|child| (child, Some(run))));
    }
}

/// Gives a run's own steps to it, and returns the roots of its child runs.
fn own_steps(
    steps: &mut [Step],
    records: &[RecordFacts],
    root: usize,
    run: usize,
    also: &mut Vec<usize>,
) -> Vec<usize> {
    if steps[root].is_agent_or_workflow() {
        steps[root].kind = Kind::Run;
    }
    let mut at = root;
    loop {
        steps[at].run = Some(run);
        let (mut agents, mut works) = (Vec::new(), false);
        let mut i = at + 1;
        while i < steps[at].last {
            let same = goes_on(&steps[i], &steps[at]);
            // A prompt's event says what the run was asked.
            if steps[i].kind == Kind::Run && (same || steps[i].key.is_some() && is_hook(&steps[i], i)) {
                also.push(i);
            }
            let hook = is_hook(&steps[i], i) || is_part_of(&steps[i], i, &steps[at]);
            if steps[i].kind == Kind::Run && !hook && !same {
                agents.push(i);
                i = steps[i].last;
                continue;
            }
            if steps[i].kind == Kind::Run {
                steps[i].kind = Kind::Workflow;
            }
            works |= steps[i].is_call() || steps[i].kind == Kind::Tool;
            steps[i].run = Some(run);
            i += 1;
        }
        match agents[..] {
            [only] if !works && is_wrapper(steps, records, root, at, only) => {
                steps[only].kind = Kind::Workflow;
                also.push(only);
                at = only;
            }
            _ => return agents,
        }
    }
}

/// An agent has a name of its own, or calls a model itself. Any other span around work is a step of a workflow; so is one
/// that is named like a function, makes a single call, and comes again and again within the work of something larger.
fn set_aside_nameless_agents(steps: &mut [Step]) {
    let mut calls = vec![0_u32; steps.len()];
    let mut agent: Vec<Option<usize>> = vec![None; steps.len()];
    for i in 0..steps.len() {
        agent[i] = steps[i].parent.and_then(|p| if steps[p].kind == Kind::Run { Some(p) } else { agent[p] });
        if (steps[i].is_call() || steps[i].counted)
            && let Some(agent) = agent[i]
        {
            calls[agent] += 1;
        }
    }
    let is_single = |step: &Step, i: usize| {
        step.kind == Kind::Run && step.facts.agent_name_is_weak && calls[i] == 1 && step.parent.is_some()
    };
    let mut again: HashMap<(usize, Option<String>), usize> = HashMap::new();
    for (_, step) in steps.iter().enumerate().filter(|(i, step)| is_single(step, *i)) {
        *again.entry((step.top, step.facts.agent_name.clone())).or_default() += 1;
    }
    let single: Vec<bool> = steps
        .iter()
        .enumerate()
        .map(|(i, step)| {
            is_single(step, i) && again.get(&(step.top, step.facts.agent_name.clone())) > Some(&1)
        })
        .collect();
    for i in 0..steps.len() {
        let step = &steps[i];
        let nameless = step.facts.agent_name.is_none() && step.last > i + 1 || step.facts.agent_name_is_weak;
        let under_tool = step.parent.is_some_and(|parent| steps[parent].kind == Kind::Tool);
        let is_part = nameless && calls[i] == 0 || single[i] && !under_tool;
        if step.kind == Kind::Run && step.parent.is_some() && step.key.is_none() && !step.counted && is_part {
            steps[i].kind = Kind::Workflow;
        }
    }
}

/// A chain, flow or graph straight under a tool that calls models itself and has a name of its own is another agent.
fn find_agents_under_tools(steps: &mut [Step]) {
    // For each step the tool that it lies in, with nothing but plain spans between.
    let mut tool: Vec<Option<usize>> = vec![None; steps.len()];
    let mut agent: Vec<Option<usize>> = vec![None; steps.len()];
    for i in 0..steps.len() {
        let Some(parent) = steps[i].parent else { continue };
        agent[i] = if steps[parent].kind == Kind::Run { Some(parent) } else { agent[parent] };
        tool[i] = match steps[parent].kind {
            Kind::Tool => Some(parent),
            Kind::Other | Kind::Http | Kind::Mcp => tool[parent],
            _ => None,
        };
        let Some(tool) = tool[i].filter(|_| steps[i].kind == Kind::Workflow) else { continue };
        let calls = (i + 1..steps[i].last).any(|j| steps[j].is_call());
        if calls && has_own_name(&steps[i], &steps[tool], agent[i].map(|agent| &steps[agent])) {
            steps[i].kind = Kind::Run;
        }
    }
}

/// Names that a framework gives to any chain.
const ANY_CHAIN: [&str; 5] = ["Runnable", "generate", "Prompt", "Chat", "executor."];

fn has_own_name(step: &Step, tool: &Step, agent: Option<&Step>) -> bool {
    let facts = &step.facts;
    if let Some(name) = &facts.agent_name {
        return agent.is_none_or(|agent| agent.facts.agent_name.as_ref() != Some(name));
    }
    let name = facts.workflow_name.as_deref().unwrap_or(&facts.name);
    !name.is_empty()
        && tool.facts.name != name
        && tool.tool_name.as_deref() != Some(name)
        && !ANY_CHAIN.iter().any(|any| name.starts_with(any))
}

/// An agent's span with nothing in it and no name of its own is a hook or a marker, not an execution.
fn is_hook(step: &Step, index: usize) -> bool {
    step.last == index + 1
        && step.facts.agent_name.is_none()
        && step.facts.usage.is_unknown()
        && step.end.is_some()
}

/// The part of a run after a person answered may come as an agent's span within it: it is the same run.
fn goes_on(step: &Step, run: &Step) -> bool {
    let facts = &step.facts;
    !facts.answers.is_empty() && facts.agent_name.is_some() && facts.agent_name == run.facts.agent_name
}

/// An agent's span with nothing in it, within a run of the same agent, is a part of that.
fn is_part_of(step: &Step, index: usize, run: &Step) -> bool {
    step.last == index + 1
        && step.facts.agent_name.is_some()
        && step.facts.agent_name == run.facts.agent_name
        && step.facts.usage.is_unknown()
        && step.end.is_some()
}

/// Where an agent's span has nothing in it and its work lies beside it, under a step of the same name at the same
/// time, that step is the agent's.
fn give_agents_their_work(steps: &mut [Step]) {
    let mut work: HashMap<(usize, String), Vec<usize>> = HashMap::new();
    for (i, step) in steps.iter().enumerate() {
        if let Some(parent) = step.parent
            && step.kind == Kind::Workflow
            && step.last > i + 1
        {
            let name = step.facts.name.rsplit(' ').next().unwrap_or_default().to_owned();
            work.entry((parent, name)).or_default().push(i);
        }
    }
    for i in 0..steps.len() {
        if steps[i].kind != Kind::Run || steps[i].last != i + 1 {
            continue;
        }
        let (Some(parent), Some(name)) = (steps[i].parent, steps[i].facts.agent_name.clone()) else {
            continue;
        };
        let Some(beside) = work.get_mut(&(parent, name)) else { continue };
        if let Some(at) = beside.iter().take(64).position(|&w| steps[w].overlaps(&steps[i])) {
            let agent = beside.swap_remove(at);
            complete(steps, agent, i);
            steps[agent].kind = Kind::Run;
            steps[i].kind = Kind::Workflow;
            steps[i].same_as = Some(agent);
        }
    }
}

/// Whether the only agent below, with which all the work lies, is the run above once more: straight inside it, of
/// the same service, and not another agent of the same instrumentation by its name.
fn is_wrapper(steps: &[Step], records: &[RecordFacts], root: usize, above: usize, agent: usize) -> bool {
    let mut up = steps[agent].parent;
    while let Some(i) = up.filter(|&i| i != above) {
        if !matches!(steps[i].kind, Kind::Workflow | Kind::Other | Kind::Http) {
            return false;
        }
        up = steps[i].parent;
    }
    let (outer, inner) = (&records[steps[root].record], &records[steps[agent].record]);
    let named =
        |i: usize| steps[i].facts.agent_name.as_deref().filter(|_| !steps[i].facts.agent_name_is_weak);
    let names = [above, root].map(named);
    let other_name =
        names.iter().flatten().any(|name| Some(*name) != steps[agent].facts.agent_name.as_deref());
    outer.service_name == inner.service_name
        && !steps[agent].remote_parent
        && !(other_name
            && records[steps[above].record].scope_name == inner.scope_name
            && steps[agent].facts.agent_name.is_some())
}

/// Records that name their run: one run, or one for each prompt that opens one.
fn assembled(id: RunId, steps: &mut [Step], records: &[RecordFacts], runs: &mut Vec<Run>) {
    if !steps.iter().any(|step| step.kind.is_agentic()) {
        return;
    }
    let prompts: Vec<usize> = (0..steps.len()).filter(|&i| opens_a_run(&steps[i], records)).collect();
    let mut starts: Vec<(UnixNanos, usize)> = Vec::new();
    for &prompt in &prompts {
        let step = &steps[prompt];
        let native = format!("{}:{}", step.facts.session_id.as_deref().unwrap_or_default(), step.start);
        starts.push((step.start, runs.len()));
        runs.push(Run {
            id: RunId::assembled(&step.facts.dialect, &records[step.record].service_name, &native),
            root: None,
            also: Vec::new(),
            parent: None,
            trace: None,
            native_id: Some(native),
        });
    }
    if runs.is_empty() {
        runs.push(Run { id, root: None, also: Vec::new(), parent: None, trace: None, native_id: None });
        starts.push((0, 0));
    }
    starts.sort_unstable();
    let run_at = |start: UnixNanos| {
        let after = starts.partition_point(|&(from, _)| from <= start);
        starts[after.saturating_sub(1)].1
    };
    // Agents in such a group are child runs only when there are several: one alone is the run itself.
    let mut agents: Vec<Vec<usize>> = vec![Vec::new(); runs.len()];
    let mut i = 0;
    while i < steps.len() {
        let parent_run = steps[i].parent.and_then(|parent| steps[parent].run);
        let run = parent_run.unwrap_or_else(|| run_at(steps[i].start));
        steps[i].run = Some(run);
        if steps[i].kind == Kind::Run {
            if is_hook(&steps[i], i)
                || opens_a_run(&steps[i], records)
                || steps[i].last == i + 1 && steps[i].parent.is_none()
            {
                runs[run].also.push(i);
            } else {
                agents[run].push(i);
                i = steps[i].last;
                continue;
            }
        }
        i += 1;
    }
    for (run, agents) in agents.into_iter().enumerate() {
        if let [only] = agents[..]
            && !is_under_tool(steps, only)
        {
            runs[run].also.push(only);
            let children = own_steps(steps, records, only, run, &mut Vec::new());
            for child in children {
                open(steps, records, child, Some(run), runs);
            }
        } else {
            for child in agents {
                open(steps, records, child, Some(run), runs);
            }
        }
    }
    let mut traces: Vec<Option<Option<TraceId>>> = vec![None; runs.len()];
    for step in steps.iter() {
        if let Some(run) = step.run {
            let known = traces[run].get_or_insert(step.trace);
            *known = known.filter(|trace| Some(*trace) == step.trace);
        }
    }
    for (run, trace) in runs.iter_mut().zip(traces).filter(|(run, _)| run.root.is_none()) {
        run.trace = trace.flatten();
    }
}

/// A prompt in the log of a conversation, which opens a run that has no name of its own.
fn opens_a_run(step: &Step, records: &[RecordFacts]) -> bool {
    step.kind == Kind::Run
        && step.parent.is_none()
        && matches!(records[step.record].role, Role::Event { .. })
        && step.facts.native_run_id.is_none()
}

/// Trees that only repeat calls made elsewhere belong to the runs of those calls.
fn second_reports(steps: &mut [Step]) {
    for i in 0..steps.len() {
        let mut first = steps[i].same_as;
        while let Some(next) = first.and_then(|f| steps[f].same_as) {
            first = Some(next);
        }
        if let Some(first) = first.filter(|_| steps[i].run.is_none() && !steps[i].outer) {
            steps[i].run = steps[first].run;
        }
    }
}

/// When each run began.
pub(super) fn starts(runs: &[Run], steps: &[Step]) -> Vec<UnixNanos> {
    let mut starts = vec![UnixNanos::MAX; runs.len()];
    for step in steps {
        if let Some(run) = step.run {
            starts[run] = starts[run].min(step.start);
        }
    }
    for (start, run) in starts.iter_mut().zip(runs) {
        if let Some(root) = run.root {
            *start = steps[root].start;
        }
    }
    starts
}

/// Puts runs by start, each child after its parent, and renumbers the steps' runs.
pub(super) fn sort(runs: &[Run], steps: &mut [Step], starts: &[UnixNanos]) -> Vec<Run> {
    let depth = {
        // A run's parent always stands before it, so one pass is enough.
        let mut depth = vec![0_u32; runs.len()];
        for i in 0..runs.len() {
            depth[i] = runs[i].parent.map_or(0, |p| depth[p] + 1);
        }
        depth
    };
    let mut from = starts.to_vec();
    for i in 0..runs.len() {
        if let Some(parent) = runs[i].parent {
            from[i] = from[i].max(from[parent]);
        }
    }
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&i| (from[i], depth[i], starts[i], runs[i].id));
    let mut place = vec![0; runs.len()];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new;
    }
    for step in steps.iter_mut() {
        step.run = step.run.map(|run| place[run]);
    }
    let mut sorted: Vec<Run> = order.into_iter().map(|i| runs[i].clone()).collect();
    for run in &mut sorted {
        run.parent = run.parent.map(|parent| place[parent]);
    }
    sorted
}

/// The service that a run is of.
pub(super) fn service(run: &Run, steps: &[Step], records: &[RecordFacts]) -> Arc<str> {
    let of = |i: usize| Arc::clone(&records[steps[i].record].service_name);
    run.root.or(run.also.first().copied()).map_or_else(|| Arc::from(""), of)
}
