//! What a person typed, without the blocks that an agent's program put around it: reminders, the state of the session,
//! the date.
//!
//! The blocks stay in the messages, which say where they are; only the preview leaves them out.

use std::ops::Range;
use turnscope_model::{Injected, Message, Part};

/// Words of which the names of such blocks are made. A name of one plain word is a person's own markup.
const INJECTED: &[&str] = &[
    "reminder",
    "context",
    "datetime",
    "notification",
    "environment",
    "instructions",
    "caveat",
    "stdout",
    "stderr",
    "ide",
    "memories",
];

/// The text that is left when injected blocks are taken away; empty where there was nothing else.
pub(super) fn typed(text: &str) -> &str {
    let (blocks, rest) = blocks(text);
    if blocks.is_empty() { text } else { &text[rest] }
}

/// Notes on the messages of users where their texts hold blocks that nobody typed.
pub fn mark_injected(messages: &mut [Message]) {
    for message in messages.iter_mut().filter(|message| message.role == "user") {
        let mut found = Vec::new();
        for (part, one) in message.parts.iter().enumerate() {
            let Part::Text { content } = one else { continue };
            // Blocks are in order: each is counted from the end of the one before.
            let (mut counted, mut units) = (0, 0);
            let mut units_to = |at: usize| {
                units += content[counted..at].encode_utf16().count();
                counted = at;
                units
            };
            let (blocks, _) = blocks(content);
            found.extend(blocks.into_iter().map(|block| Injected {
                part,
                start: units_to(block.start),
                end: units_to(block.end),
            }));
        }
        message.injected = found;
    }
}

/// The injected blocks at the beginning and the end of a text, in order, and what lies between them.
fn blocks(text: &str) -> (Vec<Range<usize>>, Range<usize>) {
    let (mut leading, mut trailing) = (Vec::new(), Vec::new());
    let mut rest = trimmed(text, 0..text.len());
    loop {
        let before = rest.clone();
        if let Some(length) = leading_block(&text[rest.clone()]) {
            leading.push(rest.start..rest.start + length);
            rest = trimmed(text, rest.start + length..rest.end);
        }
        if let Some(at) = trailing_block(&text[rest.clone()]) {
            trailing.push(rest.start + at..rest.end);
            rest = trimmed(text, rest.start..rest.start + at);
        }
        if rest == before {
            leading.extend(trailing.into_iter().rev());
            return (leading, rest);
        }
    }
}

/// The range without the white space around it.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let start = range.start + (inner.len() - inner.trim_start().len());
    start..start + inner.trim().len()
}

/// How long the block is that a text begins with.
fn leading_block(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    let name = &inner[..inner.find('>')?];
    if !is_injected(name) {
        return None;
    }
    let close = format!("</{name}>");
    Some(text.find(&close)? + close.len())
}

/// Where the block begins that a text ends with.
fn trailing_block(text: &str) -> Option<usize> {
    let inner = text.strip_suffix('>')?;
    let name = &inner[inner.rfind("</")? + 2..];
    if !is_injected(name) {
        return None;
    }
    text.rfind(&format!("<{name}>"))
}

fn is_injected(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'));
    let words = || name.split(['-', '_']);
    plain && words().nth(1).is_some() && words().any(|word| INJECTED.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn injected_blocks_are_not_the_question() {
        for text in [
            "<session_context>\nToday is Monday.\n</session_context>\nWhat is due?",
            "What is due?\n\n<system-reminder>\nBe brief.\n</system-reminder>",
            "<a_context>x</a_context><b_context>y</b_context> What is due? <current_datetime>1</current_datetime>",
        ] {
            assert_eq!(typed(text), "What is due?", "{text}");
        }
        assert_eq!(typed("<system-reminder>Be brief.</system-reminder>"), "");
    }

    #[test]
    fn a_message_says_where_they_are() {
        // The crab is two UTF-16 units long.
        let text = "<current_datetime>1</current_datetime>\n\u{1f980} What is due? <system-reminder>Be brief.</system-reminder>";
        let mut messages = [Message::text("user", text), Message::text("assistant", text)];
        mark_injected(&mut messages);
        let units: Vec<u16> = text.encode_utf16().collect();
        let said: Vec<String> = messages[0]
            .injected
            .iter()
            .map(|block| String::from_utf16(&units[block.start..block.end]).unwrap())
            .collect();
        assert_eq!(
            said,
            ["<current_datetime>1</current_datetime>", "<system-reminder>Be brief.</system-reminder>"]
        );
        assert!(messages[1].injected.is_empty(), "only what users say is looked at");
    }

    #[test]
    fn many_blocks_in_one_text_are_counted_through_once() {
        // Counted from the beginning for each of them, this would take minutes.
        let count = 20_000;
        let mut messages = [Message::text("user", "<system-reminder>\u{e9}</system-reminder>".repeat(count))];
        mark_injected(&mut messages);
        let found = &messages[0].injected;
        assert_eq!((found.len(), found[count - 1].end), (count, 36 * count));
    }

    #[test]
    fn a_persons_own_markup_stays() {
        for text in [
            "<div>Why is this red?</div>",
            "<my-widget>x</my-widget> Why is this red?",
            "<context>x</context> What is it?",
            "<system-reminder> What is that?",
            "a < b > c",
            "",
        ] {
            assert_eq!(typed(text), text, "{text}");
        }
    }
}
