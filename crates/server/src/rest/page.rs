//! The page at `/ui/` until the web UI exists: what is running, and where the API is.

use crate::state::App;
use axum::{extract::State, response::Html};
use std::sync::Arc;

/// A page that says what is running.
pub(crate) async fn page(State(app): State<Arc<App>>) -> Html<String> {
    let addresses = app.addresses;
    let key = if app.auth.is_on() { "required" } else { "not set" };
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Turnscope</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <style>:root{{color-scheme:light dark}}body{{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}}\
         code{{font:14px ui-monospace,monospace}}dt{{font-weight:600}}dd{{margin:0 0 .6rem}}</style></head>\
         <body><main><h1>Turnscope {version} is running</h1>\
         <p>It receives OpenTelemetry from AI agents and answers what they did, turn by turn. The web UI is not part of \
         this version yet; the API and the command line are.</p>\
         <dl><dt>Send spans, logs and metrics to</dt><dd><code>http://{http}</code> (OTLP/HTTP), <code>{grpc}</code> (OTLP/gRPC) \
         or <code>http://{listen}/v1/traces</code></dd>\
         <dt>Read runs</dt><dd><a href=\"/v1/runs\">/v1/runs</a>, <code>turnscope runs</code>, <code>turnscope show RUN</code></dd>\
         <dt>API</dt><dd><a href=\"/docs\">/docs</a>, <a href=\"/redoc\">/redoc</a>, <a href=\"/openapi.json\">/openapi.json</a></dd>\
         <dt>State</dt><dd><a href=\"/health\">/health</a>, <a href=\"/metrics\">/metrics</a></dd>\
         <dt>API key</dt><dd>{key}</dd></dl></main></body></html>",
        version = env!("CARGO_PKG_VERSION"),
        http = addresses.otlp_http,
        grpc = addresses.otlp_grpc,
        listen = addresses.listen,
    ))
}
