//! Commands while a server runs and after it has stopped.

use crate::{
    environment::{TestEnvironment, corpus, ran},
    tls_proxy::TlsProxy,
};
use serde_json::json;
use std::process::Stdio;

const CAPTURE: &str = "pydantic-ai-v5/0001.traces.pb";

#[test]
fn runs_show_and_json_with_and_without_a_server() {
    let env = TestEnvironment::new();
    let server = env.serve(&[]);
    assert!(env.ok(&["runs", "--data", "data"]).starts_with("No runs yet."));
    server.send(&corpus(CAPTURE));
    let beside = env.json(&["runs", "--data", "data", "--json"]);
    let by_address = env.json(&["runs", "--server", &server.listen, "--json"]);
    assert_eq!(beside["runs"], by_address["runs"]);
    assert!(!beside["runs"].as_array().unwrap().is_empty());
    let id = beside["runs"][0]["run_id"].as_str().unwrap().to_owned();
    let shown = env.ok(&["show", "last", "--data", "data"]);
    assert!(shown.contains(&id) && shown.contains("turn 1"), "{shown}");
    server.stop();
    // Without an owner, the directory itself is read, with the same result.
    let offline = env.json(&["runs", "--data", "data", "--json"]);
    assert_eq!(offline["runs"], beside["runs"]);
    assert_eq!(
        env.ok(&["show", &id, "--data", "data", "--no-children"]).lines().next(),
        shown.lines().next()
    );
    let words = env.ok(&["show", &id[..10], "--data", "data", "--messages"]);
    assert!(words.contains("user") && words.contains("assistant"), "{words}");
    assert!(env.ok(&["summary", &id, "--data", "data"]).contains(&id));
    assert!(env.ok(&["stats", "--data", "data", "--group-by", "model"]).contains("GROUP"));
}

#[test]
fn exit_codes_tell_failures_apart() {
    let env = TestEnvironment::new();
    let code = |args: &[&str]| env.run(args).code;
    assert_eq!(code(&["runs", "--data", "nowhere"]), 3);
    assert_eq!(code(&["runs", "--frobnicate"]), 2);
    assert_eq!(code(&["runs", "--server", "http://127.0.0.1:1"]), 4);
    let server = env.serve(&["--api-key", "hush"]);
    server_with_key(&env);
    assert_eq!(code(&["show", "0123456789abcdef", "--data", "data", "--api-key", "hush"]), 3);
    assert_eq!(code(&["show", "last", "--data", "data", "--api-key", "hush"]), 3);
    assert_eq!(code(&["runs", "-q", "agnet:x", "--data", "data", "--api-key", "hush"]), 2);
    assert_eq!(code(&["prune", "--data", "data"]), 2);
    let second = env.run(&[
        "serve",
        "--data",
        "data",
        "--listen",
        "127.0.0.1:0",
        "--otlp-grpc",
        "127.0.0.1:0",
        "--otlp-http",
        "127.0.0.1:0",
    ]);
    assert_eq!(second.code, 6, "{}", second.err);
    let busy = env.run(&["serve", "--data", "other", "--listen", &server.listen]);
    assert_eq!(busy.code, 1);
    assert!(busy.err.contains("another program"), "{}", busy.err);
}

fn server_with_key(env: &TestEnvironment) {
    let refused = env.run(&["runs", "--data", "data"]);
    assert_eq!(refused.code, 5, "{}", refused.err);
    assert!(refused.err.contains("TURNSCOPE_API_KEY"));
    let let_in = env.command(&["runs", "--data", "data"]).env("TURNSCOPE_API_KEY", "hush").output().unwrap();
    assert!(let_in.status.success());
}

