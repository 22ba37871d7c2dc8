//! Patterns: texts in which `*` stands for anything.

use std::fmt;

/// A text to compare with. `*` stands for anything, `\*` for a star; nothing else has a meaning.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// What stands between the stars: one piece where there is none.
    pieces: Vec<String>,
}

impl Pattern {
    /// Exactly this text.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { pieces: vec![text.into()] }
    }

    /// Reads `*` as anything and `\*` as a star.
    pub fn parse(text: &str) -> Self {
        let mut pieces = vec![String::new()];
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let is_escaped = c == '\\' && chars.peek() == Some(&'*');
            if is_escaped {
                chars.next();
            }
            if c == '*' {
                pieces.push(String::new());
            } else if let Some(last) = pieces.last_mut() {
                last.push(if is_escaped { '*' } else { c });
            }
        }
        Self { pieces }
    }

    /// The text, where nothing in it stands for anything else.
    pub fn as_literal(&self) -> Option<&str> {
        match &self.pieces[..] {
            [text] => Some(text),
            _ => None,
        }
    }

    /// Whether every text matches.
    pub fn is_any(&self) -> bool {
        self.pieces.len() > 1 && self.pieces.iter().all(String::is_empty)
    }

    /// How every text that matches begins.
    pub fn prefix(&self) -> &str {
        &self.pieces[0]
    }

    /// The pattern of texts that hold a match of this one.
    #[must_use]
    pub fn anywhere(&self) -> Self {
        let ends = || std::iter::once(String::new());
        Self { pieces: ends().chain(self.pieces.iter().cloned()).chain(ends()).collect() }
    }

    /// The pattern in lower case, for texts in lower case.
    #[must_use]
    pub fn lowercase(&self) -> Self {
        Self { pieces: self.pieces.iter().map(|piece| piece.to_lowercase()).collect() }
    }

    /// Whether the whole of a text matches. Takes time in proportion to the text.
    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = &self.pieces[..] else {
            return self.pieces.first().is_some_and(|only| only == text);
        };
        let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
        for piece in middle {
            // The first place will do: what a later one leaves, this one leaves too.
            let Some(at) = left.find(piece.as_str()) else { return false };
            left = &left[at + piece.len()..];
        }
        left.ends_with(last.as_str())
    }
}

/// What [`Pattern::parse`] reads as this pattern.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, piece) in self.pieces.iter().enumerate() {
            if n > 0 {
                f.write_str("*")?;
            }
            f.write_str(&piece.replace('*', "\\*"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_star_stands_for_anything() {
        for (text, pattern, like) in [
            ("good", "good", true),
            ("good", "*", true),
            ("", "*", true),
            ("good", "go*", true),
            ("good", "*od", true),
            ("good", "g*o*d", true),
            ("good", "b*", false),
            ("good", "g*x", false),
            ("goo", "goo*o", false),
            ("good", "go%", false),
            ("good", "goo_", false),
            ("good", "goo?", false),
            ("good", "[g]ood", false),
            ("g*d", r"g\*d", true),
            ("good", r"g\*d", false),
            (r"a\b", r"a\b", true),
        ] {
            assert_eq!(Pattern::parse(pattern).matches(text), like, "{text} {pattern}");
        }
        assert!(Pattern::parse("slow").anywhere().matches("too slow today"));
    }

    proptest! {
        #[test]
        fn a_text_is_found_by_itself_and_a_pattern_is_read_as_it_is_written(
            text in r"[ab*\\%_?]{0,12}", other in r"[ab*\\%_?]{0,12}",
        ) {
            let literal = Pattern::literal(&text);
            prop_assert!(literal.matches(&text));
            prop_assert_eq!(literal.matches(&other), text == other);
            prop_assert_eq!(Pattern::parse(&literal.to_string()), literal);
            let pattern = Pattern::parse(&text);
            prop_assert!(pattern.anywhere().matches(&pattern.to_string().replace("\\*", "*")));
        }
    }
}
