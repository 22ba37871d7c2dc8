//! Counting once, by structure and not by name.

use super::super::builder::{group, trace_id};
use super::super::join_keys;
use super::sent_record;
use turnscope_model::{Facts, GroupKey, Kind, Role, RunId, ScoreFact, ScoreSource, StepStatus};

#[test]
fn a_call_that_holds_agents_is_a_container() {
    let made = group()
        .under(Kind::Llm, "conversation")
        .tokens(30, 3)
        .run("a")
        .llm("c1")
        .up()
        .run("b")
        .llm("c2")
        .project();
    let calls: u64 = made.runs.iter().map(|run| run.llm_call_count).sum();
    let input: u64 = made.runs.iter().filter_map(|run| run.usage.input_tokens).sum();
    assert_eq!((calls, input, made.step("conversation").counted), (2, 20, false));
    assert_eq!(made.runs.len(), 3);
}

#[test]
fn a_sum_counts_where_nothing_below_has_tokens() {
    let silent = |facts: &mut Facts| facts.usage = turnscope_model::Usage::default();
    let made = group().run("a").tokens(30, 3).llm("c1").facts(silent).llm("c2").facts(silent).project();
    let run = &made.runs[0];
    assert_eq!((run.llm_call_count, run.usage.input_tokens), (2, Some(30)));
    assert!(made.step("a").usage_is_sum);
    let known = group().run("a").tokens(30, 3).llm("c1").llm("c2").facts(silent).project();
    assert_eq!((known.runs[0].usage.input_tokens, known.step("a").usage_is_sum), (Some(10), false));
}

#[test]
fn a_record_of_mere_tokens_beside_a_call_repeats_it() {
    let made = group().run("a").llm("c").context(1).span(Kind::Llm, "usage").tokens(10, 1);
    let made = made.record(|n| n.end = Some(n.start)).project();
    assert_eq!((made.runs[0].llm_call_count, made.runs[0].usage.input_tokens), (1, Some(10)));
}

#[test]
fn a_nameless_agent_span_around_a_method_is_a_step() {
    let weak = |facts: &mut Facts| facts.agent_name_is_weak = true;
    let made =
        group().run("flow").run("ask").facts(weak).up().run("route").facts(weak).up().run("real").llm("c");
    let made = made.project();
    assert_eq!(made.names(), ["flow", "real"]);
    assert_eq!(made.step("ask").kind, Kind::Workflow);
}

#[test]
fn a_chain_under_a_tool_that_calls_models_is_a_child_run() {
    let outer = || {
        group().run("a").llm("c1").under(Kind::Tool, "task").facts(|f| f.tool_name = Some("task".to_owned()))
    };
    let made = outer().workflow("weather_agent").llm("c2").project();
    assert_eq!(made.run("weather_agent").parent, Some(0));
    assert_eq!(made.run("a").llm_call_count, 1);
    let plain = outer().workflow("RunnableSequence").llm("c2").project();
    assert_eq!(plain.names(), ["a"], "any chain has this name");
    let silent = outer().workflow("weather_agent").span(Kind::Other, "x").project();
    assert_eq!(silent.names(), ["a"]);
}

#[test]
fn a_wrapper_that_ends_a_moment_before_what_it_holds_is_the_same_call() {
    let tool = |facts: &mut Facts| facts.tool_name = Some("find".to_owned());
    let count = |end: u64| {
        let outer = group().run("a").llm("c").under(Kind::Tool, "wrapper").facts(tool);
        let (key, mut records) = outer.span(Kind::Tool, "work").facts(tool).records();
        let [.., wrapper, work] = &mut records[..] else { panic!("two tools") };
        (wrapper.start, wrapper.end) = (100, Some(10_000_000));
        (work.start, work.end) = (200, Some(end));
        crate::project(&[key], &records).runs[0].tool_call_count
    };
    assert_eq!((count(10_500_000), count(30_000_000)), (1, 2));
}

