//! Truncation of long texts, visibly marked: never inside a character, and JSON stays JSON.
//!
//! It happens twice. The caller's thread cuts off what is far too long before it is queued, which costs no more
//! than what is kept. The rest is cut in the background, after redaction.

use crate::{
    bounded_json,
    cut_text::{cut_text, truncate_text},
    span_data::each_text,
};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Limits by attribute, in bytes: high for conversations, low for what the first lines explain.
const BY_KEY: &[(&str, usize)] = &[
    ("gen_ai.input.messages", 1 << 20),
    ("gen_ai.output.messages", 1 << 20),
    ("gen_ai.system_instructions", 256 << 10),
    ("gen_ai.tool.definitions", 256 << 10),
    ("gen_ai.tool.call.arguments", 256 << 10),
    ("gen_ai.tool.call.result", 256 << 10),
    (OTHERS, 64 << 10),
    ("exception.stacktrace", 16 << 10),
    ("exception.message", 4 << 10),
    ("status", 4 << 10),
];

/// The key for every attribute without a limit of its own.
const OTHERS: &str = "*";

/// How much longer than its limit a text may be queued: redaction must see what stands around the place where
/// it is cut. Also the length up to which no limit is looked up.
const MARGIN: usize = 4096;

/// The default limits.
pub(crate) fn by_key() -> BTreeMap<String, usize> {
    BY_KEY.iter().map(|(key, limit)| ((*key).to_owned(), *limit)).collect()
}

/// Maximum lengths of texts, in bytes.
#[derive(Debug)]
pub(crate) struct ValueLimits {
    pub(crate) max_bytes: usize,
    pub(crate) by_key: BTreeMap<String, usize>,
}

impl ValueLimits {
    /// Truncates every text of the span that is too long.
    pub(crate) fn truncate(&self, span: &mut SpanData) {
        each_text(span, &mut |key, text| {
            let limit = self.of(key);
            (text.len() > limit).then(|| shorten(text, limit))
        });
    }

    /// Limits for the caller's thread.
    pub(crate) fn with_margin(&self) -> Self {
        let by_key = self.by_key.iter().map(|(key, limit)| (key.clone(), limit.saturating_add(MARGIN)));
        Self { max_bytes: self.max_bytes.saturating_add(MARGIN), by_key: by_key.collect() }
    }

    /// The JSON of a value, up to the limit of the attribute `key`.
    pub(crate) fn json<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> String {
        bounded_json::to_json(value, self.of(key))
    }

    /// Cuts the texts of an attribute, at once.
    pub(crate) fn cut(&self, attribute: &mut KeyValue) {
        let KeyValue { key, value, .. } = attribute;
        match value {
            Value::String(text) => {
                if let Some(cut) = self.cut_text(key.as_str(), text.as_str()) {
                    *text = cut.into();
                }
            }
            Value::Array(Array::String(texts)) => {
                for text in texts {
                    if let Some(cut) = self.cut_text(key.as_str(), text.as_str()) {
                        *text = cut.into();
                    }
                }
            }
            _ => {}
        }
    }

    /// What is left of a text under `key`, or `None` if that is all of it.
    pub(crate) fn cut_text(&self, key: &str, text: &str) -> Option<String> {
        if text.len() <= MARGIN {
            return None;
        }
        let limit = self.of(key);
        if text.len() <= limit {
            return None;
        }
        let json = text.starts_with(['{', '[']).then(|| bounded_json::shortened(text, limit)).flatten();
        json.or_else(|| cut_text(text, limit))
    }

    fn of(&self, key: &str) -> usize {
        self.by_key
            .get(key)
            .or_else(|| self.by_key.get(OTHERS))
            .map_or(self.max_bytes, |limit| self.max_bytes.min(*limit))
    }
}

