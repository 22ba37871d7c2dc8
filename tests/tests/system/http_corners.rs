//! HTTP as clients and browsers really use it: answers that must be heard, other origins' pages, methods, gRPC-web.

use std::io::Write as _;
use turnscope_server::ApiKey;
use turnscope_tests::{
    http::{self, Reply},
    load,
    testkit::{At, InProcess},
};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const KEY: (&str, &str) = ("authorization", "Bearer s3cret");

fn with_a_key() -> InProcess {
    InProcess::start(|config| {
        config.api_key = Some(ApiKey::new("s3cret"));
        config.max_body_bytes = 1 << 20;
    })
}

/// Sends all of a body before it reads anything, as simple clients do.
fn write_first(server: &At, path: &str, headers: &[(&str, &str)], size: usize) -> Reply {
    let mut stream = http::open(server.0.otlp_http).unwrap();
    stream.write_all(http::head("POST", path, headers, Some(size)).as_bytes()).unwrap();
    let chunk = vec![b'x'; 1 << 20];
    let mut left = size;
    while left > 0 {
        let count = left.min(chunk.len());
        stream.write_all(&chunk[..count]).expect("the server reads on");
        left -= count;
    }
    http::read_reply(&mut stream).expect("the refusal is heard")
}

#[test]
fn a_client_that_sends_everything_before_it_reads_hears_the_refusal() {
    let server = with_a_key();
    for size in [1_000, 900_000, 20_000_000, 90_000_000] {
        for _ in 0..3 {
            assert_eq!(write_first(&server, "/v1/traces", &[JSON], size).status, 401, "{size}");
            assert_eq!(write_first(&server, "/v1/traces", &[KEY], size).status, 415, "{size}");
            assert_eq!(write_first(&server, "/v1/nothing", &[KEY, JSON], size).status, 404, "{size}");
        }
    }
    assert_eq!(write_first(&server, "/v1/traces", &[KEY, JSON], 90_000_000).status, 413);
    // A connection whose refused body was small goes on.
    let mut stream = http::open(server.0.otlp_http).unwrap();
    let request = "POST /v1/traces HTTP/1.1\r\nhost: turnscope\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{\"broken\"";
    for _ in 0..2 {
        stream.write_all(request.as_bytes()).unwrap();
        let reply = http::read_reply(&mut stream).unwrap();
        assert_eq!((reply.status, reply.header("connection")), (401, None));
    }
    // One whose body was not read says that it ends, so that no client sends its next request into it.
    stream.write_all(request.replace("length: 9", "length: 3000000").as_bytes()).unwrap();
    let reply = http::read_reply(&mut stream).unwrap();
    assert_eq!((reply.status, reply.header("connection")), (401, Some("close")));
}

fn preflight(server: &At, on_main_port: bool, origin: &str) -> Reply {
    let to = if on_main_port { server.0.listen } else { server.0.otlp_http };
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    http::send(to, "OPTIONS", "/v1/traces", &headers, &[]).unwrap()
}

#[test]
fn a_page_that_sends_with_credentials_is_answered_by_name() {
    const ORIGIN: &str = "http://shop.localhost:3000";
    let server = InProcess::start(|config| config.cors_origins = vec![ORIGIN.into()]);
    for on_main_port in [true, false] {
        let reply = preflight(&server, on_main_port, ORIGIN);
        assert_eq!(reply.header("access-control-allow-origin"), Some(ORIGIN));
        assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(reply.header("access-control-allow-headers"), Some("authorization,content-type"));
        assert_eq!(reply.header("access-control-allow-methods"), Some("POST"));
        assert_eq!(
            preflight(&server, on_main_port, "http://other.example").header("access-control-allow-origin"),
            None
        );
    }
    let body = load::encode(load::run(0, 1));
    let reply =
        http::send(server.0.otlp_http, "POST", "/v1/traces", &[PROTOBUF, ("origin", ORIGIN)], &body).unwrap();
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some(ORIGIN)));
}

#[test]
fn all_origins_may_send_with_credentials_and_none_may_use_the_cookie_of_the_main_port() {
    let server = InProcess::start(|config| config.cors_origins = vec!["*".into()]);
    let sending = preflight(&server, false, "http://any.example");
    assert_eq!(sending.header("access-control-allow-origin"), Some("http://any.example"));
    assert_eq!(sending.header("access-control-allow-credentials"), Some("true"));
    let reading = preflight(&server, true, "http://any.example");
    assert_eq!(reading.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reading.header("access-control-allow-credentials"), None);
}

#[test]
fn an_otlp_path_says_that_it_takes_post() {
    let server = InProcess::start(|_| ());
    for (to, path) in [
        (server.0.otlp_http, "/v1/traces"),
        (server.0.otlp_grpc, "/v1/logs"),
        (server.0.otlp_http, "/otel/v1/metrics/"),
        (server.0.listen, "/v1/logs"),
        (server.0.listen, "/api/public/otel/v1/traces"),
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let reply = http::send(to, method, path, &[], &[]).unwrap();
            assert_eq!(reply.status, 405, "{method} {path}");
            let allowed = reply.header("allow").unwrap_or_default();
            assert!(allowed.split(',').any(|one| one == "POST"), "{method} {path}: {allowed}");
            assert_eq!(reply.json()["type"], "method-not-allowed", "{method} {path}");
        }
    }
}

#[test]
fn grpc_web_is_refused_and_not_taken_for_grpc() {
    let server = InProcess::start(|_| ());
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    for kind in [
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpc+json",
    ] {
        let reply =
            http::send(server.0.otlp_grpc, "POST", path, &[("content-type", kind)], b"\0\0\0\0\0").unwrap();
        assert_eq!((reply.status, reply.header("content-type")), (415, Some("application/json")), "{kind}");
        assert!(reply.json()["message"].as_str().unwrap().contains("OTLP/HTTP"), "{kind}");
    }
    let spoken =
        http::send(server.0.otlp_grpc, "POST", path, &[("content-type", "application/grpc")], b"\0\0\0\0\0");
    assert_eq!(spoken.unwrap().status, 200);
}

#[test]
fn streams_ask_reverse_proxies_not_to_hold_them_back() {
    let server = InProcess::start(|_| ());
    let mut stream = http::open(server.0.listen).unwrap();
    stream.write_all(http::head("GET", "/v1/live", &[], None).as_bytes()).unwrap();
    let mut head = [0; 512];
    let count = std::io::Read::read(&mut stream, &mut head).unwrap();
    let head = String::from_utf8_lossy(&head[..count]).to_lowercase();
    assert!(head.contains("x-accel-buffering: no"), "{head}");
    assert_eq!(server.get("/v1/export").header("x-accel-buffering"), Some("no"));
}
