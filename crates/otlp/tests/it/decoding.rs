//! Bodies to protobuf types: what is accepted, what is refused and with which words.

use crate::any_otlp;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    logs::v1::{ResourceLogs, ScopeLogs},
    metrics::v1::{metric::Data, number_data_point},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use proptest::prelude::*;
use prost::Message as _;
use turnscope_model::Record;
use turnscope_otlp::{
    decode::{self, Budget, Format, ORIGINAL_BYTES},
    normalise, receive,
    redact::Redactor,
};

fn request(span: Span) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }],
    }
}

fn span_of(request: ExportTraceServiceRequest) -> Span {
    request
        .resource_spans
        .into_iter()
        .flat_map(|r| r.scope_spans)
        .flat_map(|s| s.spans)
        .next()
        .expect("one span")
}

/// JSON has one way of saying that a value is missing, protobuf two.
fn without_empty_values(attributes: &mut [KeyValue]) {
    for kv in attributes {
        match &mut kv.value {
            Some(AnyValue { value: None }) => kv.value = None,
            Some(AnyValue { value: Some(value) }) => without_empty_values_within(value),
            None => {}
        }
    }
}

fn without_empty_values_within(value: &mut Any) {
    match value {
        Any::KvlistValue(list) => without_empty_values(&mut list.values),
        Any::ArrayValue(array) => {
            array
                .values
                .iter_mut()
                .filter_map(|any| any.value.as_mut())
                .for_each(without_empty_values_within);
        }
        // JSON has no infinity; how it is written as text is tested below.
        Any::DoubleValue(number) if !number.is_finite() => *value = Any::IntValue(0),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_another_library_writes_is_read(mut span in any_otlp::span(), mut log in any_otlp::log()) {
        without_empty_values(&mut span.attributes);
        span.events.iter_mut().for_each(|event| without_empty_values(&mut event.attributes));
        span.links.iter_mut().for_each(|link| without_empty_values(&mut link.attributes));
        let sent = request(span);
        let body = serde_json::to_vec(&sent).expect("it can be written");
        prop_assert_eq!(decode::traces(&body, Format::Json).expect("it is read"), sent);

        without_empty_values(&mut log.attributes);
        if let Some(body) = &mut log.body {
            body.value.iter_mut().for_each(without_empty_values_within);
        }
        log.body = log.body.filter(|body| body.value.is_some());
        let scope_logs = vec![ScopeLogs { log_records: vec![log], ..ScopeLogs::default() }];
        let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
        let sent = ExportLogsServiceRequest { resource_logs };
        let body = serde_json::to_vec(&sent).expect("it can be written");
        prop_assert_eq!(decode::logs(&body, Format::Json).expect("it is read"), sent);
    }

    #[test]
    fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200), span in any_otlp::span(), flip in any::<usize>()) {
        let mut flipped = request(span).encode_to_vec();
        if !flipped.is_empty() {
            let at = flip % flipped.len();
            flipped[at] ^= 0xff;
        }
        for body in [&body[..], &flipped[..]] {
            for format in [Format::Protobuf, Format::Json] {
                let _ = decode::traces(body, format);
                let _ = decode::logs(body, format);
                let _ = decode::metrics(body, format);
            }
        }
    }
}

fn json_span(span: &str) -> Result<Span, String> {
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#);
    decode::traces(body.as_bytes(), Format::Json).map(span_of).map_err(|error| error.to_string())
}

