//! A person in the loop.

use super::super::{Projection, builder::group, join_keys};
use super::sent_record;
use turnscope_model::{Approval, Facts, GroupKey, Kind, Resolution, Status, StepStatus, Verdict};

fn about(tool: &str, id: &str) -> Approval {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Approval { tool_name: some(tool), tool_call_id: some(id), ..Approval::default() }
}

/// The last span asks a person, and its framework gives it the status of a failure.
fn asks(tool: &'static str, id: &'static str) -> impl FnOnce(&mut Facts) {
    move |facts| {
        facts.steered = true;
        facts.asks = vec![Approval { text: Some("May I?".to_owned()), ..about(tool, id) }];
    }
}

fn answers(said: Resolution, tool: &'static str, id: &'static str) -> impl FnOnce(&mut Facts) {
    move |facts| {
        facts.answers =
            vec![Approval { resolution: Some(said), text: Some("so be it".to_owned()), ..about(tool, id) }];
    }
}

fn verdict(made: &Projection, step: &str) -> (Option<Verdict>, Option<Resolution>) {
    let step = made.step(step);
    (step.verdict, step.asked.as_ref().and_then(|asked| asked.resolution))
}

#[test]
fn an_interrupt_is_no_failure_and_its_run_waits() {
    let graph = group().run("a").llm("c").asks(&["refund#call_1"]).span(Kind::Workflow, "approve");
    let made = graph.facts(asks("", "")).record(|n| n.status = Status::Error).project();
    let run = &made.runs[0];
    assert_eq!((run.failed, run.error_count, &run.error), (false, 0, &None));
    let waiting = run.waiting.as_ref().unwrap();
    assert_eq!(waiting.question.as_deref(), Some("May I?"));
    assert_eq!(
        (waiting.tool_name.as_deref(), waiting.tool_call_id.as_deref()),
        (Some("refund"), Some("call_1"))
    );
    assert_eq!(made.step("approve").status, StepStatus::Ok);
    assert_eq!((made.step("refund").status, run.tool_call_count), (StepStatus::Waiting, 1));
    assert_eq!(run.verdicts, [0, 0, 1]);
}

#[test]
fn a_child_runs_question_lets_the_whole_run_wait() {
    let made =
        group().run("a").llm("c1").run("b").llm("c2").span(Kind::Workflow, "approve").facts(asks("", ""));
    let made = made.project();
    assert!(made.run("a").waiting.is_some() && made.run("b").waiting.is_some());
}

#[test]
fn a_run_that_failed_does_not_wait() {
    let made =
        group().run("a").fails("Boom").llm("c").span(Kind::Workflow, "approve").facts(asks("", "")).project();
    assert_eq!((made.runs[0].failed, &made.runs[0].waiting), (true, &None));
}

#[test]
fn a_run_that_went_on_was_answered() {
    let made =
        group().run("a").llm("c1").span(Kind::Workflow, "approve").facts(asks("", "")).llm("c2").project();
    assert_eq!(made.runs[0].waiting, None);
    assert_eq!(verdict(&made, "approve"), (Some(Verdict::Hitl), None));
}

#[test]
fn the_resumed_run_continues_and_the_call_counts_once() {
    let halted = group().run("a").llm("c1").asks(&["refund#call_1a2b3c4d"]).span(Kind::Workflow, "approve");
    let halted = halted.facts(asks("", "")).facts(|f| f.session_id = Some("s".to_owned()));
    let resumed = halted.trace(2).run("b").facts(answers(Resolution::Approved, "", ""));
    let made = resumed.tool("refund").call_id("call_1a2b3c4d").llm("c2").project();
    let (a, b) = (made.run("a"), made.run("b"));
    assert_eq!((a.waiting.clone(), a.tool_call_count, b.tool_call_count), (None, 0, 1));
    assert_eq!(b.links[0].why.as_deref(), Some("continues"));
    assert_eq!(verdict(&made, "refund"), (Some(Verdict::Hitl), Some(Resolution::Approved)));
    assert_eq!(made.step("refund").asked.as_ref().unwrap().answer.as_deref(), Some("so be it"));
}

#[test]
fn a_refusal_is_rejected_and_no_failure() {
    let halted = group().run("a").llm("c1").asks(&["refund#call_1"]).span(Kind::Workflow, "approve");
    let resumed = halted.facts(asks("refund", "call_1")).trace(2).run("b");
    let made = resumed.facts(answers(Resolution::Rejected, "refund", "call_1")).llm("c2").project();
    assert_eq!(verdict(&made, "refund"), (Some(Verdict::Hitl), Some(Resolution::Rejected)));
    assert_eq!((made.step("refund").status, made.run("a").error_count), (StepStatus::Ok, 0));
    assert_eq!((made.run("a").failed, made.run("a").waiting.clone()), (false, None));
}

#[test]
fn a_tool_that_stops_to_ask_and_runs_again_is_one_call() {
    let made =
        group().run("a").llm("c").asks(&["refund"]).tool("refund").facts(asks("refund", "")).tool("refund");
    let made = made.llm("c2").project();
    assert_eq!((made.runs[0].tool_call_count, made.runs[0].verdicts), (1, [0, 0, 1]));
    let once = group().run("a").llm("c").asks(&["refund"]).tool("refund").facts(asks("refund", "")).project();
    assert_eq!((once.step("refund").status, once.runs[0].tool_call_count), (StepStatus::Waiting, 1));
}

#[test]
fn a_tool_that_no_model_asked_for_lets_nobody_wait() {
    let made = group().run("a").tool("pay").facts(asks("pay", "")).project();
    assert_eq!(made.runs[0].waiting, None);
}

