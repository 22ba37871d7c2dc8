//! What the projection reads and what it gives.

use super::asked::{Asked, is_refusal};
use std::sync::Arc;
use turnscope_model::{
    ErrorFact, Facts, Kind, LinkFact, RecordId, Role, RunId, SpanId, Status, StepId, StepStatus, TraceId,
    UnixNanos, Usage, Verdict,
};

/// One record as the projection sees it.
#[derive(Clone, Debug)]
pub struct RecordFacts {
    /// The store's own number of the record; only handed through.
    pub id: RecordId,
    /// What part it plays.
    pub role: Role,
    /// Its trace; log records may have none.
    pub trace_id: Option<TraceId>,
    /// Its span; on a log record the span it names.
    pub span_id: Option<SpanId>,
    /// The parent, where there is one.
    pub parent_span_id: Option<SpanId>,
    /// Whether the parent is in another process.
    pub remote_parent: bool,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended; `None` while open.
    pub end: Option<UnixNanos>,
    /// OpenTelemetry's status.
    pub status: Status,
    /// `service.name`.
    pub service_name: Arc<str>,
    /// The instrumentation scope.
    pub scope_name: Arc<str>,
    /// What is known of it.
    pub facts: Arc<Facts>,
}

/// Everything that is derived from one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// The runs, by start; a child run comes after its parent.
    pub runs: Vec<RunView>,
    /// Every step, by start (ties: parents first): one for each span, and the synthesised ones. Steps that belong to no
    /// run (spans above a run, spans of a trace without any agentic step) have no run.
    pub steps: Vec<StepView>,
}

/// One run. Its own figures leave its child runs out.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    /// Its id by the rules of the design.
    pub run_id: RunId,
    /// The parent's index in [`Projection::runs`].
    pub parent: Option<usize>,
    /// The record it is rooted in; `None` for an assembled or synthesised run.
    pub root: Option<usize>,
    /// The one trace it lies in; `None` when assembled from several.
    pub trace_id: Option<TraceId>,
    /// The root's span id; `None` when assembled or synthesised.
    pub span_id: Option<SpanId>,
    /// The application's own id.
    pub native_run_id: Option<String>,
    /// The name to show: agent, workflow or root span.
    pub name: String,
    /// The agent's name.
    pub agent_name: Option<String>,
    /// `service.name` of the root.
    pub service_name: String,
    /// The dialect of the root, else the most frequent one among its steps.
    pub dialect: String,
    /// When it began.
    pub start: UnixNanos,
    /// When the root ended; `None` while it has not (or has not come).
    pub end: Option<UnixNanos>,
    /// The latest time seen on any of its steps: the end to show while there is none.
    pub last_seen: UnixNanos,
    /// Whether the root ended with an error.
    pub failed: bool,
    /// What a person is asked while it waits.
    pub waiting: Option<Asked>,
    /// Its turns, in order.
    pub turns: Vec<TurnView>,
    /// Model and embedding calls, each counted once.
    pub llm_call_count: u64,
    /// Tool calls, each counted once, synthesised ones included.
    pub tool_call_count: u64,
    /// Steps that failed, each failure counted once.
    pub error_count: u64,
    /// Sum over its counted calls.
    pub usage: Usage,
    /// The same per model (the name a call is priced by: answered, else requested) and provider.
    pub usage_by_model: Vec<(Option<String>, Option<String>, u64, Usage)>,
    /// Sum of what the client says it cost, over counted calls.
    pub reported_cost: Option<i64>,
    /// Every model name seen, sorted.
    pub models: Vec<String>,
    /// Every provider seen, sorted.
    pub providers: Vec<String>,
    /// Every tool called, sorted.
    pub tools: Vec<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The user's role.
    pub user_role: Option<String>,
    /// What set it off.
    pub trigger_type: Option<String>,
    /// Labels, sorted.
    pub tags: Vec<String>,
    /// Metadata of the root.
    pub metadata: Vec<(String, String)>,
    /// Verdicts, counted once per tool call: allowed, denied, sent to a human.
    pub verdicts: [u64; 3],
    /// The highest-ranking (last seen) risk tier of its gates.
    pub risk_tiers: Vec<String>,
    /// The first error: of the root, else of the first failed step.
    pub error: Option<ErrorFact>,
    /// Text of the last user message.
    pub input_text: Option<String>,
    /// Text of the final answer.
    pub output_text: Option<String>,
    /// The prompt.
    pub prompt_id: Option<String>,
    /// Its version.
    pub prompt_version: Option<String>,
    /// The experiment.
    pub experiment_id: Option<String>,
    /// Its arm.
    pub experiment_variant: Option<String>,
    /// The spans that its steps link to, those of its root first.
    pub links: Vec<LinkFact>,
}

