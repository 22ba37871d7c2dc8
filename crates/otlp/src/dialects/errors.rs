//! Whether a step failed, and why.
//!
//! Not here: what a run makes of its steps' failures (the crate `project`).

use super::{
    field::Field,
    select::Selection,
    trace::Place,
    value::{self, RawValue},
    view::View,
};
use crate::{cut, messages};
use memchr::memmem;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use std::borrow::Cow;
use turnscope_model::{ErrorFact, Facts, Kind, Purpose, Status};

const LONGEST_MESSAGE: usize = 2_000;

/// The class that says nothing about what went wrong.
pub(super) const ANY_EXCEPTION: &str = "Exception";

/// Words for a failed outcome.
const FAILED: &[&str] = &["error", "failure", "failed"];

/// Fills the error in.
pub(super) fn fill(facts: &mut Facts, selection: &Selection<'_>, view: &View<'_>) {
    let is_tool = matches!(facts.kind, Kind::Tool | Kind::Mcp);
    let result = is_tool.then(|| failed_result(view, facts.kind)).flatten();
    if !failed(selection, view) && result.is_none()
        || facts.steered
        || (facts.kind == Kind::Policy && is_a_verdict(facts, selection))
    {
        return;
    }
    let exception = view.events.iter().rev().find(|event| event.name == "exception");
    let of_exception = |fact, key: &'static str| {
        if let Some(text) = exception.and_then(|event| value::get_text(&event.attributes, key)) {
            view.note(fact, Place::in_event(EXCEPTION, key), "the exception that ended it");
            return Some(text);
        }
        let text = view.text(key)?;
        view.note(fact, Place::attribute(key), "the exception that ended it");
        Some(text)
    };
    let exception_type = of_exception("error", "exception.type");
    let exception_message = of_exception("error_message", "exception.message");
    let described = (!view.status_message.is_empty()).then(|| without_traceback(view.status_message));
    let described = described.map(|text| in_words(text).map_or(Cow::Borrowed(text), Cow::Owned));
    let message = if let Some(text) = described.filter(|text| value::says_something(text)) {
        view.note("error_message", Place::Status, "the status says it");
        Some(text.into_owned())
    } else if let Some(text) = exception_message {
        Some(without_traceback(&text).to_owned())
    } else {
        let told = selection.text(Field::ErrorMessage).filter(|text| text != "true");
        told.or_else(|| {
            let (key, result) = result?;
            view.note_key("error_message", key, "the result of the tool says it");
            text_of_result(result)
        })
    };
    let printed = message.as_deref().and_then(printed_exception);
    let named = |name: &String| printed.is_none() || name != ANY_EXCEPTION;
    let r#type = if let Some(name) = selection.text(Field::ErrorType) {
        view.note_field("error", Field::ErrorType, selection, "the attribute names the class of error");
        Some(name).filter(named)
    } else {
        exception_type.map(Cow::into_owned).filter(named)
    };
    let r#type = r#type.or_else(|| {
        let (_, class) = thrown(view.status_message)?;
        view.note("error", Place::Status, "the stack in the status names the class");
        Some(class.to_owned())
    });
    let r#type = r#type.or_else(|| {
        let (name, _) = printed?;
        view.note("error", Place::Rule, "the message is a printed exception");
        Some(name.to_owned())
    });
    let r#type = r#type.or_else(|| {
        view.note("error", Place::Rule, "nothing names the class of error");
        view.note_field("error", Field::ErrorCode, selection, "a code is all that names the error");
        selection.text(Field::ErrorCode)
    });
    let r#type = r#type.map_or_else(|| "_OTHER".to_owned(), |name| class_name(&name).to_owned());
    let message = printed.map(|(_, text)| text).or(message.as_deref()).map(cut);
    facts.error = Some(ErrorFact { r#type, message });
}

/// The result of a tool that says itself that it is one of a failure, with its key: the object in which protocols and
/// frameworks hand results over has such a mark beside the content.
fn failed_result<'a>(view: &View<'a>, kind: Kind) -> Option<(&'a str, RawValue<'a>)> {
    view.attributes.iter().find_map(|attribute| {
        let key = attribute.key.as_str();
        let result = RawValue::of(attribute.value.as_ref()).filter(|value| may_tell_of_an_error(*value))?;
        if cut::purpose_of(key, kind, "").0 != Purpose::Result {
            return None;
        }
        if let Some(printed) = printed_result(result) {
            let failed =
                ["status", "state"].iter().filter_map(|key| printed.get(*key)?.as_str()).any(is_failed);
            return failed.then(|| {
                view.note_key("failed", key, "the result of the tool says that it is an error");
                (key, result)
            });
        }
        let members = result.members();
        let is_true =
            |name| members.iter().any(|(found, value)| *found == name && value.truth() == Some(true));
        let is_error = |name| {
            members.iter().any(|(found, value)| *found == name && value.text().as_deref() == Some("error"))
        };
        let has_content = members.iter().any(|(name, _)| *name == "content");
        let failed = is_true("isError")
            || is_true("is_error")
            || has_content && (is_error("status") || is_error("state"));
        failed.then(|| {
            view.note_key("failed", key, "the result of the tool says that it is an error");
            (key, result)
        })
    })
}

