//! An agent that calls its model with `async-openai`.
//!
//! `cargo run -p turnscope --example openai --features async-openai`, with `OPENAI_BASE_URL` and
//! `OPENAI_API_KEY` for the model and `OTEL_EXPORTER_OTLP_ENDPOINT` for the spans.

use async_openai::{Client, config::OpenAIConfig, types::chat::CreateChatCompletionRequest};
use serde_json::{Value as Json, json};
use std::{env, error::Error};
use turnscope::{Run, init_tracing, openai::Record, shutdown};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // This workspace builds `reqwest` without a crypto provider. With `async-openai`'s default features there
    // is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _recording = init_tracing("openai-example");
    let run = turnscope::run("helpdesk");
    println!("run {}-{}", run.span_context().trace_id(), run.span_context().span_id());
    let answer = answer(&run, "Where is order 17?").await;
    if let Err(error) = &answer {
        run.fail("agent_failed", error.to_string());
    }
    run.end();
    let _ = shutdown();
    println!("{}", answer?);
    Ok(())
}

/// Calls the model and its tools until the model answers.
async fn answer(run: &Run, question: &str) -> Result<String, Box<dyn Error>> {
    let mut config = OpenAIConfig::new();
    if let Ok(base) = env::var("OPENAI_BASE_URL") {
        config = config.with_api_base(base);
    }
    let client = Client::with_config(config);
    run.input(question);
    let mut messages = vec![json!({"role": "user", "content": question})];
    loop {
        let turn = run.turn();
        let answer = client.chat().recorded_in(&turn).create(request(&messages)?).await?;
        let message = serde_json::to_value(&answer.choices.first().ok_or("no choice")?.message)?;
        messages.push(message.clone());
        let Some(calls) = message["tool_calls"].as_array() else {
            let text = message["content"].as_str().unwrap_or_default().to_owned();
            run.final_answer(&text);
            return Ok(text);
        };
        for call in calls {
            let name = call["function"]["name"].as_str().unwrap_or_default().to_owned();
            let id = call["id"].as_str().unwrap_or_default().to_owned();
            let tool = turn.tool(name);
            tool.call_id(id.clone()).arguments(&call["function"]["arguments"]);
            let result = "at sea";
            tool.result(result);
            messages.push(json!({"role": "tool", "tool_call_id": id, "content": result}));
        }
    }
}

fn request(messages: &[Json]) -> Result<CreateChatCompletionRequest, serde_json::Error> {
    serde_json::from_value(json!({
        "model": "gpt-5-mini",
        "messages": messages,
        "tools": [{"type": "function", "function": {
            "name": "lookup",
            "description": "Finds an order",
            "parameters": {"type": "object", "properties": {"order": {"type": "integer"}}},
        }}],
    }))
}
