//! The optional API key, for OTLP and REST alike.

use base64::Engine as _;
use http::{HeaderMap, header};

/// A key that never shows itself.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key as it was configured.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
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
}

impl Auth {
    pub(crate) fn new(key: Option<ApiKey>) -> Self {
        Self { key }
    }

    /// Whether a key is set.
    pub(crate) fn is_on(&self) -> bool {
        self.key.is_some()
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
        assert_eq!(format!("{auth:?}"), "Auth { key: Some(***) }");
    }
}
