//! What must not leave the process: replaced by a marker in every attribute, of spans, events and links, in nested JSON too.
//!
//! Runs on the SDK's thread. Not here: truncation and sampling.

use crate::shape::each_text;
use opentelemetry_sdk::trace::SpanData;
use regex::Regex;
use serde_json::Value as Json;

/// Values under these keys, whatever they hold.
const KEYS: &[&str] = &[
    "authorization",
    "proxy_authorization",
    "api_key",
    "apikey",
    "x_api_key",
    "access_token",
    "refresh_token",
    "client_secret",
    "secret",
    "password",
    "passwd",
    "private_key",
    "cookie",
    "set_cookie",
];

/// Shapes of what is secret or personal, each with the name that its marker bears. All are of ASCII (`(?-u)`): Unicode's digits and
/// boundaries would take a megabyte more, and leave `müller@example.org` whole for its `ü`.
const PATTERNS: &[(&str, &str)] = &[
    (
        "secret",
        r"(?-u)\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[A-Z0-9]{16}|xox[abprs]-[A-Za-z0-9-]{10,})|\bBearer +[A-Za-z0-9._~+/-]{16,}=*",
    ),
    ("email", r"(?-u)\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b"),
    ("ssn", r"(?-u)\b\d{3}-\d{2}-\d{4}\b"),
    ("card", r"(?-u)\b\d(?:[ -]?\d){12,18}\b"),
    (
        "phone",
        r"(?-u)\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}\b|\(\d{3}\) ?\d{3}-\d{4}\b|\b\d{3}-\d{3}-\d{4}\b",
    ),
];

/// What is replaced before a span is exported or remembered.
///
/// ```
/// use turnscope::Redaction;
/// let redaction = Redaction::default().with_key("iban").with_pattern("order", r"ORD-\d+")?;
/// assert_eq!(redaction.text("ORD-17 of ada@example.org"), "[redacted:order] of [redacted:email]");
/// # Ok::<(), turnscope::BadPattern>(())
/// ```
#[derive(Clone, Debug)]
pub struct Redaction {
    keys: Vec<String>,
    patterns: Vec<(String, Regex)>,
}

/// A pattern that is no regular expression.
#[derive(Debug, thiserror::Error)]
#[error("the redaction pattern {name} is no regular expression: {source}")]
pub struct BadPattern {
    name: String,
    source: regex::Error,
}

impl Default for Redaction {
    /// Keys that hold credentials; the shapes of secrets, e-mail addresses, cards, SSNs and phone numbers.
    fn default() -> Self {
        let patterns = PATTERNS
            .iter()
            .filter_map(|(name, pattern)| Some(((*name).to_owned(), Regex::new(pattern).ok()?)));
        Self { keys: KEYS.iter().map(|key| (*key).to_owned()).collect(), patterns: patterns.collect() }
    }
}

impl Redaction {
    /// Replaces nothing.
    pub fn off() -> Self {
        Self { keys: Vec::new(), patterns: Vec::new() }
    }

