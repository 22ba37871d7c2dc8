//! The complete examples of docs/agents.md.

use super::World;
use serde_json::Value as Json;

#[test]
fn quick_start_with_each_runner() {
    for runner in ["openai-agent", "plan_execute", "deep-agent"] {
        let world = World::of("", "quick-start.script.json");
        let answer = world.run(&["run", "quick-start.yaml", "-p", "What time is it?", "--runner", runner]);
        assert_eq!(answer, "I have looked at the clock for you.\n");
        let run = &world.runs(1)[0];
        assert_eq!(
            (&run["agent_name"], &run["status"]),
            (&"traced-agent".into(), &"completed".into()),
            "{run:#}"
        );
        assert_eq!(run["trigger_type"], "cli");
        assert_eq!(run["input_preview"], "What time is it?");
        assert_eq!(run["output_preview"], "I have looked at the clock for you.");
        assert_eq!(run["turn_count"], run["llm_call_count"], "{runner}: {run:#}");
        let shown = world.turnscope(&["show", "last"]);
        assert!(shown.contains("traced-agent") && shown.contains("gpt-4o-mini"), "{shown}");
        if runner != "plan_execute" {
            assert_eq!(run["tools"], serde_json::json!(["clock"]));
            assert!(shown.contains("clock"), "{shown}");
        }
        let records = world.audit_of(run);
        assert_eq!(records.len(), 1);
        assert_eq!((&records[0]["record"], &records[0]["source"]), (&"run".into(), &"agent".into()));
        assert_eq!(records[0]["input_tokens"], run["input_tokens"], "{runner}");
        assert!(world.turnscope(&["audit", "verify"]).contains("all unchanged"));
    }
}

#[test]
fn customer_support_escalates_over_four_processes_in_one_trace() {
    let world = World::of("support", "script.json");
    let (billing, technical, manager) =
        (world.serve("billing.yaml"), world.serve("technical.yaml"), world.serve("manager.yaml"));
    let triage = world.directory.path().join("triage.yaml");
    let text = std::fs::read_to_string(&triage).expect("a role");
    let text =
        text.replace("http://127.0.0.1:7001", &billing.url).replace("http://127.0.0.1:7002", &technical.url);
    std::fs::write(&triage, text.replace("http://127.0.0.1:7003", &manager.url)).expect("written");
    let answer =
        world.run(&["run", "triage.yaml", "-p", "My order 7 for 240 never came.", "--session", "s-7"]);
    assert_eq!(answer, "We are sorry: 240 for your order 7 is refunded.\n");

    let runs = world.runs(3);
    let named = |name: &str| runs.iter().find(|run| run["agent_name"] == name).expect(name);
    let (triage, billing, manager) = (named("triage"), named("billing"), named("manager"));
    for run in [billing, manager] {
        assert_eq!(run["parent_run_id"], triage["run_id"], "{run:#}");
        assert_eq!(run["trace_id"], triage["trace_id"]);
        assert_eq!((&run["session_id"], &run["tool_call_count"]), (&"s-7".into(), &1.into()), "{run:#}");
    }
    assert_eq!(
        (&billing["deny_count"], &billing["user_role"]),
        (&1.into(), &"billing_clerk".into()),
        "{billing:#}"
    );
    assert_eq!(manager["deny_count"], 0);

    // The verdict in the audit trail, its step, and the way back.
    let denied: Vec<Json> =
        world.audit_of(billing).into_iter().filter(|record| record["verdict"] == "deny").collect();
    assert_eq!(denied.len(), 1);
    assert_eq!((&denied[0]["tool"], &denied[0]["risk_tier"]), (&"memory_set".into(), &"high".into()));
    assert_eq!(denied[0]["reason"], "refunds above 100 need the manager");
    let steps =
        world.server.json(&format!("/v1/traces/{}", denied[0]["trace_id"].as_str().expect("a trace")));
    let gate =
        steps["steps"].as_array().expect("steps").iter().find(|step| step["span_id"] == denied[0]["span_id"]);
    assert_eq!(gate.expect("the gate's step")["verdict"]["reason"], denied[0]["reason"]);
    let exported = world.turnscope(&["audit", "export", "--denied", "--format", "csv"]);
    assert_eq!(exported.lines().count(), 2, "{exported}");
    assert!(world.turnscope(&["show", "last"]).contains("manager"));
}

#[test]
fn the_clerk_passes_its_scenarios() {
    let world = World::of("clerk", "script.json");
    let table = world.run(&["scenarios", "scenarios.yaml"]);
    insta::assert_snapshot!(table);
    // Nine scenarios, and one ingest run, because the first scenario read the handbook.
    let runs = world.runs(10);
    let ingests: Vec<&Json> = runs.iter().filter(|run| run["tool_call_count"] == 0).collect();
    assert_eq!(ingests.len(), 1, "{runs:#?}");
    assert_eq!(runs.iter().filter(|run| run["trigger_type"] == "scenario").count(), 9);
    assert_eq!(runs.iter().map(|run| run["hitl_count"].as_u64().unwrap_or(0)).sum::<u64>(), 3);
}

#[test]
fn a_scenario_that_fails_is_told_and_counted() {
    let world = World::of("clerk", "script.json");
    let file = world.directory.path().join("scenarios.yaml");
    let text = std::fs::read_to_string(&file).expect("scenarios").replace("[valve]", "[fuse]");
    std::fs::write(&file, text.replace("{tools: [clock], max", "{tools: [calculate], max")).expect("written");
    let ran = world.agents(&["scenarios", "scenarios.yaml"]).output().expect("the program");
    assert_eq!(ran.status.code(), Some(1));
    let table = String::from_utf8(ran.stdout).expect("text");
    assert!(table.contains("FAIL  tells the time by the clock"), "{table}");
    assert!(table.contains("\n      called: [clock] instead of [calculate]\n"), "{table}");
    assert!(
        table.contains("the answer does not contain \"fuse\"") && table.ends_with("7 of 9 passed\n"),
        "{table}"
    );
}
