//! One text: the values of secret keys, and secrets known by their shape.

use super::{Rules, marker, pairs::Secret};

/// What is left of a text that holds secrets, and how many it held.
pub(super) fn redact(rules: &Rules, text: &str) -> (Option<String>, u32) {
    let mut found = Vec::new();
    let folded = text.to_ascii_lowercase();
    if rules.key_words.any_in(text.as_bytes()) {
        found = rules.compiled.pairs.find(&rules.keys, text);
    }
    for shape in rules.own_shapes.iter().chain(&rules.compiled.shapes) {
        shape.find(text, &folded, &mut found);
    }
    // A value that holds another secret goes as a whole.
    found.sort_by_key(|secret| (secret.range.start, std::cmp::Reverse(secret.range.end)));
    let mut out = String::with_capacity(text.len());
    let (mut done, mut count) = (0, 0);
    for Secret { range, rule, quote } in found {
        // What was redacted before, by a client or an earlier version, stays as it is and counts as no secret.
        if range.start < done || range.is_empty() || text[range.clone()].starts_with("[redacted:") {
            continue;
        }
        out.push_str(&text[done..range.start]);
        out.push_str(&quote);
        out.push_str(&marker(&rule));
        out.push_str(&quote);
        done = range.end;
        count += 1;
    }
    if count == 0 {
        return (None, 0);
    }
    out.push_str(&text[done..]);
    (Some(out), count)
}
