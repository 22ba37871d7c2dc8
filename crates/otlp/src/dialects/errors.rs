//! Whether a step failed, and why.
//!
//! Not here: what a run makes of its steps' failures (the crate `project`).

use super::{field::Field, select::Selection, value, view::View};
use turnscope_model::{ErrorFact, Facts, Kind, Status};

const LONGEST_MESSAGE: usize = 2_000;

/// The class that says nothing about what went wrong.
const ANY_EXCEPTION: &str = "Exception";

/// Words for a failed outcome.
const FAILED: &[&str] = &["error", "failure", "failed"];

/// Fills the error in.
pub(super) fn fill(facts: &mut Facts, selection: &Selection<'_>, view: &View<'_>) {
    let outcome_failed = selection
        .cow(Field::Outcome)
        .is_some_and(|outcome| FAILED.iter().any(|failed| failed.eq_ignore_ascii_case(&outcome)));
    let failed = view.status == Status::Error
        || selection.get(Field::ErrorType).is_some_and(|selected| selected.key() == "error.type")
        || selection.truth(Field::Success) == Some(false)
        || selection.truth(Field::Failed) == Some(true)
        || outcome_failed
        || ended_by_exception(view);
    if !failed || facts.steered || (facts.kind == Kind::Policy && is_a_verdict(facts, selection)) {
        return;
    }
    let exception = view.events.iter().rev().find(|event| event.name == "exception");
    let of_exception = |key| exception.and_then(|event| value::get_text(&event.attributes, key));
    let exception_type =
        of_exception("exception.type").or_else(|| value::get_text(view.attributes, "exception.type"));
    let exception_message =
        of_exception("exception.message").or_else(|| value::get_text(view.attributes, "exception.message"));
    let described = (!view.status_message.is_empty()).then(|| without_traceback(view.status_message));
    let message = described
        .filter(|text| value::says_something(text))
        .map(str::to_owned)
        .or_else(|| exception_message.map(|text| without_traceback(&text).to_owned()))
        .or_else(|| selection.text(Field::ErrorMessage).filter(|text| text != "true"));
    let printed = message.as_deref().and_then(printed_exception);
    let r#type = selection
        .text(Field::ErrorType)
        .or_else(|| exception_type.map(std::borrow::Cow::into_owned))
        .filter(|name| printed.is_none() || name != ANY_EXCEPTION)
        .or_else(|| printed.map(|(name, _)| name.to_owned()))
        .or_else(|| selection.text(Field::ErrorCode))
        .map_or_else(|| "_OTHER".to_owned(), |name| class_name(&name).to_owned());
    let message = printed.map(|(_, text)| text).or(message.as_deref()).map(cut);
    facts.error = Some(ErrorFact { r#type, message });
}

/// How long before the end of its span an exception may be written down that ended it.
const JUST_BEFORE: u64 = 1_000_000;

/// An exception at the span's very end, or after it where an exporter wrote the span later, is what ended it, even
/// where nobody set the status. One before the end was dealt with.
fn ended_by_exception(view: &View<'_>) -> bool {
    let length = view.end.saturating_sub(view.start);
    let tolerance = if view.status == Status::Unset { JUST_BEFORE.min(length / 4) } else { 0 };
    let is_last = |time: u64| view.end > 0 && time.saturating_add(tolerance) >= view.end;
    view.events.iter().any(|event| event.name == "exception" && is_last(event.time_unix_nano))
}

/// Python's way of printing an exception, `ValueError('no such order')`: its class, its text.
fn printed_exception(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.trim_end().split_once('(')?;
    let inner = rest.strip_suffix(')')?.trim_end_matches(',');
    let is_class = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let quoted = |quote| inner.strip_prefix(quote)?.strip_suffix(quote);
    let said = quoted('\'').or_else(|| quoted('"'))?;
    is_class.then_some((name, said))
}

/// A gate that says no has done its work. It failed only when it gave no verdict.
fn is_a_verdict(facts: &Facts, selection: &Selection<'_>) -> bool {
    facts.verdict.is_some() && selection.get(Field::ErrorType).is_none()
}

/// Python's way of printing a class.
pub(super) fn class_name(name: &str) -> &str {
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
