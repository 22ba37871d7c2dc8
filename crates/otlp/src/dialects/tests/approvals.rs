//! A person in the loop, as attributes and exceptions tell of them.

use super::{attribute, span};
use turnscope_model::{Kind, Resolution, Status, Verdict};

fn interrupted(class: &str) -> super::Writing {
    let told = vec![
        attribute("exception.type", class),
        attribute("exception.message", "(Interrupt(value='Send it?'),)"),
    ];
    let mut span = span("approve").with("openinference.span.kind", "CHAIN").event("exception", told, 499);
    span.status = Status::Error;
    span
}

#[test]
fn exceptions_that_ask_somebody_are_no_errors() {
    for class in [
        "langgraph.errors.GraphInterrupt",
        "NodeInterrupt",
        "workflows.runtime.types.results.WaitingForEvent",
        "ToolInterruptError",
        "pydantic_ai.exceptions.ApprovalRequired",
        "acme.HumanInputRequired",
        "acme.RequiresApprovalException",
        "WorkflowSuspended",
    ] {
        let facts = interrupted(class).facts();
        assert_eq!((facts.error, facts.steered, facts.asks.len()), (None, true, 1), "{class}");
    }
    let question = interrupted("GraphInterrupt").facts().asks[0].text.clone();
    assert_eq!(question.as_deref(), Some("Send it?"));
}

#[test]
fn exceptions_that_steer_are_no_errors_and_ask_nobody() {
    for class in ["CallDeferred", "ParentCommand", "GeneratorExit", "langgraph.types.Command"] {
        let facts = interrupted(class).facts();
        assert_eq!((facts.error, facts.steered, facts.asks.len()), (None, true, 0), "{class}");
    }
}

#[test]
fn being_interrupted_from_outside_is_an_error() {
    for class in ["KeyboardInterrupt", "java.lang.InterruptedException", "InterruptedError", "ValueError"] {
        assert!(interrupted(class).facts().error.is_some(), "{class}");
    }
}

#[test]
fn the_text_of_the_status_tells_of_an_interrupt_too() {
    let mut span = span("approve");
    span.status = Status::Error;
    span.status_message = "GraphInterrupt((Interrupt(value='Send it?', id='i-1'),))".to_owned();
    let facts = span.facts();
    assert_eq!((facts.error.clone(), facts.asks[0].text.as_deref()), (None, Some("Send it?")));
}

#[test]
fn an_exception_just_before_the_end_is_what_ended_it() {
    let told = || vec![attribute("exception.type", "ValueError")];
    let mut late = span("x").event("exception", told(), 0);
    late.events[0].time_unix_nano = late.end - 100_000;
    assert!(late.facts().error.is_some());
    assert!(span("x").event("exception", told(), 100).facts().error.is_none(), "it was dealt with");
}

#[test]
fn a_span_that_asks_a_person_is_a_gate_with_its_answer() {
    let asked = span("await_human_input bot")
        .with("ag2.human_input.prompt", "May I?")
        .with("ag2.human_input.response", "no")
        .facts();
    assert_eq!((asked.kind, asked.verdict), (Kind::Policy, Some(Verdict::Hitl)));
    assert_eq!(asked.resolution, Some(Resolution::Rejected));
    assert_eq!(
        (asked.asks[0].text.as_deref(), asked.answers[0].text.as_deref()),
        (Some("May I?"), Some("no"))
    );

    let of_a_stranger = span("acme.approval_step")
        .with("acme.approval.question", "Ship it?")
        .with("acme.approval.decision", "approved")
        .with("acme.approval.approver", "ada")
        .facts();
    assert_eq!(of_a_stranger.resolution, Some(Resolution::Approved));
    assert_eq!(of_a_stranger.decided_by.as_deref(), Some("ada"));
}

#[test]
fn a_span_that_is_merely_named_like_it_is_none() {
    let mail =
        span("send_confirmation").with("mail.message", "Thank you").with("http.response", "yes").facts();
    assert_eq!((mail.kind, mail.verdict, mail.asks.len()), (Kind::Other, None, 0));
}

