//! A request to run an agent, and what comes of it.

use serde::{Deserialize, Serialize};

/// A request to run an agent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The task.
    pub prompt: String,
    /// What triggered the run: `cli`, `api`, `delegation` or `queue`.
    #[serde(default = "api")]
    pub trigger: String,
    /// The session, if the application has one.
    pub session: Option<String>,
    /// The user on whose behalf the agent runs, if known.
    pub user: Option<String>,
    /// The run token of the delegating agent.
    pub parent_token: Option<String>,
    /// The number of delegations above this run.
    #[serde(default)]
    pub depth: u32,
}

fn api() -> String {
    "api".to_owned()
}

/// A run that lets other agents do parts of its task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delegator<'a> {
    pub(crate) request: &'a RunRequest,
    /// The run's token.
    pub(crate) token: &'a str,
}

impl Delegator<'_> {
    /// A request for another agent to do a part of the task.
    pub(crate) fn delegate(self, task: &str, trigger: &str) -> RunRequest {
        RunRequest {
            prompt: task.to_owned(),
            trigger: trigger.to_owned(),
            session: self.request.session.clone(),
            user: self.request.user.clone(),
            parent_token: Some(self.token.to_owned()),
            depth: self.request.depth + 1,
        }
    }
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunResult {
    /// The answer.
    pub text: String,
    /// Input tokens of all its model calls, without those of sub-agents.
    pub input_tokens: u64,
    /// Output tokens of all its model calls, without those of sub-agents.
    pub output_tokens: u64,
    /// The number of turns.
    pub turns: u32,
    /// The tool calls in order, without those of sub-agents.
    pub tools: Vec<ToolUse>,
}

/// One tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUse {
    /// The tool.
    pub name: String,
    /// Whether the call failed, or was refused by the policy.
    pub failed: bool,
    /// Whether the policy refused the call.
    pub refused: bool,
}
