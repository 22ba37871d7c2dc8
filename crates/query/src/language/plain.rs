//! Plain text to search for: words, and phrases in quotes. Nothing else has a meaning of its own.

use super::{
    MAX_LENGTH, MAX_VALUES, Wrong,
    condition::literal,
    error::{QueryError, wrong},
    too_many,
};
use crate::Phrase;

/// The words and phrases of a plain text, all of which one message must hold.
///
/// ```
/// use turnscope_query::plain_text;
/// let phrases = plain_text(r#"status:failed "no such file" a->b"#).unwrap();
/// let texts: Vec<&str> = phrases.iter().map(|phrase| phrase.text.as_str()).collect();
/// assert_eq!(texts, ["status:failed", "no such file", "a->b"]);
/// ```
pub fn plain_text(text: &str) -> Result<Vec<Phrase>, QueryError> {
    let whole = |error: Wrong| error.at(0, text.chars().count());
    if text.len() > MAX_LENGTH {
        return Err(whole(wrong(
            format!("the text is longer than {MAX_LENGTH} bytes"),
            "search for a piece of it",
        )));
    }
    let mut phrases = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (piece, after) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some((quoted, after)) => (quoted, after),
            // A quote that is not closed is a character like any other.
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        if !piece.trim().is_empty() {
            phrases.push(literal(piece).map_err(whole)?);
        }
        rest = after.trim_start();
    }
    if phrases.is_empty() {
        return Err(whole(wrong("there is nothing to search for", "write a word or a phrase")));
    }
    if phrases.len() > MAX_VALUES {
        return Err(whole(too_many()));
    }
    Ok(phrases)
}
