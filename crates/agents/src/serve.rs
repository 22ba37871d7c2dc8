//! Serves an agent over HTTP: `POST /run` with `{"prompt": …}` returns `{"answer": …}`. A request with
//! `traceparent` makes the run a child run of the caller's.

use crate::{Agent, RunRequest};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};
use std::sync::Arc;
use turnscope::propagation::tower::JoinLayer;

/// The routes of a served agent.
pub fn router(agent: Arc<Agent>) -> Router {
    Router::new().route("/", get(card)).route("/run", post(run)).layer(JoinLayer::default()).with_state(agent)
}

async fn card(State(agent): State<Arc<Agent>>) -> Json<Value> {
    Json(json!({ "name": agent.role.name, "runner": agent.runner.as_str(), "model": agent.role.model.name }))
}

async fn run(State(agent): State<Arc<Agent>>, Json(request): Json<RunRequest>) -> (StatusCode, Json<Value>) {
    match agent.run(&request).await {
        Ok(result) => {
            let usage = json!({ "input_tokens": result.input_tokens, "output_tokens": result.output_tokens });
            (StatusCode::OK, Json(json!({ "answer": result.text, "usage": usage, "turns": result.turns })))
        }
        Err(error) => {
            let body = json!({ "error": { "kind": error.kind(), "message": error.to_string() } });
            (StatusCode::BAD_GATEWAY, Json(body))
        }
    }
}
