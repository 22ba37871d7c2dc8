//! Which steps are tool calls, each once, and the tool calls for which no span came.
//!
//! Tool and MCP spans inside one another are one call. What a model asked for is matched to the run's tool steps by
//! id, else by name and order; what stays unmatched becomes a synthesised step, as does a tool that only a policy
//! gate names. Verdicts are brought to the call they are about. Not here: the tools' results (message content).

use super::{
    asked::{Asked, is_refused},
    join::names_one_call,
    runs::Run,
    step::{Step, complete, same_tool},
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};
use turnscope_model::{Approval, ErrorFact, Kind, UnixNanos, Verdict};

/// So many tool steps are compared at most to find one: what belongs together lies near.
const NEAR: usize = 64;

/// One of the tools that a call asked for: the call's step, and the place in its list.
type Requested = (usize, usize);

/// A tool call without a span.
#[derive(Clone, Debug)]
pub(super) struct Synthesised {
    pub(super) run: usize,
    /// The call that asked for it.
    pub(super) requested_by: Option<usize>,
    /// The policy step that is all that tells of it.
    pub(super) gate: Option<usize>,
    /// What names it within its run.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) call_id: Option<String>,
    pub(super) start: UnixNanos,
    /// When the run went on after it; `None` while it has not.
    pub(super) end: Option<UnixNanos>,
    pub(super) verdict: Option<Verdict>,
    /// Its result went back to the model as failed.
    pub(super) failed: bool,
    /// The step that ran it in a later run, which counts in its place.
    pub(super) gave_way: Option<usize>,
    /// What a person is asked about it.
    pub(super) asked: Option<Asked>,
}

impl Synthesised {
    /// Whether a person is asked about it, and has not answered.
    pub(super) fn is_waiting(&self) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.answered_at.is_none())
    }

    /// Whether a person or a policy decided about it, so that it is not open any more.
    pub(super) fn is_decided(&self) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.answered_at.is_some())
            || self.verdict == Some(Verdict::Deny)
    }

    /// Whether a person or a policy refused it.
    pub(super) fn is_refused(&self) -> bool {
        is_refused(self.verdict, self.asked.as_ref().and_then(|asked| asked.resolution))
    }

    /// What is known of its failure.
    pub(super) fn error(&self) -> Option<ErrorFact> {
        self.failed.then(|| failed_result(&self.name))
    }
}

