//! Cuts a text, with a mark that gives its original length.

const MARK: &str = "…[truncated from ";

/// The text in about `limit` bytes.
pub(crate) fn truncate_text(text: &str, limit: usize) -> String {
    let (kept, original) = unmarked(text);
    marked(&kept[..kept.floor_char_boundary(limit)], original)
}

fn marked(kept: &str, original: usize) -> String {
    format!("{kept}{MARK}{original} bytes]")
}

/// A text without the mark of an earlier truncation, and its original length.
fn unmarked(text: &str) -> (&str, usize) {
    let marked = text.strip_suffix(" bytes]").and_then(|rest| {
        let (kept, original) = rest.rsplit_once(MARK)?;
        Some((kept, original.parse().ok()?))
    });
    marked.unwrap_or((text, text.len()))
}

/// What is left of a text that is longer than `limit`: up to a space near the limit, so that redaction, which
/// comes later, does not meet half a secret.
pub(crate) fn cut_text(text: &str, limit: usize) -> Option<String> {
    let (text, original) = unmarked(text);
    if text.len() <= limit {
        return None;
    }
    let end = text.floor_char_boundary(limit);
    let from = text.floor_char_boundary(end.saturating_sub(256));
    let end = text[from..end].rfind(char::is_whitespace).map_or(end, |space| from + space);
    Some(marked(&text[..end], original))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_truncation_keeps_the_original_length() {
        let once = cut_text(&"word ".repeat(1000), 2002).unwrap();
        assert!(once.ends_with("word word…[truncated from 5000 bytes]"), "{once}");
        assert_eq!(cut_text(&once, 2002), None);
        assert_eq!(truncate_text(&once, 9), "word word…[truncated from 5000 bytes]");
    }
}
