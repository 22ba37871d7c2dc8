//! One run, lists of runs, and how they are asked for.

use crate::{
    outcome::{ErrorInfo, Money},
    score::Score,
    turn::Turn,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One execution of one agent. Its own figures leave its child runs out; `total` has them in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Run {
    /// Turnscope's id of the run, `<32 hex>-<16 hex>`: opaque, although most hold the ids of the root's trace and
    /// span.
    pub run_id: String,
    /// The application's own id; null when it sends none.
    pub native_run_id: Option<String>,
    /// The trace that the run lies in; null when it lies in several.
    pub trace_id: Option<String>,
    /// All traces that the run lies in.
    pub trace_ids: Vec<String>,
    /// The root's span; null while it has not arrived, or when there is none.
    pub span_id: Option<String>,
    /// The run that started this one; null at the top.
    pub parent_run_id: Option<String>,
    /// A name to show: the agent's, else that of the root's span.
    pub name: String,
    /// The agent; null when nothing names it.
    pub agent_name: Option<String>,
    /// `service.name` of the resource; may be empty.
    pub service_name: String,
    /// The way of writing that was recognised, such as `semconv` or `openinference`; empty when none was.
    pub dialect: String,
    /// `running`, `waiting`, `completed`, `failed` or `incomplete`.
    pub status: String,
    /// Why the run is `waiting` or `incomplete`; null otherwise.
    pub status_reason: Option<String>,
    /// What a person is asked while the run is `waiting`; null otherwise.
    pub waiting: Option<Waiting>,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    /// Milliseconds since the epoch; null while the root has not ended.
    pub ended_at: Option<i64>,
    /// From the start to the end, or to what was last seen while it runs; milliseconds with fractions.
    pub duration_ms: f64,
    /// Counts and tokens of the run alone.
    #[serde(flatten)]
    pub figures: Figures,
    /// What the run alone cost.
    #[serde(flatten)]
    pub money: Money,
    /// Every model that was called, sorted.
    pub models: Vec<String>,
    /// Every provider that was called, sorted.
    pub providers: Vec<String>,
    /// Every tool that was called, sorted.
    pub tools: Vec<String>,
    /// The session, as the application says; null when it says none.
    pub session_id: Option<String>,
    /// The user, as the application says; null when it says none.
    pub user_id: Option<String>,
    /// The user's role, as a policy engine knows it; null when nothing says it.
    pub user_role: Option<String>,
    /// What set the run off, such as `cron` or `webhook`; null when nothing says it.
    pub trigger_type: Option<String>,
    /// Free labels, sorted: those of the telemetry, and those given by API.
    pub tags: Vec<String>,
    /// Free keys and values that the application sent; what is no text stands as JSON text.
    pub metadata: BTreeMap<String, String>,
    /// The tiers of risk that policy gates gave to its tool calls.
    pub risk_tiers: Vec<String>,
    /// The first error; null when nothing failed.
    pub error: Option<ErrorInfo>,
    /// The first 500 characters of what was asked; null when content was not captured.
    pub input_preview: Option<String>,
    /// The first 500 characters of the answer; null when there is none yet, or content was not captured.
    pub output_preview: Option<String>,
    /// The prompt's name or id; null when nothing says it.
    pub prompt_id: Option<String>,
    /// The prompt's version; null when nothing says it.
    pub prompt_version: Option<String>,
    /// The experiment that the run is part of; null when it is in none.
    pub experiment_id: Option<String>,
    /// The arm of the experiment; null when nothing says it.
    pub experiment_variant: Option<String>,
}

/// What a run that stopped for a person waits for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Waiting {
    /// When the person was asked: milliseconds since the epoch.
    pub since: i64,
    /// The question; null when nothing says it.
    pub question: Option<String>,
    /// Who is asked; null when nothing says it.
    pub who: Option<String>,
    /// The tool that it is about; null when it is about none.
    pub tool_name: Option<String>,
    /// The tool call that it is about; null when it is about none, or has no id.
    pub tool_call_id: Option<String>,
}

/// A run that a span link leads to or comes from, such as the answer that this one was made anew for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RunLink {
    /// The other run.
    pub run_id: String,
    /// What the producer says of the link, such as `regenerated`; `continues` where a run goes on after a person was
    /// asked; `linked` where nothing says it.
    pub why: String,
    /// `before`: this run points at that one; `after`: that one points here.
    pub direction: String,
}

/// Counts and tokens.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Figures {
    /// Turns.
    pub turn_count: u64,
    /// Model and embedding calls, each once however often it was reported.
    pub llm_call_count: u64,
    /// Tool calls, those known only from messages too.
    pub tool_call_count: u64,
    /// Steps that failed.
    pub error_count: u64,
    /// All input tokens, those read from or written to a cache included; null when unknown.
    pub input_tokens: Option<u64>,
    /// All output tokens, reasoning included; null when unknown.
    pub output_tokens: Option<u64>,
    /// Input tokens read from the provider's cache; null when unknown.
    pub cache_read_tokens: Option<u64>,
    /// Input tokens written to the provider's cache; null when unknown.
    pub cache_write_tokens: Option<u64>,
    /// Output tokens spent on reasoning; null when unknown.
    pub reasoning_tokens: Option<u64>,
    /// Tool calls that a policy gate allowed.
    pub allow_count: u64,
    /// Tool calls that a policy gate denied.
    pub deny_count: u64,
    /// Tool calls that a policy gate left to a human.
    pub hitl_count: u64,
}