    /// Replaces the values under `key` too: an attribute's name or the part after its last dot, or a key in nested JSON,
    /// in any case, `-` and `_` alike.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.keys.push(plain(key));
        self
    }

    /// Replaces what matches `pattern` too, by `[redacted:NAME]`.
    ///
    /// # Errors
    /// When `pattern` is no regular expression.
    pub fn with_pattern(mut self, name: &str, pattern: &str) -> Result<Self, BadPattern> {
        let regex = Regex::new(pattern).map_err(|source| BadPattern { name: name.to_owned(), source })?;
        self.patterns.insert(0, (name.to_owned(), regex));
        Ok(self)
    }

    /// The text without what the patterns match; where it is JSON, without the values of secret keys either.
    pub fn text(&self, text: &str) -> String {
        self.inside(text, 0).unwrap_or_else(|| text.to_owned())
    }

    pub(crate) fn span(&self, span: &mut SpanData) {
        if self.keys.is_empty() && self.patterns.is_empty() {
            return;
        }
        each_text(span, &mut |key, text| self.changed(key, text));
    }

    /// What takes the place of a text under a key, or none where the text may stay.
    pub(crate) fn changed(&self, key: &str, text: &str) -> Option<String> {
        if self.is_secret(key) { Some("[redacted:key]".into()) } else { self.inside(text, 0) }
    }

    fn is_secret(&self, key: &str) -> bool {
        let last = key.rsplit('.').next().unwrap_or(key);
        self.keys.iter().any(|secret| is_plain(secret, key) || is_plain(secret, last))
    }

    /// The text with replacements, or none if nothing is to be replaced.
    fn inside(&self, text: &str, depth: usize) -> Option<String> {
        if depth < 8
            && text.starts_with(['{', '['])
            && let Ok(mut json) = serde_json::from_str::<Json>(text)
        {
            return self.json(&mut json, depth).then(|| json.to_string());
        }
        let mut out: Option<String> = None;
        for (name, pattern) in &self.patterns {
            let now = out.as_deref().unwrap_or(text);
            let mut hit = false;
            let replaced = pattern.replace_all(now, |found: &regex::Captures<'_>| {
                if name == "card" && !is_card(&found[0]) {
                    return found[0].to_owned();
                }
                hit = true;
                format!("[redacted:{name}]")
            });
            if let (true, replaced) = (hit, replaced.into_owned()) {
                out = Some(replaced);
            }
        }
        out
    }

    fn json(&self, json: &mut Json, depth: usize) -> bool {
        match json {
            Json::String(text) => match self.inside(text, depth + 1) {
                Some(new) => {
                    *text = new;
                    true
                }
                None => false,
            },
            Json::Array(items) => items.iter_mut().fold(false, |hit, item| self.json(item, depth) | hit),
            Json::Object(members) => members.iter_mut().fold(false, |hit, (key, value)| {
                if self.is_secret(key) {
                    *value = "[redacted:key]".into();
                    return true;
                }
                self.json(value, depth) | hit
            }),
            _ => false,
        }
    }
}

fn plain(key: &str) -> String {
    key.to_ascii_lowercase().replace('-', "_")
}

/// Whether a key in its plain form is `plain`; without making that form, as every attribute's key is asked for.
fn is_plain(plain: &str, key: &str) -> bool {
    plain.len() == key.len() && plain.bytes().eq(key.bytes().map(plain_byte))
}

fn plain_byte(byte: u8) -> u8 {
    if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() }
}

/// Whether the digits pass the check that cards' numbers pass: other long numbers stay.
fn is_card(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).rev().enumerate();
    let sum: u32 = digits
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0') << (place % 2);
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &str, wanted: &str) {
        assert_eq!(Redaction::default().text(given), wanted);
    }

    #[test]
    fn every_default_pattern_compiles() {
        assert_eq!(Redaction::default().patterns.len(), PATTERNS.len());
    }

    #[test]
    fn shapes_are_replaced_and_their_neighbours_stay() {
        check("mail ada@example.org now", "mail [redacted:email] now");
        check("an müller@example.org, über ada@example.org", "an mü[redacted:email], über [redacted:email]");
        check("key sk-abcdefghijklmnopqrstuv", "key [redacted:secret]");
        check("078-05-1120", "[redacted:ssn]");
        check("4111 1111 1111 1111", "[redacted:card]");
        check("4111 1111 1111 1112", "4111 1111 1111 1112");
        check("call +49 30 1234 5678", "call [redacted:phone]");
        check("on 2026-11-21 at 10:00, 1200 tokens", "on 2026-11-21 at 10:00, 1200 tokens");
    }

    #[test]
    fn json_is_redacted_inside_and_stays_json() {
        check(r#"{"Api-Key":"x","n":1}"#, r#"{"Api-Key":"[redacted:key]","n":1}"#);
        check(r#"[{"a":"{\"password\":\"x\"}"}]"#, r#"[{"a":"{\"password\":\"[redacted:key]\"}"}]"#);
        check(r#"{ "n": 1.50 }"#, r#"{ "n": 1.50 }"#);
    }

    #[test]
    fn counts_of_tokens_are_no_tokens() {
        assert!(!Redaction::default().is_secret("gen_ai.usage.input_tokens"));
        assert!(Redaction::default().is_secret("http.request.header.authorization"));
    }

    #[test]
    fn a_bad_pattern_is_named() {
        let error = Redaction::off().with_pattern("mine", "(").unwrap_err();
        assert!(error.to_string().contains("mine"));
    }
}
