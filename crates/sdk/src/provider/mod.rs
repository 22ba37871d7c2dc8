//! Requests and answers of model providers as they are on the wire: `OpenAI`'s two APIs, Anthropic and Gemini,
//! with and without streaming. They are recorded in the shape of the GenAI semantic conventions.
//!
//! Not here: client libraries (`openai`).

mod answer;
mod anthropic;
mod gemini;
mod openai_answer;
mod openai_request;
mod openai_stream;
mod settings;

pub(crate) use answer::Answer;
#[cfg(feature = "async-openai")]
pub(crate) use openai_stream::{ChatChunks, ResponseEvents};

use crate::LlmCall;
use serde_json::Value as Json;
use std::{fmt, time::Instant};

impl LlmCall {
    /// Records a request to `OpenAI` or a compatible server, as its JSON: chat completions (`messages`) or
    /// responses (`input`). Contents are recorded only if content capture is on.
    ///
    /// ```
    /// use serde_json::json;
    ///
    /// let request = json!({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hello"}]});
    /// let call = turnscope::run("helpdesk").turn().llm("openai", "gpt-5-mini");
    /// call.openai_request(&request);
    /// // … send it …
    /// let answer = json!({
    ///     "id": "chatcmpl-1", "model": "gpt-5-mini-2026-01-01",
    ///     "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    ///     "usage": {"prompt_tokens": 8, "completion_tokens": 2},
    /// });
    /// call.openai_response(&answer).end();
    /// ```
    pub fn openai_request(&self, request: &Json) -> &Self {
        if self.is_recording() {
            openai_request::record(self, request);
        }
        self
    }

    /// Records an answer of `OpenAI` or a compatible server, as its JSON: a chat completion or a response. An
    /// answer with an `error` fails the call.
    pub fn openai_response(&self, response: &Json) -> &Self {
        self.answer(response, |response| match &response["choices"] {
            Json::Array(_) => Answer::of_chat(response),
            _ => Answer::of_response(response),
        })
    }

    /// Records a stream of `OpenAI`, event by event.
    ///
    /// ```
    /// # let call = turnscope::run("helpdesk").turn().llm("openai", "gpt-5-mini");
    /// let mut stream = call.openai_stream();
    /// # let events: Vec<serde_json::Value> = Vec::new();
    /// for event in &events {
    ///     stream.add(event); // the JSON of each `data:` line
    /// }
    /// stream.end();
    /// ```
    pub fn openai_stream(&self) -> StreamedAnswer<'_> {
        StreamedAnswer::new(self, Events::OpenAi(openai_stream::Events::default()))
    }

    /// Records a request to Anthropic's Messages API, as its JSON.
    pub fn anthropic_request(&self, request: &Json) -> &Self {
        if self.is_recording() {
            anthropic::request(self, request);
        }
        self
    }

    /// Records an answer of Anthropic's Messages API, as its JSON. An answer with an `error` fails the call.
    pub fn anthropic_response(&self, response: &Json) -> &Self {
        self.answer(response, anthropic::answer)
    }

    /// Records a stream of Anthropic's Messages API, event by event; see [`openai_stream`](Self::openai_stream).
    pub fn anthropic_stream(&self) -> StreamedAnswer<'_> {
        StreamedAnswer::new(self, Events::Anthropic(anthropic::Events::default()))
    }

    /// Records a request to Gemini (`generateContent`), as its JSON.
    pub fn gemini_request(&self, request: &Json) -> &Self {
        if self.is_recording() {
            gemini::request(self, request);
        }
        self
    }

    /// Records an answer of Gemini, as its JSON. An answer with an `error` fails the call.
    pub fn gemini_response(&self, response: &Json) -> &Self {
        self.answer(response, gemini::answer)
    }

    /// Records a stream of Gemini, answer by answer; see [`openai_stream`](Self::openai_stream).
    pub fn gemini_stream(&self) -> StreamedAnswer<'_> {
        StreamedAnswer::new(self, Events::Gemini(gemini::Events::default()))
    }

    fn answer(&self, response: &Json, read: impl FnOnce(&Json) -> Answer) -> &Self {
        if self.is_off() {
            return self;
        }
        if let Some((kind, message)) = error_of(response) {
            return self.fail(kind, message);
        }
        read(response).record(self);
        self
    }
}

/// The type and message of an answer that is an error, in any provider's form.
fn error_of(response: &Json) -> Option<(String, String)> {
    let error = response.get("error").filter(|error| !error.is_null())?;
    let text = |key: &str| match &error[key] {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let kind = ["type", "status", "code"].iter().find_map(|key| text(key));
    let message = text("message").or_else(|| error.as_str().map(str::to_owned));
    Some((kind.unwrap_or_else(|| "_OTHER".into()), message.unwrap_or_default()))
}

/// The answer of a stream while it arrives. It is recorded when this is ended or dropped; if the stream was cut
/// off, the call is cancelled.
#[must_use = "it records the answer when it is dropped"]
pub struct StreamedAnswer<'a> {
    call: &'a LlmCall,
    began: Instant,
    events: Option<Events>,
    has_begun: bool,
}

/// What has arrived, by provider.
enum Events {
    OpenAi(openai_stream::Events),
    Anthropic(anthropic::Events),
    Gemini(gemini::Events),
}

impl<'a> StreamedAnswer<'a> {
    fn new(call: &'a LlmCall, events: Events) -> Self {
        if !call.is_off() {
            call.set("gen_ai.request.stream", true);
        }
        Self { call, began: Instant::now(), events: Some(events), has_begun: false }
    }

    /// Adds the JSON of the next event. The first one tells the time to the first chunk. An event that is an error
    /// fails the call.
    pub fn add(&mut self, event: &Json) {
        let Some(events) = self.events.as_mut().filter(|_| !self.call.is_off()) else { return };
        if !self.has_begun {
            self.has_begun = true;
            self.call.time_to_first_chunk(self.began.elapsed());
        }
        let failed = match events {
            Events::OpenAi(events) => events.add(event),
            Events::Anthropic(events) => events.add(event),
            Events::Gemini(events) => events.add(event),
        };
        if let Some((kind, message)) = failed.or_else(|| error_of(event)) {
            self.call.fail(kind, message);
        }
    }

    /// The stream is at its end: records the answer.
    pub fn end(mut self) {
        self.record();
    }

    /// Returns whether the answer was complete.
    fn record(&mut self) -> bool {
        let Some(events) = self.events.take() else { return true };
        let (answer, is_complete) = match events {
            Events::OpenAi(events) => events.finish(),
            Events::Anthropic(events) => events.finish(),
            Events::Gemini(events) => events.finish(),
        };
        answer.record(self.call);
        is_complete
    }
}

impl Drop for StreamedAnswer<'_> {
    fn drop(&mut self) {
        if !self.record() {
            self.call.was_dropped();
        }
    }
}

impl fmt::Debug for StreamedAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedAnswer").field("has_begun", &self.has_begun).finish_non_exhaustive()
    }
}
