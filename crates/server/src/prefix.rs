//! The path under which a reverse proxy serves this server, where the proxy takes it off before it hands a request on.
//!
//! Whatever leads a browser back to the server begins with it: redirects, the page's files, its API calls, the cookie. A
//! proxy names it in `X-Forwarded-Prefix`; `--path-prefix` names it for proxies that do not.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use std::convert::Infallible;

/// A prefix: empty, or a path without a slash at its end, such as `/turnscope`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl Prefix {
    /// Reads a prefix; `None` for what is none. It goes into pages and headers, so that only plain characters are taken, and
    /// no `//`, which would lead a browser to another host.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let path = text.trim().trim_end_matches('/');
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
        let is_path = path.is_empty() || path.starts_with('/');
        let is_safe = path.len() <= 1000 && path.chars().all(is_plain) && !path.contains("//");
        let is_resolved = path.split('/').all(|step| step != "." && step != "..");
        (is_path && is_safe && is_resolved).then(|| Self(path.to_owned()))
    }

    /// This path of the server, as a browser sees it.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The prefix from the settings.
pub(crate) struct ConfiguredPrefix(pub(crate) Prefix);

impl<S: Sync> FromRequestParts<S> for Prefix
where
    ConfiguredPrefix: FromRef<S>,
{
    type Rejection = Infallible;

    /// What the proxy says, else the settings. Of several proxies the outermost one is named first.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let said = parts.headers.get("x-forwarded-prefix").and_then(|value| value.to_str().ok());
        let said = said.and_then(|said| Self::parse(said.split(',').next().unwrap_or_default()));
        Ok(said.filter(|said| !said.is_empty()).unwrap_or_else(|| ConfiguredPrefix::from_ref(state).0))
    }
}

impl aide::OperationInput for Prefix {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_path_of_this_host_is_a_prefix() {
        let parsed = |text| Prefix::parse(text).map(|prefix| prefix.0);
        assert_eq!(parsed("/turnscope/"), Some("/turnscope".into()));
        assert_eq!(parsed("/a/b-c.d"), Some("/a/b-c.d".into()));
        assert_eq!(parsed("/"), Some(String::new()));
        for bad in [
            "//evil.example",
            "/a//b",
            "turnscope",
            "/a\"><script>",
            "/a/../b",
            "https://evil.example",
            "/a?b",
            "/\\evil",
        ] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
