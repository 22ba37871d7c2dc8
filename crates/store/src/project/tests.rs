//! One test for each sentence of the design's rules on runs, turns, steps and figures.

use super::{
    join_keys, project,
    testkit::{span_id, trace_id, unit},
};
use std::sync::Arc;
use turnscope_model::{
    Body, ContentHash, Form, Kind, Origin, Record, RunId, StepStatus, Unit, Usage, Verdict,
};

/// The record that a node was made of, as far as its keys depend on it.
fn record(node: &super::Node) -> Record {
    let origin = Origin {
        service_name: node.service_name.to_string(),
        scope_name: node.scope_name.to_string(),
        hash: ContentHash::of(Form::Bytes, b""),
        bytes: Vec::new(),
    };
    Record {
        role: node.role.clone(),
        trace_id: node.trace_id,
        span_id: node.span_id,
        parent_span_id: node.parent_span_id,
        remote_parent: node.remote_parent,
        unit: Unit::None,
        start: node.start,
        end: node.end,
        status: node.status,
        facts: (*node.facts).clone(),
        body: Body::default(),
        origin: Arc::new(origin),
    }
}

// Which spans make a run.

#[test]
fn a_trace_makes_runs_only_if_it_holds_an_agentic_step() {
    let plain = unit().under(Kind::Http, "GET /").span(Kind::Other, "db").span(Kind::Mcp, "ping").project();
    assert_eq!(plain.runs.len(), 0);
    assert_eq!(plain.steps.len(), 3, "its steps are kept");
    for kind in [Kind::Llm, Kind::Tool, Kind::Retrieval, Kind::Embedding, Kind::Memory, Kind::Policy] {
        assert_eq!(unit().under(Kind::Http, "GET /").span(kind, "x").project().names(), ["GET /"]);
    }
}

#[test]
fn a_run_starts_at_each_topmost_agent_or_workflow() {
    let made = unit().under(Kind::Http, "POST /chat").run("bot").llm("c1").project();
    assert_eq!(made.names(), ["bot"]);
    assert_eq!(made.runs[0].run_id, RunId::of_span(trace_id(1), span_id(1)));
    assert!(made.step("POST /chat").outer);
    assert_eq!(made.step("POST /chat").run, None);
    assert_eq!(made.runs[0].parent, None);
}

#[test]
fn several_agents_under_an_ancestor_that_is_none_are_its_children() {
    let made = unit()
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
    let made = unit().under(Kind::Http, "top").llm("loose").run("a").llm("c").project();
    assert_eq!(made.names(), ["top", "a"]);
    assert_eq!(made.run("top").llm_call_count, 1);
    assert_eq!(made.run("a").llm_call_count, 1);
}

#[test]
fn agent_spans_below_are_child_runs() {
    let made = unit().run("planner").llm("p").tool("ask").up().project();
    assert_eq!(made.runs.len(), 1);
    let made = unit().run("planner").llm("p").under(Kind::Tool, "ask").run("helper").llm("h").project();
    assert_eq!(made.names(), ["planner", "helper"]);
    assert_eq!(made.run("helper").parent, Some(0));
    assert_eq!(made.run("planner").llm_call_count, 1, "a run's own figures leave its children out");
    assert_eq!(made.run("planner").tool_call_count, 1);
}

#[test]
fn a_wrapper_is_the_same_run_and_the_better_name_wins() {
    let made = unit().workflow("kickoff").run("Support Bot").llm("c").project();
    assert_eq!(made.names(), ["Support Bot"]);
    assert_eq!(made.runs[0].span_id, Some(span_id(0)));
    assert_eq!(made.step("kickoff").kind, Kind::Run);
    assert_eq!(made.step("Support Bot").kind, Kind::Workflow);
    // The application's own name goes before the framework's.
    let made =
        unit().run("support").run("agent").node(|n| n.scope_name = "framework".into()).llm("c").project();
    assert_eq!(made.names(), ["support"]);
}

#[test]
fn an_agent_of_the_same_instrumentation_with_another_name_is_a_child() {
    assert_eq!(unit().run("pipeline").run("writer").llm("c").project().names(), ["pipeline", "writer"]);
}

