//! A store that can do nothing any more ends the server.

use super::{Server, one_run};
use crate::{ServeError, routes};
use axum::{body::Body, extract::Request};
use std::sync::Arc;
use tower::ServiceExt as _;

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_writer_makes_health_503_with_the_reason_and_ends_the_server_with_an_error() {
    let server = Server::start(|store| Arc::new(store)).await;
    // The writer isolates batches, trace groups and contents. A listener that panics is none of them.
    server.app.store.watch(Box::new(|_| panic!("a bug outside all work that is isolated")));
    let sent = server.ask("POST", "/v1/traces", &one_run(1)).await;
    assert!(sent.starts_with("HTTP/1.1 200 "), "what was committed is acknowledged: {sent}");

    // Nobody stops the server: it ends by itself.
    let Server { app, running, stop, _data } = server;
    let ended = running.await.unwrap();
    drop(stop);
    let Err(ServeError::StoreFailed(reason)) = &ended else { panic!("{ended:?}") };
    assert!(reason.contains("a bug outside all work that is isolated"), "{reason}");

    let health = Request::get("/health").body(Body::empty()).unwrap();
    let reply = routes::router(&app).oneshot(health).await.unwrap();
    assert_eq!(reply.status(), 503);
    let body = axum::body::to_bytes(reply.into_body(), 1 << 16).await.unwrap();
    let health: turnscope_api::Health = serde_json::from_slice(&body).unwrap();
    assert_eq!(health.status, "degraded");
    assert!(health.degraded.contains(reason), "{health:?}");
}
