//! Renders a reply in each provider's format. Pure: a request and a reply in, JSON or events out.

mod chat;
mod embeddings;
mod messages;
mod responses;

use crate::script::{Endpoint, Reply, ToolCall, Usage};
use serde_json::{Value as Json, json};
use std::borrow::Cow;

/// A response being rendered.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// The number of the request, from 1. It makes ids unique and reproducible.
    pub(crate) number: u64,
    pub(crate) request: &'a Json,
    pub(crate) reply: &'a Reply,
}

/// One server-sent event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: Option<&'static str>,
    pub(crate) data: Cow<'static, str>,
}

impl Event {
    fn unnamed(data: &Json) -> Self {
        Self { name: None, data: data.to_string().into() }
    }

    fn named(name: &'static str, data: &Json) -> Self {
        Self { name: Some(name), data: data.to_string().into() }
    }

    /// The event in the wire format of server-sent events.
    pub(crate) fn wire(&self) -> String {
        let name = self.name.map(|name| format!("event: {name}\n")).unwrap_or_default();
        format!("{name}data: {}\n\n", self.data)
    }
}

/// The text of a request's last message, by which replies are selected.
pub(crate) fn question(endpoint: Endpoint, request: &Json) -> String {
    let last = match endpoint {
        Endpoint::Chat | Endpoint::Messages => request["messages"].as_array().and_then(|all| all.last()),
        Endpoint::Responses => match &request["input"] {
            Json::Array(items) => items.last(),
            text => Some(text),
        },
        Endpoint::Embeddings => Some(&request["input"]),
    };
    let mut out = String::new();
    if let Some(last) = last {
        texts(last, &mut out);
    }
    out
}

/// Collects the texts and tool results of a message.
fn texts(value: &Json, out: &mut String) {
    match value {
        Json::String(text) => {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(text);
        }
        Json::Array(parts) => parts.iter().for_each(|part| texts(part, out)),
        Json::Object(fields) => {
            for key in ["content", "text", "output"] {
                if let Some(inner) = fields.get(key) {
                    texts(inner, out);
                }
            }
        }
        _ => {}
    }
}

/// The complete response.
pub(crate) fn whole(endpoint: Endpoint, answer: &Answer<'_>) -> Json {
    match endpoint {
        Endpoint::Chat => chat::whole(answer),
        Endpoint::Responses => responses::whole(answer),
        Endpoint::Messages => messages::whole(answer),
        Endpoint::Embeddings => embeddings::whole(answer),
    }
}

/// The response as a stream of events. Embeddings are never streamed.
pub(crate) fn events(endpoint: Endpoint, answer: &Answer<'_>) -> Vec<Event> {
    match endpoint {
        Endpoint::Chat => chat::events(answer),
        Endpoint::Responses => responses::events(answer),
        Endpoint::Messages => messages::events(answer),
        Endpoint::Embeddings => vec![Event::unnamed(&embeddings::whole(answer))],
    }
}

/// An error in the provider's format.
pub(crate) fn error(endpoint: Endpoint, status: u16, message: &str) -> Json {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ if endpoint == Endpoint::Messages => "api_error",
        _ => "server_error",
    };
    if endpoint == Endpoint::Messages {
        json!({"type": "error", "error": {"type": kind, "message": message}})
    } else {
        json!({"error": {"message": message, "type": kind, "param": null, "code": kind}})
    }
}

impl Answer<'_> {
    /// The requested model.
    fn model(&self) -> &str {
        self.request["model"].as_str().unwrap_or("scripted")
    }

    fn usage(&self) -> Usage {
        let tokens = |bytes: usize| (bytes as u64).div_ceil(4);
        self.reply.usage.unwrap_or_else(|| {
            let sent = ["system", "instructions", "messages", "input"]
                .map(|key| self.request.get(key).map_or(0, |value| value.to_string().len()));
            let said =
                [&self.reply.text, &self.reply.reasoning].map(|text| text.as_ref().map_or(0, String::len));
            let called = self.reply.tool_calls.iter().map(|call| call.arguments.to_string().len());
            Usage {
                input: tokens(sent.iter().sum()),
                output: tokens(said.iter().sum::<usize>() + called.sum::<usize>()),
                reasoning: tokens(said[1]),
                ..Usage::default()
            }
        })
    }

    fn call_id(&self, index: usize, call: &ToolCall) -> String {
        call.id.clone().unwrap_or_else(|| format!("call_{}_{}", self.number, index + 1))
    }
}

/// Splits a text word by word, like a streaming model.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

/// Splits JSON text into two parts that are not valid JSON on their own.
fn halves(text: &str) -> [&str; 2] {
    let middle = (text.len() / 2..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.split_at(middle).into()
}

/// The creation time of everything, because a script has no clock.
const CREATED: u64 = 1_760_000_000;
