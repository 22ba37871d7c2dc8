//! The searchable text of one stored item.

use super::{parse, plain_text::plain_text, source};
use serde_json::Value as Json;
use turnscope_model::{Form, Part, Purpose};

/// How deep a value is read for its texts.
const DEEPEST: usize = 32;
/// A text longer than this without any space is data, not language.
const LONGEST_WORD: usize = 512;

/// The text of an item that people search for: what was said, tools' names, arguments and results, whole. No base64, no
/// JSON syntax, and no escapes: the text is what its writer meant, however it was sent.
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

/// All strings, numbers and truth values of a value, and the keys beside them.
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
        Json::Bool(value) => add(out, if *value { "true" } else { "false" }),
        Json::Null => {}
    }
}

fn add(out: &mut String, text: &str) {
    let text = text.trim();
    if text.is_empty() || is_data(text) {
        return;
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(text);
}

/// Whether a text is a file written in base64: a data URI, or long, without anything that base64 does not have, and with
/// small letters, large ones and digits.
fn is_data(text: &str) -> bool {
    let is_base64 =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte));
    if let Some((_, data)) = text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        return is_base64(data);
    }
    text.len() > LONGEST_WORD
        && is_base64(text)
        && [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit]
            .iter()
            .all(|class| text.bytes().any(|byte| class(&byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_text(text: &str) -> String {
        item_text(Form::Text, Purpose::Result, text.as_bytes())
    }

    #[test]
    fn files_in_base64_are_not_searched_and_long_words_are() {
        let file = "aGVsbG8gd29ybGQ1Kz".repeat(40);
        assert_eq!(of_text(&format!("{{\"image\": \"data:image/png;base64,{file}\"}}")), "image");
        assert_eq!(of_text(&format!("{{\"image\": \"{file}\"}}")), "image");
        let long = format!("{}needle", "x".repeat(300_000));
        assert!(of_text(&format!("{{\"text\": \"{long}\"}}")).ends_with("needle"));
        let url = format!("https://example.org/?q={}", "Ab1".repeat(300));
        assert_eq!(of_text(&format!("[\"{url}\"]")), url);
    }

    #[test]
    fn a_text_is_found_however_it_was_escaped() {
        for sent in [r#"{"said": "退款 a\nb \u00e9"}"#, r#"{"said": "\u9000\u6b3e a\nb \u00E9"}"#] {
            assert_eq!(of_text(sent), "said\n退款 a\nb é");
        }
        assert_eq!(of_text(r#"{"done": true, "count": 12}"#), "done\ntrue\ncount\n12");
    }
}
