//! Streams: collects the items that pass through and records them at the end.

use super::{fail, json};
use crate::{
    LlmCall,
    provider::{ChatChunks, ResponseEvents},
};
use async_openai::{
    error::OpenAIError,
    types::{
        chat::CreateChatCompletionStreamResponse, responses::ResponseStreamEvent, stream::StreamResponse,
    },
};
use futures_core::Stream;
use std::{
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

    /// Records what was collected, and returns whether the answer is complete, though the stream may go on.
    fn record(&mut self, call: &LlmCall) -> bool;
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
    has_ended: bool,
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
            let recording =
                Recording { call, began, has_begun: false, has_ended: false, collector: P::default() };
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
            (Poll::Ready(None), Some(recording)) => {
                recording.has_ended = true;
                this.recording = None;
            }
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
        let is_complete = self.collector.record(&self.call);
        if !self.has_ended && !is_complete {
            self.call.was_dropped();
        }
    }
}

/// Collects the chunks of a streamed chat completion.
#[derive(Debug, Default)]
pub struct ChatCollector(ChatChunks);

impl StreamCollector for ChatCollector {
    type Item = CreateChatCompletionStreamResponse;

    fn add(&mut self, chunk: &CreateChatCompletionStreamResponse, _: &LlmCall) {
        self.0.add(&json(chunk));
    }

    fn record(&mut self, call: &LlmCall) -> bool {
        let (answer, is_complete) = std::mem::take(&mut self.0).finish();
        answer.record(call);
        is_complete
    }
}

/// Collects the events of a streamed response; the last event contains the complete response.
#[derive(Debug, Default)]
pub struct ResponseCollector(ResponseEvents);

impl StreamCollector for ResponseCollector {
    type Item = ResponseStreamEvent;

    fn add(&mut self, event: &ResponseStreamEvent, call: &LlmCall) {
        if let Some((kind, message)) = self.0.add(&json(event)) {
            call.fail(kind, message);
        }
    }

    fn record(&mut self, call: &LlmCall) -> bool {
        let (answer, is_complete) = std::mem::take(&mut self.0).finish();
        answer.record(call);
        is_complete
    }
}
