//! Tests of the tables on synthetic records, one file per theme: names that no capture holds, and the corners of rules.
//!
//! Real captures are in the crate's `tests/dialects`.

mod agents;
mod approvals;
mod facts;
mod kinds;
mod usage;

use super::{Found, Signal, View, find};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value},
    trace::v1::span::Event,
};
use turnscope_model::{Facts, Kind, SpanId, Status, TraceId};

/// A record that is written attribute by attribute.
struct Writing {
    signal: Signal,
    name: String,
    scope: String,
    service: String,
    attributes: Vec<KeyValue>,
    resource: Vec<KeyValue>,
    events: Vec<Event>,
    body: Option<AnyValue>,
    status: Status,
    status_message: String,
    trace: Option<TraceId>,
    span: Option<SpanId>,
    parent: Option<SpanId>,
    start: u64,
    end: u64,
}

fn span(name: &str) -> Writing {
    Writing {
        signal: Signal::Span,
        name: name.to_owned(),
        scope: String::new(),
        service: "shop".to_owned(),
        attributes: Vec::new(),
        resource: Vec::new(),
        events: Vec::new(),
        body: None,
        status: Status::Unset,
        status_message: String::new(),
        trace: "0af7651916cd43dd8448eb211c80319c".parse().ok(),
        span: "b7ad6b7169203331".parse().ok(),
        parent: None,
        start: 1_000_000_000_000,
        end: 1_000_500_000_000,
    }
}

fn log(name: &str) -> Writing {
    let span = span(name);
    Writing { signal: Signal::Log, trace: None, span: None, end: span.start, ..span }
}

impl Writing {
    fn with<V: Into<Sent>>(mut self, key: &str, value: V) -> Self {
        self.attributes.push(attribute(key, value));
        self
    }
    fn on_resource(mut self, key: &str, value: &str) -> Self {
        self.resource.push(attribute(key, value));
        self
    }
    fn scope(mut self, name: &str) -> Self {
        self.scope = name.to_owned();
        self
    }
    fn event(mut self, name: &str, attributes: Vec<KeyValue>, after_ms: u64) -> Self {
        self.events.push(Event {
            time_unix_nano: self.start + after_ms * 1_000_000,
            name: name.to_owned(),
            attributes,
            ..Event::default()
        });
        self
    }
    fn failed(mut self, message: &str) -> Self {
        self.status = Status::Error;
        message.clone_into(&mut self.status_message);
        self
    }
    fn parent(mut self, id: &str) -> Self {
        self.parent = id.parse().ok();
        self
    }
    fn in_trace(mut self) -> Self {
        self.trace = span("").trace;
        self.span = span("").span;
        self
    }
    fn body(mut self, text: &str) -> Self {
        self.body = Some(Sent::from(text).0);
        self
    }
    fn find(&self) -> Found {
        find(&View {
            signal: self.signal,
            name: &self.name,
            span_kind: 1,
            attributes: &self.attributes,
            events: &self.events,
            links: &[],
            body: self.body.as_ref(),
            status: self.status,
            status_message: &self.status_message,
            resource: &self.resource,
            service_name: &self.service,
            scope_name: &self.scope,
            trace_id: self.trace,
            span_id: self.span,
            parent_span_id: self.parent,
            start: self.start,
            end: self.end,
            trace: None,
        })
    }
    fn facts(&self) -> Facts {
        self.find().facts
    }
    fn kind(&self) -> Kind {
        self.facts().kind
    }
}

fn attribute<V: Into<Sent>>(key: &str, value: V) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value.into().0), ..KeyValue::default() }
}

/// A value as an SDK would send it.
struct Sent(AnyValue);

impl From<&str> for Sent {
    fn from(text: &str) -> Self {
        Self(AnyValue { value: Some(Value::StringValue(text.to_owned())) })
    }
}
impl From<i64> for Sent {
    fn from(number: i64) -> Self {
        Self(AnyValue { value: Some(Value::IntValue(number)) })
    }
}
impl From<f64> for Sent {
    fn from(number: f64) -> Self {
        Self(AnyValue { value: Some(Value::DoubleValue(number)) })
    }
}
impl From<bool> for Sent {
    fn from(truth: bool) -> Self {
        Self(AnyValue { value: Some(Value::BoolValue(truth)) })
    }
}
impl From<&[&str]> for Sent {
    fn from(texts: &[&str]) -> Self {
        let values = texts.iter().map(|text| Self::from(*text).0).collect();
        Self(AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) })
    }
}

/// Every form of a value under every known key, in a span and in a log record: nothing may panic.
#[test]
fn odd_values_under_known_names_do_no_harm() {
    let odd: Vec<AnyValue> = vec![
        Sent::from("").0,
        Sent::from("\"").0,
        Sent::from("{\"a\":").0,
        Sent::from("[1,").0,
        Sent::from("{'a': None}").0,
        Sent::from("99999999999999999999999999").0,
        Sent::from("日本 ü").0,
        Sent::from(i64::MIN).0,
        Sent::from(i64::MAX).0,
        Sent::from(f64::NAN).0,
        Sent::from(f64::INFINITY).0,
        Sent::from(-1.5).0,
        Sent::from(&[][..]).0,
        AnyValue { value: None },
        AnyValue { value: Some(Value::BytesValue(vec![0xff, 0])) },
    ];
    let keys: Vec<&str> = super::fields::RULES
        .iter()
        .chain(super::fields_model::RULES)
        .flat_map(|(_, sources)| sources.iter().map(|source| source.key))
        .chain(super::kinds::BY_ATTRIBUTE.iter().map(|rule| rule.key))
        .chain([
            "annotations.0.annotation.name",
            "annotations.x.y",
            "eval.score.",
            "metadata",
            "logfire.pending_parent_id",
        ])
        .chain(["agent_inspector.run_id", "agent_inspector.timestamp_ms", "duration_ms", "event.timestamp"])
        .collect();
    for value in odd {
        for name in
            ["Step 99999999999999999999", "run_start", "codex.tool_result", "gemini_cli.api_error", "", "ü"]
        {
            for mut writing in [span(name), log(name)] {
                for key in &keys {
                    writing.attributes.push(KeyValue {
                        key: (*key).to_owned(),
                        value: Some(value.clone()),
                        ..KeyValue::default()
                    });
                }
                writing.end = 1;
                let _ = writing.find();
            }
        }
    }
}
