//! Which spans make a run.

use super::super::builder::{group, span_id, trace_id};
use turnscope_model::{GroupKey, Kind, RunId};

#[test]
fn a_trace_makes_runs_only_if_it_holds_an_agentic_step() {
    let plain = group().under(Kind::Http, "GET /").span(Kind::Other, "db").span(Kind::Mcp, "ping").project();
    assert_eq!(plain.runs.len(), 0);
    assert_eq!(plain.steps.len(), 3, "its steps are kept");
    for kind in [Kind::Llm, Kind::Tool, Kind::Retrieval, Kind::Embedding, Kind::Memory, Kind::Policy] {
        assert_eq!(group().under(Kind::Http, "GET /").span(kind, "x").project().names(), ["GET /"]);
    }
}

#[test]
fn a_run_starts_at_each_topmost_agent_or_workflow() {
    let made = group().under(Kind::Http, "POST /chat").run("bot").llm("c1").project();
    assert_eq!(made.names(), ["bot"]);
    assert_eq!(made.runs[0].run_id, RunId::of_span(trace_id(1), span_id(1)));
    assert!(made.step("POST /chat").outer);
    assert_eq!(made.step("POST /chat").run, None);
    assert_eq!(made.runs[0].parent, None);
}

#[test]
fn several_agents_under_an_ancestor_that_is_none_are_its_children() {
    let made = group()
        .under(Kind::Http, "top")
        .under(Kind::Other, "job")
        .run("a")
        .llm("c")
        .up()
        .run("b")
        .llm("d")
        .project();
    assert_eq!(made.names(), ["job", "a", "b"]);
    assert_eq!(made.runs[1].parent, Some(0));
    assert_eq!(made.runs[2].parent, Some(0));
    assert!(made.step("top").outer);
}

#[test]
fn an_agent_and_a_loose_model_call_make_their_lowest_common_ancestor_the_run() {
    let made = group().under(Kind::Http, "top").llm("loose").run("a").llm("c").project();
    assert_eq!(made.names(), ["top", "a"]);
    assert_eq!(made.run("top").llm_call_count, 1);
    assert_eq!(made.run("a").llm_call_count, 1);
}

#[test]
fn agent_spans_below_are_child_runs() {
    let made = group().run("planner").llm("p").tool("ask").up().project();
    assert_eq!(made.runs.len(), 1);
    let made = group().run("planner").llm("p").under(Kind::Tool, "ask").run("helper").llm("h").project();
    assert_eq!(made.names(), ["planner", "helper"]);
    assert_eq!(made.run("helper").parent, Some(0));
    assert_eq!(made.run("planner").llm_call_count, 1, "a run's own figures leave its children out");
    assert_eq!(made.run("planner").tool_call_count, 1);
}

#[test]
fn a_wrapper_is_the_same_run_and_the_better_name_wins() {
    let made = group().workflow("kickoff").run("Support Bot").llm("c").project();
    assert_eq!(made.names(), ["Support Bot"]);
    assert_eq!(made.runs[0].span_id, Some(span_id(0)));
    assert_eq!(made.step("kickoff").kind, Kind::Run);
    assert_eq!(made.step("Support Bot").kind, Kind::Workflow);
    // The application's own name goes before the framework's.
    let made =
        group().run("support").run("agent").record(|n| n.scope_name = "framework".into()).llm("c").project();
    assert_eq!(made.names(), ["support"]);
}

#[test]
fn an_agent_of_the_same_instrumentation_with_another_name_is_a_child() {
    assert_eq!(group().run("pipeline").run("writer").llm("c").project().names(), ["pipeline", "writer"]);
}

#[test]
fn a_hook_or_a_part_of_the_same_agent_is_no_run() {
    let made = group().run("bot").llm("c").span(Kind::Run, "before_agent").project();
    assert_eq!(made.names(), ["bot"]);
    let made = group().run("bot").llm("c").run("bot").up().project();
    assert_eq!(made.names(), ["bot"]);
}

#[test]
fn an_agent_whose_work_lies_beside_it_has_it() {
    let made = group()
        .run("planner")
        .llm("p")
        .under(Kind::Tool, "ask")
        .span(Kind::Run, "invoke_agent helper")
        .facts(|f| f.agent_name = Some("helper".into()))
        .record(|n| n.end = Some(1000))
        .workflow("task helper")
        .llm("h")
        .project();
    assert_eq!(made.names(), ["planner", "helper"]);
    assert_eq!(made.run("helper").llm_call_count, 1);
}

