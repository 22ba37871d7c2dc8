//! Accepted requests: every path, format and encoding that exporters use, over HTTP and gRPC, and the answers.

use bytes::Bytes;
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceResponse, trace::v1::Span};
use prost::Message as _;
use serde_json::{Value as Json, json};
use std::io::Write as _;
use tonic::codec::CompressionEncoding;
use turnscope_tests::{
    corpus::Signal,
    grpc::Client,
    load,
    testkit::{At, InProcess, SETTLED, Turnscope},
};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn run_count(server: &At) -> u64 {
    server.json("/v1/runs")["total"].as_u64().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Encode = fn(&[u8]) -> Vec<u8>;

#[test]
fn every_encoding_and_path_that_clients_use_is_taken_over_http() {
    let server = Turnscope::start();
    let encodings: [(&str, Encode); 6] = [
        ("identity", |bytes| bytes.to_vec()),
        ("gzip", gzip),
        ("x-gzip", gzip),
        ("deflate", zlib),
        ("deflate", raw_deflate),
        ("zstd", |bytes| zstd::encode_all(bytes, 1).unwrap()),
    ];
    let mut sent = 0;
    for (name, encode) in encodings {
        let body = encode(&load::encode(load::run(sent, 1)));
        let reply = server.post("/v1/traces", &[PROTOBUF, ("content-encoding", name)], &body);
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some("application/x-protobuf")),
            "{name}"
        );
        assert_eq!(ExportTraceServiceResponse::decode(&reply.body[..]).unwrap().partial_success, None);
        sent += 1;
    }
    for path in [
        "/",
        "/v1/traces/",
        "/api/public/otel/v1/traces",
        "/otel/v1/traces",
        "/api/v1/private/otel/v1/traces",
    ] {
        let reply = server.post(path, &[PROTOBUF], &load::encode(load::run(sent, 1)));
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        sent += 1;
        // The same on the port of the UI.
        let body = load::encode(load::run(sent, 1));
        let reply = turnscope_tests::http::send(server.0.listen, "POST", path, &[PROTOBUF], &body).unwrap();
        assert_eq!(reply.status, 200, "{path} on the main port: {}", reply.text());
        sent += 1;
    }
    for content_type in
        ["application/protobuf", "application/octet-stream", "application/x-protobuf; charset=x"]
    {
        let reply =
            server.post("/v1/traces", &[("content-type", content_type)], &load::encode(load::run(sent, 1)));
        assert_eq!(reply.status, 200, "{content_type}");
        sent += 1;
    }
    assert_eq!(run_count(&server), sent);
}

#[test]
fn json_has_hexadecimal_ids_and_is_answered_in_json() {
    let server = Turnscope::start();
    let span = json!({
        "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "name": "invoke_agent clerk",
        "kind": 1, "startTimeUnixNano": "1750000000000000000", "endTimeUnixNano": 1_750_000_001_000_000_000_u64,
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}}],
        "aFieldOfTheFuture": {"x": 1},
    });
    let bad = json!({"traceId": "00000000000000000000000000000000", "spanId": "EEE19B7EC3C1B174", "name": "nameless"});
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span, bad]}]}]});
    let reply = server.post("/v1/traces", &[JSON], body.to_string().as_bytes());
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    let partial = &reply.json()["partialSuccess"];
    assert_eq!(partial["rejectedSpans"], "1");
    assert!(partial["errorMessage"].as_str().unwrap().contains("nameless"), "{partial}");
    let run = &server.json("/v1/runs")["runs"][0];
    assert_eq!(run["run_id"], "5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174");
    let good = json!({"resourceSpans": []});
    assert_eq!(server.post("/v1/traces", &[JSON], good.to_string().as_bytes()).json(), json!({}));
}