#[test]
fn a_call_that_its_executor_reports_in_the_run_above_counts_once() {
    let executed = |start: u64, end: u64| {
        let made = group().run("a").llm("c").tool("search").call_id("c1");
        let made = made.record(move |record| (record.start, record.end) = (start, Some(end)));
        let made = made.under(Kind::Tool, "ask").under(Kind::Run, "b").llm("d").tool("search").call_id("c1");
        let made = made.record(|record| (record.start, record.end) = (100, Some(50_000_000))).project();
        assert_eq!(made.runs.len(), 2);
        made.runs.iter().map(|run| run.tool_call_count).sum::<u64>()
    };
    // One of them is the call by which the run above asks the other.
    assert_eq!((executed(200, 40_000_000), executed(200, 90_000_000)), (2, 3));
}

#[test]
fn tools_that_overlap_with_other_arguments_are_other_calls() {
    let asked = |n: u64| move |facts: &mut Facts| facts.arguments = Some(n);
    let made = group().run("a").under(Kind::Tool, "search").facts(asked(1)).under(Kind::Tool, "search");
    let made = made.facts(asked(2)).tool("search").facts(asked(3)).project();
    assert_eq!(made.runs[0].tool_call_count, 3);
    let same =
        group().run("a").under(Kind::Tool, "search").facts(asked(1)).tool("search").facts(asked(1)).project();
    assert_eq!(same.runs[0].tool_call_count, 1);
}

#[test]
fn a_frameworks_own_span_beside_an_instrumentations_is_the_same_call() {
    let made = group().run("a").llm("c").under(Kind::Tool, "ai.toolCall").call_id("call_1");
    let made = made.facts(|f| f.tool_name = Some("bash".to_owned())).span(Kind::Other, "x").up();
    let inside = |n: &mut super::super::RecordFacts| (n.start, n.end) = (35, Some(36));
    let made = made.tool("bash").record(inside).project();
    assert_eq!(made.runs[0].tool_call_count, 1);
}

#[test]
fn an_id_that_a_model_gives_anew_means_the_call_of_its_turn() {
    let made =
        group().run("a").llm("c1").asks(&["list#list:0"]).llm("c2").asks(&["list#list:0"]).tool("list");
    let made = made.call_id("list:0").project();
    let real = made.steps.iter().find(|step| step.kind == Kind::Tool && step.record.is_some()).unwrap();
    assert_eq!(real.requested_by.map(|i| made.steps[i].name.as_str()), Some("c2"));
}

#[test]
fn failures_around_the_work_are_no_errors_of_the_run() {
    let made =
        group().run("a").under(Kind::Other, "load").span(Kind::Other, "read").fails("NotFound").up().llm("c");
    let made = made.project();
    assert_eq!((made.runs[0].error_count, made.runs[0].failed), (0, false));
    assert_eq!(made.step("read").status, StepStatus::Error);
    let deep =
        group().run("a").under(Kind::Llm, "c").fails("Boom").span(Kind::Http, "POST").fails("500").project();
    assert_eq!(deep.runs[0].error_count, 1, "the call failed too");
}

#[test]
fn a_call_without_a_model_is_of_the_model_around_it() {
    let named = |facts: &mut Facts| facts.request_model = Some("gpt-5.4".to_owned());
    let made = group().run("a").facts(named).llm("c").project();
    assert_eq!(made.runs[0].models, ["gpt-5.4"]);
    assert_eq!(made.runs[0].usage_by_model[0].0.as_deref(), Some("gpt-5.4"));
}

#[test]
fn events_without_a_trace_join_the_spans_of_their_conversation() {
    let session = |facts: &mut Facts| facts.session_id = Some("s".to_owned());
    let turn = || group().run("turn").facts(session).llm("span").tokens(97, 46);
    let with_event = turn().up().event(Kind::Llm, "llm:1", None).tokens(97, 50).facts(session);
    let made = with_event.record(|n| n.trace_id = None).project();
    assert_eq!((made.runs.len(), made.runs[0].llm_call_count), (1, 1));
    let prompt = turn().up().event(Kind::Run, "prompt:1", None).facts(session);
    let prompt = prompt.facts(|f| f.input_text = Some("Plan a trip".to_owned()));
    let made = prompt.record(|n| n.trace_id = None).project();
    assert_eq!((made.runs.len(), made.runs[0].input_text.as_deref()), (1, Some("Plan a trip")));
}