#[test]
fn json_is_read_leniently() {
    let span = json_span(
        r#"{"traceId":"0AF7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","parentSpanId":null,"name":"x",
        "kind":"SPAN_KIND_CLIENT","startTimeUnixNano":1700000000000000000,"endTimeUnixNano":"1700000000000000001",
        "unknown":{"deep":[1,{"er":null}]},"events":null,"status":{"code":"STATUS_CODE_ERROR"},"flags":"256",
        "attributes":[{"key":"i","value":{"intValue":"-9007199254740993"}},{"key":"j","value":{"intValue":5}},
        {"key":"k","value":{"intValue":5.0}},{"key":"d","value":{"doubleValue":"NaN"}},
        {"key":"e","value":{"doubleValue":"-Infinity"}},{"key":"f","value":{"doubleValue":3}},
        {"key":"b","value":{"bytesValue":"AAEC"}},{"key":"n","value":{}},{"key":"m"},
        {"key":"new","value":{"someValue":[1],"stringValue":"s"}}]}"#,
    )
    .expect("it is read");
    assert_eq!((span.trace_id[0], span.kind, span.flags), (0x0a, 3, 256));
    assert_eq!(
        (span.start_time_unix_nano, span.end_time_unix_nano),
        (1_700_000_000_000_000_000, 1_700_000_000_000_000_001)
    );
    assert_eq!(span.status.map(|status| status.code), Some(2));
    let values: Vec<String> = span
        .attributes
        .iter()
        .map(|kv| kv.value.as_ref().map_or_else(|| "none".to_owned(), |any| format!("{:?}", any.value)))
        .collect();
    let expected = [
        "Some(IntValue(-9007199254740993))",
        "Some(IntValue(5))",
        "Some(IntValue(5))",
        "Some(DoubleValue(NaN))",
        "Some(DoubleValue(-inf))",
        "Some(DoubleValue(3.0))",
        "Some(BytesValue([0, 1, 2]))",
        "None",
        "none",
        "Some(StringValue(\"s\"))",
    ];
    assert_eq!(values, expected);
    for body in ["{}", r#"{"resourceSpans":null}"#, r#"{"resourceSpans":[{}]}"#, r#"{"resource_spans":[]}"#] {
        assert!(decode::traces(body.as_bytes(), Format::Json).is_ok(), "{body}");
    }
}

#[test]
fn json_metrics_are_read() {
    let body = br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","unit":"1","sum":{"isMonotonic":true,
        "aggregationTemporality":2,"dataPoints":[{"asInt":"7","timeUnixNano":"5","attributes":[]}]}}]}]}]}"#;
    let request = decode::metrics(body, Format::Json).expect("it is read");
    let Some(Data::Sum(sum)) = &request.resource_metrics[0].scope_metrics[0].metrics[0].data else {
        panic!("a sum")
    };
    assert_eq!((sum.is_monotonic, sum.aggregation_temporality), (true, 2));
    assert_eq!(sum.data_points[0].value, Some(number_data_point::Value::AsInt(7)));
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let check = |span: &str, expected: &str| {
        let error = json_span(span).expect_err("it is refused");
        assert!(error.contains(expected), "{error:?} should contain {expected:?}");
    };
    check(r#"{"name":"#, "line 1 column");
    let deep = format!(
        "{}{}",
        r#"{"attributes":[{"key":"a","value":"#,
        r#"{"arrayValue":{"values":["#.repeat(10_000)
    );
    check(&deep, "recursion limit exceeded");
    let error = decode::traces(b"\x0a\xff", Format::Protobuf).expect_err("it is refused").to_string();
    assert!(error.starts_with("the body is not valid OTLP protobuf"), "{error}");
    // Nothing of these is left.
    for body in [r#"{"resourceSpans":5}"#, r#"{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}"#, "[]"] {
        let error = decode::traces(body.as_bytes(), Format::Json).expect_err(body).to_string();
        assert!(error.starts_with("the body is not valid OTLP/JSON: "), "{error}");
        assert!(error.contains("expected a"), "{error}");
    }
}

/// What is left of a span beside a good one, and what is said about it.
fn beside_a_good_span(span: &str) -> (Vec<Record>, u64, String) {
    let good = r#"{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"good"}"#;
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{good},{span}]}}]}}]}}"#);
    let read = receive::traces(&body.into(), Format::Json, &Redactor::off(), &Budget::unlimited())
        .expect("it is read");
    (read.records, read.rejected, read.rejection.unwrap_or_default())
}

