//! Finds the values of secret keys in text: JSON and Python (also nested in strings), lists of names and values, header
//! lines, variables, and command lines.

use super::keys::Keys;
use regex::{Captures, Regex};
use std::ops::Range;

/// A value that is secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Secret {
    pub(super) range: Range<usize>,
    /// The rule that it falls under.
    pub(super) rule: String,
    /// The quote to put around what replaces it, because it has none: a number in JSON.
    pub(super) quote: String,
}

/// How far within an object or list of a secret key its values are looked for.
const LONGEST_CONTAINER: usize = 64 * 1024;
/// Shorter unquoted values are words of a sentence.
const SHORTEST_TOKEN: usize = 6;
/// Headers whose value is the whole rest of the line.
const WHOLE_LINE: [&str; 4] = ["authorization", "proxy_authorization", "cookie", "set_cookie"];

/// Finds keys and the beginnings of their values.
#[derive(Debug)]
pub(super) struct Pairs {
    /// `"KEY":`
    quoted: Regex,
    /// `"name": "KEY", "value":`
    named: Regex,
    /// `"value":` that `"name": "KEY"` may follow.
    value_first: Regex,
    /// `, "name": "KEY"`
    name_after: Regex,
    /// `["KEY",`
    tuple: Regex,
    /// `KEY:`, `KEY=` and `--KEY `
    plain: Regex,
}

impl Pairs {
    pub(super) fn new() -> Result<Self, regex::Error> {
        // Quotes may be escaped, as they are in JSON within JSON.
        const QUOTE: &str = r#"\\*["']"#;
        const KEY: &str = r"[A-Za-z0-9_. -]+";
        let name = format!(r"{QUOTE}(?i:name|key|header|header_?name){QUOTE}");
        let value = format!(r"{QUOTE}(?i:value|val|header_?value){QUOTE}");
        let colon = r"\s*(?::|=>)\s*";
        Ok(Self {
            quoted: Regex::new(&format!("({QUOTE})({KEY})({QUOTE}){colon}"))?,
            named: Regex::new(&format!(r"{name}{colon}({QUOTE})({KEY})({QUOTE})\s*,\s*{value}{colon}"))?,
            value_first: Regex::new(&format!("{value}{colon}({QUOTE})"))?,
            name_after: Regex::new(&format!(r"^\s*,\s*{name}{colon}({QUOTE})({KEY})({QUOTE})"))?,
            tuple: Regex::new(&format!(r"[\[(]\s*({QUOTE})({KEY})({QUOTE})\s*,\s*"))?,
            // An escaped line break before a name is no letter of it.
            plain: Regex::new(
                r"(?:\\+(?:[bfnrt]|u[0-9a-fA-F]{4}))?(--)?([A-Za-z][A-Za-z0-9_.-]*)(?:[ \t]*(:)[ \t]*|[ \t]?(=)[ \t]?|([ \t]+))",
            )?,
        })
    }

    /// Every secret of a text, in no order; some may lie within others.
    pub(super) fn find(&self, keys: &Keys, text: &str) -> Vec<Secret> {
        let mut found = Vec::new();
        let mut budget = text.len().saturating_mul(4);
        for regex in [&self.quoted, &self.named, &self.tuple] {
            each(regex, text, |captures, end| {
                let (open, key, close) = (group(captures, 1), group(captures, 2), group(captures, 3));
                let rule = keys.secret(key).filter(|_| open == close)?;
                let mut values =
                    Values { text, quote: open, rule: &rule, budget: &mut budget, found: &mut found };
                Some(values.take(end))
            });
        }
        each(&self.value_first, text, |captures, start| {
            let end = closing(text, start, group(captures, 1))?;
            let after = end + group(captures, 1).len();
            let name = self.name_after.captures(text.get(after..)?)?;
            let rule = keys.secret(group(&name, 2))?;
            push(text, start..end, &rule, "", &mut found);
            Some(after)
        });
        each(&self.plain, text, |captures, start| plain_value(keys, text, captures, start, &mut found));
        found
    }
}

/// The value of `KEY: …`, `KEY=…` or `--KEY …`. Gives where it ends.
fn plain_value(
    keys: &Keys,
    text: &str,
    captures: &Captures<'_>,
    start: usize,
    found: &mut Vec<Secret>,
) -> Option<usize> {
    let (is_flag, key) = (captures.get(1).is_some(), group(captures, 2));
    if captures.get(5).is_some() && !is_flag {
        return None;
    }
    let rule = keys.secret(key)?;
    let rest = &text[start..];
    let quote_length = rest.len() - rest.trim_start_matches('\\').len() + 1;
    if rest.trim_start_matches('\\').starts_with(['"', '\'']) {
        let quote = &rest[..quote_length];
        // The quote that ends a string before a colon is none that opens a value.
        let end = closing(text, start + quote_length, quote)?;
        let value = &text[start + quote_length..end];
        let is_value = is_flag || captures.get(4).is_some() || !value.contains(['\n', ',', ':', '{']);
        if is_value && !value.is_empty() {
            push(text, start + quote_length..end, &rule, "", found);
            return Some(end);
        }
        return None;
    }
    let is_line = WHOLE_LINE.contains(&rule.as_str()) && !is_flag;
    let ends = |c: char| match c {
        '\n' | '\r' | '\\' | '"' | '\'' | '`' => true,
        _ => !is_line && (c.is_whitespace() || ",;)}]>&|".contains(c)),
    };
    let value = rest[..rest.find(ends).unwrap_or(rest.len())].trim_end();
    let is_variable = captures.get(4).is_some() && key.chars().all(|c| !c.is_ascii_lowercase());
    let says_secret = is_line || is_flag || is_variable || is_random(value);
    if value.len() >= if is_line { 3 } else { SHORTEST_TOKEN } && says_secret && !is_placeholder(value) {
        push(text, start..start + value.len(), &rule, "", found);
        return Some(start + value.len());
    }
    None
}