#[test]
fn a_delegated_agent_in_another_service_is_a_child_run() {
    let made =
        unit().workflow("front").run("back").node(|n| n.service_name = "other".into()).llm("c").project();
    assert_eq!(made.names(), ["front", "back"]);
    assert_eq!(made.run("back").parent, Some(0));
}

#[test]
fn with_no_agent_or_workflow_the_root_is_the_run() {
    let made = unit().under(Kind::Other, "batch").llm("a").llm("b").project();
    assert_eq!(made.names(), ["batch"]);
    assert_eq!(made.runs[0].llm_call_count, 2);
}

#[test]
fn each_orphan_makes_a_run_of_its_own() {
    let made = unit().llm("a").orphan().llm("b").orphan().project();
    assert_eq!(made.names(), ["a", "b"]);
    let remote = unit().run("a").orphan().node(|n| n.remote_parent = true).llm("c").project();
    assert_eq!(remote.names(), ["a"]);
}

#[test]
fn records_that_name_their_run_are_assembled() {
    let id = RunId::assembled("d", "app", "r1");
    let made = unit().of(Unit::Assembled(id)).llm("c1").trace(2).tool("t").trace(3).llm("c2").project();
    assert_eq!(made.runs.len(), 1);
    let run = &made.runs[0];
    assert_eq!((run.run_id, run.trace_id, run.span_id, run.root), (id, None, None, None));
    assert_eq!((run.llm_call_count, run.tool_call_count, run.turns.len()), (2, 1, 2));
    assert_eq!(run.end, Some(run.last_seen));
    let step = made.step("t");
    assert_eq!(step.step_id.as_str(), format!("{}-{}", trace_id(2), span_id(1)));
}

