//! What is answered, and to what. Plain data: built in code or read from JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A list of replies. A request gets the first one that fits it and has not been given yet.
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
    /// The replies, in the order in which they are tried.
    pub replies: Vec<Reply>,
}

impl Script {
    /// A script without replies: every request is refused, and the refusal says so.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The script with one more reply at its end.
    #[must_use]
    pub fn reply(mut self, reply: Reply) -> Self {
        self.replies.push(reply);
        self
    }

    /// Which reply a request gets, where `given` are those that were given before.
    pub(crate) fn choose(&self, endpoint: Endpoint, question: &str, given: &[bool]) -> Option<usize> {
        let fits = |(index, reply): &(usize, &Reply)| {
            (reply.repeat || !given[*index])
                && reply.endpoint.map_or(endpoint != Endpoint::Embeddings, |wanted| wanted == endpoint)
                && reply.when.as_ref().is_none_or(|part| question.contains(part))
        };
        self.replies.iter().enumerate().find(fits).map(|(index, _)| index)
    }
}

/// One answer, or one failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    /// Only to a request whose last message holds this.
    pub when: Option<String>,
    /// Only at this endpoint. Embeddings are made up from their input unless a reply names their endpoint.
    pub endpoint: Option<Endpoint>,
    /// Whether it can be given more than once.
    pub repeat: bool,
    /// What the model says.
    pub text: Option<String>,
    /// What it thought before.
    pub reasoning: Option<String>,
    /// The tools that it asks for.
    pub tool_calls: Vec<ToolCall>,
    /// What the call used; by default a quarter of the bytes that went in and out.
    pub usage: Option<Usage>,
    /// How the call fails.
    pub fault: Option<Fault>,
}

impl Reply {
    /// The model says `text`.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// The model asks for the tool `name`.
    #[must_use]
    pub fn tool(name: impl Into<String>, arguments: Json) -> Self {
        Self::default().and_tool(name, arguments)
    }

    /// The call fails.
    #[must_use]
    pub fn fault(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::text("This is what would have been said.") }
    }

    /// The provider asks to come back in `retry_after_s` seconds: status 429.
    #[must_use]
    pub fn rate_limited(retry_after_s: u64) -> Self {
        Self::fault(Fault::Status { code: 429, retry_after_s: Some(retry_after_s) })
    }

    /// The provider fails: status 500.
    #[must_use]
    pub fn server_error() -> Self {
        Self::fault(Fault::Status { code: 500, retry_after_s: None })
    }

    /// The reply with one more tool that the model asks for.
    #[must_use]
    pub fn and_tool(mut self, name: impl Into<String>, arguments: Json) -> Self {
        self.tool_calls.push(ToolCall { id: None, name: name.into(), arguments });
        self
    }

    /// The reply with what the model thought before.
    #[must_use]
    pub fn reasoning(self, text: impl Into<String>) -> Self {
        Self { reasoning: Some(text.into()), ..self }
    }

    /// The reply with what the call used.
    #[must_use]
    pub fn usage(self, usage: Usage) -> Self {
        Self { usage: Some(usage), ..self }
    }

    /// The reply only to a request whose last message holds `part`.
    #[must_use]
    pub fn when(self, part: impl Into<String>) -> Self {
        Self { when: Some(part.into()), ..self }
    }

    /// The reply only at `endpoint`.
    #[must_use]
    pub fn at(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }

    /// The reply as often as it fits.
    #[must_use]
    pub fn repeated(self) -> Self {
        Self { repeat: true, ..self }
    }
}

/// A tool that the model asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The call's id; made from the request's number where there is none.
    #[serde(default)]
    pub id: Option<String>,
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Json,
}

/// What a call used, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// All input, `cached` and `cache_written` included.
    pub input: u64,
    /// All output, `reasoning` included.
    pub output: u64,
    /// Of the input: read from the cache.
    pub cached: u64,
    /// Of the input: written to the cache. Only Anthropic tells.
    pub cache_written: u64,
    /// Of the output: reasoning. Only OpenAI tells.
    pub reasoning: u64,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Another status than 200, with an error in the provider's shape.
    Status {
        /// The status.
        code: u16,
        /// The header `Retry-After`, in seconds.
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// The answer is right but late.
    Slow {
        /// Milliseconds before the first byte.
        #[serde(default)]
        first_ms: u64,
        /// Milliseconds before each event of a stream.
        #[serde(default)]
        each_ms: u64,
    },
    /// The connection ends after so many events of a stream, or in the middle of a whole answer.
    Cut {
        /// How many events are sent whole.
        after: usize,
    },
    /// Status 200, and a body that is no JSON; in a stream, the second event is none.
    InvalidJson,
}

/// What is asked, and in whose words.
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
    /// Where it is asked.
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
