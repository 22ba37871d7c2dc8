//! REST: what each call in the documentation answers for one small fixed store, and how errors
//! are reported. The OpenAPI document in `docs/openapi.json` must be up to date.

use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use serde_json::{Value as Json, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use turnscope_tests::{
    http,
    load::{self, text},
    testkit::{At, SETTLED, Turnscope},
};

/// A run of two turns with a child run, a denied tool and a failed tool, and a trace that makes no run.
fn fixed() -> Vec<Span> {
    let mut spans = load::run(0, 2);
    let agent = vec![text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.agent.name", "helper")];
    spans.push(load::span(0, 10, Some(0), "invoke_agent helper", agent));
    let mut failed = load::span(
        0,
        11,
        Some(10),
        "execute_tool burn",
        vec![
            text("gen_ai.operation.name", "execute_tool"),
            text("gen_ai.tool.name", "burn"),
            text("gen_ai.tool.call.arguments", r#"{"what":"toast"}"#),
            text("error.type", "TooHot"),
        ],
    );
    failed.status = Some(Status { code: 2, message: "the toast is black".into() });
    spans.push(failed);
    spans.push(load::span(7, 0, None, "GET /health", vec![text("http.request.method", "GET")]));
    spans
}

fn server() -> Turnscope {
    let server = Turnscope::start();
    let reply =
        server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(fixed()));
    assert_eq!(reply.status, 200);
    let until = Instant::now() + Duration::from_secs(20);
    while server.json("/v1/search?q=toast")["search_lag"] != 0 {
        assert!(Instant::now() < until, "search never caught up");
        std::thread::sleep(Duration::from_millis(10));
    }
    server
}

/// Removes what differs from one test run to the next.
fn steady(mut value: Json) -> Json {
    fn walk(value: &mut Json) {
        match value {
            Json::Object(map) => {
                for (key, value) in map.iter_mut() {
                    match key.as_str() {
                        "score_id" | "created_at" | "version" | "uptime_ms" | "next_cursor"
                            if !value.is_null() =>
                        {
                            *value = json!(format!("[{key}]"));
                        }
                        _ => walk(value),
                    }
                }
            }
            Json::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut value);
    value
}

const RUN: &str = "00000000000000000000000000000001-0000000000000001";

#[test]
fn every_call_answers_as_documented() {
    let server = server();
    let run = format!("/v1/runs/{RUN}");
    for (name, path) in [
        ("health", "/health".to_owned()),
        ("runs", "/v1/runs".to_owned()),
        ("run", run.clone()),
        ("timeline", format!("{run}/timeline")),
        ("timeline_columns", format!("{run}/timeline?format=columns")),
        ("timeline_data", format!("{run}/timeline?include_data=true&from=1&limit=1")),
        ("steps", format!("{run}/steps?kind=tool")),
        ("step", format!("{run}/steps/0000000000000003/data")),
        ("explain", format!("{run}/steps/0000000000000003/explain")),
        ("turn", format!("{run}/turns/2")),
        ("export", format!("{run}/export")),
        ("export_otlp", format!("{run}/export?format=otlp")),
        ("scores", format!("{run}/scores")),
        ("traces", "/v1/traces".to_owned()),
        ("trace", "/v1/traces/00000000000000000000000000000008".to_owned()),
        ("sessions", "/v1/sessions".to_owned()),
        ("session", "/v1/sessions/session-0".to_owned()),
        ("search", "/v1/search?q=depot".to_owned()),
        ("search_error", "/v1/search?q=black&purpose=error".to_owned()),
        ("search_results", "/v1/search?q=depot&purpose=result,arguments".to_owned()),
        ("stats", "/v1/stats?group_by=agent".to_owned()),
        ("values", "/v1/values?field=tool".to_owned()),
        ("unmapped", "/v1/unmapped".to_owned()),
    ] {
        insta::assert_json_snapshot!(name, steady(server.json(&path)));
    }
    let summary = server.get(&format!("{run}/summary"));
    assert_eq!(summary.status, 200);
    assert!(summary.header("content-type").is_some_and(|of| of.starts_with("text/plain")));
    insta::assert_snapshot!("summary", summary.text());
}

#[test]
fn runs_are_filtered_ordered_and_paged() {
    let server = Turnscope::start();
    let spans = (0..30).flat_map(|run| load::run(run, 1)).collect();
    server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(spans));
    let ids = |path: &str| -> Vec<String> {
        server.json(path)["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["run_id"].as_str().unwrap().into())
            .collect()
    };
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.json(&format!("/v1/runs?limit=7{cursor}"));
        assert_eq!(page["total"], 30);
        seen.extend(
            page["runs"].as_array().unwrap().iter().map(|run| run["run_id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let newest_first: Vec<String> = (0..30).rev().map(load::run_id).collect();
    assert_eq!(seen, newest_first);
    assert_eq!(ids("/v1/runs?order=started_at&limit=2"), [load::run_id(0), load::run_id(1)]);
    assert_eq!(ids("/v1/runs?offset=29"), [load::run_id(0)]);
    assert_eq!(server.json("/v1/runs?session_id=session-3")["total"], 4);
    assert_eq!(
        server.json("/v1/runs?agent=clerk&tool=track&model=gpt-4.1-mini&provider=openai")["total"],
        30
    );
    assert_eq!(server.json("/v1/runs?agent=nobody")["total"], 0);
    assert_eq!(server.json("/v1/runs?has_error=true")["total"], 0);
    assert_eq!(server.json("/v1/runs?q=session:session-3%20tokens%3E10")["total"], 4);
    let after = load::ZERO / 1_000_000 + 25_000;
    assert_eq!(server.json(&format!("/v1/runs?started_after={after}"))["total"], 5);
}

#[test]
fn a_run_can_be_scored_tagged_and_deleted() {
    let server = server();
    let run = format!("/v1/runs/{RUN}");
    let given =
        server.ask("POST", &format!("{run}/scores"), &json!({"name": "good", "value": 0.5, "turn": 1}));
    assert!(matches!(given.status, 200 | 201), "{}", given.text());
    let id = given.json()["score_id"].as_str().unwrap().to_owned();
    let changed = server.ask("PUT", &format!("/v1/scores/{id}"), &json!({"value": 1.0, "comment": "better"}));
    assert_eq!((changed.status, changed.json()["value"].as_f64()), (200, Some(1.0)));
    assert_eq!(server.json(&run)["scores"][0]["comment"], "better");
    assert_eq!(server.json("/v1/runs?score=good")["total"], 1);
    let tagged = server.ask("PATCH", &run, &json!({"add_tags": ["a", "b"]}));
    assert_eq!(tagged.status, 200, "{}", tagged.text());
    assert_eq!(server.json("/v1/runs?tag=a")["runs"][0]["tags"], json!(["a", "b"]));
    for empty in [json!({"add_tags": [""]}), json!({"tags": ["c", " "]})] {
        let refused = server.ask("PATCH", &run, &empty);
        assert_eq!((refused.status, refused.json()["title"].as_str()), (400, Some("a tag is empty")));
    }
    assert_eq!(server.json(&run)["tags"], json!(["a", "b"]));
    assert!(matches!(server.ask("DELETE", &format!("/v1/scores/{id}"), &Json::Null).status, 200 | 204));
    assert_eq!(server.json(&format!("{run}/scores"))["scores"], json!([]));
    assert!(matches!(server.ask("DELETE", &run, &Json::Null).status, 200 | 204));
    assert_eq!(server.get(&run).status, 404);
    assert_eq!(server.json("/v1/runs")["total"], 0);
    assert_eq!(server.json("/v1/search?q=depot")["hits"], json!([]));
}

fn problem(server: &At, method: &str, path: &str, body: &str, status: u16) -> Json {
    let headers = [("content-type", "application/json"), SETTLED];
    let reply = http::send(server.0.listen, method, path, &headers, body.as_bytes()).unwrap();
    let what = format!("{method} {path}: {} {}", reply.status, reply.text());
    assert_eq!(reply.status, status, "{what}");
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{what}");
    let said = reply.json();
    assert_eq!(said["status"].as_u64(), Some(u64::from(status)), "{what}");
    assert!(said["title"].as_str().is_some_and(|title| !title.is_empty()), "{what}");
    said
}

#[test]
fn every_error_is_a_problem_that_says_what_to_do() {
    let server = server();
    let absent = "00000000000000000000000000000009-0000000000000001";
    for (method, path, body, status) in [
        ("GET", "/v1/nothing".to_owned(), "", 404),
        ("GET", format!("/v1/runs/{absent}"), "", 404),
        ("GET", "/v1/runs/not-an-id".to_owned(), "", 404),
        ("GET", format!("/v1/runs/{absent}/timeline"), "", 404),
        ("GET", format!("/v1/runs/{RUN}/turns/99"), "", 404),
        ("GET", format!("/v1/runs/{RUN}/turns/first"), "", 400),
        ("GET", format!("/v1/runs/{RUN}/steps/99/data"), "", 404),
        ("GET", format!("/v1/traces/{}", "9".repeat(32)), "", 404),
        ("GET", "/v1/sessions/none".to_owned(), "", 404),
        ("GET", "/v1/runs?limit=0".to_owned(), "", 400),
        ("GET", "/v1/runs?limit=many".to_owned(), "", 400),
        ("GET", "/v1/runs?agnet=helper".to_owned(), "", 400),
        ("GET", "/v1/traces?agent=helper".to_owned(), "", 400),
        ("GET", "/v1/runs?order=luck".to_owned(), "", 400),
        ("GET", "/v1/runs?cursor=@".to_owned(), "", 400),
        ("GET", "/v1/runs?q=cost%3Ehigh".to_owned(), "", 400),
        ("GET", "/v1/values?field=luck".to_owned(), "", 400),
        ("GET", "/v1/stats?group_by=luck".to_owned(), "", 400),
        ("POST", format!("/v1/runs/{RUN}/scores"), "{", 400),
        ("POST", format!("/v1/runs/{RUN}/scores"), r#"{"name": 7}"#, 422),
        ("POST", format!("/v1/runs/{absent}/scores"), r#"{"name": "good", "value": 1}"#, 404),
        ("PUT", "/v1/scores/none".to_owned(), r#"{"value": 1}"#, 404),
        ("DELETE", "/v1/scores/none".to_owned(), "", 404),
        ("DELETE", format!("/v1/runs/{absent}"), "", 404),
        ("POST", "/v1/runs".to_owned(), "{}", 405),
    ] {
        problem(&server, method, &path, body, status);
    }
}

#[test]
fn a_value_that_cannot_be_is_an_error_that_lists_what_can() {
    let server = server();
    for (path, said) in [
        ("/v1/runs?status=done", "use running, waiting, completed, failed or incomplete"),
        ("/v1/runs?status=failed,done", "use running"),
        ("/v1/stats?verdict=maybe", "use allow, deny or hitl"),
        ("/v1/export?trace_id=xyz", "32 hexadecimal digits"),
        ("/v1/runs?parent_run_id=xyz", "32 hexadecimal digits"),
        ("/v1/runs?min_cost=NaN", "US dollars"),
        ("/v1/runs?min_tokens=many", "write a number"),
        ("/v1/runs?min_duration_ms=inf", "milliseconds"),
        ("/v1/runs?started_after=2026-02-30", "2026-03-10"),
        ("/v1/runs?started_before=2026-03-10T25:00", "2026-03-10"),
        ("/v1/runs?started_after=2026", "2026-03-10"),
        ("/v1/runs?tz=Mars/Base", "Europe/Berlin"),
        ("/v1/runs?score=helpful%3E%3Dhigh", "such as 0.5"),
        ("/v1/runs?order=luck", "use started_at, duration, cost or tokens"),
        ("/v1/runs?has_error=perhaps", "true"),
        ("/v1/runs?agent=", "leave it out"),
        ("/v1/runs?agnet=x", "attr.KEY"),
        ("/v1/runs?attr.x=", "leave it out"),
        ("/v1/runs?search=%20", "write a word"),
        ("/v1/runs?search=a%00b", "beside it"),
        ("/v1/runs?limit=0", "use 1 to 1000"),
        ("/v1/traces?limit=1001", "use 1 to 1000"),
        ("/v1/sessions?limit=0", "use 1 to 1000"),
        ("/v1/sessions/session-0?limit=5000", "use 1 to 1000"),
        ("/v1/search?q=depot&limit=201", "use 1 to 200"),
        ("/v1/search?q=depot&purpose=thought", "arguments, result or error"),
        ("/v1/sessions/session-0?order=cost", "use started_at"),
        ("/v1/search?q=a%00b", "beside it"),
        ("/v1/search?q=depot&filter=attr.x:1", "/v1/runs?q="),
        ("/v1/values?field=agent&limit=0", "use 1 to 1000"),
        ("/v1/values?field=luck", "use status, verdict, agent"),
        ("/v1/stats?group_by=luck", "use agent"),
        ("/v1/stats?bucket=year", "use minute, hour, day"),
        ("/v1/stats?limit=5", "leave it out"),
        ("/v1/stats?order=cost", "leave it out"),
        ("/v1/runs/session-0/summary?max_tokens=49", "use 50 to 100000"),
        ("/v1/runs/session-0/summary?max_tokens=100001", "use 50 to 100000"),
        ("/v1/runs/session-0/timeline?limit=100001", "use 1 to 100000"),
        ("/v1/runs/session-0/timeline?limit=201&include_data=true", "use 1 to 200"),
        ("/v1/runs/session-0/timeline?include_data=true&format=columns", "leave one of them out"),
        ("/v1/runs/session-0/steps?kind=llm&event_type=tool_call", "leave one of them out"),
        ("/v1/unmapped?records=20001", "use 1 to 20000"),
        ("/v1/loose-telemetry?cursor=groups", "next_cursor"),
        ("/v1/loose-telemetry?cursor=groups:x", "next_cursor"),
        ("/v1/runs?cursor=abc", "next_cursor"),
        ("/v1/sessions?cursor=abc", "next_cursor"),
        ("/v1/export?cursor=abc", "next_cursor"),
        ("/v1/export?limit=0", "use 1 to"),
        ("/v1/values?field=agent&cursor=abc", "next_cursor"),
    ] {
        let problem = problem(&server, "GET", path, "", 400);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(said)), "{path}: {problem}");
    }
    let many = vec!["x"; 1001].join(",");
    for path in ["/v1/runs?agent=", "/v1/stats?tool=", "/v1/export?tag=", "/v1/runs?q=model:"] {
        problem(&server, "GET", &format!("{path}{many}"), "", 400);
    }
    let at = problem(&server, "GET", "/v1/runs?q=agent:a%20status:done", "", 400);
    assert_eq!((&at["position"], &at["length"]), (&json!(15), &json!(4)), "{at}");
}

#[test]
fn figures_are_filtered_by_attributes_as_lists_are() {
    let server = Turnscope::start();
    for run in 0..6 {
        let stage = if run % 3 == 0 { "test" } else { "live" };
        let attributes = vec![
            load::text("gen_ai.operation.name", "invoke_agent"),
            load::text("stage", stage),
            load::number("shard", run as i64),
        ];
        let body = load::encode(vec![load::span(run, 0, None, "step", attributes)]);
        let sent = server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &body);
        assert_eq!(sent.status, 200, "{}", sent.text());
    }
    for (query, runs) in [
        ("attr.stage=test", 2),
        ("attr.stage=test&attr.shard=3.0", 1),
        ("q=attr.stage:live", 4),
        ("q=-attr.stage:live", 2),
        ("q=attr.shard%3E2%20OR%20attr.stage:test", 4),
        ("q=attr.stage:nowhere", 0),
    ] {
        let listed = server.json(&format!("/v1/runs?{query}"))["runs"].as_array().unwrap().len();
        let figures = server.json(&format!("/v1/stats?{query}&group_by=service"));
        assert_eq!((listed, figures["runs"].as_u64()), (runs, Some(runs as u64)), "{query}");
        let grouped: u64 =
            figures["groups"].as_array().unwrap().iter().map(|group| group["runs"].as_u64().unwrap()).sum();
        assert_eq!(grouped, runs as u64, "{query}");
    }
}

#[test]
fn a_parameter_and_a_word_of_the_query_ask_the_same() {
    let server = server();
    let total = |query: &str| server.json(&format!("/v1/runs?{query}"))["total"].clone();
    for (parameter, q) in [
        ("agent=clerk", "agent:clerk"),
        ("agent=cl*", "agent:cl*"),
        ("agent=clerk,helper", "agent:clerk%20OR%20agent:helper"),
        ("roots_only=true", "is:root"),
        ("has_error=false", "-error:*"),
        ("min_tokens=0.01k", "tokens%3E=10"),
        ("search=depot", "depot"),
        ("parent_run_id=00000000000000000000000000000001-0000000000000001", "-is:root"),
        ("started_after=2020-01-01&tz=%2B02:00", "started%3E=2020-01-01T00:00%2B02:00"),
    ] {
        assert_eq!(total(parameter), total(&format!("q={q}")), "{parameter}");
    }
    let runs = |query: &str| server.json(&format!("/v1/runs?{query}"))["runs"].as_array().unwrap().len();
    assert_eq!(runs("attr.gen_ai.agent.name=helper"), 1);
    assert_eq!(runs("q=attr.gen_ai.agent.name:helper"), 1);
    // An attribute within alternatives and negations.
    assert_eq!(runs("q=attr.gen_ai.agent.name:helper%20OR%20agent:clerk"), 2);
    assert_eq!(runs("q=-attr.gen_ai.agent.name:helper"), 1);
    assert_eq!(runs("q=-(attr.gen_ai.agent.name:helper%20OR%20agent:clerk)"), 0);
    let offered = server.json("/v1/values?field=agent")["values"].clone();
    assert_eq!(offered[0]["quoted"], offered[0]["value"]);
}

#[test]
fn a_null_that_was_sent_is_told_from_what_is_unknown() {
    let server = Turnscope::start();
    let tool = |id: u64, result: Option<&str>| {
        let mut attributes =
            vec![text("gen_ai.operation.name", "execute_tool"), text("gen_ai.tool.name", "find")];
        attributes.push(text("gen_ai.tool.call.arguments", "{}"));
        attributes.extend(result.map(|result| text("gen_ai.tool.call.result", result)));
        load::span(40, id, Some(0), "execute_tool find", attributes)
    };
    let agent = vec![text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.agent.name", "one")];
    let call = vec![text("gen_ai.operation.name", "chat"), text("gen_ai.request.model", "m")];
    let spans = vec![
        load::span(40, 0, None, "invoke_agent one", agent),
        load::span(40, 1, Some(0), "chat m", call),
        tool(2, Some("null")),
        tool(3, None),
        tool(4, Some("[]")),
    ];
    server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(spans));
    let run = server.json("/v1/runs")["runs"][0]["run_id"].as_str().unwrap().to_owned();
    let turn = server.json(&format!("/v1/runs/{run}/turns/1"));
    let told = |at: usize| (&turn["tools"][at]["result"], &turn["tools"][at]["sent_as_null"]);
    assert_eq!(told(0), (&Json::Null, &json!(["result"])), "{turn}");
    assert_eq!(told(1), (&Json::Null, &json!([])), "{turn}");
    // A tool that takes nothing and finds nothing was given and gave something.
    assert_eq!(told(2), (&json!([]), &json!([])), "{turn}");
    assert_eq!(turn["tools"][2]["arguments"], json!({}), "{turn}");
    let step = |id: &str| server.json(&format!("/v1/runs/{run}/steps/{id}/data"))["sent_as_null"].clone();
    assert_eq!(step("0000000000000003"), json!(["result"]));
    assert_eq!(step("0000000000000004"), json!([]));
}

#[test]
fn a_session_is_read_to_its_end_newest_first() {
    let server = Turnscope::start();
    let spans = (0..30).flat_map(|run| load::run(run, 1)).collect();
    server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(spans));
    let of_session = server.json("/v1/runs?session_id=session-3");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.json(&format!("/v1/sessions/session-3?limit=3{cursor}"));
        assert_eq!(page["total"], of_session["total"]);
        seen.extend(page["runs"].as_array().unwrap().iter().map(|run| run["run_id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let newest_first: Vec<_> =
        of_session["runs"].as_array().unwrap().iter().map(|run| run["run_id"].clone()).collect();
    assert_eq!(seen, newest_first);
    let oldest_first = server.json("/v1/sessions/session-3?order=started_at");
    let ids = oldest_first["runs"].as_array().unwrap().iter().map(|run| run["run_id"].clone());
    assert_eq!(ids.rev().collect::<Vec<_>>(), newest_first);
    // What its runs sum up to stands beside them, as in the list of sessions.
    let summed = &oldest_first["session"];
    assert_eq!(
        *summed,
        server.json("/v1/sessions?limit=1000")["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["session_id"] == "session-3")
            .cloned()
            .unwrap()
    );
    let stats = server.json("/v1/stats?session_id=session-3");
    assert_eq!((&summed["turn_count"], &summed["tool_call_count"]), (&stats["turns"], &stats["tool_calls"]));
    let sum = |field: &str| {
        of_session["runs"].as_array().unwrap().iter().filter_map(|run| run[field].as_f64()).sum::<f64>()
    };
    assert!((summed["duration_ms"].as_f64().unwrap() - sum("duration_ms")).abs() < 0.001, "{summed}");
    assert!(oldest_first["runs"][0]["total"]["run_count"].is_u64(), "runs stand with their totals");
    let sessions = server.json("/v1/sessions?limit=2");
    assert_eq!(sessions["sessions"].as_array().map(Vec::len), Some(2));
    assert!(sessions["next_cursor"].is_string() && sessions["total"].as_u64() > Some(2), "{sessions}");
}

#[test]
fn a_bare_trace_id_means_its_run_or_asks_which() {
    let server = server();
    assert_eq!(server.json("/v1/runs/00000000000000000000000000000001")["run_id"], RUN);
    // The id of any span finds the run that the span now belongs to.
    assert_eq!(server.json("/v1/runs/00000000000000000000000000000001-0000000000000003")["run_id"], RUN);
    let two = [1_u64, 2].map(|n| {
        let attributes =
            vec![text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.agent.name", "one")];
        load::span(20, n, Some(n + 100), "invoke_agent one", attributes)
    });
    server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &load::encode(two.to_vec()));
    let said = problem(&server, "GET", "/v1/runs/00000000000000000000000000000015", "", 409);
    assert_eq!(said["run_ids"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_page_may_load_from_its_own_origin_only_whatever_part_of_it_is_asked_for() {
    let server = server();
    for path in ["/ui/", "/ui/runs/00000000000000000000000000000015", "/ui/no/such/page"] {
        let page = server.get(path);
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{path}"
        );
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
    }
    let lost = server.get("/ui/assets/index-00000000.js");
    assert_eq!((lost.status, lost.header("content-type")), (404, Some("application/problem+json")));
    let to_slash = server.get("/ui");
    assert_eq!((to_slash.status, to_slash.header("location")), (307, Some("/ui/")));
}

#[test]
fn documents_pages_and_metrics_come_from_the_binary_itself() {
    let server = server();
    for path in ["/docs", "/redoc", "/ui/"] {
        let page = server.get(path);
        assert_eq!(page.status, 200, "{path}");
        let text = page.text();
        for loaded in
            ["src=\"http", "src='http", "href=\"http", "href='http", "@import", "fonts.googleapis.com/css"]
        {
            assert!(!text.contains(loaded), "{path} loads from elsewhere: {loaded}");
        }
    }
    let to_ui = server.get("/");
    assert_eq!((to_ui.status, to_ui.header("location")), (307, Some("/ui/")));
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("traces_spanmetrics_calls_total{"), "{metrics}");
    assert!(metrics.contains("traces_spanmetrics_duration"), "{metrics}");
    let packed = http::send(server.0.listen, "GET", "/v1/runs", &[("accept-encoding", "gzip")], &[]).unwrap();
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
}

#[test]
fn what_calls_answer_is_what_the_document_says() {
    let server = server();
    let document = server.json("/openapi.json");
    let score = json!({"name": "helpful", "value": 1});
    let given = server.ask("POST", &format!("/v1/runs/{RUN}/scores"), &score);
    let id = given.json()["score_id"].as_str().unwrap_or_default().to_owned();
    for (method, call, path, body, status) in [
        ("POST", "/v1/runs/{id}/scores", format!("/v1/runs/{RUN}/scores"), score, 201),
        ("POST", "/v1/runs/{id}/scores", format!("/v1/runs/{RUN}/scores"), json!({"name": ""}), 400),
        ("POST", "/v1/runs/{id}/scores", format!("/v1/runs/{RUN}/scores"), json!(["no", "score"]), 422),
        (
            "POST",
            "/v1/runs/{id}/scores",
            "/v1/runs/nothing/scores".into(),
            json!({"name": "x", "value": 1}),
            404,
        ),
        ("DELETE", "/v1/scores/{score_id}", format!("/v1/scores/{id}"), Json::Null, 204),
        ("DELETE", "/v1/scores/{score_id}", format!("/v1/scores/{id}"), Json::Null, 404),
        ("GET", "/v1/runs", "/v1/runs?order=sideways".into(), Json::Null, 400),
        ("GET", "/v1/runs/{id}/summary", format!("/v1/runs/{RUN}/summary"), Json::Null, 200),
        ("GET", "/v1/export", "/v1/export".into(), Json::Null, 200),
        ("GET", "/v1/loose-telemetry", "/v1/loose-telemetry".into(), Json::Null, 200),
        ("GET", "/metrics", "/metrics".into(), Json::Null, 200),
        ("POST", "/v1/session", "/v1/session".into(), json!({"key": "any"}), 200),
        ("POST", "/v1/prune", "/v1/prune".into(), json!({}), 400),
    ] {
        let reply = server.ask(method, &path, &body);
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        let replies = &document["paths"][call][method.to_ascii_lowercase()]["responses"];
        let documented = &replies[status.to_string()];
        let shared = documented["$ref"].as_str().and_then(|at| document.pointer(at.strip_prefix('#')?));
        let content = shared.unwrap_or(documented)["content"].as_object().cloned().unwrap_or_default();
        let media = reply.header("content-type").map(|media| media.split(';').next().unwrap().to_owned());
        assert_eq!(content.keys().next(), media.as_ref(), "{method} {call} {status}: {replies}");
    }
}

/// `UPDATE=1` writes it again.
#[test]
fn the_openapi_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let now = serde_json::to_string_pretty(&turnscope_server::openapi()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == now, "docs/openapi.json is out of date: run this test with UPDATE=1");
    let served = server().json("/openapi.json");
    assert_eq!(served, serde_json::from_str::<Json>(&now).unwrap());
}
