//! The ways of writing the same facts, as tables.
//!
//! In: one span or log record as it was sent ([`View`]). Out: its facts, the part it plays and what it must be seen
//! together with ([`Found`]). Not here: message content (`messages`), anything that needs a second record.

mod view;

pub use view::{Found, Signal, View};

/// Finds the facts of one record.
pub fn find(view: &View<'_>) -> Found {
    Found::plain(view)
}
