//! Records a run and sends it to a local Turnscope: `cargo run -p turnscope --example quick_start
//! [ENDPOINT]`.

use serde_json::json;
use std::{env, error::Error, time::Duration};
use turnscope::{Setup, Usage, Verdict, setup, shutdown};

fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:4318".to_owned());
    let _recording =
        setup(Setup { otlp_endpoint: Some(endpoint), content: true, ..Setup::new("quick-start") })?;

    let run = turnscope::run("helpdesk");
    run.session("quick-start").user("ada").tags(["example"]);
    run.input("Where is my order 17?");

    let turn = run.turn();
    let call = turn.llm("openai", "gpt-5-mini");
    call.input_messages(&json!([text("user", "Where is my order 17?")]));
    call.output_messages(&json!([{
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "call_1", "name": "lookup", "arguments": {"order": 17}}],
        "finish_reason": "tool_call",
    }]));
    call.usage(Usage { input: Some(120), output: Some(18), ..Usage::default() });
    call.time_to_first_chunk(Duration::from_millis(210)).finish_reasons(["tool_call"]);
    call.end();
    turn.policy("lookup").verdict(Verdict::Allow).reason("read only").risk_tier("low");
    let tool = turn.tool("lookup");
    tool.call_id("call_1").arguments(&json!({"order": 17})).result(&json!({"status": "at sea"}));
    tool.end();
    turn.end();

    let turn = run.turn();
    let call = turn.llm("openai", "gpt-5-mini");
    call.output_messages(&json!([text("assistant", "It is at sea.")]));
    call.usage(Usage { input: Some(160), output: Some(9), cached: Some(100), ..Usage::default() });
    call.finish_reasons(["stop"]);
    call.end();
    turn.end();

    run.final_answer("It is at sea.");
    println!("run {}-{}", run.span_context().trace_id(), run.span_context().span_id());
    run.end();
    let _ = shutdown();
    Ok(())
}

fn text(role: &str, text: &str) -> serde_json::Value {
    json!({"role": role, "parts": [{"type": "text", "content": text}], "finish_reason": "stop"})
}
