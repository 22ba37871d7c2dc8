//! An agent over HTTP, for other agents and anyone else: `POST /run` with `{"prompt": …}` gives `{"answer": …}`. A request that carries
//! `traceparent` joins the caller's trace: the run is a child run of the caller's.

use crate::{Agent, Asked};
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

async fn run(State(agent): State<Arc<Agent>>, Json(asked): Json<Asked>) -> (StatusCode, Json<Value>) {
    match agent.run(&asked).await {
        Ok(answered) => {
            let usage =
                json!({ "input_tokens": answered.input_tokens, "output_tokens": answered.output_tokens });
            (
                StatusCode::OK,
                Json(json!({ "answer": answered.text, "usage": usage, "turns": answered.turns })),
            )
        }
        Err(error) => {
            let told = json!({ "error": { "kind": error.kind(), "message": error.to_string() } });
            (StatusCode::BAD_GATEWAY, Json(told))
        }
    }
}
