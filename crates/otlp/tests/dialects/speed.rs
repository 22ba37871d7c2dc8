//! How long the tables take, per record of the captures: run by hand, in release.
//!
//! `cargo test -p turnscope-otlp --release --test dialects speed -- --ignored --nocapture`

use crate::capture;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value,
};
use std::{fs, hint::black_box, time::Instant};
use turnscope_model::Status;
use turnscope_otlp::{
    decode::{self, Format},
    dialects::{self, Signal, View},
};

#[test]
#[ignore = "measures, and takes a while"]
fn speed() {
    let Some(corpus) = capture::corpus() else { return };
    let mut worst = Vec::new();
    let (mut all_spans, mut all_time) = (0, 0.0);
    for producer in capture::producers(&corpus) {
        let requests: Vec<ExportTraceServiceRequest> = fs::read_dir(corpus.join(&producer))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().ends_with(".traces.pb"))
            .filter_map(|entry| decode::traces(&capture::body(&entry.path()), Format::Protobuf).ok())
            .collect();
        let spans = pass(&requests);
        if spans == 0 {
            continue;
        }
        let rounds = 20_000 / spans + 1;
        let begin = Instant::now();
        for _ in 0..rounds {
            black_box(pass(&requests));
        }
        let micros = begin.elapsed().as_secs_f64() * 1e6 / (rounds * spans) as f64;
        all_spans += spans;
        all_time += micros * spans as f64;
        worst.push((micros, producer));
    }
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (micros, producer) in worst {
        println!("{micros:7.2} µs a span  {producer}");
    }
    println!("{:7.2} µs a span  all", all_time / all_spans as f64);
}

fn pass(requests: &[ExportTraceServiceRequest]) -> usize {
    let mut count = 0;
    for resource_spans in requests.iter().flat_map(|request| &request.resource_spans) {
        let resource = resource_spans.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
        let service = resource.iter().find(|attribute| attribute.key == "service.name");
        let service = match service.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
            Some(Value::StringValue(name)) => name,
            _ => "",
        };
        for scope_spans in &resource_spans.scope_spans {
            for span in &scope_spans.spans {
                count += 1;
                black_box(dialects::find(&View {
                    signal: Signal::Span,
                    name: &span.name,
                    span_kind: span.kind,
                    attributes: &span.attributes,
                    events: &span.events,
                    links: &span.links,
                    body: None,
                    status: Status::Ok,
                    status_message: "",
                    resource,
                    service_name: service,
                    scope_name: scope_spans.scope.as_ref().map_or("", |scope| &scope.name),
                    trace_id: None,
                    span_id: None,
                    parent_span_id: None,
                    start: span.start_time_unix_nano,
                    end: span.end_time_unix_nano,
                    trace: None,
                }));
            }
        }
    }
    count
}