#[test]
fn an_id_that_is_none_in_json_spoils_its_own_span_only() {
    for id in [
        r#""3q2+7wABAgMEBQYHCAkKCw==""#,
        r#""5c0f7b1a-90de-4c1f-8a77-0d2f6c3be412""#,
        r#""abc""#,
        "77",
        "[]",
        "{}",
        "true",
    ] {
        for ids in [
            format!(r#""traceId":{id},"spanId":"b7ad6b7169203332""#),
            format!(r#""traceId":"0af7651916cd43dd8448eb211c80319c","spanId":{id}"#),
        ] {
            let (records, rejected, why) = beside_a_good_span(&format!(r#"{{{ids},"name":"bad"}}"#));
            assert_eq!((records.len(), rejected), (1, 1), "{ids}");
            assert!(why.starts_with("span \"bad\" was left out: its "), "{why}");
            assert!(why.contains("resourceSpans[0].scopeSpans[0].spans[1]."), "{why}");
            assert!(why.contains("expected an id in hex digits, found "), "{why}");
        }
    }
}

#[test]
fn a_value_of_the_wrong_type_in_json_is_left_out_alone() {
    let ids = r#""traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203332","name":"odd""#;
    for (odd, expected) in [
        (r#""parentSpanId":"root""#, r#"parentSpanId: expected an id in hex digits, found "root""#),
        (r#""startTimeUnixNano":-1"#, r#"startTimeUnixNano: expected an unsigned integer, found "-1""#),
        (r#""kind":"CONSUMED""#, r#"kind: expected a span kind, found "CONSUMED""#),
        (r#""events":{}"#, "events: expected a list, found an object"),
        (r#""status":"OK""#, "status: expected a status as an object, found OK"),
        (r#""attributes":[5]"#, "attributes[0]: expected an attribute as an object, found 5"),
        (
            r#""links":[{"traceId":"3q2+7w==","spanId":"gMEgDJS+EXg="}]"#,
            "links[0].traceId: expected an id in hex digits",
        ),
        (
            r#""flags":"x","kind":[]"#,
            r#"flags: expected an unsigned integer of 32 bits, found "x", and 1 more value"#,
        ),
    ] {
        let (records, rejected, why) = beside_a_good_span(&format!("{{{ids},{odd}}}"));
        assert_eq!((records.len(), rejected), (2, 0), "{odd}");
        assert!(why.contains(expected), "{why} should contain {expected}");
        assert!(why.contains("resourceSpans[0].scopeSpans[0].spans[1]."), "{why}");
    }
}

#[test]
fn an_attribute_that_is_not_what_its_key_says_is_kept_as_text() {
    let span = json_span(
        r#"{"attributes":[{"key":"a","value":{"intValue":"99999999999999999999"}},{"key":"b","value":{"intValue":18446744073709551615}},
        {"key":"c","value":{"boolValue":"perhaps"}},{"key":"d","value":{"doubleValue":[1]}},{"key":"e","value":{"intValue":1e3}},
        {"key":"f","value":{"bytesValue":"AAE"}},{"key":"g","value":{"bytesValue":"_-8="}},{"key":"h","value":{"intValue":"5.0"}}]}"#,
    )
    .expect("it is read");
    let values: Vec<_> = span.attributes.into_iter().map(|kv| kv.value.and_then(|any| any.value)).collect();
    let text = |text: &str| Some(Any::StringValue(text.to_owned()));
    assert_eq!(
        values[..4],
        [text("99999999999999999999"), text("18446744073709551615"), text("perhaps"), None]
    );
    let bytes = |bytes: &[u8]| Some(Any::BytesValue(bytes.to_vec()));
    assert_eq!(
        values[4..],
        [Some(Any::IntValue(1000)), bytes(&[0, 1]), bytes(&[255, 239]), Some(Any::IntValue(5))]
    );
}

#[test]
fn a_data_point_with_a_bad_value_is_left_out_and_the_others_are_kept() {
    let body = br#"{"resource_metrics":[{"scope_metrics":[{"metrics":[
        {"name":"sum","sum":{"data_points":[{"as_int":"x"},{"as_int":"7","start_time_unix_nano":"5"},{"asDouble":{}}]}},
        {"name":"histogram","histogram":{"dataPoints":[{"count":-1},{"count":"2","exemplars":[{"traceId":"zz"}]}]}}]}]}]}"#;
    let read = receive::metrics(&body[..].into(), Format::Json, &Redactor::off(), &Budget::unlimited())
        .expect("it is read");
    assert_eq!((read.points, read.left_out.points), (1, 4));
    let why = read.left_out.to_string();
    assert!(
        why.contains(
            "metrics[0].sum.data_points[0].as_int: expected an integer, found \"x\", and 3 more values"
        ),
        "{why}"
    );
}

#[test]
fn a_log_record_whose_trace_id_is_none_is_kept_without_it() {
    let body = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"SEVERITY_NUMBER_WARN","body":{"stringValue":"a"},
        "traceId":"5c0f7b1a-90de-4c1f-8a77-0d2f6c3be412","spanId":"0102030405060708"},{"body":{"stringValue":"b"}}]}]}]}"#;
    let read = receive::logs(&body[..].into(), Format::Json, &Redactor::off(), &Budget::unlimited())
        .expect("it is read");
    assert_eq!((read.records.len(), read.rejected), (2, 0));
    assert_eq!(read.records[0].trace_id, None);
    let why = read.rejection.expect("it is said");
    assert!(why.contains("logRecords[0].traceId: expected an id in hex digits"), "{why}");
}

