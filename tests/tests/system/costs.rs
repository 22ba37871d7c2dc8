//! Costs in the real binary: computed, explained, summed and filtered; a corrected price corrects past runs.

use serde_json::{Value as Json, json};
use std::{
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};
use turnscope_tests::{
    load::{self, number, text},
    testkit::Turnscope,
};

/// Three runs: one whose calls all have a price (and one a reported cost), one with an unknown model among them, one with
/// unknown models only.
fn send(server: &Turnscope) {
    let call = |run, n, provider: &str, model: &str, more: Vec<_>| {
        let mut attributes = vec![
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.provider.name", provider),
            text("gen_ai.request.model", model),
            number("gen_ai.usage.input_tokens", 1_000),
            number("gen_ai.usage.cache_read.input_tokens", 600),
            number("gen_ai.usage.output_tokens", 500),
            text("gen_ai.conversation.id", "a session"),
        ];
        attributes.extend(more);
        load::span(run, n, Some(0), "chat", attributes)
    };
    let agent = |run| {
        let named = vec![text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.agent.name", "a")];
        load::span(run, 0, None, "invoke_agent a", named)
    };
    let spans = vec![
        agent(0),
        call(0, 1, "openai", "gpt-4.1-mini", vec![text("cost_usd", "0.5")]),
        call(0, 2, "openai", "gpt-4.1-mini", vec![]),
        agent(1),
        call(1, 1, "openai", "gpt-4.1", vec![]),
        call(1, 2, "acme", "house-large", vec![text("cost_usd", "0.25")]),
        agent(2),
        call(2, 1, "acme", "house-large", vec![]),
    ];
    let reply =
        server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(spans));
    assert_eq!(reply.status, 200);
}

/// gpt-4.1-mini, prices per million: 400 × $0.40 + 600 × $0.10 + 500 × $1.60.
const MINI: f64 = 0.000_16 + 0.000_06 + 0.000_8;
/// gpt-4.1: five times that.
const LARGE: f64 = MINI * 5.0;

#[track_caller]
fn assert_usd(found: &Json, wanted: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} is no money"));
    assert!((found - wanted).abs() < 1e-12, "{found} instead of {wanted}");
}

fn run(server: &Turnscope, run: u64) -> Json {
    server.json(&format!("/v1/runs/{}", load::run_id(run)))
}

#[test]
fn a_cost_is_computed_and_says_how_it_comes_about() {
    let server = Turnscope::start();
    send(&server);
    let priced = run(&server, 0);
    assert_usd(&priced["cost_usd"], MINI * 2.0);
    assert_eq!((&priced["cost_source"], &priced["cost_complete"]), (&json!("computed"), &json!(true)));
    assert_usd(&priced["reported_cost_usd"], 0.5);
    assert_usd(&priced["turns"][0]["cost_usd"], MINI);

    let cost = server.json(&format!("/v1/runs/{}/cost", load::run_id(0)));
    assert_usd(&cost["cost_usd"], MINI * 2.0);
    assert_eq!(cost["differs"], true);
    let call = &cost["calls"][0];
    assert_eq!(call["price"]["effective_from"], "2025-04-14");
    assert_eq!(call["price"]["tier"], "standard");
    for owner in [call, &cost["by_model"][0]] {
        let buckets = owner["buckets"].as_array().unwrap();
        let names: Vec<_> = buckets.iter().map(|bucket| bucket["bucket"].as_str().unwrap()).collect();
        assert_eq!(names, ["input", "cache_read", "output"]);
        let sum: f64 = buckets.iter().map(|bucket| bucket["cost_usd"].as_f64().unwrap()).sum();
        assert_usd(&owner["cost_usd"], sum);
        for bucket in buckets {
            let product =
                bucket["tokens"].as_f64().unwrap() * bucket["usd_per_million"].as_f64().unwrap() / 1e6;
            assert_usd(&bucket["cost_usd"], product);
        }
    }
    let step = call["step_id"].as_str().unwrap();
    let data = server.json(&format!("/v1/runs/{}/steps/{step}/data", load::run_id(0)));
    assert_eq!(&data["cost"], call);

    let mixed = run(&server, 1);
    assert_usd(&mixed["cost_usd"], LARGE + 0.25);
    assert_eq!((&mixed["cost_source"], &mixed["cost_complete"]), (&json!("mixed"), &json!(false)));
    assert_eq!(mixed["unpriced_calls"], 1);

    let unknown = run(&server, 2);
    assert_eq!((&unknown["cost_usd"], &unknown["cost_source"]), (&Json::Null, &Json::Null));
    let why = server.json(&format!("/v1/runs/{}/cost", load::run_id(2)));
    assert_eq!(why["calls"][0]["unknown_because"], "no price is known for house-large at acme");
    assert_eq!(why["calls"][0]["cost_usd"], Json::Null);
}

