//! What is done to finished spans before they are exported: redaction, then truncation, then sampling.

use crate::{Redaction, sample::Tail, truncate};
use opentelemetry::{Array, KeyValue, Value, trace::Status};
use opentelemetry_sdk::trace::SpanData;

/// The whole, in its order.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) redaction: Redaction,
    pub(crate) max_value_bytes: usize,
    pub(crate) tail: Option<Tail>,
}

impl Shape {
    /// What of this batch, and of earlier ones, goes on.
    pub(crate) fn batch(&mut self, mut spans: Vec<SpanData>) -> Vec<SpanData> {
        for span in &mut spans {
            self.redaction.span(span);
            truncate::span(span, self.max_value_bytes);
        }
        match &mut self.tail {
            Some(tail) => tail.keep(spans),
            None => spans,
        }
    }

    /// What was held back until now, when nothing more will come.
    pub(crate) fn rest(&mut self) -> Vec<SpanData> {
        self.tail.as_mut().map(Tail::rest).unwrap_or_default()
    }
}

/// Gives every text of a span with its key to `change`, and puts what it returns in the text's place.
pub(crate) fn each_text(span: &mut SpanData, change: &mut impl FnMut(&str, &str) -> Option<String>) {
    each_value(&mut span.attributes, change);
    for event in &mut span.events.events {
        each_value(&mut event.attributes, change);
    }
    for link in &mut span.links.links {
        each_value(&mut link.attributes, change);
    }
    if let Status::Error { description } = &mut span.status
        && let Some(new) = change("status", description)
    {
        *description = new.into();
    }
}

fn each_value(attributes: &mut [KeyValue], change: &mut impl FnMut(&str, &str) -> Option<String>) {
    for KeyValue { key, value, .. } in attributes {
        match value {
            Value::String(text) => {
                if let Some(new) = change(key.as_str(), text.as_str()) {
                    *text = new.into();
                }
            }
            Value::Array(Array::String(texts)) => {
                for text in texts {
                    if let Some(new) = change(key.as_str(), text.as_str()) {
                        *text = new.into();
                    }
                }
            }
            _ => {}
        }
    }
}