#[test]
fn each_prompt_of_a_conversation_opens_a_run_named_by_its_time() {
    let conversation = |late: bool| {
        let mut unit = unit().of(Unit::Assembled(RunId::assembled("codex", "app", "conv")));
        for n in 0..3 {
            if n == 0 && late {
                unit = unit.node_gap();
                continue;
            }
            unit = unit
                .event(Kind::Run, &format!("prompt:{n}"), None)
                .facts(|f| f.session_id = Some("conv".into()))
                .event(Kind::Llm, &format!("llm:{n}"), None);
        }
        unit.project()
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

// Which calls make a turn.

#[test]
fn each_call_opens_a_turn_and_the_tools_after_it_belong_to_it() {
    let made = unit().run("a").llm("c1").tool("t1").tool("t2").llm("c2").project();
    assert_eq!(made.runs[0].turns.iter().map(|t| t.n).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(["c1", "t1", "t2", "c2"].map(|name| made.turn_of(name).unwrap()), [1, 1, 1, 2]);
    assert_eq!(made.runs[0].turns[0].tool_steps.len(), 2);
    assert_eq!(made.turn_of("a"), None);
}

#[test]
fn a_sent_number_is_kept() {
    let sent = |n| move |f: &mut turnscope_model::Facts| f.turn_index = Some(n);
    let made =
        unit().run("a").turn("x").facts(sent(4)).llm("c1").up().turn("y").facts(sent(5)).llm("c2").project();
    assert_eq!(made.runs[0].turns.iter().map(|t| t.n).collect::<Vec<_>>(), [4, 5]);
    let made =
        unit().run("a").llm("c1").facts(sent(0)).llm("c2").facts(sent(1)).llm("c3").facts(sent(1)).project();
    assert_eq!(["c1", "c2", "c3"].map(|name| made.turn_of(name).unwrap()), [0, 1, 1]);
}

#[test]
fn an_explicit_turn_is_one_turn_however_many_calls_it_holds() {
    let made = unit().run("a").turn("s1").llm("c1").llm("c2").tool("t").up().llm("loose").project();
    assert_eq!(["s1", "c1", "c2", "t", "loose"].map(|name| made.turn_of(name).unwrap()), [1, 1, 1, 1, 2]);
}

#[test]
fn steps_before_the_first_call_belong_to_turn_one() {
    let made = unit().run("a").span(Kind::Retrieval, "search").llm("c1").llm("c2").project();
    assert_eq!(made.turn_of("search"), Some(1));
}

#[test]
fn a_node_around_a_call_belongs_to_its_turn_and_one_around_several_to_none() {
    let made = unit()
        .run("a")
        .llm("c1")
        .workflow("model")
        .llm("c2")
        .up()
        .workflow("loop")
        .llm("c3")
        .llm("c4")
        .project();
    assert_eq!(made.turn_of("model"), Some(2));
    assert_eq!(made.turn_of("loop"), None);
}

#[test]
fn calls_that_overlap_with_different_contexts_open_turns_of_their_own() {
    let long = |n: &mut super::Node| n.end = Some(1000);
    let made = unit().run("a").llm("c1").context(1).node(long).llm("c2").context(2).project();
    assert_eq!(made.runs[0].turns.len(), 2);
    let made = unit().run("a").llm("c1").context(1).node(long).llm("c2").context(1).project();
    assert_eq!(made.runs[0].turns.len(), 1, "samples of one context are one decision");
}

#[test]
fn a_call_inside_a_tool_without_an_agent_belongs_to_the_tools_turn() {
    let made = unit().run("a").llm("c1").under(Kind::Tool, "t").llm("inner").up().llm("c2").project();
    assert_eq!(["t", "inner", "c2"].map(|name| made.turn_of(name).unwrap()), [1, 1, 2]);
    assert_eq!(made.runs[0].llm_call_count, 3);
}

#[test]
fn a_retry_stays_in_its_turn() {
    let made = unit().run("a").llm("c1").context(7).fails("429").llm("c2").context(7).tool("t").project();
    assert_eq!(made.runs[0].turns.len(), 1);
    assert_eq!(made.runs[0].llm_call_count, 2);
    let without_content = unit().run("a").llm("c1").fails("429").llm("c2").project();
    assert_eq!(without_content.runs[0].turns.len(), 1);
    let decided_anew = unit().run("a").llm("c1").context(7).llm("c2").context(7).project();
    assert_eq!(decided_anew.runs[0].turns.len(), 2);
}

#[test]
fn an_embedding_opens_no_turn() {
    let made = unit().run("a").llm("c1").span(Kind::Embedding, "e").llm("c2").project();
    assert_eq!(made.runs[0].turns.len(), 2);
    assert_eq!(made.turn_of("e"), Some(1));
    assert_eq!(made.runs[0].llm_call_count, 3);
}

// Steps without a span.

#[test]
fn a_tool_call_without_a_span_is_synthesised() {
    let made = unit().run("a").llm("c1").asks(&["find#x1"]).llm("c2").project();
    let run = &made.runs[0];
    assert_eq!((run.tool_call_count, run.tools.as_slice()), (1, &["find".to_owned()][..]));
    let tool = made.step("find");
    assert_eq!((tool.node, tool.turn, tool.kind, tool.status), (None, Some(1), Kind::Tool, StepStatus::Ok));
    assert_eq!(tool.tool_call_id.as_deref(), Some("x1"));
    assert_eq!(tool.requested_by.map(|i| made.steps[i].name.as_str()), Some("c1"));
    assert_eq!(tool.step_id.as_str().len(), 16);
}

#[test]
fn it_is_matched_by_id_else_by_name_and_order() {
    let count = |made: super::Projection| made.runs[0].tool_call_count;
    assert_eq!(
        count(unit().run("a").llm("c").asks(&["find#x1"]).tool("whatever").call_id("x1").project()),
        1
    );
    assert_eq!(
        count(unit().run("a").llm("c").asks(&["find", "find"]).tool("find").tool("find").project()),
        2
    );
    assert_eq!(count(unit().run("a").llm("c").asks(&["find", "find"]).tool("find").project()), 2);
    assert_eq!(count(unit().run("a").llm("c").asks(&["mcp__shop__find"]).tool("find").project()), 1);
    assert_eq!(
        count(unit().run("a").tool("find").llm("c").asks(&["find"]).project()),
        2,
        "not one before the call"
    );
}

#[test]
fn a_generic_tool_span_takes_the_name_that_was_asked_for() {
    let made = unit().run("a").llm("c").asks(&["find", "sum"]).tool("call_tool").tool("call_tool").project();
    assert_eq!(made.runs[0].tools, ["find", "sum"]);
    assert_eq!(made.runs[0].tool_call_count, 2);
}

#[test]
fn it_gives_way_when_the_span_arrives() {
    let asked = unit().run("a").llm("c1").asks(&["find#x1"]);
    let made = asked.tool("find").call_id("x1").project();
    assert_eq!(made.steps.iter().filter(|step| step.kind == Kind::Tool).count(), 1);
    assert!(made.step("find").node.is_some());
}

#[test]
fn a_turn_or_agent_span_with_usage_and_no_call_counts_as_one() {
    let made = unit().run("a").tokens(5, 2).tool("t").project();
    assert_eq!((made.runs[0].llm_call_count, made.runs[0].usage.input_tokens), (1, Some(5)));
    let made = unit().run("a").tokens(5, 2).llm("c").project();
    assert_eq!((made.runs[0].llm_call_count, made.runs[0].usage.input_tokens), (1, Some(10)));
    let total = unit().run("a").tokens(5, 2).facts(|f| f.usage_is_total = true).project();
    assert_eq!(total.runs[0].llm_call_count, 0);
}

// Figures are counted once.

#[test]
fn one_call_inside_the_other_counts_once() {
    let made = unit().run("a").under(Kind::Llm, "outer").tokens(10, 1).llm("inner").project();
    assert_eq!((made.runs[0].llm_call_count, made.runs[0].usage.input_tokens), (1, Some(10)));
    assert_eq!(made.steps.iter().filter(|s| s.counted && s.kind == Kind::Llm).count(), 1);
    assert_eq!(made.runs[0].turns.len(), 1);
}

#[test]
fn the_attempts_inside_one_call_count_each() {
    let made = unit()
        .run("a")
        .under(Kind::Llm, "chat")
        .tokens(9, 3)
        .span(Kind::Llm, "try")
        .fails("500")
        .span(Kind::Llm, "again")
        .project();
    assert_eq!(made.runs[0].llm_call_count, 2);
    assert_eq!(made.runs[0].usage.input_tokens, Some(9), "what only the outer span knows is not lost");
}

#[test]
fn a_call_below_a_tool_of_a_call_is_another() {
    let made = unit().run("a").under(Kind::Llm, "outer").under(Kind::Tool, "t").llm("inner").project();
    assert_eq!(made.runs[0].llm_call_count, 2);
}

#[test]
fn the_same_response_counts_once_unless_it_came_again() {
    let beside =
        unit().run("a").llm("x").response("r1").node(|n| n.end = Some(100)).llm("y").response("r1").project();
    assert_eq!(beside.runs[0].llm_call_count, 1);
    assert!(beside.steps.iter().any(|step| step.same_as.is_some()));
    let cached = unit().run("a").llm("x").response("r1").llm("y").response("r1").project();
    assert_eq!(cached.runs[0].llm_call_count, 2);
}

#[test]
fn a_trace_of_second_reports_makes_no_run() {
    let made = unit()
        .llm("ours")
        .response("r1")
        .context(3)
        .node(|n| n.end = Some(100))
        .trace(2)
        .llm("native")
        .response("r1")
        .project();
    assert_eq!(made.names(), ["ours"]);
    assert_eq!(made.run_of("native"), Some("ours"));
    assert_eq!(made.step("native").parent.map(|p| made.steps[p].name.as_str()), Some("ours"));
    assert!(made.step("native").step_id.as_str().starts_with(&trace_id(2).to_string()));
    assert_eq!(made.step("ours").step_id.as_str(), span_id(0).to_string());
}

#[test]
fn a_request_and_the_record_of_its_streamed_answer_are_one_call() {
    let request = || unit().span(Kind::Llm, "request").context(3);
    let made = request()
        .trace(2)
        .llm("answer")
        .context(3)
        .node(|n| n.end = Some(n.start))
        .facts(|f| f.output_text = Some("hi".into()))
        .project();
    assert_eq!(made.names(), ["request"]);
    let run = &made.runs[0];
    assert_eq!(
        (run.llm_call_count, run.usage.input_tokens, run.output_text.as_deref()),
        (1, Some(10), Some("hi"))
    );
    assert_eq!(run.end, Some(20), "the call lasted until the answer was there");
    let (_, nodes) = request().trace(2).llm("answer").context(3).node(|n| n.end = Some(n.start)).nodes();
    let keys: Vec<_> = nodes.iter().map(|node| join_keys(&record(node))).collect();
    assert!(keys[1].contains(&keys[0][0]));
}

#[test]
fn tool_and_mcp_spans_of_one_call_count_once() {
    let made = unit()
        .run("a")
        .llm("c")
        .asks(&["find"])
        .under(Kind::Mcp, "send")
        .facts(|f| f.tool_name = Some("find".into()))
        .span(Kind::Mcp, "serve")
        .facts(|f| f.tool_name = Some("find".into()))
        .project();
    assert_eq!((made.runs[0].tool_call_count, made.runs[0].tools.as_slice()), (1, &["find".to_owned()][..]));
    let made = unit()
        .run("a")
        .under(Kind::Tool, "find")
        .call_id("x")
        .span(Kind::Mcp, "tools/call find")
        .facts(|f| f.tool_name = Some("find".into()))
        .project();
    assert_eq!(made.runs[0].tool_call_count, 1);
    let made = unit()
        .run("a")
        .under(Kind::Tool, "outer")
        .facts(|f| f.tool_name = Some("outer".into()))
        .tool("inner")
        .project();
    assert_eq!(made.runs[0].tool_call_count, 2, "a tool that uses another is two calls");
}

#[test]
fn a_verdict_is_counted_once_for_each_tool_call() {
    let made = unit()
        .run("a")
        .llm("c")
        .asks(&["find", "drop"])
        .gate("find", Verdict::Allow)
        .tool("find")
        .gate("drop", Verdict::Deny)
        .fails("denied")
        .project();
    let run = &made.runs[0];
    assert_eq!((run.verdicts, run.tool_call_count, run.error_count), ([1, 1, 0], 2, 0));
    assert_eq!(made.step("find").verdict, Some(Verdict::Allow));
    assert_eq!(made.step("drop").verdict, Some(Verdict::Deny));
    let twice = unit()
        .run("a")
        .llm("c")
        .under(Kind::Tool, "t")
        .gate("", Verdict::Allow)
        .gate("", Verdict::Hitl)
        .project();
    assert_eq!(twice.runs[0].verdicts, [0, 0, 1]);
}

#[test]
fn a_tool_that_only_a_gate_names_is_a_tool_call() {
    let made = unit().run("a").llm("c").gate("find", Verdict::Allow).project();
    assert_eq!((made.runs[0].tool_call_count, made.runs[0].verdicts), (1, [1, 0, 0]));
}

#[test]
fn each_failure_is_counted_once_where_it_began() {
    let made = unit().run("a").fails("x").workflow("node").fails("x").llm("c").fails("x").project();
    assert_eq!(made.runs[0].error_count, 1);
    assert!(made.runs[0].failed);
}

#[test]
fn a_run_whose_last_call_failed_without_an_answer_failed() {
    assert!(unit().run("a").llm("c").fails("400").project().runs[0].failed);
    assert!(!unit().run("a").llm("c").fails("400").llm("d").project().runs[0].failed);
    let answered =
        unit().run("a").facts(|f| f.output_text = Some("sorry".into())).llm("c").fails("400").project();
    assert!(!answered.runs[0].failed);
}

// Identity, previews, open runs.

#[test]
fn identity_comes_from_the_root_else_from_above_else_from_the_steps() {
    let session = |name: &str| {
        let name = name.to_owned();
        move |f: &mut turnscope_model::Facts| f.session_id = Some(name)
    };
    let of = |made: super::Projection| made.runs[0].session_id.clone().unwrap();
    assert_eq!(
        of(unit().under(Kind::Http, "p").facts(session("p")).run("a").facts(session("r")).llm("c").project()),
        "r"
    );
    assert_eq!(
        of(unit().under(Kind::Http, "p").facts(session("p")).run("a").llm("c").facts(session("c")).project()),
        "p"
    );
    assert_eq!(of(unit().run("a").llm("c").facts(session("c")).project()), "c");
}

#[test]
fn previews_are_the_last_user_message_and_the_final_answer() {
    let texts = |input: &str, output: &str| {
        let (input, output) = (input.to_owned(), output.to_owned());
        move |f: &mut turnscope_model::Facts| {
            f.input_text = Some(input);
            f.output_text = Some(output);
        }
    };
    let made = unit()
        .run("a")
        .llm("c")
        .facts(texts("hi", "thinking"))
        .asks(&["t"])
        .tool("t")
        .llm("d")
        .facts(texts("x", "done"))
        .project();
    assert_eq!(
        (made.runs[0].input_text.as_deref(), made.runs[0].output_text.as_deref()),
        (Some("hi"), Some("done"))
    );
    let open = unit().run("a").llm("c").facts(texts("hi", "thinking")).asks(&["t"]).project();
    assert_eq!(open.runs[0].output_text, None);
}

#[test]
fn an_open_step_gives_way_to_the_finished_span() {
    let (unit_of, mut nodes) = unit().run("a").still_open().llm("c").nodes();
    nodes[0].end = None;
    let open = project(unit_of, &nodes);
    assert_eq!((open.runs[0].end, open.step("a").status), (None, StepStatus::Running));
    let mut finished = nodes[0].clone();
    finished.role = turnscope_model::Role::Span;
    finished.end = Some(99);
    nodes.push(finished);
    let done = project(unit_of, &nodes);
    assert_eq!((done.runs[0].end, done.steps.len(), done.step("a").joined.len()), (Some(99), 2, 1));
}

#[test]
fn of_two_finished_versions_the_later_end_wins() {
    let (unit_of, mut nodes) = unit().llm("c").nodes();
    let mut later = nodes[0].clone();
    later.end = Some(500);
    nodes.insert(0, later);
    assert_eq!(project(unit_of, &nodes).runs[0].end, Some(500));
}

#[test]
fn events_join_the_span_with_the_same_natural_id() {
    let made = unit()
        .run("a")
        .tool("Bash")
        .call_id("t1")
        .llm("c")
        .event(Kind::Tool, "tool:t1", None)
        .call_id("t1")
        .facts(|f| f.error = Some(turnscope_model::ErrorFact::default()))
        .event(Kind::Llm, "llm:1", None)
        .tokens(10, 1)
        .facts(|f| f.reported_cost = Some(42))
        .event(Kind::Tool, "tool:t2", None)
        .call_id("t2")
        .facts(|f| f.tool_name = Some("Read".into()))
        .project();
    let run = &made.runs[0];
    assert_eq!((run.llm_call_count, run.tool_call_count, run.reported_cost), (1, 2, Some(42)));
    assert!(made.step("Bash").error.is_some());
    assert_eq!(made.run_of("tool:t2"), Some("a"), "it hangs below the span that it names");
    assert_eq!(made.steps.len(), 4);
}

#[test]
fn logs_join_the_span_that_they_name() {
    let made = unit().run("a").llm("c").log(|f| f.input_text = Some("first".into())).project();
    assert_eq!(made.runs[0].input_text.as_deref(), Some("first"));
    assert_eq!(made.steps.len(), 2);
}

#[test]
fn parents_that_go_round_are_cut() {
    let (unit_of, mut nodes) = unit().llm("a").llm("b").llm("c").nodes();
    nodes[0].parent_span_id = nodes[2].span_id;
    nodes[1].parent_span_id = nodes[0].span_id;
    nodes[2].parent_span_id = nodes[1].span_id;
    let made = project(unit_of, &nodes);
    assert_eq!((made.names(), made.steps.len()), (vec!["a"], 3));
    nodes[0].parent_span_id = nodes[0].span_id;
    assert_eq!(project(unit_of, &nodes).steps.len(), 3);
}

#[test]
fn deep_and_wide_traces_take_no_more_than_they_should() {
    let (unit_of, mut nodes) = unit().run("a").nodes();
    for i in 0..100_000_usize {
        let (_, mut one) = if i % 3 == 0 { unit().tool("t").nodes() } else { unit().llm("c").nodes() };
        one[0].span_id = Some(span_id(i + 1));
        one[0].parent_span_id = Some(if i < 5_000 { span_id(i) } else { span_id(i % 5_000) });
        one[0].start = i as u64 + 20;
        one[0].end = Some(i as u64 + 30);
        nodes.append(&mut one);
    }
    let made = project(unit_of, &nodes);
    assert_eq!(made.steps.len(), 100_001);
}

#[test]
fn usage_of_a_run_is_the_sum_over_its_counted_calls() {
    let made = unit().run("a").llm("c").tokens(3, 1).llm("d").tokens(4, 2).project();
    let sum = Usage { input_tokens: Some(7), output_tokens: Some(3), ..Usage::default() };
    assert_eq!(made.runs[0].usage, sum);
    assert_eq!(made.runs[0].usage_by_model, [(None, None, 2, sum)]);
}
