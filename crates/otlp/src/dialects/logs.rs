//! Log records: events that open a step, represent one, or add to the span they name.
//!
//! Not here: the events of coding agents (`agent_events`), messages in bodies (`crate::messages`).

use super::{
    agent_events, facts, printed, select,
    trace::Place,
    view::{Found, View},
};
use std::borrow::Cow;
use turnscope_model::{GroupKey, Kind, Role, RunId};

/// A step that has begun, announced at once; the finished span replaces it.
const STARTED: &str = "turnscope.step.started";

/// The facts of a log record.
pub(super) fn find(view: &View<'_>) -> Found {
    if view.name == STARTED && view.span_id.is_some() {
        return started(view);
    }
    if let Some(found) = agent_events::find(view) {
        return found;
    }
    // LiteLLM writes the event's name into an attribute of its own.
    let other_name = if view.name.is_empty() { view.text("event_name") } else { None };
    let view = View { name: other_name.as_deref().unwrap_or(view.name), ..*view };
    let mut selection = select::select(view.attributes, view.resource);
    selection.settle(Kind::Other);
    view.note_selection(&selection, Kind::Other);
    view.note("kind", Place::Rule, "a log record adds to the span that it names");
    let mut found = Found::plain(&view);
    found.facts = facts::build(&view, &selection, Kind::Other);
    printed::adjust_log(&view, &mut found);
    judged_later(&view, &mut found);
    found
}

/// A score that is given later, where no span is at hand: it is seen together with the call that gave this answer.
fn judged_later(view: &View<'_>, found: &mut Found) {
    if view.trace_id.is_none()
        && !found.facts.scores.is_empty()
        && let Some(response) = &found.facts.response_id
    {
        found.group = GroupKey::Assembled(RunId::of_answer(response));
    }
}

/// The event carries the ids of the span that has begun, its parent's and its name in attributes, and whatever facts
/// the finished span will have.
fn started(view: &View<'_>) -> Found {
    view.looks_for_event(STARTED);
    let text = |keys: &[&str]| keys.iter().find_map(|key| view.text(key));
    let name = text(&["turnscope.step.name", "span.name"]).unwrap_or(Cow::Borrowed(STARTED));
    let parent = text(&["turnscope.step.parent_span_id", "parent_span_id"]).and_then(|id| id.parse().ok());
    let as_span = View { name: &name, signal: super::Signal::Span, parent_span_id: parent, end: 0, ..*view };
    let mut found = super::spans::find(&as_span);
    found.role = Role::Open;
    found.end = None;
    found
}
