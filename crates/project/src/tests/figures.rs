//! Figures are counted once.

use super::super::builder::{group, span_id, trace_id};
use super::super::join_keys;
use super::sent_record;
use turnscope_model::{Kind, Verdict};

#[test]
fn one_call_inside_the_other_counts_once() {
    let made = group().run("a").under(Kind::Llm, "outer").tokens(10, 1).llm("inner").project();
    assert_eq!((made.runs[0].llm_call_count, made.runs[0].usage.input_tokens), (1, Some(10)));
    assert_eq!(made.steps.iter().filter(|s| s.counted && s.kind == Kind::Llm).count(), 1);
    assert_eq!(made.runs[0].turns.len(), 1);
}

#[test]
fn the_attempts_inside_one_call_count_each() {
    let made = group()
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
    let outer = || group().run("a").under(Kind::Llm, "outer");
    let made = outer().tokens(5, 1).under(Kind::Tool, "t").llm("inner").project();
    assert_eq!(made.runs[0].llm_call_count, 2);
    let sum = outer().tokens(20, 2).under(Kind::Tool, "t").llm("inner").project();
    assert_eq!((sum.runs[0].llm_call_count, sum.runs[0].usage.input_tokens), (1, Some(10)));
}

#[test]
fn the_same_response_counts_once_unless_it_came_again() {
    let beside = group()
        .run("a")
        .llm("x")
        .response("r1")
        .record(|n| n.end = Some(100))
        .llm("y")
        .response("r1")
        .project();
    assert_eq!(beside.runs[0].llm_call_count, 1);
    assert!(beside.steps.iter().any(|step| step.same_as.is_some()));
    let cached = group().run("a").llm("x").response("r1").llm("y").response("r1").project();
    assert_eq!(cached.runs[0].llm_call_count, 2);
}

#[test]
fn a_trace_of_second_reports_makes_no_run() {
    let made = group()
        .llm("ours")
        .response("r1")
        .context(3)
        .record(|n| n.end = Some(100))
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
    let request = || group().span(Kind::Llm, "request").context(3);
    let made = request()
        .trace(2)
        .llm("answer")
        .context(3)
        .record(|n| n.end = Some(n.start))
        .facts(|f| f.output_text = Some("hi".into()))
        .project();
    assert_eq!(made.names(), ["request"]);
    let run = &made.runs[0];
    assert_eq!(
        (run.llm_call_count, run.usage.input_tokens, run.output_text.as_deref()),
        (1, Some(10), Some("hi"))
    );
    assert_eq!(run.end, Some(20), "the call lasted until the answer was there");
    let (_, records) =
        request().trace(2).llm("answer").context(3).record(|n| n.end = Some(n.start)).records();
    let keys: Vec<_> = records.iter().map(|record| join_keys(&sent_record(record))).collect();
    assert!(keys[1].contains(&keys[0][0]));
}

#[test]
fn the_halves_of_a_call_meet_around_a_client_that_reports_it_too() {
    let made = group()
        .under(Kind::Llm, "request")
        .context(3)
        .llm("native")
        .trace(2)
        .llm("answer")
        .context(3)
        .record(|n| n.end = Some(n.start))
        .facts(|f| f.output_text = Some("hi".into()))
        .project();
    let run = &made.runs[0];
    assert_eq!(made.runs.len(), 1);
    assert_eq!(
        (run.llm_call_count, run.usage.input_tokens, run.output_text.as_deref()),
        (1, Some(10), Some("hi"))
    );
}

#[test]
fn tool_and_mcp_spans_of_one_call_count_once() {
    let made = group()
        .run("a")
        .llm("c")
        .asks(&["find"])
        .under(Kind::Mcp, "send")
        .facts(|f| f.tool_name = Some("find".into()))
        .span(Kind::Mcp, "serve")
        .facts(|f| f.tool_name = Some("find".into()))
        .project();
    assert_eq!((made.runs[0].tool_call_count, made.runs[0].tools.as_slice()), (1, &["find".to_owned()][..]));
    let made = group()
        .run("a")
        .under(Kind::Tool, "find")
        .call_id("x")
        .span(Kind::Mcp, "tools/call find")
        .facts(|f| f.tool_name = Some("find".into()))
        .project();
    assert_eq!(made.runs[0].tool_call_count, 1);
    let made = group()
        .run("a")
        .under(Kind::Tool, "outer")
        .facts(|f| f.tool_name = Some("outer".into()))
        .tool("inner")
        .project();
    assert_eq!(made.runs[0].tool_call_count, 2, "a tool that uses another is two calls");
}

#[test]
fn a_verdict_is_counted_once_for_each_tool_call() {
    let made = group()
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
    let twice = group()
        .run("a")
        .llm("c")
        .under(Kind::Tool, "t")
        .gate("", Verdict::Allow)
        .gate("", Verdict::Hitl)
        .project();
    assert_eq!(twice.runs[0].verdicts, [0, 0, 1]);
}

#[test]
fn a_tool_that_was_denied_has_not_failed_and_an_allowed_one_that_fails_has() {
    let denied = group()
        .run("a")
        .llm("c")
        .asks(&["drop"])
        .gate("drop", Verdict::Deny)
        .tool("drop")
        .fails("PolicyDenied")
        .project();
    let run = &denied.runs[0];
    assert_eq!((run.error_count, run.failed, &run.error), (0, false, &None));
    assert_eq!(run.turns[0].error, None);
    assert!(denied.step("drop").error.is_some(), "what was sent stays with the step");

    let allowed = group()
        .run("a")
        .llm("c")
        .asks(&["drop"])
        .tool("drop")
        .facts(|f| f.verdict = Some(Verdict::Allow))
        .fails("disk full")
        .project();
    assert_eq!(allowed.runs[0].error_count, 1);
    assert!(allowed.runs[0].turns[0].error.is_some());
}

#[test]
fn a_tool_that_only_a_gate_names_is_a_tool_call() {
    let made = group().run("a").llm("c").gate("find", Verdict::Allow).project();
    assert_eq!((made.runs[0].tool_call_count, made.runs[0].verdicts), (1, [1, 0, 0]));
}

#[test]
fn each_failure_is_counted_once_where_it_began() {
    let made = group().run("a").fails("x").workflow("record").fails("x").llm("c").fails("x").project();
    assert_eq!(made.runs[0].error_count, 1);
    assert!(made.runs[0].failed);
}

#[test]
fn an_answer_behind_a_tool_that_the_provider_ran_is_the_runs() {
    let answer = |ran| {
        let call = group().run("a").llm("c").asks(&["web_search"]).facts(|f| {
            f.output_text = Some("In 1932.".to_owned());
            f.requested_tools[0].ran = ran;
        });
        call.project().runs[0].output_text.clone()
    };
    assert_eq!(answer(true).as_deref(), Some("In 1932."));
    assert_eq!(answer(false), None);
}

#[test]
fn a_run_whose_last_call_failed_without_an_answer_failed() {
    assert!(group().run("a").llm("c").fails("400").project().runs[0].failed);
    assert!(!group().run("a").llm("c").fails("400").llm("d").project().runs[0].failed);
    let answered =
        group().run("a").facts(|f| f.output_text = Some("sorry".into())).llm("c").fails("400").project();
    assert!(!answered.runs[0].failed);
}
