//! Truncation of long texts, visibly marked: never inside a character, and JSON stays JSON.

use crate::span_data::each_text;
use opentelemetry_sdk::trace::SpanData;
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

    fn of(&self, key: &str) -> usize {
        self.by_key
            .get(key)
            .or_else(|| self.by_key.get(OTHERS))
            .map_or(self.max_bytes, |limit| self.max_bytes.min(*limit))
    }
}

/// The text in at most about `limit` bytes, with a marker that gives the original length.
fn shorten(text: &str, limit: usize) -> String {
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

fn shorten_pieces(json: &mut Json, limit: usize) {
    match json {
        Json::String(text) if text.len() > limit => *text = truncate_text(text, limit),
        Json::Array(items) => items.iter_mut().for_each(|item| shorten_pieces(item, limit)),
        Json::Object(members) => members.values_mut().for_each(|value| shorten_pieces(value, limit)),
        _ => {}
    }
}

fn truncate_text(text: &str, limit: usize) -> String {
    format!("{}…[truncated from {} bytes]", &text[..text.floor_char_boundary(limit)], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_keeps_characters_whole_and_shows_the_original_length() {
        assert_eq!(truncate_text("aéé", 2), "a…[truncated from 5 bytes]");
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