#[test]
fn spans_with_bad_ids_are_left_out_and_said_to_be() {
    let server = Turnscope::start();
    let mut spans = load::run(0, 1);
    let mut zero = spans[1].clone();
    zero.span_id = vec![0; 8];
    let mut short = spans[1].clone();
    short.trace_id = vec![1; 5];
    spans.extend([zero, short]);
    let reply = server.post("/v1/traces", &[PROTOBUF], &load::encode(spans.clone()));
    let partial = ExportTraceServiceResponse::decode(&reply.body[..]).unwrap().partial_success.unwrap();
    assert_eq!((reply.status, partial.rejected_spans), (200, 2));
    assert!(partial.error_message.contains("id"), "{}", partial.error_message);
    let of_grpc = runtime().block_on(async {
        Client::connect(server.0.otlp_grpc).await.export(Signal::Traces, load::encode(spans)).await.unwrap()
    });
    let partial = ExportTraceServiceResponse::decode(of_grpc).unwrap().partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 2);
    assert_eq!(run_count(&server), 1);
}

#[test]
fn grpc_is_taken_on_every_port_with_every_compression() {
    let server = Turnscope::start();
    runtime().block_on(async {
        let mut sent = 0;
        for port in [server.0.otlp_grpc, server.0.otlp_http, server.0.listen] {
            let mut client = Client::connect(port).await;
            for compression in [
                None,
                Some(CompressionEncoding::Gzip),
                Some(CompressionEncoding::Deflate),
                Some(CompressionEncoding::Zstd),
            ] {
                client.compression = compression;
                let reply = client.export(Signal::Traces, load::encode(load::run(sent, 1))).await;
                assert_eq!(reply.unwrap(), Bytes::new(), "{compression:?}");
                sent += 1;
            }
            for signal in [Signal::Logs, Signal::Metrics] {
                assert_eq!(client.export(signal, Bytes::new()).await.unwrap(), Bytes::new());
            }
        }
    });
    assert_eq!(run_count(&server), 12);
}

#[test]
fn the_key_is_taken_in_every_form_and_asked_for_before_the_body() {
    let server = InProcess::start(|config| config.api_key = Some(turnscope_server::ApiKey::new("s3cret")));
    let body = load::encode(load::run(0, 1));
    // "pk:s3cret" in base64.
    let forms = [
        ("authorization", "Bearer s3cret"),
        ("x-api-key", "s3cret"),
        ("authorization", "Basic cGs6czNjcmV0"),
    ];
    for form in forms {
        assert_eq!(server.post("/v1/traces", &[PROTOBUF, form], &body).status, 200, "{form:?}");
        let read =
            turnscope_tests::http::send(server.0.listen, "GET", "/v1/runs", &[form, SETTLED], &[]).unwrap();
        assert_eq!(read.status, 200, "{form:?}");
    }
    assert_eq!(server.get("/v1/runs").status, 401);
    assert_eq!(server.get("/health").status, 200, "a load balancer has no key");
    // Refused after the head alone: a gigabyte is announced and never sent.
    let mut stream = turnscope_tests::http::open(server.0.otlp_http).unwrap();
    let head = turnscope_tests::http::head("POST", "/v1/traces", &[PROTOBUF], Some(1 << 30));
    stream.write_all(head.as_bytes()).unwrap();
    let reply = turnscope_tests::http::read_reply(&mut stream).unwrap();
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")));
    let status = tonic_types::pb::Status::decode(&reply.body[..]).unwrap();
    assert_eq!(status.code, tonic::Code::Unauthenticated as i32);
    runtime().block_on(async {
        let mut client = Client::connect(server.0.otlp_grpc).await;
        let refused = client.export(Signal::Traces, body.clone()).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unauthenticated);
        client.metadata = vec![("authorization", "Bearer s3cret".to_owned())];
        client.export(Signal::Traces, body).await.unwrap();
    });
}

#[test]
fn browsers_of_other_origins_are_let_in_only_where_that_was_allowed() {
    let ask = |server: &At, origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ];
        turnscope_tests::http::send(server.0.otlp_http, "OPTIONS", "/v1/traces", &headers, &[]).unwrap()
    };
    let closed = InProcess::start(|_| ());
    assert_eq!(ask(&closed, "https://app.example").header("access-control-allow-origin"), None);
    let open = InProcess::start(|config| config.cors_origins = vec!["https://app.example".into()]);
    let reply = ask(&open, "https://app.example");
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin")),
        (200, Some("https://app.example"))
    );
    assert_eq!(ask(&open, "https://evil.example").header("access-control-allow-origin"), None);
}

