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

#[test]
fn a_call_that_gave_nothing_at_the_end_of_its_run_has_not_run() {
    let nothing = |facts: &mut turnscope_model::Facts| facts.gave_nothing = true;
    let made =
        group().run("a").llm("c").asks(&["delete#x1"]).tool("delete").call_id("x1").facts(nothing).project();
    assert_eq!(made.step("delete").status, StepStatus::Pending);
    let went_on =
        group().run("a").llm("c").asks(&["delete#x1"]).tool("delete").call_id("x1").facts(nothing).llm("c2");
    assert_eq!(went_on.project().step("delete").status, StepStatus::Ok);
    let answered = group()
        .run("a")
        .facts(|f| f.output_text = Some("Done.".to_owned()))
        .llm("c")
        .asks(&["delete#x1"])
        .tool("delete")
        .facts(nothing);
    assert_eq!(answered.project().step("delete").status, StepStatus::Ok);
}

#[test]
fn a_tool_that_waits_and_begins_anew_is_one_call() {
    let nothing = |facts: &mut turnscope_model::Facts| facts.gave_nothing = true;
    let id = "call_0123456789";
    let twice =
        || group().run("a").llm("c").tool("delete").call_id(id).facts(nothing).tool("delete").call_id(id);
    assert_eq!(twice().llm("c2").project().runs[0].tool_call_count, 1);
    let numbered = group()
        .run("a")
        .llm("c")
        .tool("list")
        .call_id("list:0")
        .facts(nothing)
        .tool("list")
        .call_id("list:0");
    assert_eq!(numbered.llm("c2").project().runs[0].tool_call_count, 2, "ids that begin anew");
}

#[test]
fn a_step_within_the_models_call_only_tells_what_is_asked_for() {
    let told = |facts: &mut turnscope_model::Facts| facts.gave_nothing = true;
    let call = || group().run("a").under(Kind::Llm, "c").tokens(10, 1);
    let made =
        call().tool("find").call_id("call_0123456789").facts(told).up().tool("find").llm("c2").project();
    assert_eq!(made.runs[0].tool_call_count, 1);
    let alone = call().tool("find").call_id("call_0123456789").facts(told).up().llm("c2").project();
    assert_eq!(alone.runs[0].tool_call_count, 1, "nothing else tells of it");
}
