//! One run as a store knows it, and pages of runs.

use crate::RunCursor;
use turnscope_model::{Costs, ErrorFact, RunId, RunStatus, Score, SpanId, TraceGroupId, TraceId, Usage};

/// One run's summary, kept up to date as spans arrive. Its own figures leave its child runs out.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The trace group that it is projected from.
    pub group: TraceGroupId,
    /// Its id.
    pub run_id: RunId,
    /// The run above it.
    pub parent_run_id: Option<RunId>,
    /// The topmost run above it, or itself.
    pub root_run_id: RunId,
    /// The one trace that it lies in; `None` when it lies in several.
    pub trace_id: Option<TraceId>,
    /// All traces that it lies in, as hex.
    pub trace_ids: Vec<String>,
    /// The root's span.
    pub span_id: Option<SpanId>,
    /// The application's own id.
    pub native_run_id: Option<String>,
    /// The name to show.
    pub name: String,
    /// The agent.
    pub agent_name: Option<String>,
    /// The service.
    pub service_name: String,
    /// The dialect.
    pub dialect: String,
    /// When it began, in nanoseconds since the epoch.
    pub start: i64,
    /// When it ended, in nanoseconds since the epoch; `None` while the root has not ended.
    pub end: Option<i64>,
    /// The latest time seen on any of its steps, in nanoseconds since the epoch.
    pub last_seen: i64,
    /// Nanoseconds from the start to the end, or to what was last seen.
    pub duration: i64,
    /// When its latest record was received, in milliseconds since the epoch.
    pub received_at: i64,
    /// The root ended with an error.
    pub failed: bool,
    /// What a person is asked, where it stopped for them.
    pub waiting: Option<Waiting>,
    /// The run of the same session that came after it stopped for a person: it waits no longer.
    pub continued_by: Option<RunId>,
    /// Turns.
    pub turn_count: u64,
    /// Model and embedding calls.
    pub llm_call_count: u64,
    /// Tool calls.
    pub tool_call_count: u64,
    /// Failed steps.
    pub error_count: u64,
    /// Tokens.
    pub usage: Usage,
    /// What it cost.
    pub costs: Costs,
    /// Models, sorted.
    pub models: Vec<String>,
    /// Providers, sorted.
    pub providers: Vec<String>,
    /// Tools, sorted.
    pub tools: Vec<String>,
    /// Tags, sorted; those given by API too where a store answers with the run.
    pub tags: Vec<String>,
    /// Metadata.
    pub metadata: Vec<(String, String)>,
    /// Tiers of risk.
    pub risk_tiers: Vec<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The user's role.
    pub user_role: Option<String>,
    /// What set it off.
    pub trigger_type: Option<String>,
    /// Verdicts: allowed, denied, sent to a human.
    pub verdicts: [u64; 3],
    /// The first error.
    pub error: Option<ErrorFact>,
    /// The question.
    pub input_preview: Option<String>,
    /// The answer.
    pub output_preview: Option<String>,
    /// The prompt.
    pub prompt_id: Option<String>,
    /// Its version.
    pub prompt_version: Option<String>,
    /// The experiment.
    pub experiment_id: Option<String>,
    /// Its arm.
    pub experiment_variant: Option<String>,
    /// The spans that it links to.
    pub span_links: Vec<SpanLink>,
}

/// What a run that stopped for a person waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// When the person was asked, in nanoseconds since the epoch.
    pub since: i64,
    /// The question.
    pub question: Option<String>,
    /// Who is asked.
    pub who: Option<String>,
    /// The tool that it is about.
    pub tool_name: Option<String>,
    /// The tool call that it is about.
    pub tool_call_id: Option<String>,
}

/// A span that a run links to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanLink {
    /// The span, written as a run id is.
    pub span: String,
    /// What the producer says of the link, such as `regenerated`.
    pub why: Option<String>,
}

