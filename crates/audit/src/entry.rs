//! What a record says. Times are milliseconds since the epoch; ids as on Turnscope's surface.

use serde::Serialize;

/// One execution of one agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AuditRun"))]
pub struct RunEntry {
    /// The run's id, `<trace>-<span>` where it was traced.
    pub run_id: Option<String>,
    /// The trace, where there is one.
    pub trace_id: Option<String>,
    /// The session, as the application says.
    pub session_id: Option<String>,
    /// The agent's name.
    pub agent: Option<String>,
    /// For whom it ran, as the application says.
    pub user_id: Option<String>,
    /// The user's role.
    pub user_role: Option<String>,
    /// What started it: `cli`, `api`, `delegation`, …
    pub trigger_type: Option<String>,
    /// When it started.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: i64,
    /// What was asked.
    pub prompt: Option<String>,
    /// What was answered.
    pub output: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Input tokens, cached ones included.
    pub input_tokens: Option<i64>,
    /// Output tokens, reasoning included.
    pub output_tokens: Option<i64>,
    /// Whether it ended well.
    pub success: bool,
    /// If not, why.
    pub error: Option<String>,
}

/// One policy decision about a tool call. Where a human was asked (`hitl`) and has answered, a second one tells the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AuditDecision"))]
pub struct Decision {
    /// The run, where it is known.
    pub run_id: Option<String>,
    /// The trace, where there is one.
    pub trace_id: Option<String>,
    /// The span of the decision.
    pub span_id: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The agent that wanted to call.
    pub agent: Option<String>,
    /// For whom it runs.
    pub user_id: Option<String>,
    /// The user's role, as the policy saw it.
    pub user_role: Option<String>,
    /// The tool.
    pub tool: Option<String>,
    /// What it was to do.
    pub action: Option<String>,
    /// `allow`, `deny` or `hitl`.
    pub verdict: String,
    /// What the human said: `approved` or `rejected`.
    pub resolution: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The policy's risk tier.
    pub risk_tier: Option<String>,
    /// Which policy decided: its version, or its hash.
    pub policy_version: Option<String>,
    /// When.
    pub decided_at: i64,
}

/// What a record says.
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
    /// The run that it is about, where it is known.
    pub fn run_id(&self) -> Option<&str> {
        match self {
            Self::Run(run) => run.run_id.as_deref(),
            Self::Decision(decision) => decision.run_id.as_deref(),
        }
    }

    /// The span that it is about: a decision's.
    pub fn span_id(&self) -> Option<&str> {
        match self {
            Self::Run(_) => None,
            Self::Decision(decision) => decision.span_id.as_deref(),
        }
    }

    /// The trace, where there is one.
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
    /// A server, about what it received.
    Server,
}

impl Source {
    /// The name in the database and on the surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Server => "server",
        }
    }
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AuditRecord"))]
pub struct Record {
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// When it was written.
    pub recorded_at: i64,
    /// Who wrote it: `agent` or `server`.
    pub source: String,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
    /// Its MAC, in hex.
    pub mac: String,
}
