//! A browser session: the key once, a cookie afterwards; and the data of the settings page.

use serde_json::{Value as Json, json};
use std::sync::Arc;
use turnscope_tests::{
    http::{self, Reply},
    load,
    testkit::{At, SETTLED, Turnscope},
};

const KEY: &str = "a-key-for-tests";

fn server() -> Turnscope {
    Turnscope::start_on(Arc::new(tempfile::tempdir().unwrap()), &["--api-key", KEY])
}

fn ask(server: &At, method: &str, path: &str, headers: &[(&str, &str)], body: &Json) -> Reply {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let mut all = vec![("content-type", "application/json"), SETTLED];
    all.extend_from_slice(headers);
    http::send(server.0.listen, method, path, &all, &body).unwrap()
}

#[test]
fn the_key_is_shown_once_and_a_cookie_stands_for_it() {
    let server = server();
    let get = |path: &str, cookie: &str| ask(&server, "GET", path, &[("cookie", cookie)], &Json::Null);
    assert_eq!(get("/v1/session", "").json(), json!({"key_required": true, "signed_in": false}));
    assert_eq!(get("/v1/runs", "").status, 401);
    assert_eq!(get("/v1/runs", "turnscope_session=1.2.3").status, 401);
    let wrong = ask(&server, "POST", "/v1/session", &[], &json!({"key": "a-key-for-test!"}));
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));

    let right = ask(&server, "POST", "/v1/session", &[], &json!({"key": KEY}));
    assert_eq!((right.status, right.json()), (200, json!({"key_required": true, "signed_in": true})));
    let set = right.header("set-cookie").unwrap();
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains(KEY) && !set.contains("Secure"), "{set}");
    let cookie = set.split(';').next().unwrap();
    assert_eq!(get("/v1/session", cookie).json()["signed_in"], true);
    for path in ["/v1/runs", "/v1/stats", "/v1/config", "/v1/traces", "/metrics"] {
        assert_eq!(get(path, cookie).status, 200, "{path}");
    }
    let forwarded =
        ask(&server, "POST", "/v1/session", &[("x-forwarded-proto", "https")], &json!({"key": KEY}));
    assert!(forwarded.header("set-cookie").unwrap().ends_with("; Secure"));

    // The cookie allows reading and annotating, but not sending telemetry.
    let spans = load::encode(load::run(1, 1));
    let sent = |headers: &[(&str, &str)]| {
        let mut all = vec![("content-type", "application/x-protobuf")];
        all.extend_from_slice(headers);
        http::send(server.0.listen, "POST", "/v1/traces", &all, &spans).unwrap().status
    };
    assert_eq!(sent(&[("cookie", cookie)]), 403);
    assert_eq!(sent(&[("x-api-key", KEY)]), 200);
    let score = format!("/v1/runs/{}/scores", load::run_id(1));
    let mark = |headers: &[(&str, &str)]| {
        ask(&server, "POST", &score, headers, &json!({"name": "x", "value": 1})).status
    };
    assert!(mark(&[("cookie", cookie), ("origin", "http://localhost")]) < 300);
    assert_eq!(mark(&[("cookie", cookie), ("origin", "http://127.0.0.1:1")]), 403);
    assert_eq!(mark(&[("cookie", cookie), ("sec-fetch-site", "cross-site")]), 403);

    let out = ask(&server, "DELETE", "/v1/session", &[("cookie", cookie)], &Json::Null);
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(get("/v1/runs", cookie).status, 401);

    let data = server.data();
    server.kill();
    let server = Turnscope::start_on(data, &["--api-key", KEY]);
    let reply = ask(&server, "GET", "/v1/runs", &[("cookie", cookie)], &Json::Null);
    assert_eq!(reply.status, 401, "signing out holds after a restart");
}

#[test]
fn without_a_key_nothing_is_asked_for() {
    let server = Turnscope::start();
    assert_eq!(server.json("/v1/session"), json!({"key_required": false, "signed_in": true}));
    let reply = ask(&server, "POST", "/v1/session", &[], &json!({"key": "anything"}));
    assert_eq!((reply.status, reply.header("set-cookie")), (200, None));
}

#[test]
fn the_settings_are_shown_with_their_sources_and_without_secrets() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let server = Turnscope::start_on(data, &["--api-key", KEY, "--retention-days", "7"]);
    let reply = ask(&server, "GET", "/v1/config", &[("x-api-key", KEY)], &Json::Null);
    assert!(!reply.text().contains(KEY));
    let config = reply.json();
    assert_eq!((&config["api_key_set"], &config["retention"]["days"]), (&json!(true), &json!(7.0)));
    let values = config["values"].as_array().unwrap();
    let value = |name: &str| values.iter().find(|value| value["name"] == name).unwrap();
    assert_eq!(value("api-key")["value"], "***");
    assert_eq!(value("retention-days")["source"], "--retention-days");
    assert_eq!(value("silence")["source"], "default");
    assert!(!value("silence")["doc"].as_str().unwrap().is_empty());
    assert_eq!(config["addresses"]["otlp_http"], server.0.otlp_http.to_string());
    assert_eq!((&config["store"]["runs"], &config["ingest"]["received_spans"]), (&json!(0), &json!(0)));
    assert_eq!(config["pricing"]["source"], "shipped");
    assert_eq!(config["degraded"], json!([]));

    let spans = load::encode(load::run(1, 2));
    let headers = [("content-type", "application/x-protobuf"), ("x-api-key", KEY)];
    assert_eq!(http::send(server.0.otlp_http, "POST", "/v1/traces", &headers, &spans).unwrap().status, 200);
    let config = ask(&server, "GET", "/v1/config", &[("x-api-key", KEY)], &Json::Null).json();
    assert_eq!(
        (&config["store"]["runs"], &config["store"]["records"]),
        (&json!(1), &config["ingest"]["stored_spans"])
    );
    assert!(config["store"]["search_bytes"].as_u64().unwrap() > 0);
    assert!(config["store"]["contents"].as_u64().unwrap() > 0);
    assert!(config["store"]["oldest_at"].as_i64().unwrap() > 0);
    assert!(config["ingest"]["queue_limit_bytes"].as_u64().unwrap() > 1 << 20);
}
