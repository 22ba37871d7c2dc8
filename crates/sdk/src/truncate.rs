//! Long texts are cut, visibly: never inside a character, and JSON stays JSON.

use crate::shape::each_text;
use opentelemetry_sdk::trace::SpanData;
use serde_json::Value as Json;

/// Cuts every text of the span that is longer than `limit` bytes.
pub(crate) fn span(span: &mut SpanData, limit: usize) {
    each_text(span, &mut |_, text| (text.len() > limit).then(|| shorten(text, limit)));
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
