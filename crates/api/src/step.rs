//! Steps: the narrow row that lists and trees show, and one step whole.

use crate::{
    cost::CallCost,
    outcome::{ErrorInfo, Usage},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use turnscope_model::{Message, Part, ToolDefinition};

/// One step, without content.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Step {
    /// The step's id within its run: its span's, or one that Turnscope gave to a step without a span.
    pub step_id: String,
    /// The span; null when the step comes from a log record or from messages.
    pub span_id: Option<String>,
    /// The trace; null when the step has no record of its own.
    pub trace_id: Option<String>,
    /// The step above it; null at the top.
    pub parent_step_id: Option<String>,
    /// The run that it belongs to; null outside of runs.
    pub run_id: Option<String>,
    /// The turn of that run, from 1; null outside of turns.
    pub turn: Option<u64>,
    /// What kind of work it is, such as `llm`, `tool` or `retrieval`; `other` when nothing says it.
    pub kind: String,
    /// The span's name, or what the dialect has for people to read.
    pub name: String,
    /// `running`, `ok` or `error`.
    pub status: String,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    /// From the start of the run that was asked for (of the trace, in a trace), with fractions.
    pub start_offset_ms: f64,
    /// Milliseconds with fractions; null while it has not ended.
    pub duration_ms: Option<f64>,
    /// How many steps stand above it.
    pub depth: u32,
    /// The agent that it belongs to; null when the step does not say.
    pub agent_name: Option<String>,
    /// The model asked for, else the one that answered; null when it is no call, or names none.
    pub model: Option<String>,
    /// The provider, named as in the GenAI conventions; null when unknown.
    pub provider: Option<String>,
    /// The tool that is called; null when it is no tool call.
    pub tool_name: Option<String>,
    /// The id that the model gave to the tool call; null when there is none.
    pub tool_call_id: Option<String>,
    /// What a policy gate said of this tool call; null when none was asked.
    pub verdict: Option<VerdictInfo>,
    /// Tokens; null when nothing is known.
    pub usage: Option<Usage>,
    /// Of a call our own figure (tokens × price), else the client's; of other steps only what the client says.
    pub cost_usd: Option<f64>,
    /// Whether it counts in the run's figures; a second report of the same call does not.
    pub counted: bool,
    /// Its tokens are a sum over the calls in it, which say nothing of theirs.
    pub usage_is_sum: bool,
    /// Why it failed; null when it did not.
    pub error: Option<ErrorInfo>,
    /// A count or a cost was sent that is negative or above 2^53. It is unknown here; the attributes have it as sent.
    pub implausible_count: bool,
    /// A retention rule has deleted what the step was sent with; what it did and cost is kept.
    pub contents_deleted: bool,
    /// Whether there is content to ask for, with `include_data` or by the step's id.
    pub has_data: bool,
    /// It lies above the run.
    pub outer: bool,
    /// `service.name` of the step's resource; null when nothing says it.
    pub service_name: Option<String>,
    /// The way of writing that was recognised, such as `semconv`; null when none was.
    pub dialect: Option<String>,
    /// The step whole, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<StepData>>,
}

/// What a policy gate said of a tool call.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct VerdictInfo {
    /// `allow`, `deny` or `hitl`.
    pub verdict: String,
    /// `approved`, `rejected` or null.
    pub resolution: Option<String>,
    /// What the person was asked, in words; null when nothing says it.
    pub question: Option<String>,
    /// What the person answered, in words; null when nothing says it.
    pub answer: Option<String>,
    /// When the person was asked: milliseconds since the epoch; null when nothing says it.
    pub asked_at: Option<i64>,
    /// When the person answered: milliseconds since the epoch; null while they have not, and when nothing says it.
    pub answered_at: Option<i64>,
    /// Who decided: the human, where one answered, else the gate; null when nothing says it.
    pub decided_by: Option<String>,
    /// Why; null when nothing says it.
    pub reason: Option<String>,
    /// How risky the gate thinks the call is; null when nothing says it.
    pub risk_tier: Option<String>,
}

