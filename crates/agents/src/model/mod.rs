//! Model APIs over HTTP. `client` calls language models, with a module for each API; `embeddings` embeds
//! texts; both use `endpoint`.

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

/// The prompt for a model.
#[derive(Clone, Copy, Debug)]
pub struct Prompt<'a> {
    /// The system prompt.
    pub system: &'a str,
    /// The conversation so far.
    pub messages: &'a [Message],
    /// Available tools.
    pub tools: &'a [Definition],
}

/// A model's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The answer's id.
    pub id: String,
    /// The model that gave it.
    pub model: String,
    /// The text.
    pub text: String,
    /// The requested tool calls.
    pub calls: Vec<Call>,
    /// Why the model stopped, as the provider names it; empty until it stops.
    pub finish_reason: String,
    /// Token usage.
    pub usage: Usage,
}

/// Why a model call failed.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The provider returned an error status.
    #[error("the model provider returned {status}: {message}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The provider's message.
        message: String,
        /// When to retry, if the provider says so.
        retry_after: Option<Duration>,
    },
    /// The endpoint cannot be reached.
    #[error("cannot reach the model at {url}: {cause}")]
    Unreachable {
        /// The URL.
        url: String,
        /// Why.
        cause: String,
    },
    /// The answer was cut off.
    #[error("the model's answer was cut off: {0}")]
    CutOff(String),
    /// The response is invalid.
    #[error("the model's response is invalid: {0}")]
    Invalid(String),
    /// No key is set.
    #[error("{0} is not set: the provider requires a key")]
    MissingKey(&'static str),
}

impl ModelError {
    /// A short name: `error.type` in the trace.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Status { status: 429, .. } => "rate_limit",
            Self::Status { .. } => "provider_error",
            Self::Unreachable { .. } => "unreachable",
            Self::CutOff(_) => "stream_cut",
            Self::Invalid(_) => "invalid_response",
            Self::MissingKey(_) => "no_key",
        }
    }

    /// The minimum delay before a retry, or `None` if the error is not transient.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { status: 408 | 409 | 429 | 500.., retry_after, .. } => {
                Some(retry_after.unwrap_or_default())
            }
            Self::Unreachable { .. } | Self::CutOff(_) | Self::Invalid(_) => Some(Duration::ZERO),
            Self::Status { .. } | Self::MissingKey(_) => None,
        }
    }
}

/// A call's arguments as JSON. Invalid JSON stays a string, so that the error message can quote it.
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

/// The error in a stream event.
fn stream_error(event: &Json) -> ModelError {
    let error = if event["error"].is_object() { &event["error"] } else { &event["response"]["error"] };
    let message =
        error["message"].as_str().or_else(|| event["message"].as_str()).unwrap_or("no reason given");
    ModelError::Status { status: 500, message: message.to_owned(), retry_after: None }
}