#[test]
fn listening_beyond_loopback_without_a_key_is_refused() {
    let data = tempfile::tempdir().unwrap();
    for flag in ["--listen", "--otlp-grpc", "--otlp-http"] {
        let mut command = Turnscope::command();
        let others = ["--listen", "--otlp-grpc", "--otlp-http"].into_iter().filter(|other| *other != flag);
        command.args(others.flat_map(|other| [other, "127.0.0.1:0"]));
        let ended = command.args([flag, "0.0.0.0:0", "--data"]).arg(data.path()).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && said.contains(flag) && said.contains("--api-key"), "{said}");
    }
}

#[test]
fn a_text_that_is_no_utf8_is_shown_with_a_mark_and_its_bytes_are_kept() {
    let server = Turnscope::start();
    let mut span = load::run(0, 0).remove(0);
    span.attributes.push(load::text("note", "caf#"));
    let mut body = load::encode(vec![span]);
    let at = body.windows(4).position(|window| window == b"caf#").unwrap();
    body[at + 3] = 0xe9;
    assert_eq!(server.post("/v1/traces", &[PROTOBUF], &body).status, 200);
    let data = server.json(&format!("/v1/runs/{}/steps/0000000000000001/data", load::run_id(0)));
    assert_eq!(data["attributes"]["note"], "caf\u{fffd}");
    assert_eq!(data["facts"]["invalid_utf8"], true);
    let kept = data["attributes"]["turnscope.original_bytes"].as_str().unwrap();
    assert!(kept.len() > 100, "what was sent is kept beside: {kept}");
}

#[test]
fn a_count_that_no_call_can_have_is_unknown_and_the_step_says_so() {
    let server = Turnscope::start();
    let mut spans = load::run(0, 2);
    let count = |span: &mut Span, value| {
        span.attributes.retain(|attribute| attribute.key != "gen_ai.usage.input_tokens");
        span.attributes.push(load::number("gen_ai.usage.input_tokens", value));
    };
    count(&mut spans[1], i64::MAX);
    assert_eq!(server.post("/v1/traces", &[PROTOBUF], &load::encode(spans)).status, 200);
    let run = load::run_id(0);
    let steps = server.json(&format!("/v1/runs/{run}/timeline"))["steps"].clone();
    let flagged: Vec<&Json> =
        steps.as_array().unwrap().iter().filter(|step| step["implausible_count"] == true).collect();
    assert_eq!(flagged.len(), 1, "{steps}");
    assert_eq!(flagged[0]["usage"]["input_tokens"], Json::Null);
    let id = flagged[0]["step_id"].as_str().unwrap();
    let data = server.json(&format!("/v1/runs/{run}/steps/{id}/data"));
    assert_eq!(data["facts"]["implausible_count"], true);
    assert_eq!(data["attributes"]["gen_ai.usage.input_tokens"], i64::MAX, "what was sent is kept");
    let detail = server.json(&format!("/v1/runs/{run}"));
    assert_eq!(detail["turn_count"], 2, "{detail}");
}

#[test]
fn logs_and_metrics_are_taken_in_both_formats() {
    let server = Turnscope::start();
    let point = json!({"startTimeUnixNano": "1", "timeUnixNano": "2", "asInt": "3"});
    let metrics = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "gen_ai.client.token.usage", "sum": {"dataPoints": [point], "aggregationTemporality": 2}}]}]}]});
    let log = json!({"timeUnixNano": "5", "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174",
        "eventName": "gen_ai.user.message", "body": {"stringValue": "hello"}});
    let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [log]}]}]});
    for _ in 0..2 {
        assert_eq!(server.post("/v1/metrics", &[JSON], metrics.to_string().as_bytes()).json(), json!({}));
        assert_eq!(server.post("/v1/logs", &[JSON], logs.to_string().as_bytes()).json(), json!({}));
    }
    let queue = &server.json("/v1/stats")["queue"];
    assert_eq!((queue["received"].as_u64(), queue["stored"].as_u64()), (Some(4), Some(2)), "{queue}");
    assert_eq!(queue["duplicates"], 2);
}
