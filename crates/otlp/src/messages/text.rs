//! The searchable text of one stored item.

use super::{parse, plain_text::plain_text, source};
use serde_json::Value as Json;
use turnscope_model::{Form, Part, Purpose};

/// How deep a value is read for its texts.
const DEEPEST: usize = 32;
/// A text longer than this without any space is data, not language.
const LONGEST_WORD: usize = 512;

/// The text of an item that people search for: what was said, tools' names, arguments and results. No base64, no
/// JSON syntax.
pub fn item_text(form: Form, purpose: Purpose, bytes: &[u8]) -> String {
    if form == Form::Bytes || !purpose.is_searched() {
        return String::new();
    }
    let json = source::item(form, bytes);
    let mut out = String::new();
    let messages = match purpose {
        Purpose::Arguments | Purpose::Result => Vec::new(),
        _ => parse::messages(&json, "user"),
    };
    if messages.is_empty() {
        add_texts(&mut out, &json, DEEPEST);
    }
    for part in messages.iter().flat_map(|message| &message.parts) {
        match part {
            Part::Text { content }
            | Part::Reasoning { content }
            | Part::Compaction { content: Some(content) } => {
                add(&mut out, content);
            }
            Part::ToolCall { name, arguments, .. } => {
                add(&mut out, name);
                if let Some(arguments) = arguments {
                    add_texts(&mut out, arguments, DEEPEST);
                }
            }
            Part::ToolCallResponse { response, .. } => add_texts(&mut out, response, DEEPEST),
            Part::Uri { uri, .. } => add(&mut out, uri),
            Part::Other { value } => add_texts(&mut out, value, DEEPEST),
            Part::Blob { .. } | Part::File { .. } | Part::Compaction { content: None } => {}
        }
    }
    if out.is_empty() && messages.is_empty() {
        add(&mut out, &plain_text(&json));
    }
    out
}

/// All strings and numbers of a value, and the keys beside them.
fn add_texts(out: &mut String, json: &Json, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match json {
        Json::String(text) => add(out, text),
        Json::Number(number) => add(out, &number.to_string()),
        Json::Array(list) => list.iter().for_each(|value| add_texts(out, value, depth)),
        Json::Object(map) => {
            for (key, value) in map {
                if !value.is_null() {
                    add(out, key);
                }
                add_texts(out, value, depth);
            }
        }
        Json::Null | Json::Bool(_) => {}
    }
}

fn add(out: &mut String, text: &str) {
    let text = text.trim();
    let is_data =
        text.starts_with("data:") || (text.len() > LONGEST_WORD && !text.contains(char::is_whitespace));
    if text.is_empty() || (is_data && text.is_ascii()) {
        return;
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(text);
}