#[test]
fn runs_are_sorted_filtered_and_summed_by_cost() {
    let server = Turnscope::start();
    send(&server);
    let ids = |query: &str| -> Vec<String> {
        let list = server.json(&format!("/v1/runs?{query}"));
        let runs = list["runs"].as_array().unwrap().iter();
        runs.map(|run| run["run_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("order=-cost"), [1, 0, 2].map(load::run_id));
    assert_eq!(ids("min_cost=0.1"), [load::run_id(1)]);
    assert_eq!(ids("q=cost%3C0.1"), [load::run_id(0)]);

    let stats = server.json("/v1/stats?group_by=model");
    assert_usd(&stats["cost_usd"], MINI * 2.0 + LARGE + 0.25);
    assert_eq!((&stats["cost_source"], &stats["unpriced_calls"]), (&json!("mixed"), &json!(2)));
    let group = |model: &str| {
        let groups = stats["groups"].as_array().unwrap().iter();
        groups.clone().find(|group| group["key"]["model"] == model).unwrap().clone()
    };
    assert_usd(&group("gpt-4.1")["cost_usd"], LARGE);
    assert_usd(&group("house-large")["cost_usd"], 0.25);
    let sessions = server.json("/v1/sessions");
    assert_usd(&sessions["sessions"][0]["cost_usd"], MINI * 2.0 + LARGE + 0.25);

    let missing = server.json("/v1/pricing/missing");
    assert_eq!(missing["models"][0]["model"], "house-large");
    assert_eq!(missing["models"][0]["unpriced_calls"], 2);
    let prices = server.json("/v1/pricing?model=gpt-4.1-2025-04-14");
    assert!(prices["prices"].as_array().unwrap().iter().any(|price| price["model"] == "gpt-4.1"));
}

/// Runs a command of the binary on the server's data directory.
fn turnscope(data: &std::path::Path, arguments: &[&str]) -> String {
    let serve = Turnscope::command();
    let done = Command::new(serve.get_program())
        .env_clear()
        .args(arguments)
        .arg("--data")
        .arg(data.join("data"))
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&done.stderr));
    said
}

#[test]
fn a_price_that_is_set_corrects_the_past() {
    let server = Turnscope::start();
    send(&server);
    let set = ["pricing", "set", "house-large", "--input", "1", "--output", "2", "--from", "2025-01-01"];
    let said = turnscope(server.data().path(), &set);
    assert!(said.contains("applies the change"), "{said}");
    let until = Instant::now() + Duration::from_secs(20);
    // 1,000 × $1 (there is no price for cache reads, so they cost as much as fresh input) + 500 × $2.
    while server.json("/v1/runs?min_cost=0.0019&q=model:house-large")["total"] != 2 {
        assert!(Instant::now() < until, "the costs never followed");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_usd(&run(&server, 2)["cost_usd"], 0.002);
    assert_eq!(run(&server, 1)["cost_source"], "computed");
    assert_eq!(server.json("/v1/pricing/missing")["models"], json!([]));

    // Without a server, the command itself updates the costs.
    let data: Arc<_> = server.data();
    server.terminate();
    assert!(server.wait().success());
    let set = ["pricing", "set", "house-large", "--input", "3", "--output", "2", "--from", "2025-01-01"];
    turnscope(data.path(), &set);
    let server = Turnscope::start_on(data, &[]);
    let list = server.json("/v1/runs?order=-cost&q=model:house-large");
    assert_usd(&list["runs"][1]["cost_usd"], 0.004);
}
