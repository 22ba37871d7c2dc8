//! The audit records that the server keeps of the runs it receives, and its answers about them.

use serde_json::Value as Json;
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use turnscope_audit::{Decision, Entry, Filter, Key, Reader, Source, Trail};
use turnscope_tests::{
    corpus,
    load::{self, text},
    testkit::Turnscope,
};

const RECEIVED: &[&str] = &["--audit", "received"];

fn records(data: &Path) -> Vec<turnscope_audit::Record> {
    let reader = Reader::open(data).expect("a trail");
    let report = reader.verify(&Key::of(data).expect("a key"), None).expect("verified");
    assert_eq!(report.findings, []);
    reader.records(&Filter::default()).expect("read")
}

fn stop(server: Turnscope) {
    server.terminate();
    assert!(server.wait().success());
}

fn pages(server: &Turnscope) -> Vec<Json> {
    server.json("/v1/runs?limit=1000")["runs"].as_array().expect("runs").clone()
}

#[test]
fn each_run_and_each_decision_of_the_corpus_is_recorded_once() {
    let server = Turnscope::start_on(Arc::new(tempfile::tempdir().expect("a directory")), RECEIVED);
    for capture in corpus::producers() {
        for request in corpus::requests(&capture) {
            assert_eq!(server.send(&request).status, 200);
        }
    }
    let runs = pages(&server);
    let data = server.data();
    stop(server);
    let ended: Vec<&Json> = runs.iter().filter(|run| run["status"] != "running").collect();
    let told = records(&data.path().join("data"));
    let of = |run: &Json| {
        let own = told.iter().filter(|record| record.entry.run_id() == run["run_id"].as_str());
        own.map(|record| record.entry.clone()).collect::<Vec<_>>()
    };
    assert!(ended.len() > 30);
    for run in &runs {
        let (mut records_of_run, mut verdicts) = (0, 0);
        for entry in of(run) {
            match entry {
                Entry::Run(entry) => {
                    records_of_run += 1;
                    assert_eq!(entry.success, run["status"] == "completed");
                    assert_eq!(entry.input_tokens, run["input_tokens"].as_i64());
                    assert_eq!(entry.session_id.as_deref(), run["session_id"].as_str());
                    assert_eq!(entry.output.as_deref(), run["output_preview"].as_str());
                }
                Entry::Decision(_) => verdicts += 1,
            }
        }
        let counted: u64 =
            ["allow_count", "deny_count", "hitl_count"].iter().filter_map(|key| run[key].as_u64()).sum();
        assert_eq!(records_of_run, u64::from(run["status"] != "running"), "{run:#}");
        assert_eq!(verdicts, counted, "{}: {:#?}", run["run_id"], of(run));
    }

    // Another start records nothing twice, and nothing at all without the option.
    let server = Turnscope::start_on(Arc::clone(&data), RECEIVED);
    server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(load::run(1, 1)));
    stop(server);
    assert_eq!(records(&data.path().join("data")).len(), told.len() + 1);
    let server = Turnscope::start_on(Arc::clone(&data), &[]);
    server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(load::run(2, 1)));
    stop(server);
    assert_eq!(records(&data.path().join("data")).len(), told.len() + 1);
    // What arrived in the meantime is recorded now.
    stop(Turnscope::start_on(Arc::clone(&data), RECEIVED));
    assert_eq!(records(&data.path().join("data")).len(), told.len() + 2);
}

/// A gate's span within a run of `load`.
fn gate(
    run: u64,
    span: u64,
    parent: u64,
    more: Vec<opentelemetry_proto::tonic::common::v1::KeyValue>,
) -> opentelemetry_proto::tonic::trace::v1::Span {
    let mut attributes = vec![text("kitelogik.tool_name", "refund"), text("kitelogik.policy.allow", "false")];
    attributes.extend(more);
    load::span(run, span, Some(parent), "policy_gate.evaluate", attributes)
}

#[test]
fn a_run_is_recorded_while_the_server_runs_and_leads_to_its_records() {
    let server = Turnscope::start_on(Arc::new(tempfile::tempdir().expect("a directory")), RECEIVED);
    let send = |spans| {
        let reply =
            server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(spans));
        assert_eq!(reply.status, 200);
    };
    let path = format!("/v1/runs/{}/audit", load::run_id(0));
    let records_once = |there: usize| -> Vec<Json> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let answer = server.json(&path);
            assert_eq!(answer["has_trail"], true);
            let records = answer["records"].as_array().expect("records").clone();
            if records.len() >= there {
                return records;
            }
            assert!(Instant::now() < until, "{answer:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    send(load::run(0, 1));
    let first = records_once(1);
    assert_eq!((&first[0]["record"], &first[0]["source"]), (&"run".into(), &"server".into()));
    // A late decision is recorded. The run's record stays.
    send(vec![gate(0, 77, 0, vec![text("kitelogik.policy.reason", "too much")])]);
    let both = records_once(2);
    assert_eq!(both[0], first[0]);
    assert_eq!((&both[1]["verdict"], &both[1]["reason"]), (&"deny".into(), &"too much".into()));
    // From the decision to its step.
    let trace = both[1]["trace_id"].as_str().expect("a trace");
    let span = both[1]["span_id"].as_str().expect("a span");
    let steps = server.json(&format!("/v1/traces/{trace}"));
    assert!(steps["steps"].as_array().expect("steps").iter().any(|step| step["span_id"] == span), "{span}");

    // A record that the agent wrote itself belongs to the run of its span.
    let mut own = Trail::open(&server.data().path().join("data"), None).expect("a trail, beside the server");
    let decision = Decision {
        trace_id: Some(trace.into()),
        span_id: Some(span.into()),
        verdict: "deny".into(),
        ..Decision::default()
    };
    own.append(&Entry::Decision(decision), Source::Agent, 1).expect("appended");
    assert_eq!(records_once(3)[2]["source"], "agent");
    assert_eq!(server.get("/v1/runs/no-such-run/audit").status, 404);
}

