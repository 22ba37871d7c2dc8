//! What a person typed, without the blocks that an agent's program put around it: reminders, the state of the session,
//! the date.
//!
//! The blocks stay in the messages; only the preview leaves them out.

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
    let mut rest = text.trim();
    loop {
        let before = rest;
        if let Some(after) = without_leading(rest) {
            rest = after.trim_start();
        }
        if let Some(before) = without_trailing(rest) {
            rest = before.trim_end();
        }
        if rest.len() == before.len() {
            return if rest.len() == text.trim().len() { text } else { rest };
        }
    }
}

fn without_leading(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?;
    let name = &inner[..inner.find('>')?];
    if !is_injected(name) {
        return None;
    }
    let close = format!("</{name}>");
    let at = text.find(&close)?;
    Some(&text[at + close.len()..])
}

fn without_trailing(text: &str) -> Option<&str> {
    let inner = text.strip_suffix('>')?;
    let name = &inner[inner.rfind("</")? + 2..];
    if !is_injected(name) {
        return None;
    }
    let open = format!("<{name}>");
    Some(&text[..text.rfind(&open)?])
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
