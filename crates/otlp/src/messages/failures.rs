//! Tool results that the messages of a call mark as failed: no span may tell that the tool did.
//!
//! Recognised by structure: anything that carries a call's id beside `is_error: true`, `error: true`, `status: "error"` or
//! `state: "error"`, and Gemini's response of a function, which holds its failure under `error`.

use super::{json::first_text, signs, source::Source};
use serde_json::{Map, Value as Json};
use turnscope_model::Purpose;

/// New results are at the end of the list; earlier ones were at the end of an earlier call's.
const NEWEST: usize = 8;
/// Names of a call's id beside its result.
const IDS: [&str; 5] = ["tool_use_id", "tool_call_id", "toolUseId", "toolCallId", "call_id"];

/// The ids of the calls whose results are marked so, in any of the inputs: a raw request may say what the list that
/// was made of it does not.
pub(super) fn failed_results(sources: &[Source<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for sent in sources.iter().filter(|source| source.purpose == Purpose::Input).map(|source| source.sent) {
        let len = sent.len();
        for n in (len.saturating_sub(NEWEST)..len).filter(|&n| signs::of_item(sent, n).error) {
            collect(&sent.item(n).0, &mut found);
        }
    }
    found
}

fn collect(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Array(list) => list.iter().for_each(|item| collect(item, found)),
        Json::Object(map) => {
            let id = if is_marked(map) { call_id(map) } else { failed_function(map) };
            if let Some(id) = id.filter(|id| !found.contains(id)) {
                found.push(id);
            }
            map.values().for_each(|inner| collect(inner, found));
        }
        _ => {}
    }
}

fn is_marked(map: &Map<String, Json>) -> bool {
    ["is_error", "isError", "error"].iter().any(|key| map.get(*key) == Some(&Json::Bool(true)))
        || ["status", "state"].iter().any(|key| map.get(*key).and_then(Json::as_str) == Some("error"))
}

/// The id of a call whose response holds an error and nothing else, as Gemini's API has it.
fn failed_function(map: &Map<String, Json>) -> Option<String> {
    let call = ["functionResponse", "function_response"].iter().find_map(|key| map.get(*key)?.as_object())?;
    let response = call.get("response")?.as_object()?;
    let failed = response.len() == 1 && response.get("error").is_some_and(|error| !error.is_null());
    first_text(call, &["id"]).filter(|_| failed)
}

fn call_id(map: &Map<String, Json>) -> Option<String> {
    first_text(map, &IDS).or_else(|| first_text(map.get("origin")?.as_object()?, &["id"]))
}
