//! Long texts are cut, visibly: never inside a character, and JSON stays JSON.

use crate::shape::each_text;
use opentelemetry_sdk::trace::SpanData;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What is long by nature, and what says enough in its first lines; in bytes.
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

/// Stands for every attribute that is not named.
const OTHERS: &str = "*";

/// The limits that hold by default.
pub(crate) fn by_key() -> BTreeMap<String, usize> {
    BY_KEY.iter().map(|(key, limit)| ((*key).to_owned(), *limit)).collect()
}

/// How long texts may be, in bytes.
#[derive(Debug)]
pub(crate) struct ValueLimits {
    pub(crate) most: usize,
    pub(crate) by_key: BTreeMap<String, usize>,
}

impl ValueLimits {
    /// Cuts every text of the span that is longer than it may be.
    pub(crate) fn cut(&self, span: &mut SpanData) {
        each_text(span, &mut |key, text| {
            let limit = self.of(key);
            (text.len() > limit).then(|| shorten(text, limit))
        });
    }

    fn of(&self, key: &str) -> usize {
        self.by_key
            .get(key)
            .or_else(|| self.by_key.get(OTHERS))
            .map_or(self.most, |limit| self.most.min(*limit))
    }
}

/// The text in about `limit` bytes, with a mark that bears the length it had.
fn shorten(text: &str, limit: usize) -> String {
    if !text.starts_with(['{', '[']) || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return cut(text, limit);
    }
    // Shorter and shorter pieces, until the whole fits: structure says more than the end of one long piece.
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
    Json::String(cut(text, limit / 2)).to_string()
}

fn shorten_pieces(json: &mut Json, limit: usize) {
    match json {
        Json::String(text) if text.len() > limit => *text = cut(text, limit),
        Json::Array(items) => items.iter_mut().for_each(|item| shorten_pieces(item, limit)),
        Json::Object(members) => members.values_mut().for_each(|value| shorten_pieces(value, limit)),
        _ => {}
    }
}

fn cut(text: &str, limit: usize) -> String {
    format!("{}…[truncated from {} bytes]", &text[..text.floor_char_boundary(limit)], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_falls_between_characters_and_shows_the_length() {
        assert_eq!(cut("aéé", 2), "a…[truncated from 5 bytes]");
    }

    #[test]
    fn json_stays_json_with_its_structure() {
        let text = serde_json::json!([{"role": "user", "content": "x".repeat(4000)}]).to_string();
        let short: Json = serde_json::from_str(&shorten(&text, 1000)).unwrap();
        assert_eq!(short[0]["role"], "user");
        assert!(short[0]["content"].as_str().unwrap().ends_with("…[truncated from 4000 bytes]"));
    }

    #[test]
    fn json_of_many_small_pieces_becomes_one_json_text() {
        let text = serde_json::json!((0..5000).collect::<Vec<_>>()).to_string();
        let short = shorten(&text, 1000);
        assert!(short.len() < 1000 && serde_json::from_str::<String>(&short).unwrap().contains("truncated"));
    }
}
