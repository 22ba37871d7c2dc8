//! Refused requests and their answers: bad bodies, excessive sizes, a full queue, slow clients; in bounded memory.

use crate::receivers::runtime;
use prost::Message as _;
use std::{io::Write as _, time::Duration};
use tonic::{Code, codec::CompressionEncoding};
use tonic_types::StatusExt as _;
use turnscope_tests::{
    corpus::Signal,
    grpc::Client,
    http::{self, Reply},
    load,
    testkit::{At, InProcess, Turnscope},
};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const GZIP: (&str, &str) = ("content-encoding", "gzip");

fn code(reply: &Reply) -> i32 {
    let status = tonic_types::pb::Status::decode(&reply.body[..]).unwrap();
    assert!(!status.message.is_empty());
    status.code
}

fn refused(server: &At, signal: &str, reason: &str) -> bool {
    let text = server.get("/metrics").text();
    text.lines().any(|line| line.contains(signal) && line.contains(reason) && !line.ends_with(" 0"))
}

#[test]
fn what_does_not_parse_is_refused_whole_in_the_language_of_the_request() {
    let server = Turnscope::start();
    let reply = server.post("/v1/traces", &[PROTOBUF], b"this is no protobuf");
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("application/x-protobuf")));
    assert_eq!(code(&reply), Code::InvalidArgument as i32);
    let reply = server.post("/v1/traces", &[JSON], b"{\"resourceSpans\": [}");
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("application/json")));
    assert_eq!(reply.json()["code"], Code::InvalidArgument as i32);
    // A truncated body, and one that is not compressed as declared.
    let body = load::encode(load::run(0, 3));
    assert_eq!(server.post("/v1/traces", &[PROTOBUF], &body[..body.len() / 2]).status, 400);
    for encoding in ["gzip", "deflate", "zstd"] {
        let reply = server.post("/v1/traces", &[PROTOBUF, ("content-encoding", encoding)], &body);
        assert_eq!(reply.status, 400, "{encoding}");
    }
    assert_eq!(server.post("/v1/traces", &[("content-type", "text/plain")], &body).status, 415);
    assert_eq!(server.post("/v1/traces", &[], &body).status, 415);
    assert_eq!(server.post("/v1/traces", &[PROTOBUF, ("content-encoding", "br")], &body).status, 415);
    assert_eq!(server.post("/v1/profiles", &[PROTOBUF], &body).status, 404);
    runtime().block_on(async {
        let client = Client::connect(server.0.otlp_grpc).await;
        let status = client.export(Signal::Traces, &b"this is no protobuf"[..]).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    });
    assert!(refused(&server, "traces", "malformed"));
    assert_eq!(server.json("/v1/runs")["total"], 0);
}

#[test]
fn what_is_too_large_is_refused_before_and_after_decompression_and_not_to_be_tried_again() {
    let server = InProcess::start(|config| config.max_body_bytes = 100_000);
    let large = load::encode((0..40).flat_map(|run| load::run(run, 6)).collect());
    assert!(large.len() > 200_000);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&large).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 100_000);
    for (headers, body) in [(vec![PROTOBUF], &large), (vec![PROTOBUF, GZIP], &packed)] {
        let reply = server.post("/v1/traces", &headers, body);
        assert_eq!((reply.status, reply.header("retry-after")), (413, None));
        assert_eq!(code(&reply), Code::ResourceExhausted as i32);
    }
    // Without a length, the size is only found while reading.
    let mut stream = http::open(server.0.otlp_http).unwrap();
    let chunked = [PROTOBUF, ("transfer-encoding", "chunked")];
    stream.write_all(http::head("POST", "/v1/traces", &chunked, None).as_bytes()).unwrap();
    for chunk in large.chunks(10_000) {
        // The server may have answered already.
        let _ = stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes());
        let _ = stream.write_all(chunk);
        let _ = stream.write_all(b"\r\n");
    }
    let _ = stream.write_all(b"0\r\n\r\n");
    assert_eq!(http::read_reply(&mut stream).unwrap().status, 413);
    runtime().block_on(async {
        let mut client = Client::connect(server.0.otlp_grpc).await;
        for compression in [None, Some(CompressionEncoding::Gzip), Some(CompressionEncoding::Zstd)] {
            client.compression = compression;
            let status = client.export(Signal::Traces, large.clone()).await.unwrap_err();
            assert_eq!(status.code(), Code::ResourceExhausted, "{compression:?}: {status:?}");
            assert!(status.get_details_retry_info().is_none(), "{compression:?}");
        }
    });
    assert!(refused(&server, "traces", "too_large"));
    assert_eq!(server.json("/v1/runs")["total"], 0);
}

