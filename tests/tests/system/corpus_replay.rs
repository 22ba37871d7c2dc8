//! Sends every capture of the corpus to the real binary: over HTTP and gRPC, in order and shuffled, once and twice. The
//! REST answers are the same each time, and the same as those of the projection in this process.

use crate::receivers::runtime;
use std::collections::BTreeMap;
use turnscope_otlp::decode::Format;
use turnscope_tests::{
    corpus::{self, Request},
    facts, gaps,
    grpc::Client,
    in_process,
    load::Random,
    seen::Seen,
    testkit::Turnscope,
    through_rest::{self, PREVIEW},
};

fn over_http(requests: &[Request]) -> Turnscope {
    let server = Turnscope::start();
    for request in requests {
        let reply = server.send(request);
        assert_eq!(reply.status, 200, "{}: {}", request.file, reply.text());
    }
    server
}

/// gRPC has no JSON, so JSON captures are sent over HTTP.
fn over_grpc(requests: &[Request]) -> Turnscope {
    let server = Turnscope::start();
    runtime().block_on(async {
        let client = Client::connect(server.0.otlp_grpc).await;
        for request in requests {
            if request.format == Format::Json {
                assert_eq!(server.send(request).status, 200, "{}", request.file);
            } else {
                let sent = client.export(request.signal, request.body.clone()).await;
                sent.unwrap_or_else(|status| panic!("{}: {status}", request.file));
            }
        }
    });
    server
}

fn twice_and_shuffled(requests: &[Request], seed: u64) -> Vec<Request> {
    let mut all: Vec<Request> = requests.iter().chain(requests).cloned().collect();
    Random(seed).shuffle(&mut all);
    all
}

/// What the projection in this process makes of the same bytes, as far as REST shows it.
fn as_shown(mut seen: Seen) -> Seen {
    for run in &mut seen.runs {
        for text in [&mut run.input_text, &mut run.output_text] {
            *text = text.take().map(|text| text.chars().take(PREVIEW).collect());
        }
    }
    seen.runs.sort_by(|a, b| a.run_id.cmp(&b.run_id));
    // The indexes of parents depend on the order. Ids do not, but `Seen` has indexes only.
    seen.runs.iter_mut().for_each(|run| run.parent = run.parent.map(|_| 0));
    seen
}

fn check_facts(producer: &str, seen: &Seen, problems: &mut Vec<String>) {
    let gaps = gaps::read();
    let nothing = BTreeMap::new();
    let listed = gaps.get(producer).unwrap_or(&nothing);
    for fact in facts::compare(&corpus::expected(producer), seen) {
        if !fact.found && !listed.contains_key(&fact.name) {
            problems.push(format!("{producer}: {:?} is missing: {}", fact.name, fact.seen));
        }
    }
}

#[test]
fn the_corpus_gives_the_same_answers_however_it_is_sent() {
    let mut problems = Vec::new();
    for (number, producer) in corpus::producers().into_iter().enumerate() {
        let requests = corpus::requests(&producer);
        let seed = number as u64 + 1;
        let first = through_rest::see(&over_http(&requests));
        check_facts(&producer, &first, &mut problems);
        let first = as_shown(first);
        let mut same = |what: &str, seen: Seen| {
            if seen != first {
                problems.push(format!("{producer}, {what}: {}", difference(&first, &seen)));
            }
        };
        same("in this process", as_shown(in_process::see(&requests)));
        same("over gRPC", as_shown(through_rest::see(&over_grpc(&requests))));
        let twice = twice_and_shuffled(&requests, seed);
        same("over HTTP, twice and shuffled", as_shown(through_rest::see(&over_http(&twice))));
        let twice = twice_and_shuffled(&requests, seed + 1000);
        same("over gRPC, twice and shuffled", as_shown(through_rest::see(&over_grpc(&twice))));
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// An OTLP export makes the same runs on another server.
#[test]
fn an_exported_run_can_be_sent_to_another_server() {
    let mut problems = Vec::new();
    for producer in
        ["agent-inspector", "claude-agent-sdk", "openai-agents-openinference", "google-adk", "strands"]
    {
        let server = over_http(&corpus::requests(producer));
        let list = server.json("/v1/runs?roots_only=true&limit=1000");
        let other = Turnscope::start();
        for run in through_rest::array(&list["runs"]) {
            let id = run["run_id"].as_str().unwrap();
            let export = server.get(&format!("/v1/runs/{id}/export?format=otlp"));
            for (path, part) in [("/v1/traces", "resourceSpans"), ("/v1/logs", "resourceLogs")] {
                let body = serde_json::json!({ part: export.json()[part] }).to_string();
                let reply = other.post(path, &[("content-type", "application/json")], body.as_bytes());
                assert_eq!((reply.status, reply.text().as_str()), (200, "{}"), "{producer}, {id}");
            }
        }
        let (before, after) = (as_shown(through_rest::see(&server)), as_shown(through_rest::see(&other)));
        if before != after {
            problems.push(format!("{producer}: {}", difference(&before, &after)));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The first line that differs.
fn difference(a: &Seen, b: &Seen) -> String {
    let lines = |seen: &Seen| serde_json::to_string_pretty(seen).unwrap();
    let ids = |seen: &Seen| seen.runs.iter().map(|run| run.run_id.clone()).collect::<Vec<_>>();
    let (a_ids, b_ids) = (ids(a), ids(b));
    if a_ids != b_ids {
        let only = |one: &[String], other: &[String]| {
            one.iter().filter(|id| !other.contains(id)).cloned().collect::<Vec<_>>().join(" ")
        };
        return format!("only first: {}; only then: {}", only(&a_ids, &b_ids), only(&b_ids, &a_ids));
    }
    let (a, b) = (lines(a), lines(b));
    let mut run = "";
    for (left, right) in a.lines().zip(b.lines()) {
        if left.contains("run_id") {
            run = left;
        }
        if left != right {
            return format!("{} in {}: {} / {}", "first difference", run.trim(), left.trim(), right.trim());
        }
    }
    format!("{} / {} lines", a.lines().count(), b.lines().count())
}
