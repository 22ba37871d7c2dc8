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
    pub step_id: String,
    pub span_id: Option<String>,
    pub trace_id: Option<String>,
    pub parent_step_id: Option<String>,
    pub run_id: Option<String>,
    pub turn: Option<u64>,
    pub kind: String,
    pub name: String,
    /// `running`, `ok` or `error`.
    pub status: String,
    pub started_at: i64,
    /// From the start of the run that was asked for (of the trace, in a trace), with fractions.
    pub start_offset_ms: f64,
    pub duration_ms: Option<f64>,
    pub depth: u32,
    pub agent_name: Option<String>,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub tool_name: Option<String>,
    pub tool_call_id: Option<String>,
    pub verdict: Option<VerdictInfo>,
    pub usage: Option<Usage>,
    /// Of a call our own figure (tokens × price), else the client's; of other steps only what the client says.
    pub cost_usd: Option<f64>,
    /// Whether it counts in the run's figures; a second report of the same call does not.
    pub counted: bool,
    pub error: Option<ErrorInfo>,
    pub has_data: bool,
    /// It lies above the run.
    pub outer: bool,
    pub service_name: Option<String>,
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
    pub decided_by: Option<String>,
    pub reason: Option<String>,
    pub risk_tier: Option<String>,
}

/// One step whole.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct StepData {
    pub attributes: Map<String, Json>,
    pub resource: Map<String, Json>,
    pub scope: Option<Scope>,
    pub events: Vec<Event>,
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
    pub documents: Vec<Json>,
    /// Request parameters.
    pub parameters: Map<String, Json>,
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
    pub request_model: Option<String>,
    pub response_model: Option<String>,
    pub response_id: Option<String>,
    pub finish_reason: Option<String>,
    pub time_to_first_chunk_ms: Option<f64>,
    pub streaming: Option<bool>,
    pub agent_name: Option<String>,
    /// The provider's tier of service.
    pub service_tier: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub prompt_id: Option<String>,
    pub prompt_version: Option<String>,
    /// Values that were redacted at receipt.
    pub redacted: u32,
    /// Attributes, events and links that the SDK says it dropped.
    pub dropped: u32,
    /// A string held bytes that are no UTF-8.
    pub invalid_utf8: bool,
    /// The end came before the start.
    pub clamped: bool,
}

/// An instrumentation scope.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Scope {
    pub name: String,
    pub version: String,
}

/// An event of a span.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Event {
    pub name: String,
    /// Milliseconds since the epoch.
    pub at: f64,
    pub attributes: Map<String, Json>,
}

/// A link of a span.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Link {
    pub trace_id: String,
    pub span_id: String,
    pub attributes: Map<String, Json>,
}

/// A log record.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Log {
    pub name: String,
    /// Milliseconds since the epoch.
    pub at: f64,
    pub severity: String,
    pub body: Json,
    pub attributes: Map<String, Json>,
}
