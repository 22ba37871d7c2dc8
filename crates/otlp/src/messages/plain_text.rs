//! The text of a value of unknown form.

use super::printed;
use serde_json::{Map, Value as Json};
use turnscope_model::Message;

/// The keys that hold the text that matters in a value of unknown form.
pub(super) const TEXT_KEYS: [&str; 28] = [
    "input",
    "question",
    "query",
    "prompt",
    "user_input",
    "user_message",
    "user_prompt",
    "user_msg",
    "task",
    "text",
    "content",
    "message",
    "output",
    "answer",
    "response",
    "result",
    "raw",
    "final_output",
    "final_result",
    "final_answer",
    "completion",
    "value",
    "topic",
    "request",
    "inputs",
    "outputs",
    "args",
    "description",
];

/// The text of a value of unknown form: a string, the value of a key that usually holds the text, else its JSON.
pub(crate) fn plain_text(json: &Json) -> String {
    telling_text(json, 4).unwrap_or_else(|| match json {
        Json::Null => String::new(),
        Json::String(text) if is_a_repr(text) => String::new(),
        Json::Object(map) if says_nothing(map) => String::new(),
        other => other.to_string(),
    })
}

fn telling_text(json: &Json, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match json {
        Json::String(text) if is_a_repr(text) => None,
        Json::Object(map) if says_nothing(map) => None,
        Json::String(text) => {
            Some(printed::message(text).map_or_else(|| text.clone(), |said| text_of(&said)))
        }
        Json::Array(list) => match &list[..] {
            [only] => telling_text(only, depth),
            _ => None,
        },
        Json::Object(map) => {
            let known =
                TEXT_KEYS.iter().filter_map(|key| map.get(*key)).find_map(|value| telling_text(value, depth));
            known.or_else(|| match map.values().next() {
                // A type's name is nothing that was said.
                Some(only) if map.len() == 1 && !map.keys().any(|key| names_a_kind(key)) => {
                    telling_text(only, depth)
                }
                _ => None,
            })
        }
        _ => None,
    }
}

/// A program's way of printing an object that has no text: nobody said that.
pub(super) fn is_a_repr(text: &str) -> bool {
    let text = text.trim();
    let in_brackets = text.starts_with('<') && text.ends_with('>') && text.len() < LONGEST_REPR;
    text == "[object Object]"
        || (in_brackets && (text.contains(" at 0x") || text.starts_with("<class '")))
        || is_a_printed_object(text)
}

/// Python's way of printing an object of a class, or a list of them: `TaskOutput(raw='Done', …)`, `[TaskOutput(…)]`. A printed
/// message is read (`super::printed`).
fn is_a_printed_object(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let Some((class, fields)) = inner.split_once('(') else { return false };
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let is_class = class.starts_with(|first: char| first.is_ascii_uppercase())
        && is_name(class)
        && !class.ends_with("Message");
    let has_fields = fields.split_once('=').is_some_and(|(field, _)| is_name(field));
    is_class && has_fields && inner.ends_with(')') && !text.contains('\n')
}

const LONGEST_REPR: usize = 300;

/// Whether this is a framework's note and nothing that was said: what type an answer has, that the work was suspended.
fn says_nothing(map: &Map<String, Json>) -> bool {
    let waits = || {
        let status = map.get("status").or_else(|| map.get("state")).and_then(Json::as_str);
        matches!(status, Some("suspended" | "interrupted" | "paused"))
    };
    map.contains_key("__interrupt__")
        || (!map.is_empty() && map.keys().all(|key| names_a_kind(key)))
        || waits()
}

fn names_a_kind(key: &str) -> bool {
    key.ends_with("type") || key.ends_with("kind") || key.ends_with("Type") || key.ends_with("Kind")
}

pub(super) fn text_of(message: &Message) -> String {
    message.joined_text()
}