/// One step whole.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct StepData {
    /// The span's attributes, or the log record's where there is no span. Large values that were cut out stand in the
    /// fields below. Of a repeated key the last value is shown.
    pub attributes: Map<String, Json>,
    /// The attributes of the resource that sent it, such as `service.name`.
    pub resource: Map<String, Json>,
    /// The instrumentation that made it; null when nothing says it.
    pub scope: Option<Scope>,
    /// The span's events, in the order sent.
    pub events: Vec<Event>,
    /// The span's links, in the order sent.
    pub links: Vec<Link>,
    /// Log records that name this span.
    pub logs: Vec<Log>,
    /// The system prompt, where it stands apart from the messages: parts as in the GenAI conventions.
    #[schemars(with = "Vec<Json>")]
    pub system: Vec<Part>,
    /// The messages that the call was sent.
    #[schemars(with = "Vec<Json>")]
    pub input: Vec<Message>,
    /// What came out.
    #[schemars(with = "Vec<Json>")]
    pub output: Vec<Message>,
    /// The tools that the model could choose from.
    #[schemars(with = "Vec<Json>")]
    pub tool_definitions: Vec<ToolDefinition>,
    /// A tool call's arguments.
    pub arguments: Option<Json>,
    /// A tool call's result.
    pub result: Option<Json>,
    /// Input that is no list of messages.
    pub input_value: Option<Json>,
    /// Output that is no list of messages.
    pub output_value: Option<Json>,
    /// Which of `arguments`, `result`, `input_value` and `output_value` were sent as a null, and are not merely unknown.
    pub sent_as_null: Vec<String>,
    /// What a retrieval or a re-ranking gave.
    pub documents: Vec<Json>,
    /// Request parameters.
    pub parameters: Map<String, Json>,
    /// What was found out about the step.
    pub facts: StepFacts,
    /// How its cost comes about; null where it is no call that counts.
    pub cost: Option<CallCost>,
    /// The span as OTLP/JSON, exactly as it was sent; null for a synthesised step.
    pub raw: Option<Json>,
}

/// What was found when the span arrived and has no place of its own above.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct StepFacts {
    /// The model asked for.
    pub request_model: Option<String>,
    /// The model that answered.
    pub response_model: Option<String>,
    /// The provider's id of the answer: a call that is reported twice has it twice.
    pub response_id: Option<String>,
    /// Why the model stopped, as sent, such as `stop` or `length`.
    pub finish_reason: Option<String>,
    /// How long the first piece of a streamed answer took, in milliseconds.
    pub time_to_first_chunk_ms: Option<f64>,
    /// Whether the answer was streamed.
    pub streaming: Option<bool>,
    /// The agent, as this step says.
    pub agent_name: Option<String>,
    /// The provider's tier of service.
    pub service_tier: Option<String>,
    /// The session, as this step says.
    pub session_id: Option<String>,
    /// The user, as this step says.
    pub user_id: Option<String>,
    /// The prompt's name or id.
    pub prompt_id: Option<String>,
    /// The prompt's version.
    pub prompt_version: Option<String>,
    /// Values that were redacted at receipt.
    pub redacted: u32,
    /// Attributes, events and links that the SDK says it dropped.
    pub dropped: u32,
    /// A string held bytes that are no UTF-8.
    pub invalid_utf8: bool,
    /// Its times could not be (an end before the start, an unknown start, days that have not come yet) and were corrected.
    pub clamped: bool,
    /// A count or a cost was sent that is negative or above 2^53. It is unknown here; the attributes have it as sent.
    pub implausible_count: bool,
    /// A retention rule has deleted what the step was sent with; what it did and cost is kept.
    pub contents_deleted: bool,
}

/// An instrumentation scope.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Scope {
    /// The library that made the span, such as `opentelemetry.instrumentation.openai`.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

/// An event of a span.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Event {
    /// What happened, such as `exception`.
    pub name: String,
    /// Milliseconds since the epoch.
    pub at: f64,
    /// The event's attributes.
    pub attributes: Map<String, Json>,
}

/// A link of a span.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Link {
    /// The trace of the span that it leads to.
    pub trace_id: String,
    /// The span that it leads to.
    pub span_id: String,
    /// The link's attributes: they may say why it is there.
    pub attributes: Map<String, Json>,
}

/// A log record.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Log {
    /// The event's name; empty for a plain log line.
    pub name: String,
    /// Milliseconds since the epoch.
    pub at: f64,
    /// How grave it is, as sent, such as `ERROR`; may be empty.
    pub severity: String,
    /// What was logged, as JSON; null when there is none.
    pub body: Json,
    /// The record's attributes.
    pub attributes: Map<String, Json>,
}
