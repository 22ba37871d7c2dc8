//! What was sent is read back: for random records and for everything in the corpus.

use crate::{
    any_otlp,
    corpus::{self, Request},
};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value},
    logs::v1::LogRecord,
    trace::v1::Span,
};
use proptest::prelude::*;
use prost::Message as _;
use std::collections::HashSet;
use turnscope_model::{ContentHash, Form, Kind, Purpose, SpanId, TraceId, Value};
use turnscope_otlp::cut::{self, Header};

fn check_values(values: &[Value]) {
    for value in values {
        let mut end = 0;
        for (n, item) in value.items.iter().enumerate() {
            assert!((end..=value.envelope.len()).contains(&item.at), "items are in order");
            assert_eq!(item.hash, ContentHash::of(value.form, value.item(n)), "the hash is the item's");
            end = item.at;
        }
    }
}

fn check_span(span: Span, kind: Kind, header: &Header) -> Vec<Value> {
    let sent = span.encode_to_vec();
    let body = cut::span(span, kind, header);
    check_values(&body.values);
    let clamp = |time: u64| time.min(i64::MAX as u64);
    let header = &Header { start: clamp(header.start), end: header.end.map(clamp), ..*header };
    let back = cut::restore_span(&body, header).expect("the body restores").encode_to_vec();
    assert!(back == sent, "a span comes back as it was sent");
    body.values
}

fn check_log(log: LogRecord, kind: Kind, header: &Header) -> Vec<Value> {
    let sent = log.encode_to_vec();
    let event = log.event_name.clone();
    let body = cut::log(log, &event, kind, header);
    check_values(&body.values);
    let back = cut::restore_log(&body, header).expect("the body restores").encode_to_vec();
    assert!(back == sent, "a log record comes back as it was sent");
    body.values
}

fn header_of(span: &Span, corrected: u64) -> Header {
    Header {
        trace_id: TraceId::try_from(&span.trace_id[..]).ok(),
        span_id: SpanId::try_from(&span.span_id[..]).ok(),
        parent_span_id: SpanId::try_from(&span.parent_span_id[..]).ok(),
        start: span.start_time_unix_nano ^ corrected,
        end: Some(span.end_time_unix_nano.max(span.start_time_unix_nano)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_random_span_comes_back(span in any_otlp::span(), corrected in any::<u64>(), tool in any::<bool>()) {
        let kind = if tool { Kind::Tool } else { Kind::Llm };
        let header = header_of(&span, corrected);
        check_span(span.clone(), kind, &header);
        check_span(span, kind, &Header::default());
    }

    #[test]
    fn a_record_that_knows_other_ids_brings_back_what_was_sent(span in any_otlp::span(), other in any_otlp::span()) {
        check_span(span, Kind::Llm, &header_of(&other, 0));
    }

    #[test]
    fn a_random_log_record_comes_back(log in any_otlp::log(), start in any::<u64>()) {
        let header = Header { trace_id: TraceId::try_from(&log.trace_id[..]).ok(), start, ..Header::default() };
        check_log(log.clone(), Kind::Other, &header);
        check_log(log, Kind::Tool, &Header::default());
    }
}

#[test]
fn the_corpus_comes_back() {
    for (_, _, request) in corpus::requests() {
        match request {
            Request::Traces(request) => {
                for span in
                    request.resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans)
                {
                    let header = header_of(&span, 0);
                    check_span(span, Kind::Llm, &header);
                }
            }
            Request::Logs(request) => {
                for log in
                    request.resource_logs.into_iter().flat_map(|r| r.scope_logs).flat_map(|s| s.log_records)
                {
                    check_log(log, Kind::Other, &Header::default());
                }
            }
            Request::Metrics(_) => {}
        }
    }
}

fn attribute(key: &str, text: impl Into<String>) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(text.into())) });
    KeyValue { key: key.to_owned(), value, key_strindex: 0 }
}

#[test]
fn a_history_that_is_sent_again_gives_the_same_items() {
    let message =
        |n: usize| format!(r#"{{"role":"user","parts":[{{"type":"text","content":"message {n}"}}]}}"#);
    let mut seen = HashSet::new();
    let mut contexts = HashSet::new();
    for turn in 1..=8 {
        let list: Vec<String> = (0..turn * 2).map(message).collect();
        let span = Span {
            attributes: vec![attribute("gen_ai.input.messages", format!("[{}]", list.join(",")))],
            ..Span::default()
        };
        let values = check_span(span, Kind::Llm, &Header::default());
        assert_eq!(
            (values[0].form, values[0].purpose, values[0].items.len()),
            (Form::Text, Purpose::Input, turn * 2)
        );
        seen.extend(values[0].items.iter().map(|item| item.hash));
        contexts.insert(cut::context(&values));
    }
    assert_eq!((seen.len(), contexts.len()), (16, 8));
}

#[test]
fn only_the_best_input_is_a_context() {
    let span = Span {
        attributes: vec![
            attribute("input.value", r#"{"messages":[{"role":"user","content":"hi"}]}"#),
            attribute("llm.input_messages.0.message.role", "user"),
            attribute("llm.input_messages.1.message.role", "assistant"),
            attribute("between", "these"),
            attribute("llm.input_messages.0.message.content", "hi"),
        ],
        ..Span::default()
    };
    let values = check_span(span, Kind::Llm, &Header::default());
    let found: Vec<_> = values.iter().map(|value| (value.form, value.purpose, value.items.len())).collect();
    assert_eq!(found, [(Form::Flat, Purpose::Input, 2), (Form::Text, Purpose::Other, 1)]);
}
