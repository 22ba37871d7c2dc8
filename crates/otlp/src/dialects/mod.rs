//! The ways of writing the same facts, as tables.
//!
//! In: one span or log record as it was sent ([`View`]). Out: its facts, the part it plays and what it must be seen
//! together with ([`Found`]). Not here: message content (`messages`), anything that needs a second record.
//!
//! The way through: one pass over the attributes (`select`) by the tables (`fields`, `fields_model`, `kinds`,
//! `recognise`, `metadata`) and, for keys of no table, by their endings (`general`), then the facts (`facts`, `usage`, `errors`, `verdicts`, `scores`), then the few dialects
//! that need more (`agent_inspector`, `logfire`, `agent_events`). README.md says how to add one.

mod agent_events;
mod agent_inspector;
mod approvals;
mod errors;
mod facts;
mod field;
mod fields;
mod fields_model;
mod general;
mod json;
mod kind_names;
mod kinds;
mod logfire;
mod logs;
mod metadata;
mod noting;
mod own;
mod printed;
mod providers;
mod recognise;
mod scores;
mod select;
mod spans;
mod steering;
#[cfg(test)]
mod tests;
mod trace;
mod usage;
mod value;
mod verdicts;
mod view;
mod written;

use opentelemetry_proto::tonic::common::v1::KeyValue;
pub(crate) use trace::{Candidate, Noted};
pub use trace::{Outcome, Place, Trace};
pub use view::{Found, Signal, View};
pub use written::as_toml;

/// Finds the facts of one record.
pub fn find(view: &View<'_>) -> Found {
    let mut found = own::find(view, by_tables);
    found.facts.drop_implausible_counts();
    found
}

fn by_tables(view: &View<'_>) -> Found {
    match view.signal {
        Signal::Span => spans::find(view),
        Signal::Log => logs::find(view),
    }
}

/// The names of the dialects that are built in, sorted.
pub fn names() -> Vec<&'static str> {
    recognise::names()
}

/// The session and the user that a metric's data point names: some producers send them nowhere else.
pub fn identity(attributes: &[KeyValue]) -> (Option<String>, Option<String>) {
    let mut selection = select::select(attributes, &[]);
    selection.settle(turnscope_model::Kind::Other);
    (selection.text(field::Field::SessionId), selection.text(field::Field::UserId))
}