/// A gigabyte of zeros is a megabyte in gzip, and half a kilobyte in gzip twice. It must not be unpacked.
#[test]
fn a_bomb_does_not_use_memory() {
    let server = Turnscope::start();
    server.post("/v1/traces", &[PROTOBUF], &load::encode(load::run(0, 1)));
    let before = server.peak_memory();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for _ in 0..3 {
        assert_eq!(server.post("/v1/traces", &[PROTOBUF, GZIP], &bomb).status, 413);
    }
    let zstd_bomb = {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        for _ in 0..1024 {
            encoder.write_all(&zeros).unwrap();
        }
        encoder.finish().unwrap()
    };
    let reply = server.post("/v1/traces", &[PROTOBUF, ("content-encoding", "zstd")], &zstd_bomb);
    assert_eq!(reply.status, 413);
    let code = runtime().block_on(async {
        let client = Client::connect(server.0.otlp_grpc).await;
        client.gzip_frame(Signal::Traces, &bomb).await
    });
    assert_eq!(code, Some(Code::ResourceExhausted));
    let grown = server.peak_memory() - before;
    assert!(grown < 400 << 20, "{} MB more at the peak", grown >> 20);
    assert_eq!(server.get("/health").status, 200);
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Thirty at once: what each unpacks to is reserved over all of them before it is there.
#[test]
fn bombs_at_once_share_one_bound() {
    let server = Turnscope::start();
    server.post("/v1/traces", &[PROTOBUF], &load::encode(load::run(0, 1)));
    let before = server.peak_memory();
    let bomb = zstd::bulk::compress(&vec![0; 60 << 20], 1).unwrap();
    let at = server.0;
    let senders: Vec<_> = (0..30)
        .map(|_| {
            let bomb = bomb.clone();
            let headers = [PROTOBUF, ("content-encoding", "zstd")];
            std::thread::spawn(move || http::send(at.otlp_http, "POST", "/v1/traces", &headers, &bomb))
        })
        .collect();
    for sender in senders {
        let status = sender.join().unwrap().expect("an answer").status;
        assert!(matches!(status, 400 | 413 | 429 | 503), "{status}");
    }
    let grown = server.peak_memory() - before;
    assert!(grown < 400 << 20, "{} MB more at the peak", grown >> 20);
    assert_eq!(server.post("/v1/traces", &[PROTOBUF], &load::encode(load::run(1, 1))).status, 200);
    // It stops at once, not after what it was sent.
    server.terminate();
    assert!(server.wait().success());
}

/// An empty element takes two or three bytes of a body and a hundred times that once it is decoded.
#[test]
fn a_body_of_empty_elements_is_refused_before_it_is_decoded() {
    let server = Turnscope::start();
    server.post("/v1/traces", &[PROTOBUF], &load::encode(load::run(0, 1)));
    let before = server.peak_memory();
    let wrapped = |tags: &[u8], content: Vec<u8>| {
        tags.iter().rev().fold(content, |content, tag| {
            let mut out = vec![*tag];
            prost::encoding::encode_varint(content.len() as u64, &mut out);
            [out, content].concat()
        })
    };
    let many = |tag: u8| [tag, 0].repeat(5_000_000);
    let lists = |from: &str, to: &str| format!("{from}{}{{}}{to}", "{},".repeat(5_000_000)).into_bytes();
    let bodies = [
        ("/v1/traces", PROTOBUF, many(0x0a)),
        ("/v1/traces", PROTOBUF, wrapped(&[0x0a], many(0x12))),
        ("/v1/logs", PROTOBUF, wrapped(&[0x0a, 0x12], many(0x12))),
        ("/v1/traces", PROTOBUF, wrapped(&[0x0a, 0x12, 0x12], many(0x4a))),
        ("/v1/traces", PROTOBUF, wrapped(&[0x0a, 0x12, 0x12, 0x4a, 0x12, 0x2a], many(0x0a))),
        ("/v1/metrics", PROTOBUF, wrapped(&[0x0a, 0x12, 0x12, 0x2a], many(0x0a))),
        ("/v1/traces", JSON, lists(r#"{"resourceSpans":["#, "]}")),
        ("/v1/logs", JSON, lists(r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":["#, "]}]}]}")),
        ("/v1/metrics", JSON, lists(r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":["#, "]}]}]}")),
    ];
    for (n, (path, format, body)) in bodies.into_iter().enumerate() {
        let reply = server.post(path, &[format, GZIP], &gzip(&body));
        assert_eq!(reply.status, 413, "body {n}: {}", reply.text());
        assert_eq!(reply.header("retry-after"), None);
    }
    let grown = server.peak_memory() - before;
    assert!(grown < 400 << 20, "{} MB more at the peak", grown >> 20);
    assert_eq!(server.get("/health").status, 200);
}

/// Clients time out and send again while the writer waits: what it was handed counts until it is committed.
#[test]
fn bytes_of_clients_that_have_gone_stay_reserved_until_their_commit() {
    let mut data = std::path::PathBuf::new();
    let server = InProcess::start(|config| {
        config.max_pending_bytes = 1_000_000;
        data.clone_from(&config.data);
    });
    assert_eq!(server.post("/v1/traces", &[PROTOBUF], &load::encode(load::run(0, 1))).status, 200);
    let db = rusqlite::Connection::open(data.join("turnscope.db")).unwrap();
    db.busy_timeout(Duration::from_secs(20)).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let body = |n: u64| load::encode((0..40).flat_map(|run| load::run(1 + n * 40 + run, 6)).collect());
    // The reply comes only after the commit, so each of these clients gives up; one of the next is refused.
    let refused = (0..60_u64).find(|n| {
        let body = body(*n);
        let mut stream = http::open(server.0.otlp_http).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        stream.write_all(http::head("POST", "/v1/traces", &[PROTOBUF], Some(body.len())).as_bytes()).unwrap();
        let _ = stream.write_all(&body);
        http::read_reply(&mut stream).is_ok_and(|reply| reply.status == 429)
    });
    assert!(refused.is_some(), "nothing was refused, however much was waiting");
    let queued = || server.json("/v1/config")["ingest"]["queue_bytes"].as_u64().unwrap();
    assert!(queued() > 100_000, "{}", queued());
    db.execute_batch("ROLLBACK").unwrap();
    drop(db);
    while queued() > 0 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let text = server.get("/metrics").text();
    let count = |outcome: &str| {
        let name = format!(r#"turnscope_records_total{{signal="traces",outcome="{outcome}"}} "#);
        text.lines().find_map(|line| line.strip_prefix(&name)?.parse::<u64>().ok()).expect(outcome)
    };
    assert!(count("stored") > 40);
    assert_eq!(count("received"), count("stored") + count("duplicate") + count("rejected"));
}

#[test]
fn a_full_queue_is_said_at_once_with_a_hint_when_to_come_back() {
    let server = InProcess::start(|config| {
        config.max_pending_bytes = 50_000;
        config.body_timeout = Duration::from_secs(20);
    });
    let body = load::encode(load::run(0, 3));
    assert!(body.len() > 2_000);
    // One request that never ends reserves nearly the whole queue as soon as its head has been read.
    let (stream, reply) = (0..20)
        .map(|attempt| {
            let mut stream = http::open(server.0.otlp_http).unwrap();
            let head = http::head("POST", "/v1/traces", &[PROTOBUF], Some(49_000));
            stream.write_all(head.as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(50 * attempt));
            (stream, server.post("/v1/traces", &[PROTOBUF], &body))
        })
        .find(|(_, reply)| reply.status == 429)
        .expect("a refusal");
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("1")));
    assert_eq!(code(&reply), Code::ResourceExhausted as i32);
    runtime().block_on(async {
        let client = Client::connect(server.0.otlp_grpc).await;
        let status = client.export(Signal::Traces, body.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
        assert!(retry.is_some_and(|delay| delay >= Duration::from_secs(1)), "{status:?}");
    });
    assert!(refused(&server, "traces", "busy"));
    assert!(!server.json("/v1/stats").is_null());
    // Once it is gone, there is room again.
    drop(stream);
    let taken = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        server.post("/v1/traces", &[PROTOBUF], &body).status == 200
    });
    assert!(taken, "still refused");
}

#[test]
fn a_client_that_sends_too_slowly_is_cut_off() {
    let server = InProcess::start(|config| config.body_timeout = Duration::from_millis(300));
    let mut stream = http::open(server.0.otlp_http).unwrap();
    stream.write_all(http::head("POST", "/v1/traces", &[PROTOBUF], Some(1000)).as_bytes()).unwrap();
    let reply = http::read_reply(&mut stream).unwrap();
    assert_eq!((reply.status, code(&reply)), (408, Code::DeadlineExceeded as i32));
    assert!(refused(&server, "traces", "too_slow"));
}

/// A live stream, an idle keep-alive connection and an open gRPC channel must not keep the server from stopping.
#[test]
fn idle_clients_do_not_hold_the_server_up_when_it_stops() {
    let server = Turnscope::start();
    let mut live = http::open(server.0.listen).unwrap();
    live.write_all(http::head("GET", "/v1/live", &[], None).as_bytes()).unwrap();
    let mut idle = http::open(server.0.otlp_http).unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let silent = http::open(server.0.otlp_http).unwrap();
    let runtime = runtime();
    let client = runtime.block_on(async {
        let client = Client::connect(server.0.otlp_grpc).await;
        client.export(Signal::Traces, load::encode(load::run(0, 1))).await.unwrap();
        client
    });
    std::thread::sleep(Duration::from_millis(200));
    server.terminate();
    let began = std::time::Instant::now();
    assert!(server.wait().success());
    assert!(began.elapsed() < Duration::from_secs(10), "it waited for {:?}", began.elapsed());
    drop((live, idle, silent, client));
}

#[test]
fn a_grpc_client_that_sends_too_slowly_is_cut_off() {
    let server = InProcess::start(|config| config.body_timeout = Duration::from_millis(300));
    let code = runtime()
        .block_on(async { Client::connect(server.0.otlp_grpc).await.never_ending(Signal::Traces).await });
    assert_eq!(code, Some(Code::DeadlineExceeded));
    assert!(refused(&server, "traces", "too_slow"));
}

#[test]
fn what_arrives_while_the_server_stops_is_refused_or_kept_but_never_lost() {
    let server = Turnscope::start();
    let data = server.data();
    let at = server.0;
    let senders: Vec<_> = (0..4_u64)
        .map(|sender| {
            std::thread::spawn(move || {
                let mut acked = Vec::new();
                for n in 0.. {
                    let run = sender * 100_000 + n;
                    let body = load::encode(load::run(run, 2));
                    match http::send(at.otlp_http, "POST", "/v1/traces", &[PROTOBUF], &body) {
                        Ok(reply) if reply.status == 200 => acked.push(run),
                        // A clear refusal, or a closed port.
                        Ok(reply) => assert_eq!(reply.status, 503, "{}", reply.text()),
                        Err(_) => break,
                    }
                }
                acked
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(700));
    server.terminate();
    let status = server.wait();
    assert!(status.success(), "{status}");
    let acked: Vec<u64> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
    assert!(acked.len() > 20, "{}", acked.len());
    let again = Turnscope::start_on(data, &[]);
    for run in acked {
        let found = again.get(&format!("/v1/runs/{}", load::run_id(run)));
        assert_eq!(
            (found.status, found.json()["turn_count"].as_u64()),
            (200, Some(2)),
            "run {run} was acked"
        );
    }
}