/// Calls this for each match with where it ends; searches on from where it says, else from the end of the match.
fn each(regex: &Regex, text: &str, mut take: impl FnMut(&Captures<'_>, usize) -> Option<usize>) {
    let mut from = 0;
    while let Some(captures) = regex.captures_at(text, from) {
        let Some(whole) = captures.get(0) else { return };
        let next = take(&captures, whole.end()).unwrap_or(whole.end());
        from = next.max(whole.start() + 1);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        if from > text.len() {
            return;
        }
    }
}

fn group<'a>(captures: &Captures<'a>, n: usize) -> &'a str {
    captures.get(n).map_or("", |found| found.as_str())
}

/// Whether an unquoted value looks like a secret rather than like a word or a piece of code.
fn is_random(value: &str) -> bool {
    value.contains(|c: char| c.is_ascii_digit()) && !value.contains(['(', '[', '{'])
}

/// What stands for a value that is elsewhere.
fn is_placeholder(value: &str) -> bool {
    value.starts_with(['$', '<', '{', '%', '*', '('])
        || value.starts_with("[redacted:")
        || value.contains("://")
}

/// Takes the values of a secret key.
struct Values<'a> {
    text: &'a str,
    /// What quotes the key, and what replaces a number.
    quote: &'a str,
    rule: &'a str,
    /// Bytes that may be looked through again; once they are used up, everything under a secret key goes.
    budget: &'a mut usize,
    found: &'a mut Vec<Secret>,
}

impl Values<'_> {
    /// The value that begins here: a string, a number, or the strings and numbers of a list or object. Gives where it ends.
    fn take(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        if let Some(open) = opening(rest) {
            let start = at + open.len();
            let Some(end) = closing(self.text, start, open) else { return at };
            self.push(start..end, "");
            return end;
        }
        match rest.chars().next() {
            Some('[' | '{' | '(') => self.container(at),
            Some('0'..='9' | '-') => {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c))
                    .unwrap_or(rest.len());
                self.push(at..at + end, self.quote);
                at + end
            }
            _ => at,
        }
    }

    /// The strings and numbers of a list or object, unless it is the schema of a parameter.
    fn container(&mut self, at: usize) -> usize {
        const OF_SCHEMA: [&str; 6] = ["type", "$ref", "anyOf", "allOf", "oneOf", "description"];
        let (text, before) = (self.text, self.found.len());
        let limit = text.len().min(at + LONGEST_CONTAINER);
        let (mut here, mut depth) = (at, 0_u32);
        while here < limit {
            let rest = &text[here..];
            if let Some(open) = opening(rest) {
                let start = here + open.len();
                let Some(end) = closing(text, start, open) else { break };
                here = (end + open.len()).min(text.len());
                let is_key = text[here..].trim_start().starts_with(':');
                if is_key && OF_SCHEMA.contains(&&text[start..end]) && *self.budget > 0 {
                    // What it holds is looked through again. The budget bounds how often, where schemas lie in one another.
                    *self.budget = self.budget.saturating_sub(here - at);
                    self.found.truncate(before);
                    return at;
                }
                if !is_key {
                    self.push(start..end, "");
                }
                continue;
            }
            let Some(c) = rest.chars().next() else { break };
            match c {
                '[' | '{' | '(' => depth += 1,
                ']' | '}' | ')' => depth = depth.saturating_sub(1),
                '0'..='9' | '-' => {
                    here = self.take(here).max(here + 1);
                    continue;
                }
                _ => {}
            }
            here += c.len_utf8();
            if depth == 0 {
                break;
            }
        }
        here
    }

    fn push(&mut self, range: Range<usize>, quote: &str) {
        push(self.text, range, self.rule, quote, self.found);
    }
}

/// The quote with which a text begins, with its escapes.
fn opening(text: &str) -> Option<&str> {
    let escapes = text.len() - text.trim_start_matches('\\').len();
    text[escapes..].starts_with(['"', '\'']).then(|| &text[..=escapes])
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

fn push(text: &str, range: Range<usize>, rule: &str, quote: &str, found: &mut Vec<Secret>) {
    if !text[range.clone()].is_empty() {
        found.push(Secret { range, rule: rule.to_owned(), quote: quote.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_within_objects_are_not_looked_through_over_and_over() {
        let block = format!("{}\"type\":1", "\"password\":{".repeat(5_000));
        let keys = Keys::new(&[]).unwrap();
        for blocks in [10, 100] {
            let text = block.repeat(blocks);
            let (mut budget, mut found) = (text.len() * 4, Vec::new());
            let (mut looked, mut at) = (0, 0);
            while let Some(next) = text[at..].find('{') {
                let start = at + next;
                let before = budget;
                let (budget, found) = (&mut budget, &mut found);
                let mut values = Values { text: &text, quote: "\"", rule: "password", budget, found };
                let end = values.container(start);
                looked += if end == start { before - *budget } else { end - start };
                at = end.max(start + 1);
            }
            assert!(looked <= text.len() * 6, "{looked} bytes of {}", text.len());
        }
        let text = r#"{"password": {"type": "string"}, "secret": {"apiKey": "x"}}"#;
        let found = Pairs::new().unwrap().find(&keys, text);
        assert!(
            !found.is_empty() && found.iter().all(|secret| &text[secret.range.clone()] == "x"),
            "{found:?}"
        );
    }
}
