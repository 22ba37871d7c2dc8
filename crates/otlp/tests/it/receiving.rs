//! Decoding record by record gives what decoding the whole request gives: for everything in the corpus, for random
//! records, and for what is refused.

use crate::{
    any_otlp,
    corpus::{self, Request},
};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    logs::v1::{ResourceLogs, ScopeLogs},
    metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use proptest::{collection::vec, prelude::*};
use prost::Message as _;
use turnscope_model::Record;
use turnscope_otlp::{
    decode::{Budget, DecodeError, Format},
    normalise, receive,
    redact::Redactor,
};

/// By what they print: a score may be no number, which equals nothing.
fn assert_same(read: &[Record], whole: &[Record]) {
    assert_eq!(read.len(), whole.len());
    for (read, whole) in read.iter().zip(whole) {
        assert_eq!(format!("{read:?}"), format!("{whole:?}"));
    }
}

fn check_traces(request: ExportTraceServiceRequest, redactor: &Redactor) {
    let body = request.encode_to_vec();
    let whole = normalise::traces(request, redactor);
    let read =
        receive::traces(&body.into(), Format::Protobuf, redactor, &Budget::unlimited()).expect("it is read");
    assert_eq!((read.rejected, read.rejection), (whole.rejected, whole.rejection));
    assert_same(&read.records, &whole.records);
}

fn check_logs(request: ExportLogsServiceRequest, redactor: &Redactor) {
    let body = request.encode_to_vec();
    let whole = normalise::logs(request, redactor);
    let read =
        receive::logs(&body.into(), Format::Protobuf, redactor, &Budget::unlimited()).expect("it is read");
    assert_same(&read.records, &whole.records);
}

#[test]
fn every_capture_is_read_alike() {
    let redactor = Redactor::default();
    for (.., request) in corpus::requests() {
        match request {
            Request::Traces(request) => check_traces(request, &redactor),
            Request::Logs(request) => check_logs(request, &redactor),
            Request::Metrics(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn random_records_are_read_alike(spans in vec(any_otlp::span(), 0..6), log_records in vec(any_otlp::log(), 0..6)) {
        // The same spans under two scopes: their contents are met twice.
        let scope_spans = vec![
            ScopeSpans { spans: spans.clone(), ..ScopeSpans::default() },
            ScopeSpans { spans, schema_url: "https://example.org/1".into(), ..ScopeSpans::default() },
        ];
        let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
        check_traces(ExportTraceServiceRequest { resource_spans }, &Redactor::default());
        let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
        let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
        check_logs(ExportLogsServiceRequest { resource_logs }, &Redactor::default());
    }
}

#[test]
fn a_body_that_breaks_off_is_refused_whole() {
    let spans =
        vec![
            Span { name: "chat".into(), trace_id: vec![1; 16], span_id: vec![2; 8], ..Default::default() };
            3
        ];
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }],
    };
    let body = request.encode_to_vec();
    for cut in 1..body.len() {
        let read = receive::traces(
            &body[..cut].to_vec().into(),
            Format::Protobuf,
            &Redactor::off(),
            &Budget::unlimited(),
        );
        assert!(read.is_err(), "{cut} of {} bytes were taken", body.len());
    }
}

#[test]
fn a_malformed_record_is_left_out_alone() {
    let span = |name: &str, id: u8| Span {
        trace_id: vec![1; 16],
        span_id: vec![id; 8],
        name: name.into(),
        ..Span::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans: vec![span("first", 1), span("bad-one", 2), span("not-text", 3), span("last", 4)],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    let mut body = request.encode_to_vec();
    break_length(&mut body, "bad-one");
    *byte_of(&mut body, "not-text", 0) = 0xff;
    let read =
        receive::traces(&body.into(), Format::Protobuf, &Redactor::off(), &Budget::unlimited()).unwrap();
    assert_eq!((read.records.len(), read.rejected), (3, 1));
    let why = read.rejection.unwrap();
    assert!(why.contains("a span is not valid protobuf") && !why.contains("failed to decode"), "{why}");

    let mut alone = request;
    alone.resource_spans[0].scope_spans[0].spans.truncate(2);
    alone.resource_spans[0].scope_spans[0].spans.remove(0);
    let mut body = alone.encode_to_vec();
    break_length(&mut body, "bad-one");
    let refused = receive::traces(&body.into(), Format::Protobuf, &Redactor::off(), &Budget::unlimited());
    assert!(matches!(refused, Err(DecodeError::Protobuf(_))), "{refused:?}");
}

#[test]
fn a_malformed_record_is_left_out_alone_also_under_a_resource_whose_texts_are_not_utf_8() {
    let attribute = KeyValue {
        key: "service.name".into(),
        value: Some(AnyValue { value: Some(Any::StringValue("not-text".into())) }),
        ..KeyValue::default()
    };
    let span = |name: &str, id: u8| Span {
        trace_id: vec![1; 16],
        span_id: vec![id; 8],
        name: name.into(),
        ..Span::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: vec![attribute], ..Resource::default() }),
            scope_spans: vec![ScopeSpans {
                spans: vec![span("bad-one", 2), span("last", 4)],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    let mut body = request.encode_to_vec();
    break_length(&mut body, "bad-one");
    *byte_of(&mut body, "not-text", 0) = 0xff;
    let read =
        receive::traces(&body.into(), Format::Protobuf, &Redactor::off(), &Budget::unlimited()).unwrap();
    assert_eq!((read.records.len(), read.rejected), (1, 1));
    assert_eq!(read.records[0].origin.service_name, "\u{FFFD}ot-text");
}

#[test]
fn a_malformed_metric_is_left_out_alone() {
    let metric = |name: &str| Metric {
        name: name.into(),
        data: Some(Data::Gauge(Gauge { data_points: vec![NumberDataPoint::default()] })),
        ..Metric::default()
    };
    let request = |names: &[&str]| ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![ScopeMetrics {
                metrics: names.iter().map(|name| metric(name)).collect(),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    };
    let mut body = request(&["first", "bad-one", "last"]).encode_to_vec();
    break_length(&mut body, "bad-one");
    let read = |body: Vec<u8>| {
        receive::metrics(&body.into(), Format::Protobuf, &Redactor::off(), &Budget::unlimited())
    };
    let taken = read(body).unwrap();
    assert_eq!(
        taken.records.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>(),
        ["first", "last"]
    );
    assert_eq!((taken.points, taken.left_out.points), (2, 1));
    let why = taken.left_out.to_string();
    assert!(why.contains("a metric is not valid protobuf"), "{why}");

    let mut alone = request(&["bad-one"]).encode_to_vec();
    break_length(&mut alone, "bad-one");
    let refused = read(alone);
    assert!(matches!(refused, Err(DecodeError::Protobuf(_))), "{refused:?}");
}

/// A byte of the body: of this text, or of what stands so many bytes before it.
fn byte_of<'a>(body: &'a mut [u8], text: &str, before: usize) -> &'a mut u8 {
    let at = body.windows(text.len()).position(|piece| piece == text.as_bytes()).unwrap();
    &mut body[at - before]
}

/// Gives this text a length that reaches beyond the message it is in.
fn break_length(body: &mut [u8], text: &str) {
    *byte_of(body, text, 1) = 120;
}

#[test]
fn a_byte_order_mark_before_json_is_no_error() {
    let body = "\u{FEFF}{\"resourceSpans\": []}".to_owned();
    let read = receive::traces(&body.into(), Format::Json, &Redactor::off(), &Budget::unlimited());
    assert!(read.is_ok_and(|read| read.records.is_empty()));
}
