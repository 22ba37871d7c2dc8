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
    testkit::{At, Turnscope},
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
        ("turn", format!("{run}/turns/2")),
        ("export", format!("{run}/export")),
        ("export_otlp", format!("{run}/export?format=otlp")),
        ("scores", format!("{run}/scores")),
        ("traces", "/v1/traces".to_owned()),
        ("trace", "/v1/traces/00000000000000000000000000000008".to_owned()),
        ("sessions", "/v1/sessions".to_owned()),
        ("session", "/v1/sessions/session-0".to_owned()),
        ("search", "/v1/search?q=depot".to_owned()),
        ("search_error", "/v1/search?q=black".to_owned()),
        ("stats", "/v1/stats?group_by=agent".to_owned()),
        ("values", "/v1/values?field=tool".to_owned()),
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
    assert!(matches!(server.ask("DELETE", &format!("/v1/scores/{id}"), &Json::Null).status, 200 | 204));
    assert_eq!(server.json(&format!("{run}/scores"))["scores"], json!([]));
    assert!(matches!(server.ask("DELETE", &run, &Json::Null).status, 200 | 204));
    assert_eq!(server.get(&run).status, 404);
    assert_eq!(server.json("/v1/runs")["total"], 0);
    assert_eq!(server.json("/v1/search?q=depot")["hits"], json!([]));
}

fn problem(server: &At, method: &str, path: &str, body: &str, status: u16) -> Json {
    let headers = [("content-type", "application/json")];
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
    assert_eq!((to_slash.status, to_slash.header("location")), (308, Some("/ui/")));
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