#[test]
fn an_open_gate_waits_and_an_answered_one_does_not() {
    let gate = |facts: &mut Facts| {
        facts.verdict = Some(Verdict::Hitl);
        facts.asks = vec![about("refund", "")];
    };
    let open =
        group().run("a").still_open().llm("c").asks(&["refund"]).span(Kind::Policy, "gate").facts(gate);
    let open = open.still_open().project();
    assert!(open.runs[0].waiting.is_some());
    assert_eq!(open.step("gate").status, StepStatus::Waiting);
    let answered = group().run("a").llm("c").asks(&["refund"]).span(Kind::Policy, "gate").facts(gate);
    let made = answered.facts(answers(Resolution::Approved, "refund", "")).tool("refund").project();
    assert_eq!((made.runs[0].waiting.clone(), made.runs[0].verdicts), (None, [0, 0, 1]));
    assert_eq!(verdict(&made, "refund"), (Some(Verdict::Hitl), Some(Resolution::Approved)));
}

#[test]
fn several_calls_are_answered_in_their_order() {
    let halted = group().run("a").llm("c1").asks(&["pay#p", "drop#d"]).span(Kind::Workflow, "approve");
    let both = |facts: &mut Facts| {
        let said = |resolution| Approval { resolution: Some(resolution), ..Approval::default() };
        facts.answers = vec![said(Resolution::Approved), said(Resolution::Rejected)];
    };
    let made = halted.facts(asks("", "")).trace(2).run("b").facts(both).llm("c2").project();
    assert_eq!(verdict(&made, "pay").1, Some(Resolution::Approved));
    assert_eq!(verdict(&made, "drop").1, Some(Resolution::Rejected));
}

#[test]
fn a_question_and_its_answer_join_their_traces_and_nothing_else_does() {
    let keys = |change: fn(&mut Facts)| {
        let (_, records) = group().run("a").facts(change).records();
        join_keys(&sent_record(&records[0]))
    };
    assert_eq!(keys(|f| f.session_id = Some("s".to_owned())), Vec::<String>::new());
    let asked = keys(|f| f.asks = vec![about("", "call_0001700fake")]);
    assert_eq!(asked, ["approval:app:call:call_0001700fake"]);
    assert_eq!(keys(|f| f.answers = vec![about("", "list_files:0")]), Vec::<String>::new(), "a mere number");
    let thread = keys(|f| {
        f.session_id = Some("s".to_owned());
        f.answers = vec![Approval::default()];
    });
    assert_eq!(thread, ["approval:app:session:s"]);
}

#[test]
fn a_call_that_nothing_followed_is_pending() {
    let made = group().run("a").llm("c").asks(&["find"]).project();
    assert_eq!((made.step("find").status, made.runs[0].tool_call_count), (StepStatus::Pending, 1));
    let by_provider = |facts: &mut Facts| facts.requested_tools[0].ran = true;
    let made = group().run("a").llm("c").asks(&["web_search"]).facts(by_provider).project();
    assert_eq!(made.step("web_search").status, StepStatus::Ok, "the provider ran it itself");
    let group_key = GroupKey::None;
    assert_eq!(group().run("a").of(group_key).project().runs.len(), 0);
}

#[test]
fn a_tool_that_stopped_is_the_call_that_was_asked_for_and_counts_where_it_goes_on() {
    // Genkit: neither the tool that stops nor the one that goes on in another trace has the call's id.
    let halted = group().run("a").llm("c1").asks(&["refund#call_1a2b3c4d"]).tool("refund");
    let resumed = halted.facts(asks("refund", "")).trace(2).run("b").tool("refund");
    let made = resumed.facts(answers(Resolution::Approved, "refund", "")).llm("c2").project();
    let (a, b) = (made.run("a"), made.run("b"));
    assert_eq!((a.waiting.clone(), a.tool_call_count, b.tool_call_count), (None, 0, 1));
    assert_eq!(made.steps.iter().filter(|step| step.kind == Kind::Tool).count(), 2, "none is made up");
}

#[test]
fn a_decision_in_a_later_run_is_about_the_call_that_an_earlier_one_asked_for() {
    let id = "call_0123456789";
    let first = group().run("a").llm("c").asks(&["delete#call_0123456789"]).trace(2).run("b");
    let no = first.facts(answers(Resolution::Rejected, "", "call_0123456789")).llm("c2").project();
    let tool = no.steps.iter().find(|step| step.tool_call_id.as_deref() == Some(id)).unwrap();
    assert_eq!(tool.asked.as_ref().and_then(|asked| asked.resolution), Some(Resolution::Rejected));
    let yes = group().run("a").llm("c").asks(&["delete#call_0123456789"]).trace(2).run("b");
    let yes = yes
        .facts(|f| f.answers = vec![about("", "call_0123456789")])
        .tool("delete")
        .call_id(id)
        .llm("c2")
        .project();
    assert_eq!(verdict(&yes, "delete"), (Some(Verdict::Hitl), Some(Resolution::Approved)));
    assert_eq!(yes.runs.iter().map(|run| run.tool_call_count).sum::<u64>(), 1);
}

#[test]
fn an_agent_that_leaves_calls_open_is_seen_with_the_trace_that_runs_them() {
    let left = |facts: &mut Facts| {
        facts.requested_tools = vec![turnscope_model::RequestedTool {
            id: Some("call_0123456789".to_owned()),
            name: "delete".to_owned(),
            ran: false,
        }];
    };
    let (_, records) =
        group().run("a").facts(left).up().trace(2).tool("delete").call_id("call_0123456789").records();
    let (left, ran) = (sent_record(&records[0]), sent_record(&records[1]));
    assert!(join_keys(&left).contains(&super::super::sought_key(&ran).unwrap()));
}
