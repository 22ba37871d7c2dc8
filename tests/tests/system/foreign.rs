//! What pages of other sites can do to a server: read nothing through a name of theirs, and change nothing.

use std::sync::Arc;
use turnscope_server::openapi;
use turnscope_tests::{
    http, load,
    testkit::{At, Turnscope},
};

fn status(server: &At, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    http::send(server.0.listen, method, path, headers, b"").unwrap().status
}

#[test]
fn without_a_key_only_own_names_are_answered() {
    let server = Turnscope::start_on(
        Arc::new(tempfile::tempdir().unwrap()),
        &["--allowed-host", "traces.example,other.example"],
    );
    let port = server.0.listen.port();
    for path in ["/v1/runs", "/health", "/metrics", "/ui/", "/openapi.json", "/docs", "/v1/live"] {
        for name in ["evil.example", &format!("evil.example:{port}"), "traces.example.evil.example"] {
            assert_eq!(status(&server, "GET", path, &[("host", name)]), 403, "{path} {name}");
        }
    }
    for name in ["localhost", "127.0.0.1", "[::1]", "traces.example", "OTHER.example"] {
        for name in [name.to_owned(), format!("{name}:{port}")] {
            assert_eq!(status(&server, "GET", "/v1/runs", &[("host", &name)]), 200, "{name}");
        }
    }
    let said = http::send(server.0.listen, "GET", "/v1/runs", &[("host", "evil.example")], b"").unwrap();
    assert!(said.json()["detail"].as_str().unwrap().contains("--allowed-host NAME"), "{}", said.text());

    // Senders may know the server by any name, but a page may not send under one.
    let spans = load::encode(load::run(1, 1));
    let send = |address, headers: &[(&str, &str)]| {
        let all = [&[("content-type", "application/x-protobuf"), ("host", "collector")], headers].concat();
        http::send(address, "POST", "/v1/traces", &all, &spans).unwrap().status
    };
    for address in [server.0.listen, server.0.otlp_http, server.0.otlp_grpc] {
        assert_eq!(send(address, &[]), 200);
        assert_eq!(send(address, &[("origin", "http://collector")]), 403);
    }

    let with_key = Turnscope::start_on(Arc::new(tempfile::tempdir().unwrap()), &["--api-key", "k"]);
    let headers = [("host", "evil.example"), ("x-api-key", "k")];
    assert_eq!(status(&with_key, "GET", "/v1/runs", &headers), 200, "the key is what protects");
}

#[test]
fn no_page_of_another_site_changes_anything() {
    let paths = serde_json::to_value(openapi()).unwrap();
    let changing: Vec<(String, String)> = paths["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| (method, path)))
        .filter(|(method, _)| *method != "get")
        .map(|(method, path)| (method.to_uppercase(), path.replace(['{', '}'], "")))
        .chain(
            ["/v1/traces", "/v1/logs", "/v1/metrics", "/", "/api/public/otel/v1/traces"]
                .map(|path| ("POST".into(), path.into())),
        )
        .collect();
    assert!(changing.len() > 12, "{changing:?}");
    let open = Turnscope::start();
    let with_key = Turnscope::start_on(Arc::new(tempfile::tempdir().unwrap()), &["--api-key", "k"]);
    for server in [&*open, &*with_key] {
        let own = format!("http://{}", server.0.listen);
        let host = server.0.listen.to_string();
        for (method, path) in &changing {
            for page in [
                &[("origin", "http://evil.example")][..],
                &[("origin", "null")],
                &[("origin", "http://evil.example"), ("content-type", "application/json")],
                &[("sec-fetch-site", "cross-site"), ("content-type", "text/plain")],
                &[("sec-fetch-site", "same-site"), ("origin", "http://localhost:1")],
            ] {
                let headers = [&[("host", host.as_str()), ("x-api-key", "k")], page].concat();
                assert_eq!(status(server, method, path, &headers), 403, "{method} {path} {page:?}");
            }
            let headers = [("host", host.as_str()), ("x-api-key", "k"), ("origin", &own)];
            assert_ne!(status(server, method, path, &headers), 403, "{method} {path}: the own page");
        }
    }
}

#[test]
fn nothing_is_framed_guessed_or_cached() {
    let server = Turnscope::start();
    for path in ["/v1/runs", "/docs", "/redoc", "/openapi.json", "/v1/runs/none", "/health"] {
        let reply = server.get(path);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(reply.header("content-security-policy"), Some("frame-ancestors 'none'"), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
    }
    let page = server.get("/ui/");
    assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
}