#[test]
fn protobuf_that_is_too_deep_is_refused() {
    let mut any = AnyValue::default();
    for _ in 0..5_000 {
        let mut bytes = Vec::new();
        prost::encoding::encode_key(5, prost::encoding::WireType::LengthDelimited, &mut bytes);
        let mut array = Vec::new();
        prost::encoding::bytes::encode(1, &any.encode_to_vec(), &mut array);
        prost::encoding::encode_varint(array.len() as u64, &mut bytes);
        bytes.extend(array);
        if bytes.len() > 3_000 {
            break;
        }
        let Ok(deeper) = AnyValue::decode(&bytes[..]) else { return };
        any = deeper;
    }
    panic!("it was accepted at every depth");
}

#[test]
fn text_that_is_no_utf8_is_kept_and_shown() {
    let text = |key: &str, text: &str| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Any::StringValue(text.to_owned())) }),
        key_strindex: 0,
    };
    let good = Span { span_id: vec![2; 8], trace_id: vec![1; 16], ..Span::default() };
    let bad = Span {
        name: "n?!?".to_owned(),
        attributes: vec![text("a", "x?!?y"), text("b", "fine")],
        ..good.clone()
    };
    let mut sent = request(good.clone());
    sent.resource_spans[0].scope_spans[0].spans.push(bad.clone());
    let spoil = |mut bytes: Vec<u8>| {
        while let Some(at) = bytes.windows(3).position(|window| window == b"?!?") {
            bytes[at..at + 3].copy_from_slice(b"\xff\xfe\xff");
        }
        bytes
    };
    let read = decode::traces(&spoil(sent.encode_to_vec()), Format::Protobuf).expect("it is read");
    let spans = read.resource_spans[0].scope_spans[0].spans.clone();
    assert_eq!(spans[0], good);
    assert_eq!(spans[1].name, "n\u{FFFD}\u{FFFD}\u{FFFD}");
    let kept = spans[1].attributes.iter().find(|kv| kv.key == ORIGINAL_BYTES).expect("the bytes are kept");
    let kept = kept.value.as_ref().and_then(|any| any.value.clone());
    assert_eq!(kept, Some(Any::BytesValue(spoil(bad.encode_to_vec()))));
    let records = normalise::traces(read, &Redactor::off()).records;
    assert_eq!(records.iter().map(|r| r.facts.invalid_utf8).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn half_a_surrogate_pair_in_json_is_shown() {
    let span = json_span(r#"{"name":"a\ud83d\\ud83d\ud83d\ude00","traceId":"","attributes":[]}"#)
        .expect("it is read");
    assert_eq!(span.name, "a\u{FFFD}\\ud83d\u{1F600}");
    assert_eq!(span.attributes[0].key, ORIGINAL_BYTES);
}