/// Filters of runs, all of which must hold. Each means what its word in `q` means. Several values of one filter are
/// separated by commas (a comma before a space is part of the value, and so is everything in quotes); `*` stands for
/// anything. An id is one value as it stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunQuery {
    /// Runs on the page, 1 to 1000; default 50.
    pub limit: Option<u32>,
    /// Runs to leave out before the page. With many pages, `cursor` is faster and misses nothing.
    pub offset: Option<u32>,
    /// `next_cursor` of the page before, with the same filters and order.
    pub cursor: Option<String>,
    /// `started_at`, `duration`, `cost` or `tokens`; a minus in front for the largest first. Default `-started_at`.
    pub order: Option<String>,
    /// `running`, `waiting`, `completed`, `failed` or `incomplete`.
    pub status: Option<String>,
    /// The user, as the application says.
    pub user_id: Option<String>,
    /// The session, as the application says.
    pub session_id: Option<String>,
    /// The agent's name.
    pub agent: Option<String>,
    /// `service.name` of the resource.
    pub service: Option<String>,
    /// A model that was asked for, or that answered.
    pub model: Option<String>,
    /// A tool that was called.
    pub tool: Option<String>,
    /// A provider that was called, named as in the GenAI conventions.
    pub provider: Option<String>,
    /// The way of writing, such as `semconv` or `openinference`.
    pub dialect: Option<String>,
    /// `allow`, `deny` or `hitl`: runs with at least one such verdict.
    pub verdict: Option<String>,
    /// A tier of risk that a policy gate gave.
    pub risk_tier: Option<String>,
    /// The user's role, as a policy engine knows it.
    pub user_role: Option<String>,
    /// What set the run off, such as `cron`.
    pub trigger_type: Option<String>,
    /// Words that one message, argument, result or error of the run must hold; `begin*` for a beginning.
    pub search: Option<String>,
    /// Runs that began at this time or later (inclusive): milliseconds since the epoch, a date such as `2026-03-10`, a
    /// time such as `2026-03-10T14:30:00+02:00`, or `-24h`.
    pub started_after: Option<String>,
    /// Runs that began before this time (exclusive), written in the same ways.
    pub started_before: Option<String>,
    /// Where dates and times without an offset are: `UTC` (the default), `+02:00`, or a name such as `Europe/Berlin`.
    pub tz: Option<String>,
    /// The least duration (inclusive), in milliseconds or with a unit such as `5s`.
    pub min_duration_ms: Option<String>,
    /// The least sum of input and output tokens (inclusive), such as `2000` or `2k`.
    pub min_tokens: Option<String>,
    /// The least cost in US dollars (inclusive), such as `0.25`.
    pub min_cost: Option<String>,
    /// `true`: runs in which a step failed; `false`: the others.
    pub has_error: Option<bool>,
    /// A score's name or label, or its name with a bound such as `helpful>=0.5`.
    pub score: Option<String>,
    /// A tag of the run.
    pub tag: Option<String>,
    /// The run that started it.
    pub parent_run_id: Option<String>,
    /// Leave child runs out; default false.
    pub roots_only: Option<bool>,
    /// The prompt's name or id.
    pub prompt_id: Option<String>,
    /// The prompt's version.
    pub prompt_version: Option<String>,
    /// The experiment.
    pub experiment_id: Option<String>,
    /// The arm of the experiment.
    pub experiment_variant: Option<String>,
    /// The application's own id.
    pub native_run_id: Option<String>,
    /// A trace that the run lies in.
    pub trace_id: Option<String>,
    /// The query language: `agent:triage cost>0.5 (verdict:deny OR error:*) -tag:test "refund"`; see docs/query.md.
    pub q: Option<String>,
}

/// A page of runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RunList {
    /// The runs of the page, in the order that was asked for.
    pub runs: Vec<ListedRun>,
    /// Pass it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// How many there are in all; null where more than 10,000 runs would have to be looked at to count them.
    pub total: Option<u64>,
    /// Runs of the page that are damaged and could not be read, each with the reason.
    pub unreadable: Vec<String>,
}

/// A run with its totals and scores.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct ListedRun {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// The same figures with all child runs.
    pub total: Total,
    /// The run's scores, those of its turns and steps too, oldest first.
    pub scores: Vec<Score>,
    /// The runs before and after this one.
    pub links: Vec<RunLink>,
}

/// A run with its turns and its child runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RunDetail {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// Its turns in order, without messages.
    pub turns: Vec<Turn>,
    /// Its child runs, all levels, by start.
    pub children: Vec<Run>,
    /// The same figures with all child runs.
    pub total: Total,
    /// Its scores, those of its turns and steps too, oldest first.
    pub scores: Vec<Score>,
    /// The runs before and after this one.
    pub links: Vec<RunLink>,
}

/// Figures with all child runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Total {
    /// The run and its child runs, all levels.
    pub run_count: u64,
    /// Counts and tokens of all of them.
    #[serde(flatten)]
    pub figures: Figures,
    /// What all of them cost.
    #[serde(flatten)]
    pub money: Money,
}

/// How a run is named.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OneQuery {
    /// An unambiguous beginning of the id, of four characters or more, will do.
    pub prefix: Option<bool>,
}

/// What can be changed about a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunChange {
    /// Tags to add.
    #[serde(default)]
    pub add_tags: Vec<String>,
    /// Tags to take away; those that came with telemetry stay.
    #[serde(default)]
    pub remove_tags: Vec<String>,
    /// The tags given by API become exactly these.
    pub tags: Option<Vec<String>>,
}

impl Figures {
    /// Input and output tokens; unknown only when both are.
    pub fn tokens(&self) -> Option<u64> {
        match (self.input_tokens, self.output_tokens) {
            (None, None) => None,
            (input, output) => Some(input.unwrap_or(0).saturating_add(output.unwrap_or(0))),
        }
    }
}