#[test]
fn imported_runs_have_the_audit_records_of_a_trail_that_was_copied() {
    let one = Turnscope::start_on(Arc::new(tempfile::tempdir().expect("a directory")), RECEIVED);
    let mut spans: Vec<_> = (0..3).flat_map(|run| load::run(run, 1)).collect();
    spans.push(gate(1, 77, 0, vec![text("kitelogik.policy.reason", "too much")]));
    one.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(spans));
    let ids: Vec<String> =
        pages(&one).iter().map(|run| run["run_id"].as_str().expect("an id").to_owned()).collect();
    let shown = |server: &Turnscope| -> Vec<Json> {
        ids.iter().map(|id| server.json(&format!("/v1/runs/{id}/audit"))).collect()
    };
    let count = |shown: &[Json]| -> usize {
        shown.iter().map(|answer| answer["records"].as_array().map_or(0, Vec::len)).sum()
    };
    let until = Instant::now() + Duration::from_secs(60);
    while count(&shown(&one)) < 4 {
        assert!(Instant::now() < until, "{:#?}", shown(&one));
        std::thread::sleep(Duration::from_millis(50));
    }
    let before = shown(&one);
    let command = |args: &[&str], server: &Turnscope| {
        let output = Turnscope::program()
            .args(args)
            .args(["--server", &format!("http://{}", server.0.listen)])
            .output();
        assert!(output.as_ref().is_ok_and(|output| output.status.success()), "{output:?}");
    };
    let from = one.data();
    let file = from.path().join("all.jsonl");
    let file = file.to_str().expect("a path");
    command(&["export", "--all", "-o", file], &one);
    stop(one);

    // As limits.md says: the trail and its key are copied, the runs are imported.
    let other = Arc::new(tempfile::tempdir().expect("a directory"));
    std::fs::create_dir(other.path().join("data")).expect("made");
    for name in [turnscope_audit::FILE, turnscope_audit::KEY_FILE] {
        std::fs::copy(from.path().join("data").join(name), other.path().join("data").join(name))
            .expect("copied");
    }
    let other = Turnscope::start_on(other, RECEIVED);
    command(&["import", file], &other);
    assert_eq!(ids.len(), pages(&other).len());
    assert_eq!(shown(&other), before);
    // They are recorded already: receiving them again records nothing.
    other.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(load::run(9, 1)));
    let path = format!("/v1/runs/{}/audit", load::run_id(9));
    while other.json(&path)["records"].as_array().is_none_or(Vec::is_empty) {
        assert!(Instant::now() < until, "the run after them is recorded");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(shown(&other), before);
}

#[test]
fn a_run_that_a_planted_trigger_swallows_is_reported_and_costs_no_other_its_record() {
    let server = Turnscope::start_on(Arc::new(tempfile::tempdir().expect("a directory")), RECEIVED);
    let trail = server.data().path().join("data/audit.db");
    let db = rusqlite::Connection::open(&trail).expect("the trail");
    let swallowed = load::run_id(1);
    db.execute_batch(&format!(
        "CREATE TRIGGER quiet BEFORE INSERT ON audit_runs WHEN NEW.run_id = '{swallowed}'
         BEGIN SELECT RAISE(IGNORE); END"
    ))
    .expect("planted");
    let spans: Vec<_> = (0..3).flat_map(|run| load::run(run, 1)).collect();
    server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(spans));
    let until = Instant::now() + Duration::from_secs(60);
    let recorded = |run: u64| {
        let answer = server.json(&format!("/v1/runs/{}/audit", load::run_id(run)));
        !answer["records"].as_array().expect("records").is_empty()
    };
    while !(recorded(0)
        && recorded(2)
        && server.json("/health").to_string().contains("runs missing in the audit trail: 1;"))
    {
        assert!(Instant::now() < until, "{}", server.json("/health"));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(!recorded(1));
}

#[test]
fn without_a_trail_that_is_said() {
    let server = Turnscope::start();
    server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(load::run(0, 1)));
    let answer = server.json(&format!("/v1/runs/{}/audit", load::run_id(0)));
    assert_eq!(answer, serde_json::json!({ "has_trail": false, "records": [] }));
    assert!(!server.data().path().join("data/audit.db").exists(), "asking makes none");
}
