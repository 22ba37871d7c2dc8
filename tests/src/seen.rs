//! What Turnscope shows of a producer's telemetry, whether from the projection in this process or through REST.

use serde::Serialize;
use turnscope_model::Usage;

/// Everything shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Seen {
    /// The runs, by start.
    pub runs: Vec<SeenRun>,
}

/// One run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SeenRun {
    /// Its id.
    pub run_id: String,
    /// The index of its parent run in the list.
    pub parent: Option<usize>,
    /// The name shown.
    pub name: String,
    /// The agent.
    pub agent_name: Option<String>,
    /// Every agent named by its steps.
    pub agents: Vec<String>,
    /// `running`, `waiting`, `completed`, `failed` or `incomplete`.
    pub status: String,
    /// How many turns.
    pub turns: Vec<SeenTurn>,
    /// Model and embedding calls.
    pub llm_call_count: u64,
    /// Tool calls.
    pub tool_call_count: u64,
    /// Failures.
    pub error_count: u64,
    /// Tokens.
    pub usage: Usage,
    /// The last user message.
    pub input_text: Option<String>,
    /// The final answer.
    pub output_text: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// Each model call that is counted.
    pub calls: Vec<SeenCall>,
    /// Each tool call that is counted.
    pub tools: Vec<SeenTool>,
    /// How often a person was asked, each tool call once.
    pub asked: u64,
}

/// One turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SeenTurn {
    /// Its number.
    pub n: u64,
    /// Its model calls, by the names of their steps.
    pub llm: Vec<String>,
    /// Its tools.
    pub tools: Vec<String>,
}

/// One model call.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SeenCall {
    /// The requested model, otherwise the one that answered.
    pub model: Option<String>,
    /// Whether it failed.
    pub failed: bool,
    /// Tokens.
    pub usage: Usage,
}

/// One tool call.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SeenTool {
    /// The tool.
    pub name: String,
    /// Whether it failed.
    pub failed: bool,
    /// Whether it has a span or log record of its own.
    pub has_record: bool,
    /// `allow`, `deny` or `hitl`.
    pub verdict: Option<String>,
    /// What a person decided: `approved` or `rejected`.
    pub resolution: Option<String>,
    /// Whether it has run: it is neither pending, nor waiting, nor refused.
    pub ran: bool,
}

/// Whether a tool call of this status ran, whatever its gate said before.
pub fn ran(status: &str, verdict: Option<&str>, resolution: Option<&str>) -> bool {
    let refused = verdict == Some("deny") || resolution == Some("rejected");
    let asked = verdict == Some("hitl") && resolution.is_none() && status != "ok";
    !refused && !asked && !matches!(status, "waiting")
}
