//! Texts that must not be shown, and addresses without the secrets in them.

use std::{borrow::Cow, fmt};

/// A text that must not appear in a log: `Debug` does not reveal it.
///
/// ```
/// let secret = turnscope::Secret::from("sk-17");
/// assert_eq!((format!("{secret:?}").as_str(), secret.expose()), ("(secret)", "sk-17"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A URL as it may be shown: without user name, password and query.
pub(crate) fn shown(url: &str) -> Cow<'_, str> {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        None => Cow::Borrowed(url),
        Some((_, host)) if scheme.is_empty() => Cow::Owned(format!("{host}{path}")),
        Some((_, host)) => Cow::Owned(format!("{scheme}://{host}{path}")),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_url_is_shown_without_what_could_be_a_secret() {
        assert_eq!(shown("http://h:1/v1/traces"), "http://h:1/v1/traces");
        assert_eq!(shown("https://ada:pa@ss@h/x@y?key=k#f"), "https://h/x@y");
        assert_eq!(shown("ada:pass@h:4317"), "h:4317");
        assert_eq!(shown(""), "");
    }
}
