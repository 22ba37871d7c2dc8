//! A secret that is known by its shape.

use super::pairs::Secret;
use memchr::memmem;
use regex::Regex;

/// What may stand before a secret: the beginning, what is no letter of a word, or an escape in JSON, which ends in a
/// letter although it means a line break or another character.
const BEGINNING: &str = r"(?:^|[^A-Za-z0-9_]|\\(?:[bfnrt]|u[0-9a-fA-F]{4}))";

/// One shape, compiled.
#[derive(Debug)]
pub(super) struct Shape {
    name: String,
    /// One of these is in every such secret, in lower case. Without any, every text is searched.
    literals: Vec<memmem::Finder<'static>>,
    /// The group `secret` is what goes; without it, the whole match.
    regex: Regex,
}

impl Shape {
    /// A shape of ours, which begins where a word may begin.
    pub(super) fn new(name: &str, literals: &[&str], pattern: &str) -> Result<Self, regex::Error> {
        let pattern = if pattern.contains("(?P<secret>") {
            format!("{BEGINNING}{pattern}")
        } else {
            format!("{BEGINNING}(?P<secret>{pattern})")
        };
        let literals = literals.iter().map(|literal| memmem::Finder::new(literal).into_owned()).collect();
        Ok(Self { name: name.to_owned(), literals, regex: Regex::new(&pattern)? })
    }

    /// A user's pattern, as it is.
    pub(super) fn of_user(name: String, regex: Regex) -> Self {
        Self { name, literals: Vec::new(), regex }
    }

    /// Every secret of this shape. `folded` is the text in lower case.
    pub(super) fn find(&self, text: &str, folded: &str, found: &mut Vec<Secret>) {
        let is_possible = self.literals.is_empty()
            || self.literals.iter().any(|literal| literal.find(folded.as_bytes()).is_some());
        if !is_possible {
            return;
        }
        for captures in self.regex.captures_iter(text) {
            let secret = captures.name("secret").or_else(|| captures.get(0));
            found.extend(secret.map(|secret| Secret {
                range: secret.range(),
                rule: self.name.clone(),
                quote: String::new(),
            }));
        }
    }
}
