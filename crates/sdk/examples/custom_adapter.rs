//! A custom adapter for a client that this crate does not support: records calls to Anthropic's Messages API
//! with semantic convention names.
//!
//! `cargo run -p turnscope --example custom_adapter`, with `ANTHROPIC_BASE_URL` and `ANTHROPIC_API_KEY` for
//! the model and `OTEL_EXPORTER_OTLP_ENDPOINT` for the spans.

use serde_json::{Value as Json, json};
use std::{borrow::Cow, env, error::Error};
use turnscope::{LlmCall, Run, Step, Usage, init_tracing, shutdown};

/// A minimal client.
struct Messages {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Messages {
    /// Calls the model, as a step below `parent`.
    async fn create(&self, parent: &Step, request: &Json) -> Result<Json, Failure> {
        let call = parent.llm("anthropic", request["model"].as_str().unwrap_or_default().to_owned());
        call.input_messages(&messages(&request["messages"])).tool_definitions(&request["tools"]);
        if let Some(tokens) = request["max_tokens"].as_u64() {
            call.max_tokens(tokens);
        }
        let outcome = call.scope(self.send(request)).await;
        match &outcome {
            Ok(answer) => record_answer(&call, answer),
            Err(failure) => {
                call.fail(failure.kind.clone(), failure.message.clone());
            }
        }
        outcome
    }

    async fn send(&self, request: &Json) -> Result<Json, Failure> {
        let post = self.http.post(&self.url).header("x-api-key", &self.key);
        let post = post.header("anthropic-version", "2023-06-01").json(request);
        let answer = post.send().await.map_err(Failure::of_the_connection)?;
        let refused = !answer.status().is_success();
        let body: Json = answer.json().await.map_err(Failure::of_the_connection)?;
        if refused { Err(Failure::of_the_provider(&body["error"])) } else { Ok(body) }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{kind}: {message}")]
struct Failure {
    kind: Cow<'static, str>,
    message: String,
}

impl Failure {
    fn of_the_connection(error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() { "timeout" } else { "connection_error" };
        Self { kind: kind.into(), message: error.without_url().to_string() }
    }

    fn of_the_provider(error: &Json) -> Self {
        let text = |key: &str| error[key].as_str().unwrap_or("unknown").to_owned();
        Self { kind: text("type").into(), message: text("message") }
    }
}

/// Records the response.
fn record_answer(call: &LlmCall, answer: &Json) {
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    call.response(text("id"), text("model")).finish_reasons([text("stop_reason")]);
    let count = |key: &str| answer["usage"][key].as_u64();
    // Anthropic's input tokens exclude cache reads and writes; those of the conventions include them.
    let (cached, cache_written) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    let fresh = count("input_tokens");
    let input = fresh.map(|fresh| fresh + cached.unwrap_or(0) + cache_written.unwrap_or(0));
    call.usage(Usage { input, output: count("output_tokens"), cached, cache_written, reasoning: None });
    call.output_messages(&[json!({
        "role": "assistant", "parts": parts(&answer["content"]), "finish_reason": text("stop_reason"),
    })]);
}

/// Converts Anthropic's messages to the shape of the conventions.
fn messages(of: &Json) -> Vec<Json> {
    let message = |message: &Json| json!({"role": message["role"], "parts": parts(&message["content"])});
    of.as_array().into_iter().flatten().map(message).collect()
}

fn parts(content: &Json) -> Vec<Json> {
    match content {
        Json::String(text) => vec![json!({"type": "text", "content": text})],
        blocks => blocks.as_array().into_iter().flatten().map(part).collect(),
    }
}

fn part(block: &Json) -> Json {
    match block["type"].as_str() {
        Some("text") => json!({"type": "text", "content": block["text"]}),
        Some("thinking") => json!({"type": "reasoning", "content": block["thinking"]}),
        Some("tool_use") => {
            json!({"type": "tool_call", "id": block["id"], "name": block["name"], "arguments": block["input"]})
        }
        Some("tool_result") => {
            json!({"type": "tool_call_response", "id": block["tool_use_id"], "response": block["content"]})
        }
        _ => block.clone(),
    }
}

/// Calls the model until it answers. A rate-limited call is retried once, in the same turn.
async fn answer(run: &Run, model: &Messages, question: &str) -> Result<String, Failure> {
    run.input(question);
    let mut messages = vec![json!({"role": "user", "content": question})];
    loop {
        let turn = run.turn();
        let request = request(&messages);
        let answer = match model.create(&turn, &request).await {
            Err(failure) if failure.kind == "rate_limit_error" => model.create(&turn, &request).await?,
            other => other?,
        };
        let blocks = answer["content"].as_array().cloned().unwrap_or_default();
        messages.push(json!({"role": "assistant", "content": blocks}));
        let mut results = Vec::new();
        for block in blocks.iter().filter(|block| block["type"] == "tool_use") {
            let tool = turn.tool(block["name"].as_str().unwrap_or_default().to_owned());
            tool.call_id(block["id"].as_str().unwrap_or_default().to_owned());
            tool.arguments(&block["input"]).result("at sea");
            results.push(json!({"type": "tool_result", "tool_use_id": block["id"], "content": "at sea"}));
        }
        if results.is_empty() {
            let text = blocks.iter().filter_map(|block| block["text"].as_str()).collect::<String>();
            run.final_answer(&text);
            return Ok(text);
        }
        messages.push(json!({"role": "user", "content": results}));
    }
}

fn request(messages: &[Json]) -> Json {
    json!({
        "model": "claude-sonnet-5",
        "max_tokens": 1024,
        "messages": messages,
        "tools": [{
            "name": "lookup",
            "description": "Finds an order",
            "input_schema": {"type": "object", "properties": {"order": {"type": "integer"}}},
        }],
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // This workspace builds `reqwest` without a crypto provider. With its default features it has one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _recording = init_tracing("custom-adapter");
    let base = env::var("ANTHROPIC_BASE_URL").unwrap_or_else(|_| "https://api.anthropic.com".to_owned());
    let model = Messages {
        http: reqwest::Client::new(),
        url: format!("{base}/v1/messages"),
        key: env::var("ANTHROPIC_API_KEY")?,
    };
    let run = turnscope::run("helpdesk");
    println!("run {}-{}", run.span_context().trace_id(), run.span_context().span_id());
    let answer = answer(&run, &model, "Where is order 17?").await;
    if let Err(failure) = &answer {
        run.fail("agent_failed", failure.to_string());
    }
    run.end();
    let _ = shutdown();
    println!("{}", answer?);
    Ok(())
}
