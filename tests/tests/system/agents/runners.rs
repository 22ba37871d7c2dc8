//! Runs each runner as a separate program, and checks what `turnscope show` and REST show.

use super::World;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use turnscope_scripted_model::{Reply, Script, Usage};

fn role(provider: &str) -> String {
    format!(
        "kind: Agent\nmetadata: {{name: clerk}}\nspec:\n  model: {{provider: {provider}, name: test-model}}\n  role: You are a clerk.\n  tools: [{{mcp: builtin}}]\n"
    )
}

/// The model calls the calculator, then answers.
fn calculating() -> Script {
    let used = |input, output| Usage { input, output, ..Usage::default() };
    Script::new()
        .reply(Reply::tool("calculate", json!({ "expression": "6 * 7" })).when("seven").usage(used(40, 9)))
        .reply(Reply::text("It is 42.").when("42").usage(Usage { cached: 32, ..used(60, 5) }))
}

fn planning() -> Script {
    Script::new()
        .reply(Reply::text(r#"{"steps": ["calculate it", "say it kindly"]}"#))
        .reply(Reply::tool("calculate", json!({ "expression": "6*7" })).when("part of it: calculate it"))
        .reply(Reply::text("42").when("42"))
        .reply(Reply::text("My pleasure: 42.").when("part of it: say it kindly"))
        .reply(Reply::text("It is 42.").when("Answer the task from that"))
}

fn deep() -> Script {
    Script::new()
        .reply(
            Reply::tool("write_todos", json!({ "todos": ["count", "answer"] }))
                .and_tool("write_file", json!({ "name": "task.md", "content": "six times seven" })),
        )
        .reply(Reply::tool("run_subagent", json!({ "task": "Calculate what the file says" })).when("written"))
        .reply(Reply::tool("calculate", json!({ "expression": "6*7" })).when("Calculate what"))
        .reply(Reply::text("42").when("42"))
        .reply(Reply::text("It is 42.").when("42"))
}

/// A run and its descendants, without what differs from one test run to the next.
fn outline(world: &World, run: &Json) -> String {
    let id = run["run_id"].as_str().expect("an id");
    let mut out = String::new();
    for key in [
        "agent_name",
        "dialect",
        "status",
        "turn_count",
        "llm_call_count",
        "tool_call_count",
        "error_count",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "models",
        "providers",
        "tools",
        "trigger_type",
        "input_preview",
        "output_preview",
    ] {
        writeln!(out, "{key}: {}", run[key]).expect("a string");
    }
    let timeline = world.server.json(&format!("/v1/runs/{id}/timeline"));
    for step in timeline["steps"].as_array().expect("steps") {
        let depth = step["depth"].as_u64().unwrap_or(0) as usize;
        let text = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
        let line = format!("{}{} {} {}", "  ".repeat(depth), text("kind"), text("name"), text("tool_name"));
        writeln!(out, "{} turn {}", line.trim_end(), step["turn"]).expect("a string");
    }
    out
}

/// The tree that `turnscope show` prints: the text before the time bars, and the tokens after them.
fn shown(world: &World, id: &str) -> String {
    let text = world.turnscope(&["show", id]);
    let tree = text.lines().skip_while(|line| !line.is_empty()).skip(1);
    let lines = tree.map(|line| {
        let label = line.split('━').next().unwrap_or_default().trim_end();
        let tokens = line.split_whitespace().last().filter(|word| word.contains('→'));
        format!("{label}  {}", tokens.unwrap_or_default()).trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_runner_is_seen_over_rest_and_in_the_terminal() {
    for (name, provider, runner, script) in [
        ("claude_agent", "anthropic", "claude-agent", calculating()),
        ("openai_agent_chat", "openai", "openai-agent", calculating()),
        ("openai_agent_responses", "openai, api: responses", "openai-agent", calculating()),
        ("plan_execute", "openai", "plan-execute", planning()),
        ("deep_agent", "anthropic", "deep-agent", deep()),
    ] {
        let world = World::with_role(&role(provider), script);
        let answer = world.run(&["run", "role.yaml", "-p", "Six times seven?", "--runner", runner]);
        assert_eq!(answer, "It is 42.\n", "{name}");
        let runs = world.runs(if name == "deep_agent" { 2 } else { 1 });
        let run = runs.iter().find(|run| run["parent_run_id"].is_null()).expect("the run");
        insta::assert_snapshot!(format!("{name}_rest"), outline(&world, run));
        insta::assert_snapshot!(
            format!("{name}_show"),
            shown(&world, run["run_id"].as_str().expect("an id"))
        );
        for run in &runs {
            let records = world.audit_of(run);
            assert_eq!(records.len(), 1, "{name}: a record for each run, sub-agents' too");
            assert_eq!(records[0]["agent"], run["agent_name"]);
            assert_eq!(records[0]["output"], run["output_preview"]);
            assert_eq!(records[0]["input_tokens"], run["input_tokens"]);
        }
    }
}
