//! Models, asked over HTTP: `client` asks language models, each API's words in the file of its name; `embeddings` has texts
//! embedded; `endpoint` is what both go through.

mod anthropic;
mod chat;
mod client;
mod embeddings;
mod endpoint;
mod responses;

pub use client::Client;
pub use embeddings::Embedder;

use crate::messages::{Call, Definition, Message};
use serde_json::Value as Json;
use std::time::Duration;
use turnscope::Usage;

/// What a model is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who it is.
    pub system: &'a str,
    /// The conversation so far.
    pub messages: &'a [Message],
    /// The tools that it may ask for.
    pub tools: &'a [Definition],
}

/// What it answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The answer's id.
    pub id: String,
    /// The model that gave it.
    pub model: String,
    /// The text.
    pub text: String,
    /// The tools that it asks for.
    pub calls: Vec<Call>,
    /// Why it stopped, as the provider says; empty while it has not.
    pub finish_reason: String,
    /// What it used.
    pub usage: Usage,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The provider refused.
    #[error("the model's provider answered {status}: {message}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
        /// When to come back.
        retry_after: Option<Duration>,
    },
    /// Nobody answered.
    #[error("the model cannot be reached at {url}: {cause}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        cause: String,
    },
    /// The answer ended before it was whole.
    #[error("the model's answer broke off: {0}")]
    Cut(String),
    /// What came is no answer.
    #[error("the model's answer makes no sense: {0}")]
    Invalid(String),
    /// No key is set.
    #[error("{0} is not set: the provider wants a key")]
    NoKey(&'static str),
}

impl ModelError {
    /// A short name: `error.type` in the trace.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Status { status: 429, .. } => "rate_limit",
            Self::Status { .. } => "provider_error",
            Self::Unreachable { .. } => "unreachable",
            Self::Cut(_) => "stream_cut",
            Self::Invalid(_) => "invalid_response",
            Self::NoKey(_) => "no_key",
        }
    }

    /// Whether asking again may help, and how long to wait at least.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { status: 408 | 409 | 429 | 500.., retry_after, .. } => {
                Some(retry_after.unwrap_or_default())
            }
            Self::Unreachable { .. } | Self::Cut(_) | Self::Invalid(_) => Some(Duration::ZERO),
            Self::Status { .. } | Self::NoKey(_) => None,
        }
    }
}

/// A call's arguments as JSON; what is none stays a string, so that the tool can say what is wrong with it.
fn arguments(text: &str) -> Json {
    if text.trim().is_empty() {
        Json::Object(serde_json::Map::new())
    } else {
        serde_json::from_str(text).unwrap_or_else(|_| text.into())
    }
}

/// A call's arguments as text.
fn arguments_text(arguments: &Json) -> String {
    arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned)
}

/// The error that an event of a stream tells.
fn told(event: &Json) -> ModelError {
    let error = if event["error"].is_object() { &event["error"] } else { &event["response"]["error"] };
    let message =
        error["message"].as_str().or_else(|| event["message"].as_str()).unwrap_or("it gave no reason");
    ModelError::Status { status: 500, message: message.to_owned(), retry_after: None }
}
