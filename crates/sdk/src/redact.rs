//! Redaction: replaces secrets in every attribute, including those of events and links and nested JSON.
//!
//! Runs on the background thread. Not here: truncation and sampling.

mod pattern;

use crate::span_data::each_text;
use opentelemetry_sdk::trace::SpanData;
use pattern::Pattern;
use serde_json::Value as Json;

/// Keys whose values are always secret.
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

/// Patterns of secrets and personal data, each with the name shown in its marker. All are ASCII (`(?-u)`):
/// Unicode classes would take a megabyte more, and `\b` would let `müller@example.org` through because of its
/// `ü`.
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

/// What to replace before a span is exported or kept.
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
    patterns: Vec<Pattern>,
}

/// A redaction pattern that cannot be used: it is not a valid regular expression, or the feature `regex` is
/// off.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the redaction pattern {name}: {source}")]
pub struct BadPattern {
    name: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Default for Redaction {
    /// Keys that hold credentials; patterns for secrets, e-mail addresses, card numbers, SSNs and phone
    /// numbers. Without the feature `regex`, only the keys.
    fn default() -> Self {
        let patterns = PATTERNS.iter().filter_map(|(name, pattern)| Pattern::new(name, pattern).ok());
        Self { keys: KEYS.iter().map(|key| (*key).to_owned()).collect(), patterns: patterns.collect() }
    }
}

impl Redaction {
    /// Replaces nothing.
    pub fn off() -> Self {
        Self { keys: Vec::new(), patterns: Vec::new() }
    }

    /// Also replaces the values under `key`: an attribute key or its part after the last dot, or a key in
    /// nested JSON. Ignores case and the difference between `-` and `_`.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.keys.push(plain(key));
        self
    }

    /// Also replaces matches of `pattern`, by `[redacted:NAME]`.
    ///
    /// # Errors
    /// When `pattern` is not a valid regular expression, or the feature `regex` is off.
    pub fn with_pattern(mut self, name: &str, pattern: &str) -> Result<Self, BadPattern> {
        let pattern =
            Pattern::new(name, pattern).map_err(|source| BadPattern { name: name.to_owned(), source })?;
        self.patterns.insert(0, pattern);
        Ok(self)
    }

    /// Returns the text with all matches replaced. In JSON, the values of secret keys are replaced too.
    pub fn text(&self, text: &str) -> String {
        self.inside(text, 0).unwrap_or_else(|| text.to_owned())
    }

    pub(crate) fn span(&self, span: &mut SpanData) {
        if self.keys.is_empty() && self.patterns.is_empty() {
            return;
        }
        each_text(span, &mut |key, text| self.changed(key, text));
    }

    /// The replacement for a text under a key, or `None` to keep it.
    pub(crate) fn changed(&self, key: &str, text: &str) -> Option<String> {
        if self.is_secret(key) { Some("[redacted:key]".into()) } else { self.inside(text, 0) }
    }

    fn is_secret(&self, key: &str) -> bool {
        let last = key.rsplit('.').next().unwrap_or(key);
        self.keys.iter().any(|secret| is_plain(secret, key) || is_plain(secret, last))
    }

    /// The redacted text, or `None` if there is nothing to redact.
    fn inside(&self, text: &str, depth: usize) -> Option<String> {
        if depth < 8
            && text.starts_with(['{', '['])
            && let Ok(mut json) = serde_json::from_str::<Json>(text)
        {
            return self.json(&mut json, depth).then(|| json.to_string());
        }
        let mut out: Option<String> = None;
        for pattern in &self.patterns {
            if let Some(replaced) = pattern.replace(out.as_deref().unwrap_or(text)) {
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

/// Whether `key` in normal form equals `plain`. Compares without allocating, because it runs for every
/// attribute.
fn is_plain(plain: &str, key: &str) -> bool {
    plain.len() == key.len() && plain.bytes().eq(key.bytes().map(plain_byte))
}

fn plain_byte(byte: u8) -> u8 {
    if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() }
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
    fn matches_are_replaced_and_the_surrounding_text_is_kept() {
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
    fn token_counts_are_not_secrets() {
        assert!(!Redaction::default().is_secret("gen_ai.usage.input_tokens"));
        assert!(Redaction::default().is_secret("http.request.header.authorization"));
    }

    #[test]
    fn an_invalid_pattern_is_named_in_the_error() {
        let error = Redaction::off().with_pattern("mine", "(").unwrap_err();
        assert!(error.to_string().contains("mine"));
    }
}
