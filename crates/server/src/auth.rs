//! The optional API key, for OTLP and REST alike; readers may also show a session that was begun with it.

use crate::session::{self, Sessions};
use base64::Engine as _;
use http::{HeaderMap, header};
use std::sync::Arc;

/// A key that never shows itself.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key as it was configured.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Decides who may send and read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Auth {
    key: Option<ApiKey>,
    sessions: Arc<Sessions>,
}

impl Auth {
    pub(crate) fn new(key: Option<ApiKey>) -> Self {
        Self { key, sessions: Arc::default() }
    }

    /// Whether a key is set.
    pub(crate) fn is_on(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the request carries the key, or a session that was begun with it.
    pub(crate) fn allows_reading(&self, headers: &HeaderMap, now: u64) -> bool {
        self.allows(headers) || self.has_session(headers, now)
    }

    /// Whether the request carries a session.
    fn has_session(&self, headers: &HeaderMap, now: u64) -> bool {
        let token = self.key.as_ref().zip(session::token(headers));
        token.is_some_and(|(key, token)| self.sessions.knows(key, token, now))
    }

    /// Whether a request of this method may be answered: with a session alone, only this server's own pages change things.
    pub(crate) fn allows_request(&self, method: &http::Method, headers: &HeaderMap, now: u64) -> bool {
        self.allows(headers) || session::is_own_page(method, headers) && self.has_session(headers, now)
    }

    /// A session's token for who shows the key.
    pub(crate) fn sign_in(&self, given: &str, now: u64) -> Option<String> {
        let key = self.key.as_ref().filter(|ApiKey(key)| same(given, key))?;
        Sessions::issue(key, now)
    }

    /// Ends the session that the request carries.
    pub(crate) fn sign_out(&self, headers: &HeaderMap, now: u64) {
        if let Some((key, token)) = self.key.as_ref().zip(session::token(headers)) {
            self.sessions.end(key, token, now);
        }
    }

    /// Whether the request carries the key: `Authorization: Bearer KEY`, `x-api-key: KEY`, or Basic with the key as
    /// user or password (clients of other systems send `public:secret`).
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        let Some(ApiKey(key)) = &self.key else { return true };
        let header = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if header(header::HeaderName::from_static("x-api-key")).is_some_and(|given| same(given, key)) {
            return true;
        }
        let Some((scheme, given)) = header(header::AUTHORIZATION).and_then(|value| value.split_once(' '))
        else {
            return false;
        };
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => same(given.trim(), key),
            "basic" => base64::engine::general_purpose::STANDARD
                .decode(given.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .is_some_and(|pair| {
                    same(&pair, key)
                        || pair
                            .split_once(':')
                            .is_some_and(|(user, password)| same(user, key) || same(password, key))
                }),
            _ => false,
        }
    }
}

/// Compares in a time that depends on the lengths only.
fn same(given: &str, key: &str) -> bool {
    let (given, key) = (given.as_bytes(), key.as_bytes());
    given.len() == key.len() && given.iter().zip(key).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn the_key_is_taken_in_each_way_that_clients_send_it() {
        let auth = Auth::new(Some(ApiKey::new("s3cret")));
        assert!(auth.allows(&headers("authorization", "Bearer s3cret")));
        assert!(auth.allows(&headers("x-api-key", "s3cret")));
        let basic = base64::engine::general_purpose::STANDARD.encode("pk:s3cret");
        assert!(auth.allows(&headers("authorization", &format!("Basic {basic}"))));
        assert!(!auth.allows(&headers("authorization", "Bearer s3cre")));
        assert!(!auth.allows(&HeaderMap::new()));
        assert!(Auth::default().allows(&HeaderMap::new()));
        assert!(!format!("{auth:?}").contains("s3cret"));
    }
}
