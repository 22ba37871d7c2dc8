//! Endpoints for the UI's views beyond runs and steps: contexts, histograms, and marked runs as a dataset.

use serde_json::{Value as Json, json};
use turnscope_tests::{load, testkit::Turnscope};

fn server(runs: u64) -> Turnscope {
    let server = Turnscope::start();
    for run in 0..runs {
        let body = load::encode(load::run(run, 3));
        assert_eq!(
            server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &body).status,
            200
        );
    }
    server
}

#[test]
fn the_window_of_each_call_says_what_filled_it() {
    let server = server(1);
    let context = server.json(&format!("/v1/runs/{}/context", load::run_id(0)));
    let calls = context["calls"].as_array().unwrap();
    assert_eq!((calls.len(), &context["unknown_count"]), (3, &json!(0)));
    let (mut before, mut bytes) = (0, 0);
    for (nth, call) in calls.iter().enumerate() {
        assert_eq!(call["turn"], nth as u64 + 1);
        let segments = call["segments"].as_array().unwrap();
        let sum = |key: &str| segments.iter().map(|segment| segment[key].as_u64().unwrap()).sum::<u64>();
        assert_eq!(sum("bytes"), call["bytes"].as_u64().unwrap());
        assert_eq!(sum("tokens"), call["input_tokens"].as_u64().unwrap());
        assert_eq!(call["resent_count"], before, "a history that only grows is sent again whole");
        assert_eq!((&call["dropped_count"], &call["compacted"]), (&json!(0), &json!(false)));
        assert_eq!(call["change_at"], Json::Null);
        assert!(call["bytes"].as_u64().unwrap() > bytes);
        (before, bytes) = (sum("messages"), call["bytes"].as_u64().unwrap());
    }
    let last: Vec<(&str, bool)> = calls[2]["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|segment| (segment["what"].as_str().unwrap(), segment["new"].as_bool().unwrap()))
        .collect();
    assert_eq!(last, [("user", false), ("user", true), ("assistant", false), ("assistant", true)]);
}

#[test]
fn a_histogram_chooses_its_width_and_counts_by_status() {
    let server = server(5);
    let stats = server.json("/v1/stats?bucket=auto");
    assert_eq!(stats["bucket_ms"], 1000);
    let groups = stats["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 5);
    for group in groups {
        let of = |status: &str| group["statuses"][status].as_u64().unwrap();
        let sum = of("running") + of("completed") + of("failed") + of("incomplete");
        assert_eq!((sum, of("completed")), (group["runs"].as_u64().unwrap(), 1));
    }
    assert_eq!(server.json("/v1/stats")["bucket_ms"], Json::Null);
    assert_eq!(server.get("/v1/stats?bucket=often").status, 400);
    let wrong = server.get("/v1/runs?q=agent:x%20%20nope:1");
    assert_eq!((wrong.status, &wrong.json()["position"]), (400, &json!(9)));
}

#[test]
fn marked_runs_and_steps_come_out_as_json_lines() {
    let server = server(60);
    let score = |run: u64, body: Json| {
        let reply = server.ask("POST", &format!("/v1/runs/{}/scores", load::run_id(run)), &body);
        assert!(reply.status < 300, "{}", reply.text());
    };
    let detail = server.json(&format!("/v1/runs/{}", load::run_id(3)));
    let step = detail["turns"][1]["llm_step_ids"][0].as_str().unwrap();
    score(3, json!({"name": "mark", "label": "good", "source": "person"}));
    score(3, json!({"name": "helpful", "value": 0.2, "step_id": step}));
    score(5, json!({"name": "helpful", "value": 0.9, "turn": 2}));
    score(55, json!({"name": "mark", "label": "bad"}));
    let tagged =
        server.ask("PATCH", &format!("/v1/runs/{}", load::run_id(3)), &json!({"add_tags": ["gold"]}));
    assert_eq!(tagged.status, 200);

    let lines = |query: &str| -> Vec<Json> {
        let reply = server.get(&format!("/v1/export?format=jsonl&order=started_at{query}"));
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
        reply.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = lines("");
    assert_eq!(all.len(), 4);
    assert_eq!((&all[0]["run_id"], &all[0]["step_id"]), (&json!(load::run_id(3)), &Json::Null));
    assert_eq!(all[0]["tags"], json!(["gold"]));
    assert_eq!(all[1]["step_id"], step);
    assert_eq!(all[2]["turn"], 2);
    for line in &all {
        assert!(!line["input"].as_array().unwrap().is_empty(), "{line}");
        assert!(!line["output"].as_array().unwrap().is_empty(), "{line}");
    }
    let runs = |query: &str| lines(query).iter().map(|line| line["run_id"].clone()).collect::<Vec<_>>();
    assert_eq!(runs("&score=good"), [load::run_id(3)]);
    assert_eq!(runs("&score=mark"), [3, 55].map(load::run_id));
    assert_eq!(runs("&score=helpful%3E%3D0.5"), [load::run_id(5)]);
    assert_eq!(runs("&score=helpful"), [3, 5].map(load::run_id));
    assert_eq!(server.get("/v1/export?format=csv").status, 400);
    assert_eq!(server.get("/v1/export?scor=good").status, 400);
}
