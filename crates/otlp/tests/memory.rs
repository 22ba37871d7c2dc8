//! What decoding takes in memory is asked for beforehand: for bodies made to take as much as they can, what is really
//! allocated stays within what was granted and a few times the body.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use peak_alloc::PeakAlloc;
use prost::{Message as _, encoding::encode_varint};
use std::cell::Cell;
use turnscope_otlp::{
    decode::{Budget, DecodeError, Format},
    receive,
    redact::Redactor,
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What a body may take beside what was granted: itself repaired, its texts, and what was cut out of them.
const OF_BODY: usize = 6;
const CONSTANT: usize = 4 << 20;

/// A list that has just grown has room for as much again, and its old place is not given back yet: what is granted counts
/// half of that.
fn with_growth(granted: usize) -> usize {
    granted * 2
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Signal {
    Traces,
    Logs,
    Metrics,
}
use Signal::{Logs, Metrics, Traces};

/// Receives a body; gives whether it was taken, what was granted, and the most that was allocated.
fn receive(
    signal: Signal,
    format: Format,
    body: Vec<u8>,
    limit: usize,
) -> (Result<(), DecodeError>, usize, usize) {
    let granted = Cell::new(0);
    let grant = |bytes| {
        let fits = bytes <= limit;
        if fits {
            granted.set(bytes);
        }
        fits
    };
    let (body, redactor, budget) = (body.into(), Redactor::default(), Budget::new(&grant));
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let taken = match signal {
        Traces => receive::traces(&body, format, &redactor, &budget).map(drop),
        Logs => receive::logs(&body, format, &redactor, &budget).map(drop),
        Metrics => receive::metrics(&body, format, &redactor, &budget).map(drop),
    };
    (taken, granted.get(), ALLOCATOR.peak_usage().saturating_sub(before))
}

/// `content` inside messages with these field tags, the outermost first.
fn wrapped(tags: &[u8], content: Vec<u8>) -> Vec<u8> {
    tags.iter().rev().fold(content, |content, tag| {
        let mut out = vec![*tag];
        encode_varint(content.len() as u64, &mut out);
        [out, content].concat()
    })
}

/// Bodies of tiny elements at every level.
fn hostile(count: usize) -> Vec<(Signal, Format, Vec<u8>)> {
    let many = |element: &[u8]| element.repeat(count);
    let mut all: Vec<(Signal, Format, Vec<u8>)> = Vec::new();
    // Resources, scopes, records, attributes, values in an array, members of a map, events, links.
    for tags in [
        &[0x0a][..],
        &[0x0a, 0x12],
        &[0x0a, 0x12, 0x12],
        &[0x0a, 0x12, 0x12, 0x4a],
        &[0x0a, 0x12, 0x12, 0x4a, 0x12, 0x2a, 0x0a],
        &[0x0a, 0x12, 0x12, 0x4a, 0x12, 0x32, 0x0a],
        &[0x0a, 0x12, 0x12, 0x5a],
        &[0x0a, 0x12, 0x12, 0x6a],
        &[0x0a, 0x0a, 0x1a],
    ] {
        let (last, above) = tags.split_last().unwrap();
        all.push((Traces, Format::Protobuf, wrapped(above, many(&[*last, 0]))));
    }
    let ids = [&[0x0a, 16][..], &[1; 16], &[0x12, 8], &[2; 8]].concat();
    all.push((Traces, Format::Protobuf, wrapped(&[0x0a, 0x12], many(&wrapped(&[0x12], ids)))));
    all.push((Traces, Format::Protobuf, wrapped(&[0x0a, 0x0a, 0x1a], many(&[0x1a, 0]))));
    for tags in [&[0x0a, 0x12, 0x12][..], &[0x0a, 0x12, 0x12, 0x32], &[0x0a, 0x12, 0x12, 0x2a, 0x2a, 0x0a]] {
        let (last, above) = tags.split_last().unwrap();
        all.push((Logs, Format::Protobuf, wrapped(above, many(&[*last, 0]))));
    }
    // Metrics; points of each kind; exemplars; bucket counts of a byte each, packed and not.
    for tags in [
        &[0x0a, 0x12, 0x12][..],
        &[0x0a, 0x12, 0x12, 0x2a, 0x0a],
        &[0x0a, 0x12, 0x12, 0x4a, 0x0a],
        &[0x0a, 0x12, 0x12, 0x52, 0x0a],
        &[0x0a, 0x12, 0x12, 0x5a, 0x0a, 0x32],
        &[0x0a, 0x12, 0x12, 0x2a, 0x0a, 0x2a],
    ] {
        let (last, above) = tags.split_last().unwrap();
        all.push((Metrics, Format::Protobuf, wrapped(above, many(&[*last, 0]))));
    }
    let buckets = [0x0a, 0x12, 0x12, 0x52, 0x0a, 0x42];
    all.push((Metrics, Format::Protobuf, wrapped(&[&buckets[..], &[0x12]].concat(), many(&[1]))));
    all.push((Metrics, Format::Protobuf, wrapped(&buckets, many(&[0x10, 1]))));
    // A group of an unknown field, before what matters.
    let body = [vec![0x7b, 0x7c], many(&[0x0a, 0])].concat();
    all.push((Traces, Format::Protobuf, body));
    let list = |signal, from: &str, element: &str, to: &str| {
        let body = format!("{from}{}{element}{to}", format!("{element},").repeat(count));
        (signal, Format::Json, body.into_bytes())
    };
    all.push(list(Traces, r#"{"resourceSpans":["#, "{}", "]}"));
    all.push(list(Traces, r#"{"resourceSpans":[{"scopeSpans":["#, "null", "]}]}"));
    all.push(list(Traces, r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#, "{}", "]}]}]}"));
    all.push(list(Traces, r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":["#, "{}", "]}]}]}]}"));
    all.push(list(
        Traces,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"arrayValue":{"values":["#,
        "{}",
        "]}}}]}]}]}]}",
    ));
    all.push(list(Traces, r#"{"resourceSpans":[{"resource":{"entityRefs":[{"idKeys":["#, r#""""#, "]}]}}]}"));
    all.push(list(Logs, r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":["#, "{}", "]}]}]}"));
    all.push(list(Metrics, r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":["#, "{}", "]}]}]}"));
    all.push(list(
        Metrics,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":["#,
        "1",
        "]}]}}]}]}]}",
    ));
    all
}

/// A span of a model call whose input is this text.
fn with_input(text: &str) -> Vec<u8> {
    let text = serde_json::to_string(text).unwrap();
    let (trace, span) = ("01".repeat(16), "02".repeat(8));
    format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"{trace}","spanId":"{span}","attributes":[
        {{"key":"gen_ai.operation.name","value":{{"stringValue":"chat"}}}},
        {{"key":"gen_ai.input.messages","value":{{"stringValue":{text}}}}}]}}]}}]}}]}}"#
    )
    .into_bytes()
}

// One test: the allocator counts what every thread takes.
#[test]
fn what_is_decoded_stays_within_what_was_granted() {
    // Once, so that tables that are built on first use count for nothing.
    let _ = receive(Traces, Format::Json, with_input(r#"[{"role":"user","content":"hello"}]"#), usize::MAX);
    for (n, (signal, format, body)) in hostile(100_000).into_iter().enumerate() {
        let len = body.len();
        let (taken, granted, peak) = receive(signal, format, body.clone(), usize::MAX);
        let bound = with_growth(granted) + OF_BODY * len + CONSTANT;
        assert!(taken.is_ok(), "body {n}: {taken:?}");
        assert!(peak <= bound, "body {n} of {len} bytes: {peak} bytes of {granted} granted");
        // With a limit it is refused before that is taken.
        let limit = granted / 2;
        let (refused, _, peak) = receive(signal, format, body, limit);
        assert!(matches!(refused, Err(DecodeError::Memory)), "body {n}: {refused:?}");
        assert!(
            peak <= with_growth(limit) + OF_BODY * len + CONSTANT,
            "body {n}: {peak} bytes though {limit} was the limit"
        );
    }

    // One resource under many scopes: each origin holds the resource anew.
    let request: ExportTraceServiceRequest = {
        use opentelemetry_proto::tonic::{
            common::v1::{AnyValue, KeyValue, any_value::Value},
            resource::v1::Resource,
            trace::v1::{ResourceSpans, ScopeSpans, Span},
        };
        let value = Some(AnyValue { value: Some(Value::StringValue("x".repeat(100_000))) });
        let attributes = vec![KeyValue { key: "k".into(), value, key_strindex: 0 }];
        let scope_spans = (0..1000_u16)
            .map(|n| ScopeSpans {
                spans: vec![Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..Span::default() }],
                schema_url: n.to_string(),
                ..ScopeSpans::default()
            })
            .collect();
        let resource = Some(Resource { attributes, ..Resource::default() });
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }],
        }
    };
    let (refused, ..) = receive(Traces, Format::Protobuf, request.encode_to_vec(), 50 << 20);
    assert!(matches!(refused, Err(DecodeError::Memory)), "{refused:?}");

    // JSON inside a text, which readers of messages would parse.
    for text in ["{},", "[],", "0,", r#"{"a":0},"#, r#"{"role":"user"},"#] {
        let body = with_input(&format!("[{}0]", text.repeat(8_000_000 / text.len())));
        let len = body.len();
        let (taken, granted, peak) = receive(Traces, Format::Json, body, usize::MAX);
        assert!(taken.is_ok(), "{taken:?}");
        let bound = granted + OF_BODY * len + (80 << 20);
        assert!(peak <= bound, "{text}: {peak} bytes for a body of {len}, {granted} granted");
    }
}
