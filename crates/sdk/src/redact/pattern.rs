//! A redaction pattern. Without the feature `regex`, there are none.

/// Why a pattern cannot be used.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[cfg(feature = "regex")]
pub(super) use with_regex::Pattern;
#[cfg(not(feature = "regex"))]
pub(super) use without_regex::Pattern;

#[cfg(feature = "regex")]
mod with_regex {
    use regex::{Captures, Regex};

    /// A regular expression and the name shown in its marker.
    #[derive(Clone, Debug)]
    pub(crate) struct Pattern {
        name: String,
        regex: Regex,
    }

    impl Pattern {
        pub(crate) fn new(name: &str, pattern: &str) -> Result<Self, super::Failure> {
            Ok(Self { name: name.to_owned(), regex: Regex::new(pattern)? })
        }

        /// The text with all matches replaced, or `None` if there are none.
        pub(crate) fn replace(&self, text: &str) -> Option<String> {
            let mut hit = false;
            let replaced = self.regex.replace_all(text, |found: &Captures<'_>| {
                if self.name == "card" && !is_card(&found[0]) {
                    return found[0].to_owned();
                }
                hit = true;
                format!("[redacted:{}]", self.name)
            });
            let replaced = replaced.into_owned();
            hit.then_some(replaced)
        }
    }

    /// The Luhn check, so that other long numbers are kept.
    fn is_card(text: &str) -> bool {
        let digits = text.bytes().filter(u8::is_ascii_digit).rev().enumerate();
        let sum: u32 = digits
            .map(|(index, digit)| {
                let digit = u32::from(digit - b'0') << (index % 2);
                if digit > 9 { digit - 9 } else { digit }
            })
            .sum();
        sum.is_multiple_of(10)
    }
}

#[cfg(not(feature = "regex"))]
mod without_regex {
    /// No pattern exists.
    #[derive(Clone, Debug)]
    pub(crate) enum Pattern {}

    impl Pattern {
        pub(crate) fn new(_: &str, _: &str) -> Result<Self, super::Failure> {
            Err("patterns need the feature `regex` of the crate `turnscope`".into())
        }

        pub(crate) fn replace(&self, _: &str) -> Option<String> {
            match *self {}
        }
    }
}
