//! Policy decisions: in the trace, in the audit trail, and in the results for the model.

use crate::world::World;
use serde_json::json;
use turnscope_agents::{AgentError, Runner};
use turnscope_audit::Entry;
use turnscope_scripted_model::{Reply, Script, Usage};

const POLICY: &str = r#"package turnscope

default allow := false

allow if input.tool == "clock"
allow if input.tool == "memory_set"
requires_hitl if input.tool == "memory_set"
deny if input.tool == "calculate"
deny if {
    input.event_type == "agent_start"
    input.user_role == "banned"
}

reason := "nothing may be counted" if input.tool == "calculate"
reason := "writing to memory needs approval" if input.tool == "memory_set"
risk_tier := "high" if input.tool == "memory_set"
"#;

fn asking_for(tool: &str, arguments: serde_json::Value) -> World {
    let used = |input| Usage { input, output: 3, ..Usage::default() };
    let script = Script::new()
        .reply(Reply::tool(tool, arguments).usage(used(20)))
        .reply(Reply::text("Done.").usage(used(70)));
    let world = World::new(script);
    world.write("policy.rego", POLICY);
    world
}

async fn run(world: &World, user_role: &str) -> Result<String, AgentError> {
    let spec =
        format!("  tools: [{{mcp: builtin}}]\n  policy: {{files: [policy.rego], user_role: {user_role}}}\n");
    let role = world.role("anthropic", &spec);
    world.run(role, Runner::ClaudeAgent, "Please.").await.map(|result| result.text)
}

/// The result of the call, as the model got it.
fn tool_result(world: &World) -> String {
    world.model.requests()[1].body["messages"][2]["content"][0]["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn allowed() {
    let world = asking_for("clock", json!({}));
    assert_eq!(run(&world, "support_agent").await.unwrap(), "Done.");
    insta::assert_snapshot!(world.tree());
    assert_eq!(world.audit_lines(), [" allow  policy", "clock allow  policy", "run true Done."]);
    assert!(tool_result(&world).contains('T'), "a time: {}", tool_result(&world));
}

#[tokio::test]
async fn denied() {
    let world = asking_for("calculate", json!({ "expression": "1+1" }));
    assert_eq!(run(&world, "support_agent").await.unwrap(), "Done.");
    insta::assert_snapshot!(world.tree());
    assert_eq!(world.audit_lines(), [" allow  policy", "calculate deny  policy", "run true Done."]);
    assert_eq!(tool_result(&world), "calculate was not allowed: nothing may be counted");
    // The record leads to the span.
    let Entry::Decision(decision) = &world.audit()[1].entry else { panic!("a decision") };
    let gate = world.spans("policy_gate.evaluate");
    assert_eq!(
        (decision.trace_id.clone(), decision.span_id.clone()),
        (Some(gate[0].0.clone()), Some(gate[0].1.clone()))
    );
    assert!(decision.policy_version.as_deref().is_some_and(|version| version.starts_with("sha256:")));
}

#[tokio::test]
async fn a_human_is_asked() {
    for (human, resolution, who, note) in [
        (Some(true), "approved", "user:ada", "stored under \"a\""),
        (
            Some(false),
            "rejected",
            "user:ada",
            "memory_set was not allowed: writing to memory needs approval, and user:ada did not",
        ),
        (
            None,
            "rejected",
            "nobody (no terminal)",
            "memory_set was not allowed: writing to memory needs approval, and nobody (no terminal) did not",
        ),
    ] {
        let mut world = asking_for("memory_set", json!({ "key": "a", "value": "b" }));
        world.human = human;
        assert_eq!(run(&world, "support_agent").await.unwrap(), "Done.");
        let expected = [
            " allow  policy".to_owned(),
            "memory_set hitl  policy".to_owned(),
            format!("memory_set hitl {resolution} {who}"),
            "run true Done.".to_owned(),
        ];
        assert_eq!(world.audit_lines(), expected);
        assert_eq!(tool_result(&world), note);
        if human == Some(true) {
            insta::assert_snapshot!(world.tree());
        }
    }
}

#[tokio::test]
async fn a_secret_does_not_reach_the_model() {
    let script = Script::new()
        .reply(Reply::tool("memory_set", json!({ "key": "k", "value": "write to ada@example.com" })))
        .reply(Reply::tool("memory_get", json!({ "key": "k" })))
        .reply(Reply::text("Done."));
    let world = World::new(script);
    world.write("policy.rego", "package turnscope\nallow := true\n");
    run(&world, "support_agent").await.unwrap();
    let said = world.model.requests()[2].body["messages"][4].to_string();
    assert!(!said.contains("ada@example.com") && said.contains("write to"), "{said}");
    assert!(world.tree().contains("kitelogik.sanitizer.was_modified = true"));
}

#[tokio::test]
async fn an_agent_that_is_not_allowed_to_start_does_not() {
    let world = asking_for("clock", json!({}));
    let error = run(&world, "banned").await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), ("policy", 6));
    assert!(world.model.requests().is_empty(), "the model is not even request");
    assert!(
        world.audit_lines()[1].starts_with("run false policy: the policy does not allow this agent to start")
    );
}

