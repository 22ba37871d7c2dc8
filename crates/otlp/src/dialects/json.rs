//! Looks into JSON text without reading all of it: the members of an object, one level at a time.
//!
//! Facts hide in large JSON attributes (`output.value` holds the provider's whole answer). Most of that text is never
//! needed, so it is skipped over, not parsed; text that an SDK cut off in the middle gives what came before the cut.

use memchr::{memchr2, memchr3};

/// The members of the object that this text is, as raw key and raw value; nothing when it is not an object.
pub(super) fn members(text: &str) -> Members<'_> {
    let at = skip_space(text.as_bytes(), 0);
    let at = if text.as_bytes().get(at) == Some(&b'{') { at + 1 } else { text.len() };
    Members { text, at }
}

/// The raw value at this path of keys (or array indices) inside an object.
pub(super) fn at<'a>(text: &'a str, path: &[&str]) -> Option<&'a str> {
    let mut here = text.trim();
    for step in path {
        here = match step.parse::<usize>() {
            Ok(index) if here.starts_with('[') => items(here).nth(index)?,
            _ => members(here).find(|(key, _)| key == step)?.1,
        };
    }
    Some(here)
}

/// The items of the array that this text is, as raw values; nothing when it is not an array.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let start = skip_space(bytes, 0);
    let mut at = if bytes.get(start) == Some(&b'[') { start + 1 } else { bytes.len() };
    std::iter::from_fn(move || {
        at = skip_separator(bytes, at);
        let end = value_end(bytes, at)?;
        let item = text.get(at..end)?;
        at = end;
        Some(item)
    })
}

/// A raw JSON string decoded; other scalars as they are written; nothing for `null`.
pub(super) fn scalar(raw: &str) -> Option<String> {
    if raw.starts_with('"') {
        serde_json::from_str(raw).ok()
    } else if raw == "null" {
        None
    } else {
        Some(raw.to_owned())
    }
}

/// See [`members`].
pub(super) struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let key_start = skip_separator(bytes, self.at);
        if bytes.get(key_start) != Some(&b'"') {
            return None;
        }
        let key_end = string_end(bytes, key_start)?;
        let colon = skip_space(bytes, key_end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let start = skip_space(bytes, colon + 1);
        let end = value_end(bytes, start)?;
        self.at = end;
        Some((self.text.get(key_start + 1..key_end - 1)?, self.text.get(start..end)?))
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

fn skip_separator(bytes: &[u8], at: usize) -> usize {
    let at = skip_space(bytes, at);
    if bytes.get(at) == Some(&b',') { skip_space(bytes, at + 1) } else { at }
}

/// Where the string that begins at `at` ends, behind its closing quote.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut here = at + 1;
    loop {
        here += memchr2(b'"', b'\\', bytes.get(here..)?)?;
        if bytes[here] == b'"' {
            return Some(here + 1);
        }
        here += 2;
    }
}

/// Where the value that begins at `at` ends; nothing when it was cut off.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        b'"' => string_end(bytes, at),
        open @ (b'{' | b'[') => nested_end(bytes, at, open),
        b'}' | b']' | b',' | b':' => None,
        _ => {
            let rest = &bytes[at..];
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace())
                .unwrap_or(rest.len());
            Some(at + length)
        }
    }
}

/// Only brackets of the opening kind are counted: inside valid JSON the other kind is balanced anyway.
fn nested_end(bytes: &[u8], at: usize, open: u8) -> Option<usize> {
    let close = if open == b'{' { b'}' } else { b']' };
    let mut depth = 1_usize;
    let mut here = at + 1;
    loop {
        here += memchr3(b'"', open, close, bytes.get(here..)?)?;
        match bytes[here] {
            b'"' => here = string_end(bytes, here)?,
            byte if byte == open => {
                depth += 1;
                here += 1;
            }
            _ => {
                depth -= 1;
                here += 1;
                if depth == 0 {
                    return Some(here);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_without_parsing_what_lies_between() {
        let text = r#" { "a" : {"x":"}\"{", "y":[1,{}]}, "id":"r\u0031", "n":12.5 ,"z":null}"#;
        let all: Vec<_> = members(text).collect();
        assert_eq!(all.len(), 4);
        assert_eq!(all[0], ("a", r#"{"x":"}\"{", "y":[1,{}]}"#));
        assert_eq!(scalar(all[1].1).as_deref(), Some("r1"));
        assert_eq!(scalar(all[2].1).as_deref(), Some("12.5"));
        assert_eq!(scalar(all[3].1), None);
        assert_eq!(at(text, &["a", "y", "0"]), Some("1"));
        assert_eq!(at(text, &["a", "q"]), None);
    }

    #[test]
    fn text_that_was_cut_off_gives_what_came_before() {
        let all: Vec<_> = members(r#"{"id":"x","choices":[{"m":"abc"#).collect();
        assert_eq!(all, [("id", r#""x""#)]);
        for broken in ["", "{", "[", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":}", "{]", "\"{", "{\"a\\"] {
            assert_eq!(members(broken).count(), 0, "{broken}");
        }
        assert_eq!(items("[1, \"b\", {\"c\":").collect::<Vec<_>>(), ["1", "\"b\""]);
    }
}