#[test]
fn an_evaluation_finds_the_answer_that_it_names() {
    let score = ScoreFact {
        name: "faithful".to_owned(),
        value: Some(0.2),
        label: None,
        comment: None,
        source: ScoreSource::Event,
    };
    let late = |facts: &mut Facts| {
        facts.response_id = Some("r1".to_owned());
        facts.scores = vec![score.clone()];
    };
    let group_of_answer = GroupKey::Assembled(RunId::of_answer("r1"));
    let build = group().run("a").llm("c").response("r1").log(late).record(|n| {
        n.trace_id = None;
        n.span_id = None;
    });
    let (_, records) = build.records();
    assert_eq!(join_keys(&sent_record(&records[2])), ["response:r1"]);
    for key in [group_of_answer, GroupKey::Trace(trace_id(1))] {
        let made = super::super::project(&[key], &records);
        assert_eq!(made.runs.len(), 1);
        let call = made.step("c");
        assert_eq!((call.facts.scores.len(), call.joined.len()), (1, 1));
    }
    assert_eq!(records[2].role, Role::Log);
}

#[test]
fn a_call_that_runs_the_tools_that_it_asked_for_is_a_call() {
    let made = |asks: &[&str]| {
        group()
            .run("planner")
            .under(Kind::Llm, "call_llm")
            .asks(asks)
            .tokens(30, 3)
            .under(Kind::Tool, "researcher")
            .facts(|f| f.tool_name = Some("researcher".to_owned()))
            .run("researcher")
            .llm("c1")
            .project()
    };
    let calls = made(&["researcher"]);
    assert_eq!(calls.run("planner").llm_call_count, 1);
    assert_eq!(calls.run("researcher").parent, Some(0));
    assert_eq!(made(&[]).run("planner").llm_call_count, 0, "nothing says that it called a model itself");
}

#[test]
fn an_agent_in_a_trace_of_its_own_belongs_to_the_call_that_started_it() {
    let made = group()
        .run("main")
        .llm("c1")
        .asks(&["agent#call_1"])
        .tool("agent")
        .call_id("call_1")
        .trace(2)
        .run("helper")
        .call_id("call_1")
        .llm("c2")
        .project();
    assert_eq!(made.run("helper").parent, Some(0));
    assert_eq!(made.names(), ["main", "helper"]);
}

#[test]
fn two_instrumentations_side_by_side_report_one_call() {
    let beside = |model: &'static str| {
        let named = |name: &'static str| move |facts: &mut Facts| facts.request_model = Some(name.to_owned());
        let first = group()
            .run("a")
            .span(Kind::Llm, "Chat")
            .tokens(10, 1)
            .facts(named("m"))
            .context(1)
            .record(|n| n.end = Some(n.start + 50));
        let second = first
            .span(Kind::Llm, "openai.chat")
            .facts(named(model))
            .facts(|f| f.finish_reason = Some("stop".to_owned()));
        second.record(|n| n.scope_name = std::sync::Arc::from("other"))
    };
    let made = beside("m").project();
    assert_eq!((made.runs[0].llm_call_count, made.runs[0].usage.input_tokens), (1, Some(10)));
    assert_eq!(beside("m2").project().runs[0].llm_call_count, 2, "another model");
    let same_scope = beside("m").record(|n| n.scope_name = std::sync::Arc::from("scope")).project();
    assert_eq!(same_scope.runs[0].llm_call_count, 2, "calls side by side");
    assert_eq!(beside("m").tokens(7, 1).project().runs[0].llm_call_count, 2, "other tokens");
}
