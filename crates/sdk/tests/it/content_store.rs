//! Storing large values outside spans: in a directory, and in an S3 bucket.

use crate::{
    child::{is_child, process},
    installation::{alone, quick},
};
use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
};
use http_body_util::BodyExt as _;
use std::{
    fs,
    sync::mpsc::{Sender, channel},
    time::Duration,
};
use turnscope::{ContentStore, RecordingConfig, TailRules, finished_spans, flush};

const LINK: &str = "gen_ai.tool.call.arguments_ref";

fn stored(directory: &tempfile::TempDir) -> ContentStore {
    ContentStore::open(&format!("file://{}/kept", directory.path().display())).unwrap().min_bytes(100)
}

#[test]
fn a_large_text_is_stored_once_redacted_and_linked_and_a_small_one_stays() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    RecordingConfig {
        content: true,
        max_value_bytes: 50,
        content_store: Some(stored(&directory)),
        ..quick()
    }
    .install()
    .unwrap()
    .detach();
    let run = turnscope::run("helpdesk");
    let text = format!("mail ada@example.org {}", "x".repeat(200));
    for _twice in 0..2 {
        run.tool("send").arguments(&text);
    }
    run.tool("send").arguments(&"y".repeat(60));
    drop(run);
    let spans = finished_spans();
    flush(Duration::from_secs(60)).unwrap();
    let links: Vec<&str> = spans.iter().filter_map(|span| span.attributes.get(LINK)?.as_str()).collect();
    assert_eq!((links.len(), links[0]), (2, links[1]));
    let inside = format!("file://{}/kept/{}/", directory.path().display(), spans[0].trace_id);
    assert!(links[0].starts_with(&inside), "{}", links[0]);
    let content = fs::read_to_string(links[0].strip_prefix("file://").unwrap()).unwrap();
    assert!(content.contains(&"x".repeat(200)) && !content.contains("ada@example.org"), "{content}");
    assert_eq!(fs::read_dir(inside.strip_prefix("file://").unwrap()).unwrap().count(), 1);
    let short = spans.iter().filter_map(|span| span.attributes.get("gen_ai.tool.call.arguments")?.as_str());
    assert_eq!(short.filter(|text| text.contains("truncated from")).count(), 1);
}

#[test]
fn values_of_dropped_traces_are_not_stored() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let sampler = Some(Box::new(TailRules { rate: 0.0, ..TailRules::default() }) as _);
    RecordingConfig { content: true, content_store: Some(stored(&directory)), sampler, ..quick() }
        .install()
        .unwrap()
        .detach();
    turnscope::run("helpdesk").tool("send").arguments(&"x".repeat(200));
    flush(Duration::from_secs(60)).unwrap();
    assert!(!directory.path().join("kept").exists());
    let failing = turnscope::run("helpdesk");
    let tool = failing.tool("send");
    tool.arguments(&"x".repeat(200));
    tool.fail("broken", "it broke");
    drop(tool);
    drop(failing);
    flush(Duration::from_secs(60)).unwrap();
    assert_eq!(fs::read_dir(directory.path().join("kept")).unwrap().count(), 1);
}

#[test]
fn an_unsupported_url_is_an_error() {
    let error = ContentStore::open("ftp://somewhere").unwrap_err().to_string();
    assert!(error.starts_with("content_store is ftp://somewhere; allowed: file:///DIRECTORY"), "{error}");
}

#[test]
fn a_process_that_stores_in_a_bucket() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let error = ContentStore::open("s3://agents/contents").unwrap_err().to_string();
    assert!(error.contains("takes the TLS provider of the process"), "{error}");
    crate::with_crypto();
    let place = ContentStore::open("s3://agents/contents").unwrap().min_bytes(100);
    RecordingConfig { content: true, content_store: Some(place), ..RecordingConfig::new("helpdesk") }
        .install()
        .unwrap()
        .detach();
    turnscope::run("helpdesk").tool("send").arguments(&"x".repeat(200));
    println!("link: {}", finished_spans()[0].attributes[LINK]);
    let _ = turnscope::shutdown();
}

#[test]
fn a_bucket_is_reached_with_the_providers_usual_variables() {
    let (sender, received) = channel();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(axum::serve(listener, Router::new().fallback(keep).with_state(sender)).into_future());
    let output = process(
        "content_store::a_process_that_stores_in_a_bucket",
        &[
            ("AWS_ENDPOINT", &endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "key"),
        ],
    );
    let link =
        output.lines().find_map(|line| line.split("link: ").nth(1)).unwrap().trim_matches('"').to_owned();
    let (path, signed, body) = received.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(link.replacen("s3://agents", "/agents", 1), path);
    assert!(signed.starts_with("AWS4-HMAC-SHA256") && body.contains(&"x".repeat(200)), "{signed} {body}");
}

/// An object as the bucket received it: path, authorization, content.
type Put = (String, String, String);

async fn keep(State(sender): State<Sender<Put>>, request: Request) -> [(&'static str, &'static str); 1] {
    let path = request.uri().path().to_owned();
    let signed = request.headers()["authorization"].to_str().unwrap().to_owned();
    let body: Bytes = request.into_body().collect().await.unwrap().to_bytes();
    sender.send((path, signed, String::from_utf8(body.to_vec()).unwrap())).unwrap();
    [("etag", "\"1\"")]
}
