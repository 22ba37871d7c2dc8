//! What people filter, count and sum by: found once, when a record arrives.
//!
//! Here: the facts of one span or log record, whatever dialect wrote them. Not here: messages (kept as they
//! were written, made canonical on read), and anything that needs a second record (the crate `project`).

use crate::{
    Kind, MAX_COUNT, NanoUsd, Resolution, RiskTier, SpanId, TraceId, Usage, Verdict, usage::drop_implausible,
};

/// The facts of one record. `None` means that the record does not say.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of one record, which have nothing to do with one another"
)]
pub struct Facts {
    /// The name to show: the span's name, or the readable text that a dialect gives beside a template.
    pub name: String,
    /// What kind of work this is.
    pub kind: Kind,
    /// Which way of writing was recognised, by its table's name (`semconv`, `openinference`, …); empty when none.
    pub dialect: String,

    /// The agent that this record belongs to (on a `run`: its own name).
    pub agent_name: Option<String>,
    /// The agent's name is only read from the name of its span, or names a function: alone it makes no agent.
    pub agent_name_is_weak: bool,
    /// Instance id of the agent, where a framework numbers them.
    pub agent_id: Option<String>,
    /// The workflow, pipeline or crew.
    pub workflow_name: Option<String>,
    /// The application's own id of the run.
    pub native_run_id: Option<String>,
    /// The turn's number as sent.
    pub turn_index: Option<u64>,
    /// What groups runs, as the application says.
    pub session_id: Option<String>,
    /// The session is under a name that some frameworks fill with an id of their own for every run
    /// (`gen_ai.conversation.id`): one that the application set on a step above, or under another name, wins.
    pub session_is_weak: bool,
    /// The user, as the application says.
    pub user_id: Option<String>,
    /// The user's role, as a policy engine knows it.
    pub user_role: Option<String>,
    /// What set the run off (`cron`, `webhook`, …).
    pub trigger_type: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Free key-value metadata, values as text or JSON text.
    pub metadata: Vec<(String, String)>,

    /// The model asked for.
    pub request_model: Option<String>,
    /// The model that answered.
    pub response_model: Option<String>,
    /// The provider, under the GenAI conventions' name for it.
    pub provider: Option<String>,
    /// The provider's id of the answer: the same call reported twice has it twice.
    pub response_id: Option<String>,
    /// Why the model stopped, as sent.
    pub finish_reason: Option<String>,
    /// Time to the first chunk, in nanoseconds.
    pub time_to_first_chunk_ns: Option<u64>,
    /// Whether the answer was streamed.
    pub streaming: Option<bool>,
    /// Tokens, normalised to Turnscope's reading (input includes cache, output includes reasoning).
    pub usage: Usage,
    /// The usage is a sum over calls below, under names meant for that: never counted.
    pub usage_is_total: bool,
    /// Of the tokens written to the provider's cache, those that it keeps for an hour.
    pub cache_write_1h_tokens: Option<u64>,
    /// The provider's tier of service, as sent (`default`, `batch`, `flex`, `priority`, …).
    pub service_tier: Option<String>,
    /// What the client says this cost.
    pub reported_cost: Option<NanoUsd>,
    /// Hash over the list of messages that the call was sent: the same context has the same value.
    pub context: Option<u64>,
    /// The tool calls that the model asked for in its answer, in order.
    pub requested_tools: Vec<RequestedTool>,
    /// The ids of the tool calls whose results the model was sent as failed.
    pub failed_results: Vec<String>,
    /// Text of the last user message (or the plain input), for previews: the first 500 characters.
    pub input_text: Option<String>,
    /// Text of the answer (or the plain output), for previews: the first 500 characters.
    pub output_text: Option<String>,

    /// The tool that is called.
    pub tool_name: Option<String>,
    /// The id that joins a tool's span to the call that the model asked for.
    pub tool_call_id: Option<String>,

    /// What the tool was called with, as a hash: the same arguments have the same value.
    pub arguments: Option<u64>,

    /// What a person is asked here before the work goes on.
    pub asks: Vec<Approval>,
    /// What a person answered here.
    pub answers: Vec<Approval>,
    /// It ended by an exception with which a framework steers itself, whatever its status says: it did not fail.
    pub steered: bool,
    /// A tool's step that says with what the tool was called, and nothing of what it gave.
    pub gave_nothing: bool,

