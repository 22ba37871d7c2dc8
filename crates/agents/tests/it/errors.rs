//! Errors, each with a defined outcome.

use crate::world::World;
use serde_json::json;
use std::time::Duration;
use turnscope_agents::{AgentError, Runner};
use turnscope_scripted_model::{Fault, Reply, Script};

const TOOLS: &str = "  tools: [{mcp: builtin}]\n";

async fn run(world: &World, runner: Runner, more: &str) -> Result<String, AgentError> {
    let role = world.role(if runner == Runner::ClaudeAgent { "anthropic" } else { "openai" }, more);
    world.run(role, runner, "Please.").await.map(|result| result.text)
}

#[tokio::test]
async fn transient_errors_are_retried_in_the_same_turn() {
    for fault in [
        Fault::Status { code: 429, retry_after_s: None },
        Fault::Status { code: 500, retry_after_s: None },
        Fault::Cut { after: 2 },
        Fault::InvalidJson,
    ] {
        for runner in [Runner::ClaudeAgent, Runner::OpenAiAgent] {
            let world = World::new(Script::new().reply(Reply::fault(fault)).reply(Reply::text("At last.")));
            assert_eq!(run(&world, runner, "").await.unwrap(), "At last.", "{fault:?}");
            assert_eq!(world.model.requests().len(), 2);
            assert_eq!(world.spans("agent.turn").len(), 1);
            assert_eq!(world.spans("chat test-model").len(), 2);
            assert_eq!(world.audit_lines(), ["run true At last."]);
        }
    }
}

#[tokio::test]
async fn permanent_errors_fail_the_run() {
    for (fault, kind) in [
        (Fault::Status { code: 500, retry_after_s: None }, "provider_error"),
        (Fault::Status { code: 429, retry_after_s: Some(3600) }, "rate_limit"),
        (Fault::Status { code: 401, retry_after_s: None }, "provider_error"),
        (Fault::Cut { after: 1 }, "stream_cut"),
    ] {
        let world = World::new(Script::new().reply(Reply::fault(fault).repeated()));
        let error = run(&world, Runner::OpenAiAgent, "").await.unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (kind, 3), "{error}");
        let tree = world.tree();
        assert!(tree.starts_with(&format!("agent.run error: {error}")), "{tree}");
        assert!(world.audit_lines()[0].starts_with(&format!("run false {kind}: ")));
        let again =
            !matches!(fault, Fault::Status { code: 401, .. } | Fault::Status { retry_after_s: Some(_), .. });
        assert_eq!(world.model.requests().len(), if again { 4 } else { 1 }, "{fault:?}");
    }
}

#[tokio::test]
async fn tool_errors_are_reported_to_the_model() {
    for (name, arguments, kind, said) in [
        ("calculate", json!({ "expression": "1/0" }), "tool_error", "division by zero"),
        ("calculate", json!({}), "tool_error", "the argument expression is missing"),
        ("fly", json!({}), "unknown_tool", "there is no tool fly; available: calculate, clock"),
        ("calculate", json!("1+1"), "invalid_arguments", "are not a JSON object"),
    ] {
        let script = Script::new().reply(Reply::tool(name, arguments)).reply(Reply::text("I see."));
        let world = World::new(script);
        assert_eq!(run(&world, Runner::OpenAiAgent, TOOLS).await.unwrap(), "I see.");
        let tool_result = world.model.requests()[1].body["messages"][3]["content"].to_string();
        assert!(
            tool_result.contains(said) || name == "fly" && tool_result.contains("there is no tool fly"),
            "{tool_result}"
        );
        assert!(world.tree().contains(&format!(". error.type = {kind}")), "{}", world.tree());
    }
}

#[tokio::test]
async fn a_model_that_never_answers_runs_out_of_turns() {
    let world = World::new(Script::new().reply(Reply::tool("clock", json!({})).repeated()));
    for runner in [Runner::OpenAiAgent, Runner::DeepAgent] {
        let error = run(&world, runner, &format!("{TOOLS}  max_turns: 3\n")).await.unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), ("turn_limit", 5));
        assert_eq!(error.to_string(), "no answer after 3 turns");
    }
    assert_eq!(world.model.requests().len(), 6);
}

#[tokio::test]
async fn a_reply_without_a_plan_makes_the_task_the_only_step() {
    let script = Script::new().reply(Reply::text("I would rather not plan.")).reply(Reply::text("Done."));
    let world = World::new(script);
    assert_eq!(run(&world, Runner::PlanExecute, TOOLS).await.unwrap(), "Done.");
    assert_eq!(world.spans("agent.turn").len(), 2);
    assert!(world.tree().contains("plan.steps = 0"));
}