#[test]
fn our_own_question_waits_until_it_is_answered() {
    let asked =
        || span("await_approval").with("turnscope.step.kind", "policy").with("turnscope.question", "May I?");
    let open = asked().facts();
    assert_eq!((open.verdict, open.resolution, open.answers.len()), (Some(Verdict::Hitl), None, 0));
    let done = asked().with("turnscope.resolution", "approved").with("turnscope.decided_by", "ada").facts();
    assert_eq!((done.resolution, done.decided_by.as_deref()), (Some(Resolution::Approved), Some("ada")));
    assert_eq!(done.answers[0].who.as_deref(), Some("ada"));
    let why = asked().with("turnscope.reason", "above 100").with("policy.risk_tier", "high").facts();
    assert_eq!((why.reason.as_deref(), why.risk_tier.as_deref()), (Some("above 100"), Some("high")));
}

#[test]
fn an_exception_that_was_handed_over_as_text_is_read_from_it() {
    // What LangSmith's exporter writes of a graph's interrupt.
    let told = vec![
        attribute("exception.type", "Exception"),
        attribute("exception.message", "GraphInterrupt((Interrupt(value='Refund A-17?', id='7494'),))"),
    ];
    let mut span = span("ask").with("langsmith.span.kind", "chain").event("exception", told, 499);
    span.status = Status::Error;
    let facts = span.facts();
    assert_eq!((facts.error.clone(), facts.steered), (None, true));
    assert_eq!(facts.asks[0].text.as_deref(), Some("Refund A-17?"));
}

#[test]
fn an_agent_that_stopped_lists_the_tools_that_wait() {
    // What AgentScope's middleware writes on the two spans of one reply.
    let agent = || span("invoke_agent refunds").with("gen_ai.operation.name", "invoke_agent");
    let stopped = agent().with("agentscope.agent.hitl_pending_tools", r#"["issue_refund", "send_mail"]"#);
    let asks = stopped.facts().asks;
    let names: Vec<_> = asks.iter().filter_map(|ask| ask.tool_name.as_deref()).collect();
    assert_eq!(names, ["issue_refund", "send_mail"]);
    let goes_on =
        |event: &str| agent().with("agentscope.agent.incoming_event_type", event).facts().answers.len();
    assert_eq!((goes_on("user_confirm_result"), goes_on("external_execution_result")), (1, 0));
}

#[test]
fn an_exception_that_only_prints_what_it_carries_asks_too() {
    let mut span = span("tools").with("gen_ai.span.kind", "TASK");
    span.status = Status::Error;
    span.status_message = "(Interrupt(value={'question': 'Delete 7?'}, id='5d'),)".to_owned();
    let facts = span.facts();
    assert_eq!((facts.error.clone(), facts.asks[0].text.as_deref()), (None, Some("Delete 7?")));
}

#[test]
fn a_step_whose_state_says_so_stopped_for_somebody() {
    let step = span("execute_tool delete")
        .with("gen_ai.operation.name", "execute_tool")
        .with("gen_ai.finish_reason", "interrupted")
        .with("gen_ai.finish_reason_description", r#"{"question": "Delete 7?"}"#);
    let facts = step.facts();
    assert_eq!((facts.steered, facts.asks[0].text.as_deref()), (true, Some("Delete 7?")));
    // A model that was interrupted waits for nobody.
    let call =
        span("chat m").with("gen_ai.operation.name", "chat").with("gen_ai.response.status", "interrupted");
    assert!(call.facts().asks.is_empty());
}

#[test]
fn a_stack_in_the_status_names_the_class() {
    let mut span = span("delete_record").with("openinference.span.kind", "TOOL");
    span.status = Status::Error;
    let asked = r#"[{"id": "5d", "value": {"question": "Delete 7?"}}]"#;
    span.status_message = format!("{asked}\n\nGraphInterrupt: {asked}\n    at interrupt (file:///a.js:1:2)");
    let facts = span.facts();
    assert_eq!((facts.error.clone(), facts.steered), (None, true));
    assert_eq!(facts.asks[0].text.as_deref(), Some("Delete 7?"));
    span.status_message = "no such city\n\nTypeError: no such city\n    at f (file:///a.js:1:2)".to_owned();
    let error = span.facts().error.unwrap();
    assert_eq!((error.r#type.as_str(), error.message.as_deref()), ("TypeError", Some("no such city")));
}
