//! The text of a value of unknown form.

use super::printed;
use serde_json::Value as Json;
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
        other => other.to_string(),
    })
}

fn telling_text(json: &Json, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match json {
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
                Some(only) if map.len() == 1 => telling_text(only, depth),
                _ => None,
            })
        }
        _ => None,
    }
}

pub(super) fn text_of(message: &Message) -> String {
    message.joined_text()
}