    /// The policy gate's verdict.
    pub verdict: Option<Verdict>,
    /// The human's decision.
    pub resolution: Option<Resolution>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The tier of risk.
    pub risk_tier: Option<RiskTier>,

    /// Set when the step failed.
    pub error: Option<ErrorFact>,

    /// The prompt's name or id.
    pub prompt_id: Option<String>,
    /// The prompt's version.
    pub prompt_version: Option<String>,
    /// The experiment.
    pub experiment_id: Option<String>,
    /// The experiment's arm.
    pub experiment_variant: Option<String>,
    /// Scores found on the record.
    pub scores: Vec<ScoreFact>,
    /// The spans that it links to: the first [`LinkFact::MAX`].
    pub links: Vec<LinkFact>,

    /// A string held bytes that are not UTF-8; the bytes are kept.
    pub invalid_utf8: bool,
    /// How many values were redacted at receipt.
    pub redacted: u32,
    /// How many attributes, events and links the SDK says it dropped.
    pub dropped: u32,
    /// Its times could not be (an end before the start, an unknown start, days that have not come yet) and were corrected.
    pub clamped: bool,
    /// A count or a cost was negative or larger than any provider bills; it is unknown here, and kept in the body.
    pub implausible_count: bool,
    /// The store has deleted what it was sent with, and keeps only these facts.
    pub contents_deleted: bool,
}

impl Facts {
    /// Makes counts and costs that nobody can mean unknown, and flags the record.
    pub fn drop_implausible_counts(&mut self) {
        let mut found = self.usage.drop_implausible();
        for count in [&mut self.cache_write_1h_tokens, &mut self.turn_index, &mut self.time_to_first_chunk_ns]
        {
            found |= drop_implausible(count);
        }
        found |= self.reported_cost.take_if(|cost| cost.unsigned_abs() > MAX_COUNT).is_some();
        self.implausible_count |= found;
    }
}

/// What a person is asked before the work goes on, or what they answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    /// The question, or the answer, in words: the first [`Approval::LONGEST`] characters.
    pub text: Option<String>,
    /// Who is asked, or who answered.
    pub who: Option<String>,
    /// The decision; `None` on a question, and on an answer that is neither yes nor no.
    pub resolution: Option<Resolution>,
    /// The tool that it is about.
    pub tool_name: Option<String>,
    /// The id of the tool call that it is about.
    pub tool_call_id: Option<String>,
}

impl Approval {
    /// The most characters of a question or an answer.
    pub const LONGEST: usize = 500;
    /// The most questions, and the most answers, that are facts of one record.
    pub const MAX: usize = 32;
}

/// A tool call that a model asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedTool {
    /// The call's id, where the provider gives one.
    pub id: Option<String>,
    /// The tool's name.
    pub name: String,
    /// The provider ran it itself: its result is in the same answer, or the answer goes on behind it.
    pub ran: bool,
}

/// A span link: how this record refers to other work, such as the answer that it regenerates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFact {
    /// The trace of the span that is meant.
    pub trace_id: TraceId,
    /// The span that is meant.
    pub span_id: SpanId,
    /// What the producer says of the link, such as `regenerated`.
    pub why: Option<String>,
}

impl LinkFact {
    /// Links kept as facts of one record; a batch consumer may have thousands, which stay in its body.
    pub const MAX: usize = 32;
}

/// Why a step failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorFact {
    /// The class of error; `_OTHER` where the record only says that it failed.
    pub r#type: String,
    /// The message, where there is one: the first 2,000 characters.
    pub message: Option<String>,
}

/// Where a score came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScoreSource {
    /// An attribute of a span.
    Attribute,
    /// A log event or span event.
    Event,
    /// The REST API.
    Api,
    /// A person, in the UI.
    Person,
}

/// A score as a record carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreFact {
    /// What was measured.
    pub name: String,
    /// The figure.
    pub value: Option<f64>,
    /// The label.
    pub label: Option<String>,
    /// The explanation.
    pub comment: Option<String>,
    /// Attribute or event.
    pub source: ScoreSource,
}
