//! OpenAI's embeddings API. Vectors are derived from the text, and similar texts get similar vectors.

use super::Answer;
use serde_json::{Value as Json, json};

const DIMENSIONS: u64 = 16;

pub(super) fn whole(answer: &Answer<'_>) -> Json {
    let inputs = match &answer.request["input"] {
        Json::Array(texts) => texts.as_slice(),
        text => std::slice::from_ref(text),
    };
    let dimensions = answer.request["dimensions"].as_u64().unwrap_or(DIMENSIONS).clamp(1, 4096) as usize;
    let data: Vec<Json> = inputs
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
            json!({"object": "embedding", "index": index, "embedding": vector(&text, dimensions)})
        })
        .collect();
    let tokens = answer.usage().input;
    json!({
        "object": "list",
        "data": data,
        "model": answer.model(),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })
}

/// Counts the words of a text in buckets by hash, normalised to length 1.
fn vector(text: &str, dimensions: usize) -> Vec<f64> {
    let mut vector = vec![0.0; dimensions];
    for word in text.split_whitespace() {
        vector[(fnv(&word.to_lowercase()) % dimensions as u64) as usize] += 1.0;
    }
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    if length > 0.0 {
        for x in &mut vector {
            *x /= length;
        }
    }
    vector
}

/// FNV-1a, because the standard library's hashes may differ between versions and processes.
fn fnv(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
