//! Delegation to another agent over HTTP.

use crate::world::World;
use serde_json::json;
use std::sync::Arc;
use turnscope_agents::{Runner, serve};
use turnscope_scripted_model::{Reply, Script};

#[tokio::test]
async fn delegation_to_an_unreachable_agent_is_reported_to_the_model() {
    let script = Script::new()
        .reply(Reply::tool("ask_billing", json!({ "task": "Refund order 7" })))
        .reply(Reply::text("Nobody is there."));
    let world = World::new(script);
    let role = world.role("openai", "  tools: [{delegate: {name: billing, url: 'http://127.0.0.1:9'}}]\n");
    let result = world.run(role, Runner::OpenAiAgent, "Refund, please.").await.unwrap();
    assert_eq!(result.text, "Nobody is there.");
    assert!(world.tree().contains("error.type = tool_unreachable"), "{}", world.tree());
}

#[tokio::test]
async fn a_served_agent_returns_answers_and_errors() {
    let world = World::new(Script::new().reply(Reply::text("Refunded.").when("order 7")));
    let agent = Arc::new(world.open(world.role("openai", ""), Runner::OpenAiAgent).await.unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, serve::router(agent)).await });
    // In a build of the whole workspace, reqwest has TLS enabled and needs a crypto provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ask = async |body: serde_json::Value| {
        let request = reqwest::Client::new()
            .post(format!("http://{address}/run"))
            .header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_str::<serde_json::Value>(&response.text().await.unwrap()).unwrap_or_default(),
        )
    };
    let (status, said) = ask(json!({ "prompt": "Refund order 7" })).await;
    assert_eq!((status, &said["answer"]), (200, &json!("Refunded.")));
    let (status, said) = ask(json!({ "prompt": "Anything else?" })).await;
    assert_eq!((status, &said["error"]["kind"]), (502, &json!("provider_error")));
    let (status, said) = ask(json!({ "prompt": "Go on", "depth": 9 })).await;
    assert_eq!((status, &said["error"]["kind"]), (502, &json!("policy")), "delegation in a circle");
    assert_eq!(ask(json!({ "prmpt": "x" })).await.0, 422);
    serving.abort();
}
