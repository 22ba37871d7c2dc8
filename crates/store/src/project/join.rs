//! Which units must be seen together: the keys under which the store finds them.
//!
//! One call may be reported in two traces. Two units that share a key are projected in one go. Not here: whether the
//! two really report one call (`calls`), which only the records side by side can tell.

use super::Node;
use turnscope_model::{Kind, Role};

/// The width of the time slots in which the two halves of one streamed call are looked for.
const SLOT: u64 = 300_000_000_000;

/// The keys of one record; most have none or one. To be kept in an index from key to unit.
///
/// - `response:<provider's id of the answer>` for a model call: two instrumentations of one call.
/// - `half:<service>:<context>:<slot>` for a finished request of which nothing came back, and for an instant that
///   holds an answer to the same messages: what was streamed after the request's span had ended. The slot of five
///   minutes keeps the same question, asked again later, apart.
pub fn join_keys(node: &Node) -> Vec<String> {
    let facts = &node.facts;
    if !matches!(node.role, Role::Span) || !facts.kind.is_model_call() {
        return Vec::new();
    }
    let mut keys = Vec::new();
    if let Some(id) = &facts.response_id {
        keys.push(format!("response:{id}"));
    }
    if let (Kind::Llm, Some(context), Some(end)) = (facts.kind, facts.context, node.end) {
        let step = super::step::Step::of(0, node);
        let slot = |at: u64| format!("half:{}:{context:016x}:{}", node.service_name, at / SLOT);
        if super::calls::is_request_half(&step) {
            keys.push(slot(end));
        } else if super::calls::is_answer_half(&step) {
            keys.push(slot(end));
            keys.push(slot(end.saturating_sub(SLOT)));
        }
    }
    keys
}