#[tokio::test]
async fn a_server_that_does_not_start_or_hangs_is_an_error() {
    let mut world = World::new(Script::new());
    let gone =
        run(&world, Runner::OpenAiAgent, "  tools: [{mcp: {command: no-such-program}}]\n").await.unwrap_err();
    assert_eq!((gone.kind(), gone.exit_code()), ("tool", 4));
    assert!(gone.to_string().contains("no-such-program"), "{gone}");
    world.tool_timeout = Duration::from_millis(300);
    let hangs = run(&world, Runner::OpenAiAgent, "  tools: [{mcp: {command: sleep, args: ['60']}}]\n")
        .await
        .unwrap_err();
    assert!(hangs.to_string().contains("does not respond"), "{hangs}");
}

#[tokio::test]
async fn a_runner_that_does_not_fit_the_provider_is_an_error() {
    let world = World::new(Script::new());
    let role = world.role("openai", "");
    let error = world.run(role, Runner::ClaudeAgent, "Please.").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the runner claude_agent requires the provider anthropic, but the role uses openai"
    );
    assert_eq!(error.exit_code(), 2);
}

/// A listener that accepts connections and never answers, and its URL.
fn silence() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[tokio::test]
async fn a_tool_that_hangs_times_out_and_is_reported_to_the_model() {
    let script =
        Script::new().reply(Reply::tool("ask_sleeper", json!({ "task": "x" }))).reply(Reply::text("I see."));
    let mut world = World::new(script);
    world.tool_timeout = Duration::from_millis(300);
    let (_listener, url) = silence();
    let tools = format!("  tools: [{{delegate: {{name: sleeper, url: '{url}'}}}}]\n");
    assert_eq!(run(&world, Runner::OpenAiAgent, &tools).await.unwrap(), "I see.");
    let tool_result = world.model.requests()[1].body["messages"][3]["content"].clone();
    assert_eq!(tool_result, "ask_sleeper failed: no response within 0.3 s");
    assert!(world.tree().contains(". error.type = timeout"), "{}", world.tree());
    assert_eq!(world.audit_lines(), ["run true I see."]);
}

#[tokio::test]
async fn a_plan_whose_step_fails_fails_the_run_with_its_turns_recorded() {
    let broken = Reply::fault(Fault::Status { code: 400, retry_after_s: None });
    let script = Script::new().reply(Reply::text("{\"steps\": [\"one\", \"two\"]}")).reply(broken);
    let world = World::new(script);
    let error = run(&world, Runner::PlanExecute, "").await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), ("provider_error", 3));
    assert_eq!(world.spans("agent.turn").len(), 2);
    assert!(world.tree().starts_with("agent.run error: the model provider returned 400"), "{}", world.tree());
}

#[tokio::test]
async fn a_failing_sub_agent_is_reported_to_its_parent() {
    let broken = Reply::fault(Fault::Status { code: 400, retry_after_s: None });
    let script = Script::new()
        .reply(Reply::tool("run_subagent", json!({ "task": "count" })))
        .reply(broken.when("count"))
        .reply(Reply::text("It could not be done."));
    let world = World::new(script);
    assert_eq!(run(&world, Runner::DeepAgent, "").await.unwrap(), "It could not be done.");
    let tool_result = world.model.requests()[2].body["messages"][3]["content"].to_string();
    assert!(tool_result.contains("run_subagent failed: the model provider returned 400"), "{tool_result}");
    let lines = world.audit_lines();
    assert!(lines[0].starts_with("run false provider_error: "), "the sub-agent's own record: {lines:?}");
    assert_eq!(lines[1], "run true It could not be done.");
}

/// Ctrl-C, SIGTERM and clients that hang up drop the future of a run.
#[tokio::test]
async fn a_run_that_is_given_up_is_cancelled_in_the_trace_and_in_the_audit_trail() {
    let world = World::new(
        Script::new().reply(Reply::fault(Fault::Slow { first_ms: 600_000, each_ms: 0 }).repeated()),
    );
    let role = world.role("openai", "");
    let agent = world.open(role, Runner::OpenAiAgent).await.unwrap();
    let request = turnscope_agents::RunRequest { prompt: "Please.".into(), ..Default::default() };
    let run = world.recorded(agent.run(&request));
    assert!(tokio::time::timeout(Duration::from_millis(300), run).await.is_err());
    let tree = world.tree();
    assert!(tree.starts_with("agent.run error: the future was dropped before it was done"), "{tree}");
    assert_eq!(tree.matches(". error.type = cancelled").count(), tree.matches(" error: ").count(), "{tree}");
    assert!(tree.contains("chat test-model error: "), "{tree}");
    assert_eq!(world.audit_lines(), ["run false cancelled: cancelled before it was done"]);
    agent.close().await;
}
