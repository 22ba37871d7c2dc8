//! The complete span tree of each runner.

use crate::world::World;
use serde_json::json;
use turnscope_agents::Runner;
use turnscope_scripted_model::{Reply, Script, Usage};

const TOOLS: &str = "  tools: [{mcp: builtin}]\n";

fn usage(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

/// The model calls the calculator, then answers.
fn calculating() -> Script {
    Script::new()
        .reply(
            Reply::tool("calculate", json!({ "expression": "6 * 7" }))
                .when("six times seven")
                .usage(usage(40, 9)),
        )
        .reply(Reply::text("It is 42.").when("42").usage(Usage { cached: 32, ..usage(60, 5) }))
}

#[tokio::test]
async fn claude_agent() {
    let world = World::new(calculating());
    let role = world.role("anthropic", TOOLS);
    let result = world.run(role, Runner::ClaudeAgent, "What is six times seven?").await.unwrap();
    assert_eq!((result.text.as_str(), result.turns), ("It is 42.", 2));
    assert_eq!((result.input_tokens, result.output_tokens), (100, 14));
    insta::assert_snapshot!(world.tree());
    assert_eq!(world.audit_lines(), ["run true It is 42."]);
    let requests = world.model.requests();
    let trace = &world.spans("agent.run")[0].0;
    let calls = world.spans("chat test-model");
    for (request, (_, span)) in requests.iter().zip(calls) {
        assert_eq!(request.header("traceparent"), Some(format!("00-{trace}-{span}-01").as_str()));
    }
}

#[tokio::test]
async fn openai_agent_by_chat_and_by_responses() {
    for api in ["chat", "responses"] {
        let world = World::new(calculating());
        let role = world.role(&format!("openai, api: {api}"), TOOLS);
        let result = world.run(role, Runner::OpenAiAgent, "What is six times seven?").await.unwrap();
        assert_eq!(result.text, "It is 42.");
        insta::assert_snapshot!(format!("openai_agent_{api}"), world.tree());
    }
}

#[tokio::test]
async fn plan_execute() {
    let plan = "```json\n{\"steps\": [\"calculate six times seven\", \"say it kindly\"]}\n```";
    let script = Script::new()
        .reply(Reply::text(plan).usage(usage(30, 20)))
        .reply(
            Reply::tool("calculate", json!({ "expression": "6*7" }))
                .when("part of it: calculate")
                .usage(usage(50, 9)),
        )
        .reply(Reply::text("42").when("42").usage(usage(70, 2)))
        .reply(Reply::text("My pleasure: 42.").when("part of it: say it kindly").usage(usage(80, 6)))
        .reply(Reply::text("Gladly: it is 42.").when("Answer the task from that").usage(usage(90, 7)));
    let world = World::new(script);
    let role = world.role("openai", TOOLS);
    let result = world.run(role, Runner::PlanExecute, "What is six times seven?").await.unwrap();
    assert_eq!((result.text.as_str(), result.turns), ("Gladly: it is 42.", 5));
    insta::assert_snapshot!(world.tree());
}

#[tokio::test]
async fn deep_agent() {
    let script = Script::new()
        .reply(
            Reply::tool("write_todos", json!({ "todos": ["count", "answer"] }))
                .and_tool("write_file", json!({ "name": "task.md", "content": "six times seven" })),
        )
        .reply(Reply::tool("run_subagent", json!({ "task": "Calculate what the file says" })).when("written"))
        .reply(Reply::tool("calculate", json!({ "expression": "6*7" })).when("Calculate what"))
        .reply(Reply::text("42").when("42"))
        .reply(Reply::tool("read_file", json!({ "name": "task.md" })).when("42"))
        .reply(Reply::text("Six times seven is 42.").when("six times seven"));
    let world = World::new(script);
    let role = world.role("openai", TOOLS);
    let result = world.run(role, Runner::DeepAgent, "Do it.").await.unwrap();
    assert_eq!(result.text, "Six times seven is 42.");
    assert_eq!(
        world.audit_lines(),
        ["run true 42", "run true Six times seven is 42."],
        "each run has its own record"
    );
    insta::assert_snapshot!(world.tree());
}

#[tokio::test]
async fn initrunner_names_add_a_span_around_the_run() {
    let world = World::new(Script::new().reply(Reply::text("Hello.").usage(usage(10, 2))));
    let role = world.role("openai", "  observability: {backend: otlp, names: initrunner}\n");
    world.run(role, Runner::OpenAiAgent, "Hi").await.unwrap();
    insta::assert_snapshot!(world.tree());
}
