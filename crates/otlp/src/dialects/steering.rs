//! Exceptions by which frameworks steer themselves: what looks like a failure and is none.
//!
//! Not here: failures (`errors`), and what a question to a person becomes (`approvals`).

use super::{
    errors::{self, ANY_EXCEPTION, class_name},
    value,
    view::View,
};
use crate::person::cut_short;
use std::borrow::Cow;
use turnscope_model::Status;

/// Exceptions by which frameworks steer themselves: a deferred call, a jump in a graph, a generator's end.
const STEERING: &[&str] = &[
    "CallDeferred",
    "GraphBubbleUp",
    "ParentCommand",
    "Command",
    "GeneratorExit",
    "StopIteration",
    "StopAsyncIteration",
];

/// The exception by which a framework steered itself at the end of this span, if one did: an event or an attribute tells
/// of it, or only the text of the status.
pub(super) fn of<'a>(view: &View<'a>) -> Option<Steering<'a>> {
    view.looks_for_event("exception");
    let exception = view.events.iter().rev().find(|event| event.name == "exception");
    if exception.is_none() && view.status != Status::Error {
        return None;
    }
    let attributes = exception.map_or(view.attributes, |event| &event.attributes);
    if let Some(class) = value::get_text(attributes, "exception.type") {
        let message = value::get_text(attributes, "exception.message");
        if steers(&class) {
            return Some(Steering { class, message });
        }
        // An exporter that was handed the exception as text has no class of it.
        let printed = message.filter(|_| bare(&class) == ANY_EXCEPTION)?;
        let class = named_first(&printed).to_owned();
        return steers(&class).then_some(Steering { class: class.into(), message: Some(printed) });
    }
    if let Some(class) = view.text("error.type").filter(|class| steers(class)) {
        return Some(Steering { class, message: Some(view.status_message.into()) });
    }
    let text = view.status_message.trim();
    let class = errors::thrown(text).map_or_else(|| named_first(text), |(_, class)| class);
    steers(class).then(|| Steering { class: class.into(), message: Some(text.into()) })
}

/// The class that stands at the beginning of a printed exception. One without a name of its own prints what it carries:
/// `(Interrupt(value='Send it?'),)`.
fn named_first(printed: &str) -> &str {
    let inner = printed.trim_start_matches(['(', '[']);
    let end = inner.find(['(', ':']).unwrap_or(inner.len());
    let carries = inner[..end].ends_with("Interrupt") && inner[end..].starts_with("(value=");
    if carries { PRINTED_INTERRUPT } else { &printed[..printed.find(['(', ':']).unwrap_or(printed.len())] }
}

/// What stands for the class of an exception that prints an interrupt.
const PRINTED_INTERRUPT: &str = "GraphInterrupt";

/// Whether the exception steers and does not fail.
fn steers(class: &str) -> bool {
    STEERING.contains(&bare(class)) || asks_a_person(class)
}

/// Whether an exception of this class stops the work until somebody answers: frameworks name such classes after what
/// they wait for. Being interrupted from outside is something else.
fn asks_a_person(class: &str) -> bool {
    let name = bare(class);
    let is_class = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let stem = ["Error", "Exception"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let interrupts = stem.ends_with("Interrupt") && !matches!(stem, "KeyboardInterrupt" | "Interrupt");
    let asks =
        ["ApprovalRequired", "RequiresApproval", "ApprovalNeeded", "ApprovalPending", "ApprovalRequest"];
    is_class
        && (interrupts
            || stem.starts_with("WaitingFor")
            || stem.ends_with("Suspend")
            || stem.ends_with("Suspended")
            || stem.ends_with("InputRequired")
            || stem.ends_with("InputRequest")
            || asks.iter().any(|word| stem.contains(word)))
}

/// A class without its module.
fn bare(class: &str) -> &str {
    class_name(class).rsplit(['.', ':']).next().unwrap_or("")
}

/// A framework's exception that is no failure: its class, and what it says.
#[derive(Debug)]
pub(super) struct Steering<'a> {
    class: Cow<'a, str>,
    message: Option<Cow<'a, str>>,
}

impl Steering<'_> {
    /// Whether the work stops because somebody is asked.
    pub(super) fn asks_a_person(&self) -> bool {
        asks_a_person(&self.class)
    }

    /// What its message says of the question: frameworks print the object that they hand to the person.
    pub(super) fn question(&self) -> Option<String> {
        let message = self.message.as_deref()?;
        let quoted_after = |key: &str| {
            let rest = message.split_once(key)?.1;
            let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
            rest[1..].split(quote).next().map(cut_short)
        };
        let written = ["question", "prompt", "description", "message"];
        let keys = written.iter().flat_map(|key| [format!("'{key}': "), format!("\"{key}\": ")]);
        keys.chain(["value=".to_owned()])
            .find_map(|key| quoted_after(&key))
            .or_else(|| Some(cut_short(message)))
            .filter(|text| value::says_something(text))
    }
}
