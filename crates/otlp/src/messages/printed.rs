//! Messages that a producer printed instead of writing: `ChatMessage(role=<MessageRole.USER: 'user'>, …text='Hi'…)`.
//!
//! Only role, text and tools' results are found; tool calls in such a print stay where they are.

use super::part::parsed;
use serde_json::{Map, Value as Json};
use turnscope_model::{Message, Part};

/// The message that this print shows, if it shows one.
pub(super) fn message(text: &str) -> Option<Message> {
    let head = text.get(..text.floor_char_boundary(200))?;
    if head.starts_with("id='") && head.contains(" source='") {
        return by_source(text);
    }
    if !head.contains("Message(") {
        return None;
    }
    let role = role(text)?;
    let texts = quoted_after(text, &["text=", "'text': ", "content="]);
    let results = if role == "tool" { quoted_after(text, &["result="]) } else { Vec::new() };
    let parts = match (results.is_empty(), texts.is_empty()) {
        (false, _) => results
            .into_iter()
            .map(|result| Part::ToolCallResponse { id: None, response: parsed(&Json::String(result)) })
            .collect(),
        (true, false) => vec![Part::Text { content: texts.join("\n") }],
        (true, true) => vec![Part::Text { content: text.to_owned() }],
    };
    Some(Message { role: role.to_owned(), parts, ..Message::default() })
}

/// AutoGen's way: its fields side by side, `id='…' source='user' … content='Hi' type='TextMessage'`.
fn by_source(text: &str) -> Option<Message> {
    text.ends_with("Message'").then_some(())?;
    let source = quoted_after(text, &[" source="]).into_iter().next()?;
    let content = quoted_after(text, &[" content="]).into_iter().next()?;
    let role = if source == "user" { "user" } else { "assistant" };
    Some(Message { name: Some(source.clone()).filter(|name| name != role), ..Message::text(role, content) })
}

/// How long a print may be to be read.
const LONGEST: usize = 256 * 1024;

/// The fields of an object that Python printed, with or without its class: `content='Rain' tool_call_id='call_1'`,
/// `ToolResult(status='failure', error='no such city')`. What is neither a text, a number nor a word stays as it was printed.
pub(crate) fn fields(text: &str) -> Option<Map<String, Json>> {
    let text = text.trim();
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let until = &text[..text.find('=')?];
    if text.len() > LONGEST {
        return None;
    }
    let mut rest = match until.split_once('(') {
        Some((class, _)) if is_name(class) => text.strip_suffix(')')?.split_once('(')?.1,
        _ => text,
    };
    let mut found = Map::new();
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=').filter(|(name, _)| is_name(name))?;
        let length = length_of_value(value)?;
        let printed = &value[..length];
        let json = match printed {
            "None" => Json::Null,
            "True" => Json::Bool(true),
            "False" => Json::Bool(false),
            _ => match printed.chars().next()? {
                quote @ ('\'' | '"') => Json::String(unquoted(&printed[1..], quote).0),
                _ => printed.parse::<i64>().map_or_else(
                    |_| parsed(&Json::String(printed.to_owned())),
                    |number| Json::Number(number.into()),
                ),
            },
        };
        found.insert(name.to_owned(), json);
        rest = value[length..].trim_start_matches([',', ' ']);
    }
    (found.len() > 1).then_some(found)
}

/// How long the value is that a text begins with: up to the next field, past quotes and brackets.
fn length_of_value(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{' | '<') => depth += 1,
            (None, ')' | ']' | '}' | '>') => depth = depth.checked_sub(1)?,
            (None, ' ' | ',') if depth == 0 => return (at > 0).then_some(at),
            _ => {}
        }
    }
    (quote.is_none() && depth == 0 && !text.is_empty()).then_some(text.len())
}

fn role(text: &str) -> Option<&'static str> {
    let at = text.find("role=")?;
    let said = text[at..].get(..text[at..].floor_char_boundary(60))?.to_ascii_lowercase();
    // `tool-call` is the assistant's, `tool-response` the tool's.
    let roles =
        [("tool-call", "assistant"), ("tool", "tool"), ("system", "system"), ("assistant", "assistant")];
    let found = roles.iter().find(|(word, _)| said.contains(word)).map(|(_, role)| *role);
    found.or_else(|| said.contains("user").then_some("user"))
}

/// The quoted texts that directly follow one of these words.
fn quoted_after(text: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((at, word)) = words.iter().filter_map(|word| Some((rest.find(word)?, word))).min() {
        rest = &rest[at + word.len()..];
        let Some(quote @ ('\'' | '"')) = rest.chars().next() else { continue };
        let (content, len) = unquoted(&rest[1..], quote);
        found.push(content);
        rest = &rest[1 + len..];
    }
    found
}

/// The text up to the closing quote, and how many bytes it took.
fn unquoted(text: &str, quote: char) -> (String, usize) {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, other)) => out.push(other),
                None => break,
            },
            c if c == quote => return (out, at + c.len_utf8()),
            c => out.push(c),
        }
    }
    (out, text.len())
}
