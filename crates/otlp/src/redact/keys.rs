//! Names of keys whose values are secret.

use super::RuleError;
use std::collections::HashSet;

/// Of longer names the end counts.
const LONGEST: usize = 128;

/// The names, as `canonical` writes them.
#[derive(Debug)]
pub(super) struct Keys {
    names: HashSet<String>,
    /// The names without `_`, for names written as one word.
    joined: HashSet<String>,
    /// How the names end: nearly all attributes end otherwise, and every attribute of every span is asked about.
    endings: Vec<Ending>,
}

/// The last letters and digits of a name, the last one first; fewer where the name has no more.
type Ending = [u8; 3];

fn ending(key: &str) -> Ending {
    let mut ending = [0; 3];
    let letters = key.bytes().rev().filter(|byte| !is_separator(char::from(*byte)));
    for (place, byte) in ending.iter_mut().zip(letters) {
        *place = byte.to_ascii_lowercase();
    }
    ending
}

const fn is_separator(c: char) -> bool {
    matches!(c, '-' | ' ' | '.' | '_')
}

impl Keys {
    /// The default names and these.
    pub(super) fn new(more: &[&str]) -> Result<Self, RuleError> {
        let mut names: HashSet<String> = super::rules::KEYS.iter().map(|key| (*key).to_owned()).collect();
        for key in more {
            let name = canonical(key);
            if !name.contains(|c: char| c.is_alphanumeric()) {
                return Err(RuleError::Key((*key).to_owned()));
            }
            names.insert(name);
        }
        let joined = names.iter().map(|name| name.replace('_', "")).collect();
        let mut endings: Vec<Ending> = names.iter().map(|name| ending(name)).collect();
        endings.sort_unstable();
        endings.dedup();
        Ok(Self { names, joined, endings })
    }

    /// The name under which a key is secret, if it is: `OPENAI_API_KEY`, `apiKey` and `http.header.api-key` are `api_key`.
    pub(super) fn secret(&self, key: &str) -> Option<String> {
        if !self.may_be_secret(key) {
            return None;
        }
        let key = &key[key.ceil_char_boundary(key.len().saturating_sub(LONGEST))..];
        let name = canonical(key);
        let mut rest = name.as_str();
        loop {
            if self.names.contains(rest) {
                return Some(rest.to_owned());
            }
            match rest.split_once('_') {
                Some((_, after)) => rest = after,
                None => break,
            }
        }
        let last = key.rsplit('.').next().unwrap_or(key);
        let joined = canonical(last).replace('_', "");
        self.joined.contains(&joined).then_some(joined)
    }

    /// Whether a key ends as one of the names does. Those that are not written in ASCII are always looked at.
    fn may_be_secret(&self, key: &str) -> bool {
        let ending = ending(key.trim_end());
        let begins_like = |name: &Ending| name.iter().zip(ending).all(|(a, b)| *a == 0 || *a == b);
        !key.is_ascii() || self.endings.iter().any(begins_like)
    }

    /// Words of which one is in every text that names a secret key, in lower case.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        self.names.iter().flat_map(|name| ["_", "-", ""].map(|separator| name.replace('_', separator)))
    }
}

/// A key in lower case, with `_` between its words.
fn canonical(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + 4);
    let mut characters = key.trim().chars().peekable();
    let mut before = ' ';
    while let Some(c) = characters.next() {
        let is_separator = is_separator(c);
        let begins_word = c.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || before.is_ascii_uppercase() && characters.peek().is_some_and(char::is_ascii_lowercase));
        if (is_separator || begins_word) && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if !is_separator {
            out.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    out.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_in_every_spelling() {
        let keys = Keys::new(&["Account-Number"]).unwrap();
        for (key, name) in [
            ("apiKey", "api_key"),
            ("OPENAI_API_KEY", "api_key"),
            ("openai.apiKey", "api_key"),
            ("X-Api-Key", "x_api_key"),
            ("xApiKey", "x_api_key"),
            ("APIKey", "api_key"),
            ("APIKEY", "apikey"),
            ("accesstoken", "accesstoken"),
            ("dbPassword", "password"),
            ("http.request.header.authorization", "authorization"),
            ("Proxy-Authorization", "proxy_authorization"),
            ("accountNumber", "account_number"),
            ("AWS Secret Access Key", "aws_secret_access_key"),
        ] {
            assert_eq!(keys.secret(key).as_deref(), Some(name), "{key}");
        }
        for key in [
            "gen_ai.usage.input_tokens",
            "token",
            "passwordless",
            "secretary",
            "key",
            "cookies_ok",
            "author",
            "",
        ] {
            assert_eq!(keys.secret(key), None, "{key}");
        }
    }
}
