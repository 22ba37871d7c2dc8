//! Streams: collects the items that pass through and records them at the end.

use super::{
    answer::{Answer, message, tool_call, usage},
    fail, json,
};
use crate::LlmCall;
use async_openai::{
    error::OpenAIError,
    types::{
        chat::CreateChatCompletionStreamResponse, responses::ResponseStreamEvent, stream::StreamResponse,
    },
};
use futures_core::Stream;
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

/// Collects the items of a stream.
pub trait StreamCollector: Default + Unpin {
    /// The type of the items.
    type Item;

    /// Adds one item.
    fn add(&mut self, item: &Self::Item, call: &LlmCall);

    /// Records what was collected.
    fn record(&mut self, call: &LlmCall);
}

/// A stream that passes its items on as they arrive. Its step ends with it, or when it is dropped.
pub struct RecordedStream<P: StreamCollector> {
    stream: StreamResponse<P::Item>,
    recording: Option<Recording<P>>,
}

struct Recording<P: StreamCollector> {
    call: LlmCall,
    began: Instant,
    has_begun: bool,
    collector: P,
}

impl<P: StreamCollector> fmt::Debug for RecordedStream<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedStream").field("is_open", &self.recording.is_some()).finish_non_exhaustive()
    }
}

/// Wraps the stream of a call, or records its failure.
pub(super) fn recorded<P: StreamCollector>(
    call: LlmCall,
    began: Instant,
    result: Result<StreamResponse<P::Item>, OpenAIError>,
) -> Result<RecordedStream<P>, OpenAIError> {
    call.set("gen_ai.request.stream", true);
    match result {
        Ok(stream) => {
            let recording = Recording { call, began, has_begun: false, collector: P::default() };
            Ok(RecordedStream { stream, recording: Some(recording) })
        }
        Err(error) => {
            fail(&call, &error);
            Err(error)
        }
    }
}

impl<P: StreamCollector> Stream for RecordedStream<P> {
    type Item = Result<P::Item, OpenAIError>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let next = {
            let _entered = this.recording.as_ref().map(|recording| recording.call.enter());
            this.stream.as_mut().poll_next(task)
        };
        match (&next, &mut this.recording) {
            (Poll::Ready(Some(Ok(item))), Some(recording)) => recording.add(item),
            (Poll::Ready(Some(Err(error))), Some(recording)) => fail(&recording.call, error),
            (Poll::Ready(None), _) => this.recording = None,
            _ => {}
        }
        next
    }
}

impl<P: StreamCollector> Recording<P> {
    fn add(&mut self, item: &P::Item) {
        if !self.has_begun {
            self.has_begun = true;
            self.call.time_to_first_chunk(self.began.elapsed());
        }
        self.collector.add(item, &self.call);
    }
}

impl<P: StreamCollector> Drop for Recording<P> {
    fn drop(&mut self) {
        self.collector.record(&self.call);
    }
}

/// Collects the chunks of a streamed chat completion.
#[derive(Debug, Default)]
pub struct ChatCollector {
    answer: Answer,
    choices: BTreeMap<u32, Choice>,
}

#[derive(Debug, Default)]
struct Choice {
    text: String,
    refusal: String,
    calls: BTreeMap<u32, Call>,
    reason: Option<String>,
}

#[derive(Debug, Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl StreamCollector for ChatCollector {
    type Item = CreateChatCompletionStreamResponse;

    fn add(&mut self, chunk: &CreateChatCompletionStreamResponse, _: &LlmCall) {
        if self.answer.id.is_none() {
            self.answer = Answer::metadata(&json(chunk));
        }
        if let Some(used) = &chunk.usage {
            self.answer.usage = usage(&json(used));
        }
        for part in &chunk.choices {
            let choice = self.choices.entry(part.index).or_default();
            choice.text.extend(part.delta.content.as_deref());
            choice.refusal.extend(part.delta.refusal.as_deref());
            if let Some(reason) = &part.finish_reason {
                choice.reason = json(reason).as_str().map(str::to_owned);
            }
            for piece in part.delta.tool_calls.iter().flatten() {
                let call = choice.calls.entry(piece.index).or_default();
                call.id.extend(piece.id.as_deref());
                if let Some(function) = &piece.function {
                    call.name.extend(function.name.as_deref());
                    call.arguments.extend(function.arguments.as_deref());
                }
            }
        }
    }

    fn record(&mut self, call: &LlmCall) {
        let mut answer = std::mem::take(&mut self.answer);
        for choice in std::mem::take(&mut self.choices).into_values() {
            answer.finish_reasons.extend(choice.reason.clone());
            let mut parts = Vec::new();
            for (kind, text) in [("text", choice.text), ("refusal", choice.refusal)] {
                if !text.is_empty() {
                    parts.push(serde_json::json!({"type": kind, "content": text}));
                }
            }
            parts.extend(
                choice
                    .calls
                    .into_values()
                    .map(|call| tool_call(&call.id.into(), &call.name.into(), &Json::String(call.arguments))),
            );
            answer.messages.push(message(&parts, choice.reason.as_deref()));
        }
        answer.record(call);
    }
}

/// Collects the events of a streamed response; the last event contains the complete response.
#[derive(Debug, Default)]
pub struct ResponseCollector {
    whole: Option<Json>,
}

impl StreamCollector for ResponseCollector {
    type Item = ResponseStreamEvent;

    fn add(&mut self, event: &ResponseStreamEvent, call: &LlmCall) {
        use ResponseStreamEvent as Event;
        match event {
            Event::ResponseCreated(event) => self.whole = Some(json(&event.response)),
            Event::ResponseCompleted(event) => self.whole = Some(json(&event.response)),
            Event::ResponseIncomplete(event) => self.whole = Some(json(&event.response)),
            Event::ResponseFailed(event) => {
                let whole = json(&event.response);
                let said = |key: &str| whole["error"][key].as_str().unwrap_or("_OTHER").to_owned();
                call.fail(said("code"), said("message"));
                self.whole = Some(whole);
            }
            Event::ResponseError(event) => {
                call.fail(event.code.clone().unwrap_or_else(|| "_OTHER".into()), event.message.clone());
            }
            _ => {}
        }
    }

    fn record(&mut self, call: &LlmCall) {
        if let Some(whole) = self.whole.take() {
            Answer::of_response(&whole).record(call);
        }
    }
}
