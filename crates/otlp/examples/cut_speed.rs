//! How fast the receiving path is, on one core: decode, normalise (facts, redaction, cutting with its hashes), restore.
//!
//! `cargo run --profile ci-release -p turnscope-otlp --example cut_speed`

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
use std::{
    fmt::Write as _,
    fs,
    hint::black_box,
    time::{SystemTime, UNIX_EPOCH},
};
use turnscope_model::{ContentHash, Form, Kind};
use turnscope_otlp::{
    cut::{self, Header},
    decode::{self, Format},
    normalise,
    redact::Redactor,
};

fn main() {
    for (turns, words) in [(8, 300), (32, 300), (128, 300)] {
        let request = run(turns, words);
        let spans: Vec<Span> = request.resource_spans[0].scope_spans[0].spans.clone();
        let body = request.encode_to_vec();
        println!("{turns} turns, {} spans, {} kB a span", spans.len(), body.len() / 1000 / spans.len());
        let rounds = (400_000_000 / body.len()).clamp(3, 400);
        measure("decode", rounds, body.len(), || (), |()| decode::traces(&body, Format::Protobuf).is_ok());
        measure("hash alone", rounds, body.len(), || (), |()| ContentHash::of(Form::Text, &body));
        measure(
            "cut",
            rounds,
            body.len(),
            || spans.clone(),
            |spans| {
                spans
                    .into_iter()
                    .map(|span| cut::span(span, Kind::Llm, &Header::default()).bytes.len())
                    .sum::<usize>()
            },
        );
        for (name, redactor) in
            [("normalise, redact off", Redactor::off()), ("normalise", Redactor::default())]
        {
            let make = || request.clone();
            measure(name, rounds, body.len(), make, |request| {
                normalise::traces(request, &redactor).records.len()
            });
        }
    }
}

fn measure<I, O>(name: &str, rounds: usize, bytes: usize, make: impl Fn() -> I, work: impl Fn(I) -> O) {
    let mut seconds = 0.0;
    for _ in 0..rounds {
        let input = make();
        let start = cpu_seconds();
        black_box(work(input));
        seconds += cpu_seconds() - start;
    }
    println!("  {name:24} {:8.2} GB/s", (bytes * rounds) as f64 / seconds / 1e9);
}

/// The CPU time of this process: other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds: Option<u64> = stat.split(' ').next().and_then(|number| number.parse().ok());
    nanoseconds.map_or_else(
        || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
        |n| n as f64 / 1e9,
    )
}

/// A run whose history is sent again at every turn, with two tool spans a turn.
fn run(turns: usize, words: usize) -> ExportTraceServiceRequest {
    let mut spans = Vec::new();
    let mut history = String::from("[");
    let mut word = 1_u64;
    for turn in 0..turns {
        for role in ["user", "assistant"] {
            let mut text = String::new();
            for _ in 0..words / 2 {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let _ = write!(text, "{:x}{}", word >> 40, if word >> 60 == 0 { "\\n" } else { " " });
            }
            let comma = if history.len() > 1 { "," } else { "" };
            let _ = write!(
                history,
                r#"{comma}{{"role":"{role}","parts":[{{"type":"text","content":"{text}"}}]}}"#
            );
        }
        spans.push(span(turn, vec![attribute("gen_ai.input.messages", format!("{history}]"))]));
        for _ in 0..2 {
            let arguments = attribute("gen_ai.tool.call.arguments", format!("{{\"turn\":{turn}}}"));
            spans.push(span(turn, vec![arguments, attribute("gen_ai.tool.call.result", "x".repeat(1000))]));
        }
    }
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }],
    }
}

fn span(turn: usize, mut attributes: Vec<KeyValue>) -> Span {
    attributes.push(attribute("gen_ai.operation.name", "chat"));
    attributes.push(attribute("gen_ai.request.model", "a-model"));
    Span {
        trace_id: vec![7; 16],
        span_id: (turn as u64 + 1).to_be_bytes().to_vec(),
        name: "chat a-model".to_owned(),
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_001_000_000_000,
        attributes,
        ..Span::default()
    }
}

fn attribute(key: &str, text: impl Into<String>) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(text.into())) });
    KeyValue { key: key.to_owned(), value, key_strindex: 0 }
}
