//! A step while the rules work on it, and how the facts of several records of one step are brought together.
//!
//! Here: plain data shared by the rules. Not here: any rule about runs, turns or counting.

use super::{RecordFacts, asked::Asked};
use std::sync::Arc;
use turnscope_model::{Facts, Kind, SpanId, Status, StepStatus, TraceId, UnixNanos, Usage, Verdict};

/// One step. Its index in the list is its place in pre-order: a step comes before all that is below it, so
/// `i..steps[i].last` is the whole subtree of step `i`.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The record it stands for.
    pub(super) record: usize,
    /// Further records of the same step.
    pub(super) joined: Vec<usize>,
    /// What all its records say, the first one first.
    pub(super) facts: Arc<Facts>,
    /// The key of the log events that it was made from.
    pub(super) key: Option<String>,
    pub(super) trace: Option<TraceId>,
    pub(super) span: Option<SpanId>,
    pub(super) remote_parent: bool,
    pub(super) start: UnixNanos,
    pub(super) end: Option<UnixNanos>,
    pub(super) status: Status,
    pub(super) kind: Kind,
    pub(super) parent: Option<usize>,
    /// The end of its subtree.
    pub(super) last: usize,
    /// The top of its tree.
    pub(super) top: usize,

    /// The step that this one reports a second time.
    pub(super) same_as: Option<usize>,
    /// The tool step that it lies in, unless an agent, a turn or a model call stands between them.
    pub(super) in_tool: Option<usize>,
    /// It counts as a model call or a tool call.
    pub(super) counted: bool,
    /// Its usage counts, as the sum over the calls in it. It is no call itself.
    pub(super) is_sum: bool,
    pub(super) run: Option<usize>,
    pub(super) outer: bool,
    pub(super) turn: Option<u64>,
    /// The tool's name after matching with what the model asked for.
    pub(super) tool_name: Option<String>,
    /// The call that asked for this tool call, and the id that it gave.
    pub(super) request: Option<(usize, Option<String>)>,
    pub(super) verdict: Option<Verdict>,
    /// The policy step that gave the verdict.
    pub(super) gate: Option<usize>,
    /// What it says of a tool call stands with that call.
    pub(super) told: bool,
    /// What a person is asked about it, or here.
    pub(super) asked: Option<Asked>,
}

impl Step {
    /// The step that this record makes, still without its place.
    pub(super) fn of(index: usize, record: &RecordFacts) -> Self {
        Self {
            record: index,
            joined: Vec::new(),
            facts: Arc::clone(&record.facts),
            key: None,
            trace: record.trace_id,
            span: record.span_id,
            remote_parent: record.remote_parent,
            start: record.start,
            end: record.end,
            status: record.status,
            kind: record.facts.kind,
            parent: None,
            last: 0,
            top: 0,
            same_as: None,
            in_tool: None,
            counted: false,
            is_sum: false,
            run: None,
            outer: false,
            turn: None,
            tool_name: record.facts.tool_name.clone(),
            request: None,
            verdict: record.facts.verdict,
            gate: None,
            told: false,
            asked: None,
        }
    }

    /// Whether it failed. A framework's own exceptions set a span's status too, and are no failure.
    pub(super) fn failed(&self) -> bool {
        self.status == Status::Error && !self.facts.steered || self.facts.error.is_some()
    }

    /// Whether a person is asked here, and has not answered.
    pub(super) fn is_waiting(&self) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.answered_at.is_none())
    }

    /// Where it stands.
    pub(super) fn step_status(&self) -> StepStatus {
        if self.failed() {
            StepStatus::Error
        } else if self.is_waiting() && matches!(self.kind, Kind::Tool | Kind::Policy) {
            StepStatus::Waiting
        } else if self.end.is_none() {
            StepStatus::Running
        } else if self.kind == Kind::Tool && self.facts.steered && self.same_as.is_none() {
            StepStatus::Pending
        } else {
            StepStatus::Ok
        }
    }

    /// When it ended, as far as is known.
    pub(super) fn end_or_start(&self) -> UnixNanos {
        self.end.unwrap_or(self.start)
    }

    /// Whether the two were going on at the same time; a step that is only an instant counts as one that touches.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.start <= other.end.unwrap_or(u64::MAX) && other.start <= self.end.unwrap_or(u64::MAX)
    }

    /// Whether it is a model call's step.
    pub(super) fn is_call(&self) -> bool {
        self.kind.is_model_call()
    }

    /// Whether it is an agent's or a workflow's span.
    pub(super) fn is_agent_or_workflow(&self) -> bool {
        matches!(self.kind, Kind::Run | Kind::Workflow)
    }
}

