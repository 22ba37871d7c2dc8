//! One text: secrets known by their shape, and the values of secret keys where the text is JSON (also JSON in JSON).

use super::{Rules, marker};
use regex::Regex;
use std::{collections::HashSet, fmt::Write as _};

/// Finds a secret key in JSON or Python, with whatever precedes it in its name, up to the quote that opens its
/// value. Quotes may be escaped, as they are in JSON within JSON.
pub(super) fn json_keys(names: &HashSet<String>) -> Result<Regex, regex::Error> {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    let mut pattern = String::from(r#"(?i)(?:^|[{,\s])\\*["'](?:[a-z0-9_-]+\.)*("#);
    for (n, name) in sorted.into_iter().enumerate() {
        let name = regex::escape(name).replace('_', "[_ -]");
        let _ = write!(pattern, "{}{name}", if n == 0 { "" } else { "|" });
    }
    pattern.push_str(r#")\\*["']\s*:\s*(?:\[\s*)?(\\*["'])"#);
    Regex::new(&pattern)
}

/// What is left of a text that holds secrets, and how many it held.
pub(super) fn redact(rules: &Rules, text: &str) -> (Option<String>, u32) {
    let (mut left, mut count) = by_keys(rules, text);
    for (name, regex) in &rules.shapes {
        let current = left.as_deref().unwrap_or(text);
        let mut found = 0;
        let replaced = regex.replace_all(current, |_: &regex::Captures<'_>| {
            found += 1;
            marker(name)
        });
        if let (std::borrow::Cow::Owned(replaced), true) = (replaced, found > 0) {
            left = Some(replaced);
            count += found;
        }
    }
    (left, count)
}

fn by_keys(rules: &Rules, text: &str) -> (Option<String>, u32) {
    let mut out = String::new();
    let mut done = 0;
    let mut count = 0;
    let mut from = 0;
    while let Some(found) = rules.json_keys.captures_at(text, from) {
        let (Some(name), Some(quote)) = (found.get(1), found.get(2)) else { break };
        let start = quote.end();
        let Some(end) = closing(text, start, quote.as_str()) else { break };
        from = end.max(start);
        let value = &text[start..end];
        if !value.is_empty() && !value.starts_with("[redacted:") {
            out.push_str(&text[done..start]);
            out.push_str(&marker(&super::canonical(name.as_str())));
            done = end;
            count += 1;
        }
    }
    if count == 0 {
        return (None, 0);
    }
    out.push_str(&text[done..]);
    (Some(out), count)
}

/// Where the value ends that was opened by this quote. A quote with `n` backslashes belongs to JSON that is nested
/// so deep that each of its own backslashes is written as `n + 1`. A text that was cut off ends the value too.
fn closing(text: &str, start: usize, quote: &str) -> Option<usize> {
    let mark = quote.as_bytes().last()?;
    let escapes = quote.len() - 1;
    let bytes = text.as_bytes();
    let mut at = start;
    while let Some(found) = memchr::memchr(*mark, bytes.get(at..)?) {
        let end = at + found;
        let before = bytes[start..end].iter().rev().take_while(|byte| **byte == b'\\').count();
        if before < escapes {
            return Some(end - before);
        }
        if ((before - escapes) / (escapes + 1)).is_multiple_of(2) {
            return Some(end - escapes);
        }
        at = end + 1;
    }
    Some(text.len())
}