#[tokio::test]
async fn an_invalid_policy_is_an_error_at_the_start() {
    let world = asking_for("clock", json!({}));
    world.write("policy.rego", "package turnscope\nallow if {");
    let error = run(&world, "support_agent").await.unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("policy.rego"), "{error}");
}

#[tokio::test]
async fn the_policy_applies_to_the_tools_of_the_deep_agent() {
    let script = Script::new()
        .reply(Reply::tool("write_file", json!({ "name": "plan.md", "content": "all" })))
        .reply(Reply::tool("write_todos", json!({ "todos": [] })))
        .reply(Reply::text("Done."));
    let world = World::new(script);
    let policy = "package turnscope\nallow if input.tool == \"write_todos\"\ndeny if input.arguments.name == \"plan.md\"\n";
    world.write("policy.rego", policy);
    let role = world.role("openai", "  policy: {files: [policy.rego]}\n");
    let result = world.run(role, Runner::DeepAgent, "Please.").await.unwrap();
    let used: Vec<(&str, bool)> =
        result.tools.iter().map(|tool| (tool.name.as_str(), tool.refused)).collect();
    assert_eq!(used, [("write_file", true), ("write_todos", false)]);
    let decided =
        [" allow  policy", "write_file deny  policy", "write_todos allow  policy", "run true Done."];
    assert_eq!(world.audit_lines(), decided);
    assert_eq!(world.spans("policy_gate.evaluate").len(), 2);
}

#[tokio::test]
async fn the_trace_shows_that_nobody_could_be_asked() {
    let world = asking_for("memory_set", json!({ "key": "a", "value": "b" }));
    run(&world, "support_agent").await.unwrap();
    let (tree, spans) = (world.tree(), world.spans("await_approval"));
    assert!(tree.contains(". turnscope.decided_by = nobody (no terminal)"), "{tree}");
    let Entry::Decision(answer) = &world.audit()[2].entry else { panic!("a decision") };
    assert_eq!(answer.span_id.as_deref(), Some(spans[0].1.as_str()), "the record leads to the span");
}

#[tokio::test]
async fn a_decision_record_has_the_arguments_without_secrets_and_the_times_of_its_span() {
    let arguments = json!({ "key": "refund 7", "value": "240", "api_key": "sk-abcdefghijklmnopqrstuv" });
    let world = asking_for("memory_set", arguments);
    run(&world, "support_agent").await.unwrap();
    let ends: Vec<i64> = (world.kept.0.lock().unwrap().iter())
        .map(|span| span.end_time.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64)
        .collect();
    let records = world.audit();
    for record in &records {
        let at = match &record.entry {
            Entry::Run(run) => run.ended_at,
            Entry::Decision(decision) => decision.decided_at,
        };
        assert!(ends.contains(&at), "{record:?} ends with no span: {ends:?}");
    }
    let Entry::Decision(asked) = &records[1].entry else { panic!("a decision") };
    let shown = asked.arguments.as_deref().unwrap();
    assert!(shown.contains(r#""value":"240""#) && shown.contains("[redacted:key]"), "{shown}");
    let tree = world.tree();
    let asked = tree.lines().find(|line| line.contains("turnscope.question")).unwrap();
    assert!(asked.contains("[redacted:key]") && !asked.contains("sk-abc"), "{asked}");
}