/// What is known of a failure that only the messages tell of.
fn failed_result(tool: &str) -> ErrorFact {
    let message = format!("the result of {tool} was an error");
    ErrorFact { r#type: "_OTHER".to_owned(), message: Some(message) }
}

/// Marks the tool steps that count.
pub(super) fn mark(steps: &mut [Step], runs: &[Run]) {
    set_aside_requests(steps);
    for i in 0..steps.len() {
        if let Some(parent) = steps[i].parent {
            steps[i].in_tool = match steps[parent].kind {
                _ if is_tool(&steps[parent]) => Some(parent),
                Kind::Run | Kind::Turn | Kind::Llm | Kind::Embedding => None,
                _ => steps[parent].in_tool,
            };
        }
        if !is_tool(&steps[i]) {
            continue;
        }
        steps[i].counted = true;
        if let Some(outer) = steps[i].in_tool.filter(|&outer| one_call(&steps[outer], &steps[i])) {
            let keep = steps[outer].same_as.unwrap_or(outer);
            second(steps, keep, i);
        }
    }
    merge_beside(steps);
    merge_across_runs(steps, runs);
    merge_attempts(steps);
    merge_repeats(steps);
    for step in steps.iter_mut().filter(|step| step.counted && step.kind == Kind::Mcp) {
        step.kind = Kind::Tool;
    }
}

/// A tool's step of a moment, straight under the model call that asked for it, which gave nothing: it tells what the answer
/// asks for, and no tool ran.
fn set_aside_requests(steps: &mut [Step]) {
    for i in 0..steps.len() {
        let Some(call) = steps[i].parent.filter(|&parent| steps[parent].kind == Kind::Llm) else { continue };
        let id = steps[i].facts.tool_call_id.as_ref();
        let asked = |id: &String| {
            steps[call].facts.requested_tools.iter().any(|tool| tool.id.as_ref() == Some(id) && !tool.ran)
        };
        if steps[i].kind == Kind::Tool
            && steps[i].last == i + 1
            && steps[i].facts.gave_nothing
            && !steps[i].failed()
            && steps[i].end_or_start() <= steps[call].end_or_start()
            && id.is_some_and(asked)
        {
            steps[i].kind = Kind::Other;
        }
    }
}

fn is_tool(step: &Step) -> bool {
    step.kind == Kind::Tool || step.kind == Kind::Mcp && step.facts.tool_name.is_some()
}

fn second(steps: &mut [Step], keep: usize, repeat: usize) {
    complete(steps, keep, repeat);
    steps[repeat].counted = false;
    steps[repeat].same_as = Some(keep);
}

/// Whether a tool step inside another is the same call.
fn one_call(outer: &Step, inner: &Step) -> bool {
    match (&outer.facts.tool_call_id, &inner.facts.tool_call_id) {
        (Some(a), Some(b)) => a == b,
        _ if inner.kind == Kind::Mcp && outer.kind != Kind::Mcp => true,
        // A context that leaks from one call into the next hangs a call of its own below the first one.
        _ => names_agree(outer, inner) && arguments_agree(outer, inner) && ends_within(outer, inner),
    }
}

fn arguments_agree(a: &Step, b: &Step) -> bool {
    match (a.facts.arguments, b.facts.arguments) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// Whether the inner step is over when the outer one is. The clocks of two processes may differ, and a program may end the
/// outer span a moment before the inner one.
fn ends_within(outer: &Step, inner: &Step) -> bool {
    const MOMENT: u64 = 1_000_000;
    let end = outer
        .end
        .map_or(UnixNanos::MAX, |end| end.saturating_add((end.saturating_sub(outer.start) / 20).max(MOMENT)));
    inner.remote_parent || inner.kind != outer.kind || inner.end_or_start() <= end
}

fn names_agree(a: &Step, b: &Step) -> bool {
    match (&a.tool_name, &b.tool_name) {
        (Some(a), Some(b)) => same_tool(a, b),
        _ => true,
    }
}

/// The same call reported side by side: same id at the same time, or an MCP span within the time of the tool's.
fn merge_beside(steps: &mut [Step]) {
    let mut by_id: HashMap<(usize, String), Vec<usize>> = HashMap::new();
    let mut of_run: HashMap<usize, Vec<usize>> = HashMap::new();
    for (i, step) in steps.iter().enumerate().filter(|(_, step)| step.counted && is_tool(step)) {
        let Some(run) = step.run else { continue };
        if let Some(id) = &step.facts.tool_call_id {
            by_id.entry((run, id.clone())).or_default().push(i);
        }
        of_run.entry(run).or_default().push(i);
    }
    let mut groups: Vec<Vec<usize>> = by_id.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    for group in groups {
        merge_reports(steps, group, |one, other| one.overlaps(other) && names_agree(one, other));
    }
    for tools in of_run.into_values() {
        let counted: Vec<usize> = tools.into_iter().filter(|&i| steps[i].counted).collect();
        let (mcp, real): (Vec<usize>, Vec<usize>) = counted
            .into_iter()
            .partition(|&i| steps[i].kind == Kind::Mcp && steps[i].facts.tool_call_id.is_none());
        merge_within(steps, mcp, real.clone(), names_agree);
        // What a framework says of a call without the id that an instrumentation gives.
        let (named, nameless): (Vec<usize>, Vec<usize>) =
            real.into_iter().partition(|&i| steps[i].facts.tool_call_id.is_some());
        let same = |outer: &Step, inner: &Step| {
            outer.tool_name.is_some() && outer.tool_name == inner.tool_name && arguments_agree(outer, inner)
        };
        merge_within(steps, nameless, named, same);
    }
}

/// A call that an agent reports in its own run, and its executor in a run above: same id, and one within the time of the
/// other.
fn merge_across_runs(steps: &mut [Step], runs: &[Run]) {
    // A hostile chain of runs must not be climbed whole for each of its steps.
    let is_below = |run: usize, above: usize| {
        std::iter::successors(runs[run].parent, |&run| runs[run].parent).take(NEAR).any(|one| one == above)
    };
    let mut by_id: HashMap<&String, Vec<usize>> = HashMap::new();
    for (i, step) in steps.iter().enumerate().filter(|(_, step)| step.counted && is_tool(step)) {
        if let (Some(_), Some(id)) = (step.run, &step.facts.tool_call_id) {
            by_id.entry(id).or_default().push(i);
        }
    }
    let mut groups: Vec<Vec<usize>> = by_id.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    for mut group in groups {
        group.sort_by_key(|&i| (steps[i].start, i));
        merge_reports(steps, group, |outer, inner| {
            let (Some(a), Some(b)) = (outer.run, inner.run) else { return false };
            (is_below(a, b) || is_below(b, a))
                && names_agree(outer, inner)
                && arguments_agree(outer, inner)
                && ends_within(outer, inner)
        });
    }
}

/// Each of these steps that is the same call as an earlier one is a second report of it.
fn merge_reports(steps: &mut [Step], group: Vec<usize>, same: impl Fn(&Step, &Step) -> bool) {
    let mut kept: Vec<usize> = Vec::new();
    for i in group {
        match kept.iter().rev().take(NEAR).copied().find(|&k| same(&steps[k], &steps[i])) {
            Some(keep) => second(steps, keep, i),
            None => kept.push(i),
        }
    }
}

/// Each inner step that lies within the time of an outer one is a second report of it, where the two are the same.
fn merge_within(
    steps: &mut [Step],
    inner: Vec<usize>,
    outer: Vec<usize>,
    same: impl Fn(&Step, &Step) -> bool,
) {
    let mut free: VecDeque<usize> = outer.into();
    free.make_contiguous().sort_by_key(|&i| (steps[i].start, i));
    for i in inner {
        let within = |t: &usize| {
            steps[*t].start <= steps[i].start
                && steps[i].end_or_start() <= steps[*t].end.unwrap_or(UnixNanos::MAX)
                && same(&steps[*t], &steps[i])
        };
        // Tools are in order of start: what ended before this began can be for none after it either.
        while free.front().is_some_and(|&t| steps[t].end.is_some_and(|end| end < steps[i].start)) {
            free.pop_front();
        }
        if let Some(place) = free.iter().take(NEAR).position(within)
            && let Some(keep) = free.remove(place)
        {
            second(steps, keep, i);
        }
    }
}

/// A tool that stopped to ask a person, and ran again later: one call. The later attempt stands for it.
fn merge_attempts(steps: &mut [Step]) {
    let is_attempt = |step: &Step| step.counted && step.kind == Kind::Tool && step.facts.steered;
    if !steps.iter().any(is_attempt) {
        return;
    }
    let mut tools: Vec<usize> =
        (0..steps.len()).filter(|&i| steps[i].counted && steps[i].kind == Kind::Tool).collect();
    tools.sort_by_key(|&i| (steps[i].start, i));
    let mut taken: HashSet<usize> = HashSet::new();
    for (at, &i) in tools.iter().enumerate() {
        if !is_attempt(&steps[i]) {
            continue;
        }
        let again = tools[at + 1..].iter().copied().take(NEAR).find(|&later| {
            let same = match (&steps[i].facts.tool_call_id, &steps[later].facts.tool_call_id) {
                (Some(one), Some(other)) => one == other,
                _ => steps[i].tool_name.is_some() && names_agree(&steps[i], &steps[later]),
            };
            same && !taken.contains(&later) && steps[later].start >= steps[i].end_or_start()
        });
        if let Some(later) = again {
            taken.insert(later);
            steps[i].counted = false;
            steps[i].same_as = Some(later);
        }
    }
}

/// A call that ran twice under one id, first to no avail: a tool that waits for somebody may end, and begin anew. And one of
/// which a step within the model's call tells, before another step runs it.
fn merge_repeats(steps: &mut [Step]) {
    let gave_nothing = |step: &Step| step.facts.gave_nothing && !step.failed() && step.end.is_some();
    let mut first: HashMap<String, usize> = HashMap::new();
    // What was told of an answer, by run and tool: the step that ran it may not know the call's id.
    let mut told: HashMap<(usize, String), VecDeque<usize>> = HashMap::new();
    let mut tools: Vec<usize> =
        (0..steps.len()).filter(|&i| steps[i].counted && steps[i].kind == Kind::Tool).collect();
    tools.sort_by_key(|&i| (steps[i].start, i));
    for i in tools {
        let of_run = steps[i].run.zip(steps[i].tool_name.clone());
        if let (None, Some(key)) = (&steps[i].facts.tool_call_id, &of_run)
            && let Some(before) = told.get_mut(key).and_then(VecDeque::pop_front)
        {
            second(steps, i, before);
            continue;
        }
        let says_nothing = gave_nothing(&steps[i]) || steps[i].facts.arguments.is_none();
        let is_told = says_nothing
            && steps[i].facts.tool_call_id.is_some()
            && steps[i].parent.is_some_and(|parent| steps[parent].kind == Kind::Llm);
        if let (true, Some(key)) = (is_told, of_run) {
            told.entry(key).or_default().push_back(i);
        }
        let Some(id) = steps[i].facts.tool_call_id.as_ref().filter(|id| names_one_call(id)) else { continue };
        if let Some(&before) = first.get(id)
            && steps[before].end_or_start() <= steps[i].start
            && names_agree(&steps[before], &steps[i])
            && arguments_agree(&steps[before], &steps[i])
        {
            steps[before].counted = false;
            steps[before].same_as = Some(i);
            first.remove(id);
        } else if gave_nothing(&steps[i]) {
            first.insert(id.clone(), i);
        }
    }
}

/// Matches what the calls of one run asked for with its tool steps, and makes steps of what is left.
///
/// `own` are the run's steps in order of start.
/// Also gives, for each tool step that was matched, the call that asked for it.
pub(super) fn match_requests(
    steps: &mut [Step],
    run: usize,
    own: &[usize],
) -> (Vec<Synthesised>, HashMap<usize, usize>) {
    let calls: Vec<usize> = own
        .iter()
        .copied()
        .filter(|&i| steps[i].counted && !steps[i].facts.requested_tools.is_empty())
        .collect();
    // What stopped to ask somebody was asked for here, and counts in the run that goes on.
    let stopped = |step: &Step| {
        let later = step.same_as.and_then(|later| steps[later].run);
        !step.facts.asks.is_empty() && later.is_some_and(|later| later != run)
    };
    let is_call = |step: &Step| step.kind == Kind::Tool && (step.counted || stopped(step));
    let tools: Vec<usize> = own.iter().copied().filter(|&i| is_call(&steps[i])).collect();
    let mut taken: Vec<Option<Requested>> = vec![None; tools.len()];
    let mut open: Vec<Requested> =
        calls.iter().flat_map(|&call| asked(&steps[call]).into_iter().map(move |at| (call, at))).collect();
    by_id(steps, &tools, &mut taken, &mut open);
    by_name(steps, &tools, &mut taken, &mut open);
    by_order(steps, &tools, &mut taken, &mut open);
    let unmarked = by_span_name(steps, own, &mut open);
    let counted: Vec<usize> =
        own.iter().copied().filter(|&i| steps[i].counted && steps[i].is_call()).collect();
    let mut failed: HashMap<&String, Vec<usize>> = HashMap::new();
    for &i in own {
        steps[i].facts.failed_results.iter().for_each(|id| failed.entry(id).or_default().push(i));
    }
    let mut asked_again: HashMap<&String, usize> = HashMap::new();
    for id in
        calls.iter().flat_map(|&call| &steps[call].facts.requested_tools).filter_map(|tool| tool.id.as_ref())
    {
        *asked_again.entry(id).or_default() += 1;
    }
    let made = open.into_iter().map(|(call, at)| {
        let tool = synthesise(steps, run, call, at, &counted);
        let told = tool.call_id.as_ref().and_then(|id| failed.get(id));
        // An id that is used again means the call whose result the next call was sent.
        let once = tool.call_id.as_ref().is_some_and(|id| asked_again.get(id) == Some(&1));
        let failed = told.is_some_and(|told| once || told.iter().any(|&i| Some(steps[i].start) == tool.end));
        Synthesised { failed, ..tool }
    });
    let made = made.collect();
    let marked = tools.into_iter().zip(taken).filter_map(|(tool, asked)| Some((tool, asked?)));
    let matched = marked.chain(unmarked).map(|(tool, (call, at))| {
        let id = steps[call].facts.requested_tools[at].id.as_ref();
        let failed = id.is_some_and(|id| failed.contains_key(id) && asked_again.get(id) == Some(&1));
        (tool, call, id.cloned(), failed)
    });
    let matched: Vec<_> = matched.collect();
    let mut asked_by = HashMap::new();
    for (tool, call, id, failed) in matched {
        // A framework may hand an exception to the model and end the tool's span as if nothing had happened.
        if failed && !steps[tool].failed() && !steps[tool].facts.steered {
            let facts = Arc::make_mut(&mut steps[tool].facts);
            facts.error = Some(failed_result(facts.tool_name.as_deref().unwrap_or(&facts.name)));
        }
        steps[tool].request = Some((call, id));
        asked_by.insert(tool, call);
    }
    (made, asked_by)
}

/// The requests of a call; a streamed answer may name one several times.
fn asked(call: &Step) -> Vec<usize> {
    let mut ids = HashSet::new();
    let tools = call.facts.requested_tools.iter().enumerate();
    tools.filter(|(_, tool)| tool.id.as_ref().is_none_or(|id| ids.insert(id))).map(|(at, _)| at).collect()
}

/// Some models count their calls anew in each turn: an id means the request that came last before the span.
fn by_id(steps: &[Step], tools: &[usize], taken: &mut [Option<Requested>], open: &mut Vec<Requested>) {
    let mut of_id: HashMap<&str, Vec<Requested>> = HashMap::new();
    for &(call, at) in open.iter() {
        if let Some(id) = &steps[call].facts.requested_tools[at].id {
            of_id.entry(id).or_default().push((call, at));
        }
    }
    let mut found: HashSet<Requested> = HashSet::new();
    for (t, &i) in tools.iter().enumerate() {
        let id = steps[i].facts.tool_call_id.as_deref();
        let Some(requests) = id.and_then(|id| of_id.get_mut(id)).filter(|requests| !requests.is_empty())
        else {
            continue;
        };
        let before = requests.iter().rposition(|&(call, _)| steps[call].start <= steps[i].start);
        let request = requests.remove(before.unwrap_or(0));
        taken[t] = Some(request);
        found.insert(request);
    }
    open.retain(|request| !found.contains(request));
}

fn by_name(steps: &[Step], tools: &[usize], taken: &mut [Option<Requested>], open: &mut Vec<Requested>) {
    // Tools by the last word of their name, which qualified and bare names share.
    let mut of_name: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (t, &i) in tools.iter().enumerate().filter(|&(t, _)| taken[t].is_none()) {
        if let Some(name) = &steps[i].tool_name {
            of_name.entry(last_word(name)).or_default().push_back(t);
        }
    }
    open.retain(|&(call, at)| {
        let name = &steps[call].facts.requested_tools[at].name;
        let Some(tools_so_named) = of_name.get_mut(last_word(name)) else { return true };
        let fits = |&t: &usize| {
            steps[tools[t]].start >= steps[call].start
                && steps[tools[t]].tool_name.as_deref().is_some_and(|tool| same_tool(tool, name))
        };
        while tools_so_named.front().is_some_and(|t| !fits(t)) {
            tools_so_named.pop_front();
        }
        let Some(t) = tools_so_named.pop_front() else { return true };
        taken[t] = Some((call, at));
        false
    });
}

fn last_word(name: &str) -> &str {
    let after = name.rfind(['-', '.', '/', ':']).map_or(name, |at| &name[at + 1..]);
    after.rfind("__").map_or(after, |at| &after[at + 2..])
}

/// An application that runs every tool through one function of its own (`call_tool`) has a span of that name for
/// each. Where between a call and the next as many such spans stand as the call asked for tools, they are these, in
/// order, and take their names.
fn by_order(steps: &mut [Step], tools: &[usize], taken: &mut [Option<Requested>], open: &mut Vec<Requested>) {
    let mut left = Vec::with_capacity(open.len());
    let mut rest = &open[..];
    let mut from = 0;
    while let Some(&(call, _)) = rest.first() {
        let asked = rest.iter().take_while(|&&(c, _)| c == call).count();
        let next_start = rest.get(asked).map_or(UnixNanos::MAX, |&(next, _)| steps[next].start);
        while from < tools.len() && (taken[from].is_some() || steps[tools[from]].start < steps[call].start) {
            from += 1;
        }
        let found: Vec<usize> = (from..tools.len())
            .take_while(|&t| steps[tools[t]].start < next_start)
            .filter(|&t| taken[t].is_none() && is_generic(&steps[tools[t]]))
            .take(asked + 1)
            .collect();
        if found.len() == asked {
            for (&t, &(_, at)) in found.iter().zip(rest) {
                taken[t] = Some((call, at));
                steps[tools[t]].tool_name = Some(steps[call].facts.requested_tools[at].name.clone());
            }
        } else {
            left.extend_from_slice(&rest[..asked]);
        }
        rest = &rest[asked..];
    }
    *open = left;
}

/// A framework may mark the spans of its tools in no way, but name each exactly as the tool that was asked for: what
/// is so named after the call is it. Gives the spans that became tools, each with the call that asked for it.
fn by_span_name(steps: &mut [Step], own: &[usize], open: &mut Vec<Requested>) -> Vec<(usize, Requested)> {
    let name = |&(call, at): &Requested| steps[call].facts.requested_tools[at].name.clone();
    let mut so_named: HashMap<String, VecDeque<usize>> =
        open.iter().map(|asked| (name(asked), VecDeque::new())).collect();
    for &i in own.iter().filter(|&&i| !steps[i].counted && steps[i].in_tool.is_none()) {
        if matches!(steps[i].kind, Kind::Other | Kind::Workflow)
            && let Some(spans) = so_named.get_mut(steps[i].facts.name.as_str())
        {
            spans.push_back(i);
        }
    }
    let mut found = Vec::new();
    open.retain(|&(call, at)| {
        let name = steps[call].facts.requested_tools[at].name.clone();
        let Some(spans) = so_named.get_mut(&name) else { return true };
        while spans.front().is_some_and(|&i| steps[i].start < steps[call].start) {
            spans.pop_front();
        }
        let Some(i) = spans.pop_front() else { return true };
        (steps[i].kind, steps[i].counted, steps[i].tool_name) = (Kind::Tool, true, Some(name));
        found.push((i, (call, at)));
        false
    });
    found
}

/// Whether the tool's name is only the name of its span, and no id says which call it is.
fn is_generic(step: &Step) -> bool {
    step.facts.tool_call_id.is_none()
        && step.facts.tool_name.as_ref().is_none_or(|name| {
            let letters = |text: &str| text.replace(|c: char| !c.is_alphanumeric(), "");
            letters(&step.facts.name).starts_with(&letters(name))
        })
}

fn synthesise(steps: &[Step], run: usize, call: usize, at: usize, calls: &[usize]) -> Synthesised {
    let request = &steps[call].facts.requested_tools[at];
    let start = steps[call].end_or_start();
    let next = calls.partition_point(|&i| (steps[i].start, i) <= (steps[call].start, call));
    let next = calls[next..].iter().map(|&i| steps[i].start).find(|&begin| begin >= start);
    let by = steps[call].span.map(|span| span.to_string()).or_else(|| steps[call].key.clone());
    Synthesised {
        run,
        requested_by: Some(call),
        gate: None,
        key: format!("{}:{at}:{}", by.unwrap_or_default(), request.id.as_deref().unwrap_or(&request.name)),
        name: request.name.clone(),
        call_id: request.id.clone(),
        start,
        // What the provider ran itself was over when the model answered.
        end: next.or(request.ran.then_some(start)),
        verdict: None,
        failed: false,
        gave_way: None,
        asked: None,
    }
}

/// A run that ends with tool calls which gave nothing, without an answer and without a failure, stopped before they ran:
/// some frameworks end the step of a call that somebody must allow as if it had run.
pub(super) fn leave_open(steps: &mut [Step], run: &Run, own: &[usize]) {
    let mut selves = run.root.iter().chain(&run.also).map(|&i| &steps[i]);
    if selves.any(|step| step.failed() || step.end.is_none() || step.facts.output_text.is_some()) {
        return;
    }
    let calls = |step: &Step| step.counted && step.is_call();
    let Some(last) = own.iter().copied().rfind(|&i| calls(&steps[i])) else { return };
    if steps[last].facts.requested_tools.is_empty() {
        return;
    }
    let from = steps[last].start;
    let after = |&i: &usize| steps[i].counted && steps[i].kind == Kind::Tool && steps[i].start >= from;
    let open: Vec<usize> = own.iter().copied().filter(after).collect();
    let gave_nothing =
        |&i: &usize| steps[i].facts.gave_nothing && !steps[i].failed() && steps[i].facts.asks.is_empty();
    for i in open.into_iter().filter(gave_nothing).collect::<Vec<_>>() {
        Arc::make_mut(&mut steps[i].facts).steered = true;
    }
}

/// A call that a model asked for in one run may run in another, which goes on where the first one stopped: it counts once.
pub(super) fn give_way(steps: &mut [Step], synthesised: &mut [Synthesised]) {
    let mut ran: HashMap<&str, usize> = HashMap::new();
    for (i, step) in steps.iter().enumerate().rev() {
        if step.counted
            && step.kind == Kind::Tool
            && step.request.is_none()
            && let Some(id) = &step.facts.tool_call_id
        {
            ran.insert(id, i);
        }
    }
    let mut found = Vec::new();
    for (at, tool) in synthesised.iter_mut().enumerate() {
        let step = tool.call_id.as_deref().and_then(|id| ran.get(id)).copied();
        // A tool may begin while the model still speaks.
        let from = tool.requested_by.map_or(tool.start, |call| steps[call].start);
        tool.gave_way = step.filter(|&i| {
            steps[i].run != Some(tool.run)
                && steps[i].start >= from
                && steps[i].tool_name.as_ref().is_none_or(|name| same_tool(name, &tool.name))
        });
        found.extend(tool.gave_way.map(|step| (step, at)));
    }
    for (step, at) in found {
        let tool = &synthesised[at];
        steps[step].request = tool.requested_by.map(|call| (call, tool.call_id.clone()));
    }
}

/// Whether something that was said of a call is about the call of this name and id: an id decides, else the name.
pub(super) fn same_call(said: &Approval, name: Option<&String>, id: Option<&String>) -> bool {
    match (&said.tool_call_id, id) {
        (Some(said), Some(id)) => said == id,
        _ => said.tool_name.as_ref().zip(name).is_some_and(|(said, name)| same_tool(said, name)),
    }
}

/// Brings the verdicts of a run's policy steps to the tool calls that they are about. Gives the verdict of each call
/// and of each gate that is about none.
pub(super) fn judge(
    steps: &mut [Step],
    run: usize,
    own: &[usize],
    synthesised: &mut Vec<Synthesised>,
) -> Vec<Verdict> {
    let gates: Vec<usize> = own
        .iter()
        .copied()
        .filter(|&i| steps[i].facts.verdict.is_some() && !steps[i].told)
        .filter(|&i| !(steps[i].counted && steps[i].kind == Kind::Tool))
        .filter(|&i| {
            steps[i].parent.is_none_or(|p| steps[p].facts.verdict.is_none() || steps[p].kind == Kind::Tool)
        })
        .collect();
    let mut calls = Calls::of(steps, own, synthesised);
    let mut lone = Vec::new();
    for gate in gates {
        let Some(verdict) = steps[gate].facts.verdict else { continue };
        match calls.of_gate(steps, gate) {
            Some(Target::Step(tool)) => {
                steps[tool].verdict = Some(stronger(steps[tool].verdict, verdict));
                steps[tool].gate.get_or_insert(gate);
            }
            Some(Target::Synthesised(at)) => {
                let tool = &mut synthesised[at];
                tool.verdict = Some(stronger(tool.verdict, verdict));
                tool.gate.get_or_insert(gate);
            }
            None => match steps[gate].tool_name.clone() {
                Some(name) => synthesised.push(of_gate(steps, run, gate, name, verdict)),
                None => lone.push(verdict),
            },
        }
    }
    let tools = own.iter().filter(|&&i| steps[i].counted && steps[i].kind == Kind::Tool);
    lone.extend(tools.filter_map(|&i| steps[i].verdict));
    lone.extend(synthesised.iter().filter(|tool| tool.run == run).filter_map(|tool| tool.verdict));
    lone
}

/// A human asked outranks a refusal, which outranks a permission.
fn stronger(known: Option<Verdict>, new: Verdict) -> Verdict {
    known.map_or(new, |known| known.max(new))
}

/// A tool call of which only the gate tells.
fn of_gate(steps: &[Step], run: usize, gate: usize, name: String, verdict: Verdict) -> Synthesised {
    let step = &steps[gate];
    let by = step.span.map(|span| span.to_string()).or_else(|| step.key.clone());
    Synthesised {
        run,
        requested_by: None,
        gate: Some(gate),
        key: format!("{}:gate:{name}", by.unwrap_or_default()),
        name,
        call_id: step.facts.tool_call_id.clone(),
        start: step.end_or_start(),
        end: step.end,
        verdict: Some(verdict),
        failed: false,
        gave_way: None,
        asked: None,
    }
}

#[derive(Clone, Copy)]
enum Target {
    Step(usize),
    Synthesised(usize),
}

/// A run's tool calls, by what a gate may know of them.
struct Calls {
    by_id: HashMap<String, Target>,
    by_name: HashMap<String, VecDeque<(UnixNanos, Target)>>,
}

impl Calls {
    fn of(steps: &[Step], own: &[usize], synthesised: &[Synthesised]) -> Self {
        let real = own.iter().filter(|&&i| steps[i].counted && steps[i].kind == Kind::Tool).map(|&i| {
            let step = &steps[i];
            // A span that does not name its call has the id by which it was asked for.
            let asked = || step.request.as_ref().and_then(|(_, id)| id.clone());
            let id = step.facts.tool_call_id.clone().or_else(asked);
            (step.start, Target::Step(i), step.tool_name.clone(), id)
        });
        let made = synthesised.iter().enumerate().map(|(at, tool)| {
            (tool.start, Target::Synthesised(at), Some(tool.name.clone()), tool.call_id.clone())
        });
        let mut all: Vec<_> = real.chain(made).collect();
        all.sort_by_key(|&(start, ..)| start);
        let mut found = Self { by_id: HashMap::new(), by_name: HashMap::new() };
        for (start, target, name, id) in all {
            if let Some(id) = id {
                found.by_id.entry(id).or_insert(target);
            }
            if let Some(name) = name {
                found.by_name.entry(last_word(&name).to_owned()).or_default().push_back((start, target));
            }
        }
        found
    }

    fn of_gate(&mut self, steps: &[Step], gate: usize) -> Option<Target> {
        let within = steps[gate].in_tool.filter(|&tool| steps[tool].run == steps[gate].run);
        if let Some(tool) = within {
            return Some(Target::Step(steps[tool].same_as.unwrap_or(tool)));
        }
        if let Some(id) = &steps[gate].facts.tool_call_id
            && let Some(&target) = self.by_id.get(id)
        {
            return Some(target);
        }
        let calls = self.by_name.get_mut(last_word(steps[gate].tool_name.as_deref()?))?;
        // A synthesised call begins where its request ended, a real one after its gate: either not before the gate
        // of an earlier call of that name.
        let slack = steps[gate].start;
        while calls.front().is_some_and(|&(start, target)| matches!(target, Target::Step(_)) && start < slack)
        {
            calls.pop_front();
        }
        calls.pop_front().map(|(_, target)| target)
    }
}
