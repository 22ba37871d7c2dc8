//! Serves the web UI, which `ui/` builds, under the path in the settings.
//!
//! A release build embeds the files. A debug build reads them from `ui/dist`, so that a new UI needs no new binary. A path that
//! names no file is a page of the UI's own and gets `index.html`. No route here needs the API key: the files contain no data,
//! and the page asks for the key itself.

use crate::{prefix::Prefix, problem::Problem, state::App};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::{fmt::Write as _, sync::Arc};
use tower_http::set_header::SetResponseHeaderLayer;

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Built;

/// The path that `vite.config.ts` builds for. `index.html` is rewritten if the settings have another.
const BUILT_FOR: &str = "/ui/";

/// The content security policy: load from the same origin only. Telemetry is hostile input.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The routes of the UI under `path`, which ends in a slash.
pub(crate) fn routes(path: &str) -> Router<Arc<App>> {
    let always =
        |name: HeaderName, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    let to = path.to_owned();
    Router::new()
        .route(path, get(page))
        .route(
            path.trim_end_matches('/'),
            // Not for good: a browser would remember it when the prefix changes.
            get(async move |prefix: Prefix| Redirect::temporary(&prefix.join(&to))),
        )
        .route(&format!("{path}{{*file}}"), get(file))
        .layer(always(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "no-referrer"))
}

async fn file(
    State(app): State<Arc<App>>,
    prefix: Prefix,
    Path(name): Path<String>,
    asked: HeaderMap,
) -> Response {
    let fixed = name.starts_with("assets/");
    let Some(file) = Built::get(&name) else {
        return if fixed {
            Problem::not_found(format!("the UI has no file {name}"))
                .detail("the page belongs to another version of the server: reload it")
                .into_response()
        } else {
            page(State(app), prefix).await
        };
    };
    // An asset's name changes with its content.
    let keep = if fixed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let tag = tag(&file);
    let kind = HeaderValue::from_str(file.metadata.mimetype());
    let mut reply =
        if asked.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes()) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if let Some(packed) = packed(&name, &asked) {
            ([(header::CONTENT_ENCODING, "gzip")], packed.data.into_owned()).into_response()
        } else {
            file.data.into_owned().into_response()
        };
    let headers = reply.headers_mut();
    headers
        .insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.extend(HeaderValue::from_str(&tag).map(|tag| (header::ETAG, tag)));
    reply
}

async fn page(State(app): State<Arc<App>>, prefix: Prefix) -> Response {
    let built = Built::get("index.html").and_then(|file| String::from_utf8(file.data.into_owned()).ok());
    let path = app.ui_path.as_deref().unwrap_or(BUILT_FOR);
    let html = match built {
        Some(html) if path == BUILT_FOR && prefix.is_empty() => html,
        Some(html) => html
            .replace(&format!("\"{BUILT_FOR}"), &format!("\"{}", prefix.join(path)))
            .replace(&api_of("/"), &api_of(&prefix.join("/"))),
        None => unbuilt(&app, &prefix),
    };
    ([(header::CACHE_CONTROL, "no-cache")], Html(html)).into_response()
}

/// How `index.html` says where the API is.
fn api_of(path: &str) -> String {
    format!("name=\"turnscope-api\" content=\"{path}\"")
}

/// The file as compressed by the build, if the client accepts gzip.
fn packed(name: &str, asked: &HeaderMap) -> Option<EmbeddedFile> {
    let given = asked.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    given.split(',').any(|one| one.trim() == "gzip").then(|| Built::get(&format!("{name}.gz")))?
}

fn tag(file: &EmbeddedFile) -> String {
    let digits = file.metadata.sha256_hash().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    format!("\"{digits}\"")
}

/// The page that replaces the UI in a binary that was built without it.
fn unbuilt(app: &App, prefix: &Prefix) -> String {
    let addresses = app.addresses;
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Turnscope</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"></head>\
         <body><main><h1>Turnscope {version} is running, without its web UI</h1>\
         <p>The UI was not built into this binary. In a checkout, <code>cargo xtask build --release</code> builds both. \
         The API and the command line work.</p>\
         <dl><dt>Send spans, logs and metrics to</dt><dd><code>http://{http}</code> (OTLP/HTTP), <code>{grpc}</code> \
         (OTLP/gRPC) or <code>http://{listen}/v1/traces</code></dd>\
         <dt>Read runs</dt><dd><a href=\"{runs}\">/v1/runs</a>, <code>turnscope runs</code>, <code>turnscope show RUN</code></dd>\
         <dt>API</dt><dd><a href=\"{docs}\">/docs</a>, <a href=\"{redoc}\">/redoc</a>, <a href=\"{openapi}\">/openapi.json</a></dd>\
         <dt>State</dt><dd><a href=\"{health}\">/health</a>, <a href=\"{metrics}\">/metrics</a></dd>\
         <dt>API key</dt><dd>{key}</dd></dl></main></body></html>",
        runs = prefix.join("/v1/runs"),
        docs = prefix.join("/docs"),
        redoc = prefix.join("/redoc"),
        openapi = prefix.join("/openapi.json"),
        health = prefix.join("/health"),
        metrics = prefix.join("/metrics"),
        key = if app.auth.is_on() { "required" } else { "not set" },
        version = env!("CARGO_PKG_VERSION"),
        http = addresses.otlp_http,
        grpc = addresses.otlp_grpc,
        listen = addresses.listen,
    )
}