#[test]
fn a_reader_that_goes_away_is_not_an_error() {
    let env = TestEnvironment::new();
    let file = corpus(CAPTURE);
    let taken = env.run(&["import", file.to_str().unwrap(), "--data", "data"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    let mut child = env
        .command(&["export", "--all", "--data", "data"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn the_server_prunes_and_vacuums_on_request() {
    let env = TestEnvironment::new();
    let server = env.serve(&[]);
    server.send(&corpus(CAPTURE));
    let pruned = env.json(&["prune", "--retention-days", "0", "--vacuum", "--data", "data", "--json"]);
    assert!(pruned["records"].as_u64().unwrap() > 0, "{pruned}");
    assert_eq!(env.json(&["runs", "--data", "data", "--json"])["total"], 0);
    server.stop();
    assert!(env.ok(&["vacuum", "--data", "data"]).contains("The store uses"));
}

#[test]
fn rules_of_retention_can_be_tried_and_applied() {
    let env = TestEnvironment::new();
    let server = env.serve(&[]);
    server.send(&corpus(CAPTURE));
    let url = format!("http://{}", server.listen);
    let before = env.json(&["runs", "--server", &url, "--json"]);
    let count = before["total"].as_u64().unwrap();
    let none = env.run(&["prune", "--rules", "--server", &url]);
    assert_eq!(none.code, 2, "{}", none.err);
    assert!(
        none.err.contains("there are no retention rules") && none.err.contains("retention.toml"),
        "{}",
        none.err
    );
    server.stop();

    let rules = env.path("data/retention.toml");
    std::fs::write(&rules, "[[rule]]\nruns = \"agnet:a\"\n").unwrap();
    let refused = env.run(&["runs", "--data", "data"]);
    assert!(refused.code != 0 && refused.err.contains("rule 1: there is no field"), "{}", refused.err);
    std::fs::write(&rules, "[[rule]]\nruns = \"\"\ncontents = \"0s\"\n").unwrap();
    let tried = env.ok(&["prune", "--rules", "--dry-run", "--data", "data"]);
    assert!(tried.starts_with("all runs: of ") && tried.contains("0 would be deleted"), "{tried}");
    let said_in = |text: &str| env.ok(&["show", "last", "--data", "data"]).contains(text);
    assert!(!said_in("deleted by a rule"), "nothing was deleted yet");
    let applied = env.json(&["prune", "--rules", "--data", "data", "--json"]);
    assert!(applied["contents"].as_u64().unwrap() > 0 && applied["traces"] == 0, "{applied}");
    assert!(said_in("deleted by a rule of retention"));
    let step =
        env.json(&["show", "last", "--data", "data", "--json"])["timeline"]["steps"][0]["step_id"].clone();
    let explained = env.run(&["explain", "last", step.as_str().unwrap(), "--data", "data"]);
    assert!(
        explained.code != 0 && explained.err.contains("a rule of retention deleted it"),
        "{}",
        explained.err
    );
    assert_eq!(env.json(&["unmapped", "--data", "data", "--json"])["entries"], json!([]));
    let after = env.json(&["runs", "--data", "data", "--json"]);
    for figure in ["total", "next_cursor"] {
        assert_eq!(after[figure], before[figure], "{figure}");
    }
    for (one, other) in before["runs"].as_array().unwrap().iter().zip(after["runs"].as_array().unwrap()) {
        for figure in
            ["run_id", "name", "turn_count", "tool_call_count", "input_tokens", "cost_usd", "status"]
        {
            assert_eq!(one[figure], other[figure], "{figure}");
        }
        assert!(other["input_preview"].is_null() && other["output_preview"].is_null(), "{other}");
    }
    assert_eq!(env.json(&["prune", "--rules", "--data", "data", "--json"])["contents"], 0);
    let exported = env.run(&["export", "--all", "-o", "bare.jsonl", "--data", "data"]);
    assert!(exported.code == 0 && exported.err.contains("had deleted contents"), "{}", exported.err);
    assert!(!std::fs::read_to_string(env.path("bare.jsonl")).unwrap().contains("gen_ai."));
    // Another store takes what is there, and does not stop at runs of which nothing is left.
    let imported = env.run(&["import", "bare.jsonl", "--data", "elsewhere"]);
    assert!(imported.code == 0 && imported.err.contains("not or in part"), "{}", imported.err);
    assert!(count > 0);
}

#[test]
fn what_is_stored_is_looked_at_again_on_request() {
    let env = TestEnvironment::new();
    let server = env.serve(&[]);
    server.send(&corpus(CAPTURE));
    let before = env.json(&["runs", "--data", "data", "--json"]);
    let all = env.json(&["reproject", "--data", "data", "--json"]);
    assert!(all["done"].as_u64().unwrap() > 0, "{all}");
    assert_eq!((&all["running"], &all["left"], &all["changed"]), (&json!(false), &json!(0), &json!(0)));
    let none = env.json(&["reproject", "-q", "agent:nobody", "--data", "data", "--json"]);
    assert_eq!(none["done"], 0);
    assert_eq!(env.json(&["runs", "--data", "data", "--json"]), before);
    server.stop();
    let said = env.ok(&["reproject", "--data", "data"]);
    assert!(said.contains("nothing is different by today's rules"), "{said}");
    let refused = env.run(&["reproject", "-q", "nonsense:", "--data", "data"]);
    assert_ne!(refused.code, 0);
}

#[test]
fn the_demo_has_all_its_runs() {
    let env = TestEnvironment::new();
    let demo = env.start(&[
        "demo",
        "--no-history",
        "--listen",
        "127.0.0.1:0",
        "--otlp-grpc",
        "127.0.0.1:0",
        "--otlp-http",
        "127.0.0.1:0",
    ]);
    // The demo is found although its directory is temporary and was not given.
    let list = env.json(&["runs", "--json"]);
    let runs = list["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 12);
    let of = |name: &str| runs.iter().find(|run| run["agent_name"] == name).unwrap();
    let open = of("warehouse-sync");
    assert_eq!(open["status"], "running");
    let words = env.ok(&["show", open["run_id"].as_str().unwrap(), "--messages"]);
    assert!(words.contains("list_differences(batch=2, size=500)"), "{words}");
    assert_eq!(of("invoice-reader")["status"], "failed");
    let treasury = of("treasury");
    assert_eq!(
        (&treasury["allow_count"], &treasury["deny_count"], &treasury["hitl_count"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert!(of("contract-review")["cost_usd"].as_f64().unwrap() > 0.5);
    let desk = env.json(&["show", of("support-desk")["run_id"].as_str().unwrap(), "--json"]);
    assert_eq!(desk["run"]["children"][0]["agent_name"], "researcher");
    let review = env.json(&["show", of("incident-review")["run_id"].as_str().unwrap(), "--json"]);
    assert!(
        review["run"]["turns"]
            .as_array()
            .unwrap()
            .iter()
            .any(|turn| turn["dropped_count"].as_u64() > Some(5))
    );
    assert_eq!(
        env.json(&["sessions", "--json"])["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|s| s["run_count"] == 3)
            .count(),
        1
    );
    assert!(!env.json(&["search", "firmware", "--json"])["hits"].as_array().unwrap().is_empty());
    // Everything can be exported and imported again, including the open run.
    assert_eq!(env.run(&["export", "--all", "--output", "demo.jsonl"]).code, 0);
    assert_eq!(env.run(&["import", "demo.jsonl", "--data", "copy"]).code, 0);
    let again = env.json(&["runs", "--data", "copy", "--json"]);
    assert_eq!(again["runs"].as_array().unwrap().len(), 12);
    demo.stop();
    assert_eq!(env.run(&["runs"]).code, 3, "the demo leaves nothing behind");
}

#[test]
fn the_demo_has_two_weeks_of_history_and_starts_again_on_its_data() {
    let env = TestEnvironment::new();
    let any = "127.0.0.1:0";
    let start =
        || env.start(&["demo", "--data", "kept", "--listen", any, "--otlp-grpc", any, "--otlp-http", any]);
    let list = |query: &str| env.json(&["runs", "--data", "kept", "-n", "500", "-q", query, "--json"]);
    let demo = start();
    let total = list("is:root")["total"].as_u64().unwrap();
    assert!(total > 200, "{total}");
    for query in
        ["status:failed", "verdict:hitl", "verdict:deny", "prompt_version:11", "model:gpt-5", "tag:cron"]
    {
        let old = list(&format!("{query} started<-48h"));
        assert!(old["total"].as_u64().unwrap() > 5, "{query}: {}", old["total"]);
    }
    let sessions = env.json(&["sessions", "--data", "kept", "-n", "100", "--json"]);
    assert!(sessions["sessions"].as_array().unwrap().iter().any(|one| one["run_count"].as_u64() > Some(2)));
    env.ok(&["export", list("status:failed")["runs"][0]["run_id"].as_str().unwrap(), "--data", "kept"]);
    let before = list("");
    demo.stop();
    let demo = start();
    let after = list("");
    for (one, other) in before["runs"].as_array().unwrap().iter().zip(after["runs"].as_array().unwrap()) {
        assert_eq!((&one["run_id"], &one["started_at"]), (&other["run_id"], &other["started_at"]));
    }
    assert_eq!(list("is:root")["total"].as_u64(), Some(total));
    demo.stop();
}

#[test]
fn a_server_behind_tls_is_used_only_if_its_certificate_is_trusted() {
    let env = TestEnvironment::new();
    let server = env.serve(&[]);
    server.send(&corpus("kitelogik/0001.traces.pb"));
    let proxy = TlsProxy::start(&server.listen);
    std::fs::write(env.path("trusted.pem"), &proxy.certificate).unwrap();
    let trusting = env
        .command(&["runs", "--json", "--server", &proxy.url])
        .env("SSL_CERT_FILE", env.path("trusted.pem"))
        .output()
        .unwrap();
    let trusting = ran(&trusting);
    assert_eq!(trusting.code, 0, "{}", trusting.err);
    let runs: serde_json::Value = serde_json::from_str(&trusting.out).unwrap();
    assert!(!runs["runs"].as_array().unwrap().is_empty());

    std::fs::write(env.path("others.pem"), TlsProxy::start("127.0.0.1:1").certificate).unwrap();
    let distrusting = env
        .command(&["runs", "--server", &proxy.url])
        .env("SSL_CERT_FILE", env.path("others.pem"))
        .output()
        .unwrap();
    let distrusting = ran(&distrusting);
    assert_eq!(distrusting.code, 4, "{}", distrusting.out);
    assert!(distrusting.err.contains("certificate"), "{}", distrusting.err);
    server.stop();
}
