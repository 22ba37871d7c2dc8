//! Questions to a finished span, and the walk over its texts.

use opentelemetry::{Array, KeyValue, SpanId, Value, trace::Status};
use opentelemetry_sdk::trace::SpanData;

/// Whether this is a run's own span.
pub(crate) fn is_run(span: &SpanData) -> bool {
    operation(span) == Some("invoke_agent")
}

/// Whether this is a turn, in either naming.
pub(crate) fn is_turn(span: &SpanData) -> bool {
    span.name == "agent.turn" || operation(span) == Some("agent_step")
}

fn operation(span: &SpanData) -> Option<&str> {
    let operation =
        span.attributes.iter().find(|attribute| attribute.key.as_str() == "gen_ai.operation.name");
    match &operation?.value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    }
}

/// Whether this span is the first of its trace in this process.
pub(crate) fn is_local_root(span: &SpanData) -> bool {
    span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote
}

/// A span's approximate size in memory.
pub(crate) fn estimated_bytes(span: &SpanData) -> usize {
    let attributes = |attributes: &[KeyValue]| -> usize {
        attributes.iter().map(|attribute| size_of::<KeyValue>() + text_bytes(&attribute.value)).sum()
    };
    let events: usize = span.events.iter().map(|event| 64 + attributes(&event.attributes)).sum();
    let links: usize = span.links.iter().map(|link| 64 + attributes(&link.attributes)).sum();
    size_of::<SpanData>() + span.name.len() + attributes(&span.attributes) + events + links
}

fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| 24 + text.as_str().len()).sum(),
        Value::Array(Array::I64(numbers)) => 8 * numbers.len(),
        Value::Array(Array::F64(numbers)) => 8 * numbers.len(),
        _ => 0,
    }
}

/// Passes each text of a span with its key to `change`, and replaces it with the returned text.
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