/// Takes from `more` what `facts` does not say. Names, kind and dialect stay.
pub(super) fn fill(facts: &mut Facts, more: &Facts) {
    macro_rules! or {
        ($($field:ident)*) => {$(
            if facts.$field.is_none() {
                facts.$field.clone_from(&more.$field);
            }
        )*};
    }
    or!(agent_name agent_id workflow_name native_run_id turn_index user_id user_role trigger_type
        request_model response_model provider response_id finish_reason time_to_first_chunk_ns streaming arguments
        cache_write_1h_tokens service_tier reported_cost context input_text output_text tool_name tool_call_id verdict resolution decided_by reason
        risk_tier error prompt_id prompt_version experiment_id experiment_variant);
    fill_session(facts, more);
    macro_rules! or_list {
        ($($field:ident)*) => {$(
            if facts.$field.is_empty() {
                facts.$field.clone_from(&more.$field);
            }
        )*};
    }
    or_list!(tags metadata requested_tools failed_results);
    for score in &more.scores {
        if !facts.scores.contains(score) {
            facts.scores.push(score.clone());
        }
    }
    if facts.dialect.is_empty() {
        facts.dialect.clone_from(&more.dialect);
    }
    facts.usage.fill_from(&more.usage);
    facts.invalid_utf8 |= more.invalid_utf8;
    facts.implausible_count |= more.implausible_count;
    facts.contents_deleted |= more.contents_deleted;
    facts.redacted += more.redacted;
    facts.dropped += more.dropped;
}

/// What a log record adds of a person who is asked.
fn fill_approvals(facts: &mut Facts, more: &Facts) {
    for (list, new) in [(&mut facts.asks, &more.asks), (&mut facts.answers, &more.answers)] {
        for approval in new {
            if !list.contains(approval) {
                list.push(approval.clone());
            }
        }
    }
}

/// The session: one that the application set wins over an id that a framework made up for the conversation.
pub(super) fn fill_session(facts: &mut Facts, more: &Facts) {
    if more.session_id.is_some()
        && (facts.session_id.is_none() || facts.session_is_weak && !more.session_is_weak)
    {
        facts.session_id.clone_from(&more.session_id);
        facts.session_is_weak = more.session_is_weak;
    }
}

/// What several log records say of the span that they name: of texts and requests the last one counts, since the
/// messages of a context come as one record each, in order.
pub(super) fn fill_from_logs<'a>(facts: &mut Arc<Facts>, logs: impl Iterator<Item = &'a Facts>) {
    let (mut all, mut asked) = (Facts::default(), Vec::new());
    for log in logs {
        for (have, new) in [(&mut all.input_text, &log.input_text), (&mut all.output_text, &log.output_text)]
        {
            if new.is_some() {
                have.clone_from(new);
            }
        }
        // A message that was sent to the model repeats what an earlier call asked for.
        let is_history = log.context.is_some()
            && log.usage.is_unknown()
            && log.finish_reason.is_none()
            && log.output_text.is_none();
        if !log.requested_tools.is_empty() && !is_history {
            asked.clone_from(&log.requested_tools);
        }
        fill(&mut all, log);
        fill_approvals(&mut all, log);
    }
    all.requested_tools = asked;
    all.dialect.clear();
    let facts = Arc::make_mut(facts);
    fill(facts, &all);
    fill_approvals(facts, &all);
}

/// The fuller of two reports of one call's usage, completed from the other.
pub(super) fn fuller(first: &Usage, second: &Usage) -> Usage {
    let known = |usage: &Usage| {
        [
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_tokens,
            usage.cache_write_tokens,
            usage.reasoning_tokens,
        ]
        .iter()
        .flatten()
        .count()
    };
    let (mut best, rest) = if known(second) > known(first) { (*second, first) } else { (*first, second) };
    best.fill_from(rest);
    best
}

/// So many records of a second report are named by the first at most: a nest of reports must not cost its square.
const MOST_JOINED: usize = 256;

/// The facts of a step completed with those of a second report of it.
pub(super) fn complete(steps: &mut [Step], step: usize, second: usize) {
    let usage = fuller(&steps[second].facts.usage, &steps[step].facts.usage);
    let more = Arc::clone(&steps[second].facts);
    let joined: Vec<usize> = std::iter::once(steps[second].record)
        .chain(steps[second].joined.iter().copied().take(MOST_JOINED))
        .collect();
    let facts = Arc::make_mut(&mut steps[step].facts);
    fill(facts, &more);
    facts.usage = usage;
    steps[step].joined.extend(joined);
    steps[step].verdict = steps[step].verdict.or(more.verdict);
    if steps[step].tool_name.is_none() {
        steps[step].tool_name.clone_from(&more.tool_name);
    }
}

/// Whether two names of a tool can be one: equal, or one is the other with a server or plugin before it
/// (`mcp__shop__get_weather`, `Shop-get_weather`).
pub(super) fn same_tool(one: &str, other: &str) -> bool {
    let (long, short) = if one.len() >= other.len() { (one, other) } else { (other, one) };
    let Some(before) = long.strip_suffix(short) else { return false };
    !short.is_empty()
        && (before.is_empty() || before.ends_with(['-', '.', '/', ':']) || before.ends_with("__"))
}

/// Joins a record to a step that is already there.
pub(super) fn join(step: &mut Step, index: usize, record: &RecordFacts) {
    let facts = Arc::make_mut(&mut step.facts);
    fill(facts, &record.facts);
    fill_approvals(facts, &record.facts);
    step.verdict = step.verdict.or(record.facts.verdict);
    step.joined.push(index);
}
