//! What is done to finished spans before they are exported: redaction, then truncation, then sampling.

use crate::{Redaction, pipeline::Shape, sample::Sampling, truncate};
use opentelemetry::{Array, KeyValue, Value, trace::Status};
use opentelemetry_sdk::trace::SpanData;

/// The whole, in its order.
pub(crate) fn shape(redaction: Redaction, max_value_bytes: usize, mut sampling: Sampling) -> Shape {
    Box::new(move |mut spans| {
        for span in &mut spans {
            redaction.span(span);
            truncate::span(span, max_value_bytes);
        }
        sampling.keep(spans)
    })
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