/// The text in at most about `limit` bytes, with a marker that gives the original length.
fn shorten(text: &str, limit: usize) -> String {
    if let Some(inner) = text.strip_prefix('"').and_then(|_| serde_json::from_str::<String>(text).ok()) {
        return shorten_string(&inner, limit);
    }
    if !text.starts_with(['{', '[']) || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return truncate_text(text, limit);
    }
    // Truncate all long strings, to shorter and shorter lengths until the whole fits: keeping the structure
    // is more useful than keeping all of one long string.
    let mut piece = limit / 2;
    while piece >= 16 {
        let Ok(mut json) = serde_json::from_str(text) else { break };
        shorten_pieces(&mut json, piece);
        let short = json.to_string();
        if short.len() <= limit {
            return short;
        }
        piece /= 4;
    }
    Json::String(truncate_text(text, limit / 2)).to_string()
}

/// A JSON string that stays one, however much of it has to be escaped.
fn shorten_string(text: &str, limit: usize) -> String {
    let mut length = limit.saturating_sub(64);
    loop {
        let short = Json::String(truncate_text(text, length)).to_string();
        if short.len() <= limit || length < 16 {
            return short;
        }
        length /= 2;
    }
}

fn shorten_pieces(json: &mut Json, limit: usize) {
    match json {
        Json::String(text) if text.len() > limit => *text = truncate_text(text, limit),
        Json::Array(items) => items.iter_mut().for_each(|item| shorten_pieces(item, limit)),
        Json::Object(members) => members.values_mut().for_each(|value| shorten_pieces(value, limit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_keeps_characters_whole_and_shows_the_original_length() {
        assert_eq!(truncate_text("aéé", 2), "a…[truncated from 5 bytes]");
    }

    #[test]
    fn the_callers_limits_leave_room_for_redaction_and_apply_to_lists_too() {
        let limits = ValueLimits { max_bytes: usize::MAX, by_key: BTreeMap::from([("k".into(), 10_000)]) };
        let early = limits.with_margin();
        assert_eq!(early.cut_text("k", &"x".repeat(14_096)), None);
        assert_eq!(early.cut_text("other", &"x".repeat(1 << 20)), None);
        let texts = Array::String(vec!["x".repeat(20_000).into(), "y".into()]);
        let mut list = KeyValue::new("k", Value::Array(texts));
        early.cut(&mut list);
        let Value::Array(Array::String(texts)) = list.value else { panic!() };
        assert!(
            texts[0].as_str().ends_with("…[truncated from 20000 bytes]") && texts[0].as_str().len() < 14_200
        );
        assert_eq!(texts[1].as_str(), "y");
        let json = early.cut_text("k", &format!(r#"{{"a":"{}"}}"#, "x".repeat(20_000))).unwrap();
        assert!(serde_json::from_str::<Json>(&json).is_ok());
    }

    #[test]
    fn a_json_string_stays_one() {
        for text in ["x".repeat(4000), "\u{1}\"".repeat(2000)] {
            let short = shorten(&Json::String(text.clone()).to_string(), 1000);
            let inner: String = serde_json::from_str(&short).unwrap();
            assert!(short.len() <= 1000 && inner.ends_with("…[truncated from 4000 bytes]"), "{short}");
        }
    }

    #[test]
    fn truncated_json_is_still_json_with_the_same_structure() {
        let text = serde_json::json!([{"role": "user", "content": "x".repeat(4000)}]).to_string();
        let short: Json = serde_json::from_str(&shorten(&text, 1000)).unwrap();
        assert_eq!(short[0]["role"], "user");
        assert!(short[0]["content"].as_str().unwrap().ends_with("…[truncated from 4000 bytes]"));
    }

    #[test]
    fn json_of_many_small_values_becomes_one_json_string() {
        let text = serde_json::json!((0..5000).collect::<Vec<_>>()).to_string();
        let short = shorten(&text, 1000);
        assert!(short.len() < 1000 && serde_json::from_str::<String>(&short).unwrap().contains("truncated"));
    }
}
