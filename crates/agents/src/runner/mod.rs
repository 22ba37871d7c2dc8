//! How an agent works, from the task to the answer; each runner in the file of its name.

mod deep;
mod plan;
mod turns;

use crate::{AgentError, job::Job, role::Provider};
use serde::Deserialize;
use std::str::FromStr;

/// How an agent works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Runner {
    /// Plans first, does one step after the other, and answers from what came of them.
    PlanExecute,
    /// Anthropic's messages with tool use, turn after turn.
    ClaudeAgent,
    /// `OpenAI`'s chat completions or responses, turn after turn.
    OpenAiAgent,
    /// Keeps a list of what is to do and scratch files, and hands parts of the task to sub-agents.
    DeepAgent,
}

const NAMES: [(&str, Runner); 4] = [
    ("plan_execute", Runner::PlanExecute),
    ("claude_agent", Runner::ClaudeAgent),
    ("openai_agent", Runner::OpenAiAgent),
    ("deep_agent", Runner::DeepAgent),
];

impl Runner {
    /// The runner of a role that names none.
    pub fn of(provider: Provider) -> Self {
        match provider {
            Provider::OpenAi => Self::OpenAiAgent,
            Provider::Anthropic => Self::ClaudeAgent,
        }
    }

    /// The name with underscores: `agent.runner` in the trace.
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(_, runner)| *runner == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn check(self, found: Provider) -> Result<(), AgentError> {
        let wanted = match self {
            Self::ClaudeAgent => Provider::Anthropic,
            Self::OpenAiAgent => Provider::OpenAi,
            Self::PlanExecute | Self::DeepAgent => found,
        };
        if wanted == found {
            return Ok(());
        }
        Err(AgentError::Provider { runner: self.as_str(), wanted: wanted.as_str(), found: found.as_str() })
    }

    /// The answer to what the job asks.
    pub(crate) async fn work(self, job: &Job<'_>) -> Result<String, AgentError> {
        match self {
            Self::ClaudeAgent | Self::OpenAiAgent => turns::answer(job, &job.asked.prompt).await,
            Self::PlanExecute => plan::answer(job).await,
            Self::DeepAgent => deep::answer(job).await,
        }
    }
}

impl FromStr for Runner {
    type Err = String;

    /// With hyphens or underscores.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.replace('-', "_");
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, runner)| *runner).ok_or_else(|| {
            let known: Vec<String> = NAMES.iter().map(|(name, _)| name.replace('_', "-")).collect();
            format!("there is no runner {text:?}; there are: {}", known.join(", "))
        })
    }
}

impl TryFrom<String> for Runner {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