impl Waiting {
    /// What it waits for, as a phrase.
    fn reason(&self) -> String {
        let who = self.who.as_deref().unwrap_or("a person");
        match (&self.tool_name, &self.question) {
            (Some(tool), _) => format!("{who} was asked about the tool {tool}"),
            (None, Some(question)) => format!("{who} was asked: {question}"),
            (None, None) => format!("{who} was asked"),
        }
    }
}

impl Run {
    /// What the run waits for, while nothing went on in its place.
    pub fn waits_for(&self) -> Option<&Waiting> {
        self.waiting.as_ref().filter(|_| self.continued_by.is_none() && !self.failed)
    }

    /// Where the run stands now, and why: one whose root has not ended and that has been silent for longer than
    /// `inactivity_ms` is incomplete.
    pub fn status(&self, now_ms: i64, inactivity_ms: i64) -> (RunStatus, Option<String>) {
        if self.failed {
            (RunStatus::Failed, None)
        } else if let Some(waiting) = self.waits_for() {
            (RunStatus::Waiting, Some(waiting.reason()))
        } else if self.end.is_some() {
            (RunStatus::Completed, None)
        } else if now_ms.saturating_sub(self.received_at) > inactivity_ms {
            let reason = format!("its root has not ended, and nothing came for {} s", inactivity_ms / 1000);
            (RunStatus::Incomplete, Some(reason))
        } else {
            (RunStatus::Running, None)
        }
    }
}

/// Figures of a run with all its child runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// The run and its child runs, all levels.
    pub run_count: u64,
    /// Turns.
    pub turn_count: u64,
    /// Model and embedding calls.
    pub llm_call_count: u64,
    /// Tool calls.
    pub tool_call_count: u64,
    /// Failed steps.
    pub error_count: u64,
    /// Tokens.
    pub usage: Usage,
    /// What they cost.
    pub costs: Costs,
    /// Verdicts: allowed, denied, sent to a human.
    pub verdicts: [u64; 3],
}

impl Totals {
    /// The totals of these runs.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Self {
        let mut totals = Self::default();
        for run in runs {
            totals.run_count += 1;
            totals.turn_count = totals.turn_count.saturating_add(run.turn_count);
            totals.llm_call_count = totals.llm_call_count.saturating_add(run.llm_call_count);
            totals.tool_call_count = totals.tool_call_count.saturating_add(run.tool_call_count);
            totals.error_count = totals.error_count.saturating_add(run.error_count);
            totals.usage.add(&run.usage);
            totals.costs.add(&run.costs);
            for (all, own) in totals.verdicts.iter_mut().zip(run.verdicts) {
                *all = all.saturating_add(own);
            }
        }
        totals
    }
}

/// Another run that a span link leads to, or comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLink {
    /// The other run.
    pub run_id: RunId,
    /// What the producer says of the link, such as `regenerated`.
    pub why: Option<String>,
    /// Whether this run points at the other one, which came before it; otherwise the other one points here.
    pub is_before: bool,
}

/// A run with what lists show beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedRun {
    /// The run.
    pub run: Run,
    /// Its figures with all child runs.
    pub total: Totals,
    /// Its scores, oldest first.
    pub scores: Vec<Score>,
    /// The runs before and after it, by span links.
    pub links: Vec<RunLink>,
    /// Where the list goes on after it.
    pub cursor: RunCursor,
}

/// One page of runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<ListedRun>,
    /// Where the next page goes on, if there is one.
    pub next: Option<RunCursor>,
    /// How many runs there are in all; `None` above 10,000, and where it was not counted.
    pub total: Option<u64>,
    /// Runs of the page that could not be read, each with the reason.
    pub unreadable: Vec<String>,
}

/// What an id that a client gave stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Exactly one run.
    One(Box<Run>),
    /// Several: a bare trace id of a trace with several top-level runs, or an ambiguous prefix.
    Several(Vec<Run>),
    /// No run.
    None,
}
