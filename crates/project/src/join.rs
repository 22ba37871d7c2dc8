//! Which groups must be seen together: the keys under which the store finds them.
//!
//! One call may be reported in two traces. Two groups that share a key are projected in one go. Not here: whether the
//! two really report one call (`calls`), which only the records side by side can tell.

use super::calls::is_half;
use turnscope_model::{Record, Role, Status};

/// The width of the time slots in which the two halves of one streamed call are looked for.
const SLOT: u64 = 300_000_000_000;

/// The keys of one record; most have none or one. To be kept in an index from key to group.
///
/// - `response:<provider's id of the answer>` for a model call: two instrumentations of one call.
/// - `half:<service>:<context>:<slot>` for a finished request of which nothing came back, and for an instant that
///   holds an answer to the same messages: what was streamed after the request's span had ended. The slot of five
///   minutes keeps the same question, asked again later, apart.
pub fn join_keys(record: &Record) -> Vec<String> {
    let facts = &record.facts;
    if !matches!(record.role, Role::Span) || !facts.kind.is_model_call() {
        return Vec::new();
    }
    let mut keys = Vec::new();
    if let Some(id) = &facts.response_id {
        keys.push(format!("response:{id}"));
    }
    if let (Some(context), Some(end)) = (facts.context, record.end) {
        let slot = |at: u64| format!("half:{}:{context:016x}:{}", record.origin.service_name, at / SLOT);
        let failed = record.status == Status::Error || facts.error.is_some();
        if end > record.start && !failed && is_half(facts, false) {
            keys.push(slot(end));
        } else if end == record.start && is_half(facts, true) {
            keys.push(slot(end));
            keys.push(slot(end.saturating_sub(SLOT)));
        }
    }
    keys
}