fn is_failed(word: &str) -> bool {
    FAILED.iter().any(|failed| failed.eq_ignore_ascii_case(word))
}

/// The fields of a result that was printed as an object of a program.
fn printed_result(result: RawValue<'_>) -> Option<serde_json::Map<String, serde_json::Value>> {
    let RawValue::Any(Any::StringValue(text)) = result else { return None };
    if text.starts_with(['{', '[']) { None } else { messages::printed_fields(text) }
}

/// Most results need not be looked into.
fn may_tell_of_an_error(result: RawValue<'_>) -> bool {
    match result {
        RawValue::Any(Any::StringValue(text)) if !text.starts_with('{') => {
            ["status=", "state="].iter().any(|word| memmem::find(text.as_bytes(), word.as_bytes()).is_some())
        }
        RawValue::Any(Any::StringValue(text)) => {
            text.starts_with('{') && memmem::find(text.as_bytes(), b"rror").is_some()
        }
        RawValue::Any(Any::KvlistValue(_)) => true,
        _ => false,
    }
}

/// What such a result says in words.
fn text_of_result(result: RawValue<'_>) -> Option<String> {
    if let Some(printed) = printed_result(result) {
        let said =
            ["error", "content", "result", "message"].iter().find_map(|key| printed.get(*key)?.as_str());
        return said.filter(|text| value::says_something(text)).map(str::to_owned);
    }
    [&["content", "0", "text"][..], &["content"], &["error"], &["message"]]
        .iter()
        .filter_map(|path| result.at(path)?.text())
        .find(|text| !text.starts_with(['{', '[']) && value::says_something(text))
        .map(Cow::into_owned)
}

const EXCEPTION: &str = "exception";

/// Whether the record says that its step failed.
fn failed(selection: &Selection<'_>, view: &View<'_>) -> bool {
    view.looks_for_event(EXCEPTION);
    let by = |field, how| {
        view.note_field("failed", field, selection, how);
        true
    };
    let outcome = selection.cow(Field::Outcome);
    let outcome_failed = outcome.is_some_and(|outcome| is_failed(&outcome));
    if view.status == Status::Error {
        view.note("failed", Place::Status, "the status is ERROR");
        return true;
    }
    let is_error = selection.get(Field::ErrorType).is_some_and(|selected| selected.key() == "error.type");
    is_error && by(Field::ErrorType, "only what failed carries this attribute")
        || selection.truth(Field::Success) == Some(false) && by(Field::Success, "it did not succeed")
        || selection.truth(Field::Failed) == Some(true) && by(Field::Failed, "it says that it failed")
        || outcome_failed && by(Field::Outcome, "the outcome is a failure")
        || ended_by_exception(view) && {
            view.note("failed", Place::event(EXCEPTION), "the exception came at the end");
            true
        }
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

/// What an object that was written where a description belongs says in words: its message, and the error in its data.
fn in_words(text: &str) -> Option<String> {
    let json = Some(text).filter(|text| text.starts_with('{')).and_then(messages::json::of_structure)?;
    let said = |json: &serde_json::Value, key| json.get(key)?.as_str().map(str::to_owned);
    let message = said(&json, "message")?;
    let more = json.get("data").and_then(|data| said(data, "error").or_else(|| said(data, "message")));
    Some(more.map_or_else(|| message.clone(), |more| format!("{message}: {more}")))
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

/// What a JavaScript error says, and its class, where its message, a blank line and its stack stand in one text:
/// `no such city\n\nError: no such city\n    at …`.
pub(super) fn thrown(text: &str) -> Option<(&str, &str)> {
    let head = &text[..text.find("\n    at ")?];
    let (message, stack) = head.match_indices("\n\n").find_map(|(at, blank)| {
        let (message, stack) = (&head[..at], &head[at + blank.len()..]);
        stack.contains(message).then_some((message, stack))
    })?;
    let class = &stack[..stack.find(':')?];
    let is_class = class.starts_with(|first: char| first.is_ascii_uppercase())
        && class.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_class.then_some((message, class))
}

/// Some SDKs put the whole traceback into the status.
fn without_traceback(text: &str) -> &str {
    if let Some((message, _)) = thrown(text) {
        return message;
    }
    text.find("Traceback (most recent call last)")
        .filter(|at| *at > 0)
        .map_or(text, |at| text[..at].trim_end())
}

/// The first 2,000 characters.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}