#[test]
fn a_delegated_agent_in_another_service_is_a_child_run() {
    let made =
        group().workflow("front").run("back").record(|n| n.service_name = "other".into()).llm("c").project();
    assert_eq!(made.names(), ["front", "back"]);
    assert_eq!(made.run("back").parent, Some(0));
}

#[test]
fn with_no_agent_or_workflow_the_root_is_the_run() {
    let made = group().under(Kind::Other, "batch").llm("a").llm("b").project();
    assert_eq!(made.names(), ["batch"]);
    assert_eq!(made.runs[0].llm_call_count, 2);
}

#[test]
fn each_orphan_makes_a_run_of_its_own() {
    let made = group().llm("a").orphan().llm("b").orphan().project();
    assert_eq!(made.names(), ["a", "b"]);
    let remote = group().run("a").orphan().record(|n| n.remote_parent = true).llm("c").project();
    assert_eq!(remote.names(), ["a"]);
}

#[test]
fn records_that_name_their_run_are_assembled() {
    let id = RunId::assembled("d", "app", "r1");
    let made = group().of(GroupKey::Assembled(id)).llm("c1").trace(2).tool("t").trace(3).llm("c2").project();
    assert_eq!(made.runs.len(), 1);
    let run = &made.runs[0];
    assert_eq!((run.run_id, run.trace_id, run.span_id, run.root), (id, None, None, None));
    assert_eq!(run.name, "app");
    assert_eq!((run.llm_call_count, run.tool_call_count, run.turns.len()), (2, 1, 2));
    assert_eq!(run.end, Some(run.last_seen));
    let step = made.step("t");
    assert_eq!(step.step_id.as_str(), format!("{}-{}", trace_id(2), span_id(1)));
}

#[test]
fn each_prompt_of_a_conversation_opens_a_run_named_by_its_time() {
    let conversation = |late: bool| {
        let mut group = group().of(GroupKey::Assembled(RunId::assembled("codex", "app", "conv")));
        for n in 0..3 {
            if n == 0 && late {
                group = group.node_gap();
                continue;
            }
            group = group
                .event(Kind::Run, &format!("prompt:{n}"), None)
                .facts(|f| f.session_id = Some("conv".into()))
                .event(Kind::Llm, &format!("llm:{n}"), None);
        }
        group.project()
    };
    let (all, late) = (conversation(false), conversation(true));
    assert_eq!(all.runs.len(), 3);
    assert!(all.runs.iter().all(|run| run.llm_call_count == 1 && run.session_id.as_deref() == Some("conv")));
    assert_eq!(all.runs[0].native_run_id.as_deref(), Some("conv:10"));
    // Without the first prompt the others keep their ids.
    assert_eq!(
        late.runs.iter().map(|r| r.run_id).collect::<Vec<_>>(),
        [all.runs[1].run_id, all.runs[2].run_id]
    );
}

#[test]
fn events_of_one_prompt_are_one_run_with_the_units_id() {
    let id = RunId::assembled("claude-code", "app", "p1");
    let made = group()
        .of(GroupKey::Assembled(id))
        .event(Kind::Run, "prompt:p1", None)
        .facts(|f| f.native_run_id = Some("p1".into()))
        .event(Kind::Llm, "llm:a", Some("prompt:p1"))
        .asks(&["Bash#t1"])
        .event(Kind::Tool, "tool:t1", Some("prompt:p1"))
        .call_id("t1")
        .event(Kind::Tool, "tool:t1", Some("prompt:p1"))
        .call_id("t1")
        .project();
    assert_eq!(made.runs.len(), 1);
    let run = &made.runs[0];
    assert_eq!((run.run_id, run.native_run_id.as_deref()), (id, Some("p1")));
    assert_eq!((run.llm_call_count, run.tool_call_count, run.turns.len()), (1, 1, 1));
    assert_eq!(made.step("tool:t1").turn, Some(1));
}

#[test]
fn the_same_events_with_a_trace_but_no_spans_are_the_same_run() {
    let made = group()
        .event(Kind::Run, "prompt:p1", None)
        .facts(|f| {
            f.native_run_id = Some("p1".into());
            f.dialect = "claude-code".into();
        })
        .event(Kind::Llm, "llm:a", Some("prompt:p1"))
        .project();
    assert_eq!(made.runs.len(), 1);
    assert_eq!(made.runs[0].run_id, RunId::assembled("claude-code", "app", "p1"));
}
