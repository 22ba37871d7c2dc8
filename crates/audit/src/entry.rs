//! The contents of records. Times are in milliseconds since the Unix epoch.

use serde::Serialize;

/// One execution of one agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AuditRun"))]
pub struct RunEntry {
    /// The run's id, `<trace>-<span>` if it was traced.
    pub run_id: Option<String>,
    /// The trace id, if it was traced.
    pub trace_id: Option<String>,
    /// The session id from the application.
    pub session_id: Option<String>,
    /// The agent's name.
    pub agent: Option<String>,
    /// The user id from the application.
    pub user_id: Option<String>,
    /// The user's role.
    pub user_role: Option<String>,
    /// What triggered the run: `cli`, `api`, `delegation`, …
    pub trigger_type: Option<String>,
    /// When the run started.
    pub started_at: i64,
    /// When the run ended.
    pub ended_at: i64,
    /// The prompt.
    pub prompt: Option<String>,
    /// The answer.
    pub output: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Input tokens, including cached ones.
    pub input_tokens: Option<i64>,
    /// Output tokens, including reasoning.
    pub output_tokens: Option<i64>,
    /// Whether the run succeeded.
    pub success: bool,
    /// The error, if it failed.
    pub error: Option<String>,
}

/// A policy decision about a tool call. If the policy asked for a human (`hitl`), their answer is recorded as
/// a second decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AuditDecision"))]
pub struct Decision {
    /// The run's id, if known.
    pub run_id: Option<String>,
    /// The trace id, if it was traced.
    pub trace_id: Option<String>,
    /// The span id of the decision.
    pub span_id: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The agent that made the call.
    pub agent: Option<String>,
    /// The user on whose behalf the agent acts.
    pub user_id: Option<String>,
    /// The user's role, as given to the policy.
    pub user_role: Option<String>,
    /// The tool.
    pub tool: Option<String>,
    /// The action that the tool was asked to do.
    pub action: Option<String>,
    /// The call's arguments as JSON, without secrets: for what, and for how much, the decision was.
    pub arguments: Option<String>,
    /// `allow`, `deny` or `hitl`.
    pub verdict: String,
    /// The human's answer: `approved` or `rejected`.
    pub resolution: Option<String>,
    /// Who decided: the policy or a person.
    pub decided_by: Option<String>,
    /// The reason.
    pub reason: Option<String>,
    /// The policy's risk tier.
    pub risk_tier: Option<String>,
    /// The version or hash of the policy.
    pub policy_version: Option<String>,
    /// When the decision was made.
    pub decided_at: i64,
}

/// The content of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AuditEntry"))]
#[serde(tag = "record", rename_all = "lowercase")]
pub enum Entry {
    /// A run.
    Run(RunEntry),
    /// A policy decision.
    Decision(Decision),
}

impl Entry {
    /// The id of the run that the record is about, if known.
    pub fn run_id(&self) -> Option<&str> {
        match self {
            Self::Run(run) => run.run_id.as_deref(),
            Self::Decision(decision) => decision.run_id.as_deref(),
        }
    }

    /// The span id of a decision.
    pub fn span_id(&self) -> Option<&str> {
        match self {
            Self::Run(_) => None,
            Self::Decision(decision) => decision.span_id.as_deref(),
        }
    }

    /// The trace id, if it was traced.
    pub fn trace_id(&self) -> Option<&str> {
        match self {
            Self::Run(run) => run.trace_id.as_deref(),
            Self::Decision(decision) => decision.trace_id.as_deref(),
        }
    }
}

/// Who wrote a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The agent itself, while it ran.
    Agent,
    /// A server, for what it received.
    Server,
}

impl Source {
    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Server => "server",
        }
    }
}

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AuditRecord"))]
pub struct Record {
    /// Sequence number, starting at 1.
    pub seq: u64,
    /// When the record was written.
    pub recorded_at: i64,
    /// Who wrote the record: `agent` or `server`.
    pub source: String,
    /// The content.
    #[serde(flatten)]
    pub entry: Entry,
    /// Its MAC, in hex.
    pub mac: String,
}
