//! Steps without a span.

use super::super::builder::group;
use turnscope_model::{Kind, StepStatus};

#[test]
fn a_tool_call_without_a_span_is_synthesised() {
    let made = group().run("a").llm("c1").asks(&["find#x1"]).llm("c2").project();
    let run = &made.runs[0];
    assert_eq!((run.tool_call_count, run.tools.as_slice()), (1, &["find".to_owned()][..]));
    let tool = made.step("find");
    assert_eq!((tool.record, tool.turn, tool.kind, tool.status), (None, Some(1), Kind::Tool, StepStatus::Ok));
    assert_eq!(tool.tool_call_id.as_deref(), Some("x1"));
    assert_eq!(tool.requested_by.map(|i| made.steps[i].name.as_str()), Some("c1"));
    assert_eq!(tool.step_id.as_str().len(), 16);
}

#[test]
fn it_is_matched_by_id_else_by_name_and_order() {
    let count = |made: super::super::Projection| made.runs[0].tool_call_count;
    assert_eq!(
        count(group().run("a").llm("c").asks(&["find#x1"]).tool("whatever").call_id("x1").project()),
        1
    );
    assert_eq!(
        count(group().run("a").llm("c").asks(&["find", "find"]).tool("find").tool("find").project()),
        2
    );
    assert_eq!(count(group().run("a").llm("c").asks(&["find", "find"]).tool("find").project()), 2);
    assert_eq!(count(group().run("a").llm("c").asks(&["mcp__shop__find"]).tool("find").project()), 1);
    assert_eq!(
        count(group().run("a").tool("find").llm("c").asks(&["find"]).project()),
        2,
        "not one before the call"
    );
}

#[test]
fn a_generic_tool_span_takes_the_name_that_was_asked_for() {
    let made = group().run("a").llm("c").asks(&["find", "sum"]).tool("call_tool").tool("call_tool").project();
    assert_eq!(made.runs[0].tools, ["find", "sum"]);
    assert_eq!(made.runs[0].tool_call_count, 2);
}

#[test]
fn a_span_that_is_only_named_as_the_tool_is_its_call() {
    let asked = || group().run("a").llm("c1").asks(&["shop-find"]);
    let made = asked().span(Kind::Other, "shop-find").span(Kind::Other, "audit").llm("c2").project();
    let tools: Vec<_> = made.steps.iter().filter(|step| step.kind == Kind::Tool).collect();
    assert_eq!((tools.len(), made.runs[0].tool_call_count), (1, 1));
    assert!(tools[0].record.is_some());
    assert_eq!((tools[0].turn, tools[0].tool_name.as_deref()), (Some(1), Some("shop-find")));
    let marked = asked().tool("shop-find").span(Kind::Other, "shop-find").project();
    assert_eq!(marked.runs[0].tool_call_count, 1);
}

#[test]
fn a_result_that_went_back_as_an_error_is_a_failed_call() {
    let asked = group().run("a").llm("c1").asks(&["find#x1", "sum#x2"]).llm("c2");
    let made = asked.facts(|facts| facts.failed_results = vec!["x1".to_owned()]).project();
    assert_eq!((made.step("find").status, made.step("sum").status), (StepStatus::Error, StepStatus::Ok));
    assert!(made.step("find").error.is_some());
    assert_eq!((made.runs[0].error_count, made.runs[0].failed), (1, false));
}

#[test]
fn it_gives_way_when_the_span_arrives() {
    let asked = group().run("a").llm("c1").asks(&["find#x1"]);
    let made = asked.tool("find").call_id("x1").project();
    assert_eq!(made.steps.iter().filter(|step| step.kind == Kind::Tool).count(), 1);
    assert!(made.step("find").record.is_some());
}

#[test]
fn a_turn_or_agent_span_with_usage_and_no_call_counts_as_one() {
    let made = group().run("a").tokens(5, 2).tool("t").project();
    assert_eq!((made.runs[0].llm_call_count, made.runs[0].usage.input_tokens), (1, Some(5)));
    let made = group().run("a").tokens(5, 2).llm("c").project();
    assert_eq!((made.runs[0].llm_call_count, made.runs[0].usage.input_tokens), (1, Some(10)));
    let total = group().run("a").tokens(5, 2).facts(|f| f.usage_is_total = true).project();
    assert_eq!(total.runs[0].llm_call_count, 1);
}

#[test]
fn a_tool_whose_span_hides_that_it_failed_is_a_failed_call() {
    let asked = group().run("a").llm("c1").asks(&["find#x1", "sum#x2"]).tool("find").tool("sum").llm("c2");
    let made = asked.facts(|facts| facts.failed_results = vec!["x1".to_owned()]).project();
    assert_eq!((made.step("find").status, made.step("sum").status), (StepStatus::Error, StepStatus::Ok));
    assert_eq!((made.runs[0].error_count, made.runs[0].failed), (1, false));
}