/// One turn of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnView {
    /// Its number, from 1, or as sent.
    pub n: u64,
    /// When it began.
    pub start: UnixNanos,
    /// When its last step ended.
    pub end: UnixNanos,
    /// Its model calls, indices into [`Projection::steps`].
    pub llm_steps: Vec<usize>,
    /// Its tool calls, indices into [`Projection::steps`].
    pub tool_steps: Vec<usize>,
    /// Sum over its counted calls.
    pub usage: Usage,
    /// The first error in it.
    pub error: Option<ErrorFact>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepView {
    /// Its id within its run.
    pub step_id: StepId,
    /// Its record; `None` when synthesised from another step's request.
    pub record: Option<usize>,
    /// Further records of the same step: log records that join it, a second instrumentation's span for
    /// the same call (which stays a step of its own, not counted).
    pub joined: Vec<usize>,
    /// The run it belongs to, index into [`Projection::runs`].
    pub run: Option<usize>,
    /// Its turn within that run.
    pub turn: Option<u64>,
    /// The step above it, index into [`Projection::steps`].
    pub parent: Option<usize>,
    /// Steps above it.
    pub depth: u32,
    /// Its kind after all rules (a wrapper agent span inside its own run is a `workflow`).
    pub kind: Kind,
    /// The name to show.
    pub name: String,
    /// Where it stands.
    pub status: StepStatus,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended.
    pub end: Option<UnixNanos>,
    /// Whether it counts in its run's figures (false: a second report of the same call, a detail).
    pub counted: bool,
    /// Its usage is a sum over the calls in it, which say nothing of theirs. It counts as usage, not as a call.
    pub usage_is_sum: bool,
    /// The step that this one reports a second time, index into [`Projection::steps`].
    pub same_as: Option<usize>,
    /// It lies above the run.
    pub outer: bool,
    /// The tool, on a tool step.
    pub tool_name: Option<String>,
    /// The call's id, on a tool step.
    pub tool_call_id: Option<String>,
    /// The step whose answer asked for this tool call.
    pub requested_by: Option<usize>,
    /// Tokens, when it is a model call, all that its records say.
    pub usage: Usage,
    /// What the policy gate said.
    pub verdict: Option<Verdict>,
    /// The policy step that said it, index into [`Projection::steps`].
    pub gate: Option<usize>,
    /// What a person is asked about it, and the answer.
    pub asked: Option<Asked>,
    /// Why it failed.
    pub error: Option<ErrorFact>,
    /// All that its records say together: its own first, what joined it where it is silent.
    pub facts: Arc<Facts>,
}

impl StepView {
    /// Whether it counts as a model or embedding call: what usage and cost are summed over.
    pub fn is_counted_call(&self) -> bool {
        self.counted && self.kind != Kind::Tool
    }

    /// Whether its error is a refusal, which a gate or a person gave and the agent deals with. It is no failure.
    pub fn is_refused(&self) -> bool {
        is_refusal(self.kind, &self.facts, self.verdict, self.asked.as_ref())
    }
}
