//! Whether a step failed, and why.
//!
//! Not here: what a run makes of its steps' failures (`store::project`).

use super::{field::Field, gather::Picks, value, view::View};
use turnscope_model::{ErrorFact, Facts, Kind, Status};

const LONGEST_MESSAGE: usize = 2_000;

/// Exceptions by which frameworks steer themselves: a deferred call, a question to a human, a jump in a graph.
const NO_ERRORS: &[&str] = &[
    "CallDeferred",
    "ApprovalRequired",
    "GraphInterrupt",
    "NodeInterrupt",
    "GraphBubbleUp",
    "ParentCommand",
    "GeneratorExit",
    "StopIteration",
    "StopAsyncIteration",
];

/// Words for a failed outcome.
const FAILED: &[&str] = &["error", "failure", "failed"];

/// Whether the exception steers and does not fail.
pub(super) fn steers(exception_type: &str) -> bool {
    let name = exception_type.rsplit(['.', ':']).next().unwrap_or("");
    NO_ERRORS.contains(&name)
}

/// Fills the error in.
pub(super) fn fill(facts: &mut Facts, picks: &Picks<'_>, view: &View<'_>) {
    let outcome_failed = picks
        .cow(Field::Outcome)
        .is_some_and(|outcome| FAILED.iter().any(|failed| failed.eq_ignore_ascii_case(&outcome)));
    let failed = view.status == Status::Error
        || picks.get(Field::ErrorType).is_some_and(|pick| pick.key() == "error.type")
        || picks.truth(Field::Success) == Some(false)
        || picks.truth(Field::Failed) == Some(true)
        || outcome_failed;
    if !failed || (facts.kind == Kind::Policy && is_a_verdict(facts, picks)) {
        return;
    }
    let exception = view.events.iter().rev().find(|event| event.name == "exception");
    let of_exception = |key| exception.and_then(|event| value::get_text(&event.attributes, key));
    let exception_type =
        of_exception("exception.type").or_else(|| value::get_text(view.attributes, "exception.type"));
    if exception_type.as_deref().is_some_and(steers) {
        return;
    }
    let r#type = picks
        .text(Field::ErrorType)
        .or_else(|| exception_type.map(std::borrow::Cow::into_owned))
        .or_else(|| picks.text(Field::ErrorCode))
        .map_or_else(|| "_OTHER".to_owned(), |name| class_name(&name).to_owned());
    let described = (!view.status_message.is_empty()).then(|| without_traceback(view.status_message));
    let message = described
        .filter(|text| value::says_something(text))
        .map(str::to_owned)
        .or_else(|| of_exception("exception.message").map(std::borrow::Cow::into_owned))
        .or_else(|| value::get_text(view.attributes, "exception.message").map(std::borrow::Cow::into_owned))
        .or_else(|| picks.text(Field::ErrorMessage).filter(|text| text != "true"))
        .map(|text| cut(&text));
    facts.error = Some(ErrorFact { r#type, message });
}

/// A gate that says no has done its work. It failed only when it gave no verdict.
fn is_a_verdict(facts: &Facts, picks: &Picks<'_>) -> bool {
    facts.verdict.is_some() && picks.get(Field::ErrorType).is_none()
}

/// Python's way of printing a class.
fn class_name(name: &str) -> &str {
    name.strip_prefix("<class '").and_then(|name| name.strip_suffix("'>")).unwrap_or(name)
}

/// Some SDKs put the whole traceback into the status.
fn without_traceback(text: &str) -> &str {
    text.find("Traceback (most recent call last)")
        .filter(|at| *at > 0)
        .map_or(text, |at| text[..at].trim_end())
}

/// The first 2,000 characters.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}
