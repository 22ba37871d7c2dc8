//! The script: which reply each request gets. Plain data, built in code or read from JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A list of replies. A request gets the first one that matches it and has not been used yet.
///
/// ```
/// use turnscope_scripted_model::Script;
/// let script: Script = serde_json::from_str(r#"{"replies": [
///     {"when": "order 17", "tool_calls": [{"name": "lookup", "arguments": {"order": 17}}]},
///     {"text": "It is at sea.", "usage": {"input": 120, "output": 6, "cached": 100}},
///     {"when": "again", "fault": {"status": {"code": 429, "retry_after_s": 2}}, "repeat": true}
/// ]}"#).unwrap();
/// assert_eq!(script.replies.len(), 3);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The replies, in order of precedence.
    pub replies: Vec<Reply>,
}

impl Script {
    /// A script without replies: every request gets an error that says so.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a reply at the end.
    #[must_use]
    pub fn reply(mut self, reply: Reply) -> Self {
        self.replies.push(reply);
        self
    }

    /// The index of the reply to a request. `given` marks the replies used so far.
    pub(crate) fn choose(&self, endpoint: Endpoint, question: &str, given: &[bool]) -> Option<usize> {
        let fits = |(index, reply): &(usize, &Reply)| {
            (reply.repeat || !given[*index])
                && reply.endpoint.map_or(endpoint != Endpoint::Embeddings, |wanted| wanted == endpoint)
                && reply.when.as_ref().is_none_or(|part| question.contains(part))
        };
        self.replies.iter().enumerate().find(fits).map(|(index, _)| index)
    }
}

/// A response or a failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    /// Matches only requests whose last message contains this text.
    pub when: Option<String>,
    /// Matches only this endpoint. Embeddings are generated from their input unless a reply has the
    /// embeddings endpoint.
    pub endpoint: Option<Endpoint>,
    /// Whether the reply can be used more than once.
    pub repeat: bool,
    /// The model's text.
    pub text: Option<String>,
    /// The model's reasoning.
    pub reasoning: Option<String>,
    /// The tool calls.
    pub tool_calls: Vec<ToolCall>,
    /// Token usage. Default: a quarter of the bytes sent and received.
    pub usage: Option<Usage>,
    /// The failure, if the call fails.
    pub fault: Option<Fault>,
}

impl Reply {
    /// A reply with this text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// A reply that calls the tool `name`.
    #[must_use]
    pub fn tool(name: impl Into<String>, arguments: Json) -> Self {
        Self::default().and_tool(name, arguments)
    }

    /// A reply that fails.
    #[must_use]
    pub fn fault(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::text("This is what would have been said.") }
    }

    /// Status 429 with `Retry-After: retry_after_s`.
    #[must_use]
    pub fn rate_limited(retry_after_s: u64) -> Self {
        Self::fault(Fault::Status { code: 429, retry_after_s: Some(retry_after_s) })
    }

    /// Status 500.
    #[must_use]
    pub fn server_error() -> Self {
        Self::fault(Fault::Status { code: 500, retry_after_s: None })
    }

    /// Adds a tool call.
    #[must_use]
    pub fn and_tool(mut self, name: impl Into<String>, arguments: Json) -> Self {
        self.tool_calls.push(ToolCall { id: None, name: name.into(), arguments });
        self
    }

    /// Adds reasoning.
    #[must_use]
    pub fn reasoning(self, text: impl Into<String>) -> Self {
        Self { reasoning: Some(text.into()), ..self }
    }

    /// Sets the token usage.
    #[must_use]
    pub fn usage(self, usage: Usage) -> Self {
        Self { usage: Some(usage), ..self }
    }

    /// Matches only requests whose last message contains `part`.
    #[must_use]
    pub fn when(self, part: impl Into<String>) -> Self {
        Self { when: Some(part.into()), ..self }
    }

    /// Matches only this endpoint.
    #[must_use]
    pub fn at(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }

    /// Allows the reply to be used any number of times.
    #[must_use]
    pub fn repeated(self) -> Self {
        Self { repeat: true, ..self }
    }
}

/// A tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The call's id. Default: derived from the request's number.
    #[serde(default)]
    pub id: Option<String>,
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Json,
}

/// Token usage of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// All input tokens, including `cached` and `cache_written`.
    pub input: u64,
    /// All output tokens, including `reasoning`.
    pub output: u64,
    /// Input tokens read from the cache.
    pub cached: u64,
    /// Input tokens written to the cache. Reported only by Anthropic.
    pub cache_written: u64,
    /// Output tokens used for reasoning. Reported only by OpenAI.
    pub reasoning: u64,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// An error status, with an error in the provider's format.
    Status {
        /// The status.
        code: u16,
        /// The header `Retry-After`, in seconds.
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// A correct but slow response.
    Slow {
        /// Milliseconds before the first byte.
        #[serde(default)]
        first_ms: u64,
        /// Milliseconds before each event of a stream.
        #[serde(default)]
        each_ms: u64,
    },
    /// The connection is closed after this many events of a stream, or in the middle of a response that is
    /// not streamed.
    Cut {
        /// The number of complete events.
        after: usize,
    },
    /// Status 200 with invalid JSON; in a stream, the second event is invalid.
    InvalidJson,
}

/// An API endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// OpenAI, `/v1/chat/completions`.
    Chat,
    /// OpenAI, `/v1/responses`.
    Responses,
    /// Anthropic, `/v1/messages`.
    Messages,
    /// OpenAI, `/v1/embeddings`.
    Embeddings,
}

impl Endpoint {
    /// The URL path.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::Messages => "/v1/messages",
            Self::Embeddings => "/v1/embeddings",
        }
    }
}
