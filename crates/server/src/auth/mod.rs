//! Who makes a request, and what they may do.
//!
//! Here: keys, sessions (`session`) and principals (`principal`), the check of a router's right (`guard`), the pace of
//! wrong keys (`guesses`), and which hosts and pages may ask (`origin`). Not here: which route needs which right
//! (`routes`), signing in and out (`rest::session`).

mod guard;
mod guesses;
mod origin;
mod principal;
pub(crate) mod session;

pub(crate) use guard::require;
pub(crate) use origin::{Hosts, Origins, protect};
pub(crate) use principal::{Principal, Right};

use crate::{ServeError, clock::seconds};
use base64::Engine as _;
use guesses::Guesses;
use http::{HeaderMap, Method, header};
use session::Sessions;
use std::{path::Path, sync::Arc};
use subtle::ConstantTimeEq as _;

const API_KEY: header::HeaderName = header::HeaderName::from_static("x-api-key");

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

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

    /// Compares in a time that depends on the lengths only.
    fn is(&self, given: &str) -> bool {
        self.bytes().ct_eq(given.as_bytes()).into()
    }

    /// Whether a request carries it: `Authorization: Bearer KEY`, `x-api-key: KEY`, or Basic with the key as user or
    /// password (clients of other systems send `public:secret`).
    fn is_in(&self, headers: &HeaderMap) -> bool {
        if text(headers, API_KEY).is_some_and(|given| self.is(given)) {
            return true;
        }
        let Some((scheme, given)) =
            text(headers, header::AUTHORIZATION).and_then(|value| value.split_once(' '))
        else {
            return false;
        };
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => self.is(given.trim()),
            "basic" => base64::engine::general_purpose::STANDARD
                .decode(given.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .is_some_and(|pair| {
                    let halves = pair.split_once(':');
                    self.is(&pair)
                        || halves.is_some_and(|(user, password)| self.is(user) || self.is(password))
                }),
            _ => false,
        }
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Knows principals by what their requests carry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Auth {
    key: Option<ApiKey>,
    sessions: Arc<Sessions>,
    guesses: Arc<Guesses>,
}

impl Auth {
    /// `data`: the directory that keeps which sessions were signed out.
    pub(crate) fn open(key: Option<ApiKey>, data: &Path) -> Result<Self, ServeError> {
        let sessions = Arc::new(Sessions::open(data)?);
        Ok(Self { key, sessions, guesses: Arc::default() })
    }

    /// Whether a key is set.
    pub(crate) fn is_on(&self) -> bool {
        self.key.is_some()
    }

    /// Who makes this request; `None` where it carries neither the key nor a session. The answer to a wrong key waits.
    pub(crate) async fn principal(&self, method: &Method, headers: &HeaderMap) -> Option<Principal> {
        let principal = self.authenticate(method, headers, seconds());
        let shows_key = headers.contains_key(API_KEY) || headers.contains_key(header::AUTHORIZATION);
        if principal.is_none() && shows_key {
            self.guesses.wrong().await;
        }
        principal
    }

    /// Without a key everyone has all rights. With a session alone, only this server's own pages change things. `now` is in
    /// seconds since the epoch.
    fn authenticate(&self, method: &Method, headers: &HeaderMap, now: u64) -> Option<Principal> {
        let Some(key) = &self.key else { return Some(Principal::with_key()) };
        if key.is_in(headers) {
            return Some(Principal::with_key());
        }
        let token = session::token(headers)?;
        let accepted = origin::is_own_page(method, headers) && self.sessions.knows(key, token, now);
        accepted.then(Principal::with_session)
    }

    /// A session's token, for whoever shows the key. The answer to a wrong key waits.
    pub(crate) async fn sign_in(&self, given: &str) -> Option<String> {
        let token = self.issue(given, seconds());
        if token.is_none() {
            self.guesses.wrong().await;
        }
        token
    }

    fn issue(&self, given: &str, now: u64) -> Option<String> {
        let key = self.key.as_ref().filter(|key| key.is(given))?;
        Sessions::issue(key, now)
    }

    /// Ends the session that the request carries. Fails where that cannot be kept for the server's next start.
    pub(crate) fn sign_out(&self, headers: &HeaderMap, now: u64) -> std::io::Result<()> {
        match self.key.as_ref().zip(session::token(headers)) {
            Some((key, token)) => self.sessions.end(key, token, now),
            None => Ok(()),
        }
    }
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
        let auth = Auth { key: Some(ApiKey::new("s3cret")), ..Auth::default() };
        let allows = |headers: &HeaderMap| auth.authenticate(&Method::POST, headers, 0).is_some();
        assert!(allows(&headers("authorization", "Bearer s3cret")));
        assert!(allows(&headers("x-api-key", "s3cret")));
        let basic = base64::engine::general_purpose::STANDARD.encode("pk:s3cret");
        assert!(allows(&headers("authorization", &format!("Basic {basic}"))));
        assert!(!allows(&headers("authorization", "Bearer s3cre")));
        assert!(!allows(&headers("authorization", "Bearer s3crets")));
        assert!(!allows(&HeaderMap::new()));
        assert!(Auth::default().authenticate(&Method::POST, &HeaderMap::new(), 0).is_some());
        assert!(!format!("{auth:?}").contains("s3cret"));
    }

    #[test]
    fn the_key_and_a_missing_key_give_all_rights_and_a_session_gives_all_but_sending() {
        let auth = Auth { key: Some(ApiKey::new("s3cret")), ..Auth::default() };
        let token = auth.issue("s3cret", 1_000).unwrap();
        let cookie = headers("cookie", &format!("{}={token}", session::COOKIE));
        let session = auth.authenticate(&Method::GET, &cookie, 1_000).unwrap();
        let key = auth.authenticate(&Method::GET, &headers("x-api-key", "s3cret"), 1_000).unwrap();
        let everyone = Auth::default().authenticate(&Method::GET, &HeaderMap::new(), 1_000).unwrap();
        for right in [Right::Ingest, Right::Read, Right::Annotate, Right::Admin] {
            assert!(key.may(right) && everyone.may(right), "{right:?}");
            assert_eq!(session.may(right), right != Right::Ingest, "{right:?}");
        }
        auth.sign_out(&cookie, 1_000).unwrap();
        assert!(auth.authenticate(&Method::GET, &cookie, 1_000).is_none());
    }

    #[test]
    fn a_page_of_another_origin_changes_nothing_with_the_cookie() {
        let auth = Auth { key: Some(ApiKey::new("s3cret")), ..Auth::default() };
        let token = auth.issue("s3cret", 1_000).unwrap();
        let mut cookie = headers("cookie", &format!("{}={token}", session::COOKIE));
        cookie.insert("sec-fetch-site", "same-site".parse().unwrap());
        assert!(auth.authenticate(&Method::GET, &cookie, 1_000).is_some());
        assert!(auth.authenticate(&Method::DELETE, &cookie, 1_000).is_none());
    }
}
