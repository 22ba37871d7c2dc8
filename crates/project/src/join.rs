//! Which groups must be seen together: the keys under which the store finds them.
//!
//! One call may be reported in two traces, judged in a third, and a question to a person answered in a fourth. Two groups that share a key are projected in one go. Not here: whether the
//! two really report one call (`calls`), which only the records side by side can tell.

use super::calls::is_half;
use turnscope_model::{Kind, Record, Role, Status};

/// The width of the time slots in which the two halves of one streamed call are looked for.
const SLOT: u64 = 300_000_000_000;

/// The keys of one record; most have none or one. To be kept in an index from key to group.
///
/// - `response:<provider's id of the answer>` for a model call: two instrumentations of one call.
/// - `half:<service>:<context>:<slot>` for a finished request of which nothing came back, and for an instant that
///   holds an answer to the same messages: what was streamed after the request's span had ended. The slot of five
///   minutes keeps the same question, asked again later, apart.
/// - `events:<service>:<session>` for log events that stand for steps: some carry their trace, others do not.
/// - `approval:<service>:<session or call id>` for a question to a person and for an answer: what stopped, and what goes on.
///   The call may run in a later trace, and its step names no session ([`sought_key`]). An agent that ends with calls that it
///   asked for leaves them to somebody.
/// - `approval:<service>:tool:<name>:<arguments>` for a tool that stopped to ask, and for the one that goes on: some frameworks
///   give a call no id.
pub fn join_keys(record: &Record) -> Vec<String> {
    let facts = &record.facts;
    let mut keys = Vec::new();
    if !facts.asks.is_empty() || !facts.answers.is_empty() {
        approval_keys(record, &mut keys);
    }
    left_open(record, &mut keys);
    // What a coding agent tells of one conversation, with and without a trace.
    if matches!(record.role, Role::Event { .. })
        && facts.native_run_id.is_none()
        && let Some(session) = &facts.session_id
    {
        keys.push(format!("events:{}:{session}", record.origin.service_name));
    }
    let judges = !matches!(record.role, Role::Span | Role::Open) && !facts.scores.is_empty();
    if !judges && (record.role != Role::Span || !facts.kind.is_model_call()) {
        return keys;
    }
    if let Some(id) = &facts.response_id {
        keys.push(format!("response:{id}"));
    }
    if let (Some(context), Some(end), false) = (facts.context, record.end, judges) {
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

/// A key that is looked for and not kept: a tool call may be the one that an earlier trace asked about. Most calls were
/// never asked about, so that an entry for each would make the index several times as large.
pub fn sought_key(record: &Record) -> Option<String> {
    let is_tool = record.role == Role::Span && record.facts.kind == Kind::Tool;
    is_tool.then(|| call_key(record, record.facts.tool_call_id.as_deref())).flatten()
}

/// A question is known again by its session, and by the id of its tool call where that is no mere number.
fn approval_keys(record: &Record, keys: &mut Vec<String>) {
    let facts = &record.facts;
    let service = &record.origin.service_name;
    keys.extend(facts.session_id.iter().map(|session| format!("approval:{service}:session:{session}")));
    for said in facts.asks.iter().chain(&facts.answers) {
        keys.extend(call_key(record, said.tool_call_id.as_deref()));
    }
    if let (Kind::Tool, Some(name), Some(arguments)) = (facts.kind, &facts.tool_name, facts.arguments) {
        keys.push(format!("approval:{service}:tool:{name}:{arguments:016x}"));
    }
}

/// An agent that ends with what its model asked for leaves it to somebody: the call may run in a later trace.
fn left_open(record: &Record, keys: &mut Vec<String>) {
    let facts = &record.facts;
    if facts.kind == Kind::Run && record.role == Role::Span {
        let open = facts.requested_tools.iter().filter(|tool| !tool.ran).take(MOST_LEFT_OPEN);
        keys.extend(open.filter_map(|tool| call_key(record, tool.id.as_deref())));
    }
}

/// So many open calls of an agent are found again.
const MOST_LEFT_OPEN: usize = 4;

/// A tool call is known again by its id, in whatever trace of its service.
fn call_key(record: &Record, id: Option<&str>) -> Option<String> {
    let id = id.filter(|id| names_one_call(id))?;
    Some(format!("approval:{}:call:{id}", record.origin.service_name))
}

/// Whether an id is made for one call. Some models count their calls anew in each turn (`list_files:0`).
pub(super) fn names_one_call(id: &str) -> bool {
    const SHORTEST: usize = 8;
    let words = id.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.into_iter().any(|word| word.len() >= SHORTEST && word.bytes().any(|byte| byte.is_ascii_digit()))
}
