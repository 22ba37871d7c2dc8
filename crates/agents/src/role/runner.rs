//! The names of the runners in a role file and on the command line.

use super::Provider;
use serde::Deserialize;
use std::str::FromStr;

/// An agent's strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Runner {
    /// Plans first, executes the steps one by one, and answers from their results.
    PlanExecute,
    /// Anthropic's Messages API with tool use, turn by turn.
    ClaudeAgent,
    /// `OpenAI`'s chat completions or responses API, turn by turn.
    OpenAiAgent,
    /// Keeps a to-do list and scratch files, and delegates parts of the task to sub-agents.
    DeepAgent,
}

const NAMES: [(&str, Runner); 4] = [
    ("plan_execute", Runner::PlanExecute),
    ("claude_agent", Runner::ClaudeAgent),
    ("openai_agent", Runner::OpenAiAgent),
    ("deep_agent", Runner::DeepAgent),
];

impl Runner {
    /// The default runner for a provider.
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
}

impl FromStr for Runner {
    type Err = String;

    /// Accepts hyphens and underscores.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.replace('-', "_");
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, runner)| *runner).ok_or_else(|| {
            let known: Vec<String> = NAMES.iter().map(|(name, _)| name.replace('_', "-")).collect();
            format!("there is no runner {text:?}; available: {}", known.join(", "))
        })
    }
}

impl TryFrom<String> for Runner {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
