//! Tells of most contents that they do not hold what is searched for, without taking their text out.

use memchr::memmem;
use turnscope_model::Form;
use turnscope_query::TextQuery;

/// Pieces of the phrases that stand in a content as they stand in its text: letters and digits, which no format escapes
/// without need.
pub(crate) struct RawCheck {
    pieces: Vec<memmem::Finder<'static>>,
    escapes: [memmem::Finder<'static>; 2],
}

impl RawCheck {
    pub(crate) fn new(query: &TextQuery) -> Self {
        Self {
            pieces: query
                .needles()
                .filter_map(piece)
                .map(|piece| memmem::Finder::new(piece).into_owned())
                .collect(),
            escapes: [memmem::Finder::new(br"\u"), memmem::Finder::new(br"\x")],
        }
    }

    /// Whether a content cannot hold all phrases.
    pub(crate) fn rules_out(&self, form: Form, bytes: &[u8]) -> bool {
        // Other forms keep numbers as numbers. Other scripts fold in many ways, and escapes may stand for letters.
        if self.pieces.is_empty() || form != Form::Text || !bytes.is_ascii() {
            return false;
        }
        if self.escapes.iter().any(|escape| escape.find(bytes).is_some()) {
            return false;
        }
        let lower = bytes.to_ascii_lowercase();
        self.pieces.iter().any(|piece| piece.find(&lower).is_none())
    }
}

/// The longest run of letters and digits of a phrase. One that could be a number is none: `1e3` may be shown as `1000.0`.
fn piece(phrase: &[u8]) -> Option<&[u8]> {
    phrase
        .split(|byte| !byte.is_ascii_alphanumeric())
        .max_by_key(|run| run.len())
        .filter(|run| run.iter().any(|byte| byte.is_ascii_alphabetic() && *byte != b'e'))
}
