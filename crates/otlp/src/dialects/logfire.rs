//! Logfire's pending spans: a span that has begun comes as a placeholder with an id of its own.
//!
//! The placeholder's parent is the real span, and the real parent is in an attribute. Not here: everything else
//! that Logfire writes, which tables say.

use super::{
    field::Field,
    select::Selection,
    view::{Found, View},
};
use turnscope_model::Role;

/// The open step that a placeholder represents.
pub(super) fn adjust(view: &View<'_>, selection: &Selection<'_>, found: &mut Found) {
    if selection.cow(Field::SpanType).as_deref() != Some("pending_span") {
        return;
    }
    found.role = Role::Open;
    found.end = None;
    if let Some(real) = view.parent_span_id {
        found.span_id = Some(real);
        // All zeros where there is no parent: not an id.
        found.parent_span_id = view.text("logfire.pending_parent_id").and_then(|id| id.parse().ok());
    }
}
