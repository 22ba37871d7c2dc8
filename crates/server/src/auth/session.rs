//! A browser's session: the key is shown once, a signed token in a cookie stands for it afterwards.
//!
//! The token is `<end>.<nonce>.<tag>`: when it ends (seconds since the epoch), 16 random bytes, and an HMAC over both under the
//! key. So it needs no table and survives a restart, it ends when the key changes, and nobody learns the key from it. Those that
//! were signed out are kept in a file until their end. Here: tokens and cookies. Not here: the key itself, where a request
//! comes from (`origin`), the handlers (`rest::session`).

use super::ApiKey;
use crate::ServeError;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue, header};
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// The cookie's name.
pub(crate) const COOKIE: &str = "turnscope_session";
/// How long a session lasts, in seconds.
pub(crate) const LASTS: u64 = 30 * 86_400;
/// What the tag is for, so that it can stand for nothing else.
const PURPOSE: &[u8] = b"turnscope session 1";

/// The file of signed-out sessions in the data directory.
const FILE: &str = "signed_out.json";

/// Issues tokens and knows them again.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// Heads of tokens that were signed out before their end, with that end. The head is what is signed, byte by byte.
    ended: Mutex<BTreeMap<String, u64>>,
    /// Where they are kept.
    file: Option<PathBuf>,
}

impl Sessions {
    /// With the sessions that were signed out before the server's start.
    pub(crate) fn open(data: &Path) -> Result<Self, ServeError> {
        let file = data.join(FILE);
        let wrong = |error: &dyn std::fmt::Display| {
            ServeError::Config(format!(
                "cannot read the signed-out sessions in {}: {error}; delete the file and change the key",
                file.display()
            ))
        };
        let ended = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(wrong(&error)),
        };
        Ok(Self { ended: Mutex::new(ended), file: Some(file) })
    }

    /// A new token that is good until `LASTS` from now; `None` when the system gives no random bytes.
    pub(crate) fn issue(key: &ApiKey, now: u64) -> Option<String> {
        let mut nonce = [0_u8; 16];
        getrandom::fill(&mut nonce).ok()?;
        let head = format!("{:x}.{}", now + LASTS, hex::encode(nonce));
        let tag = hex::encode(mac(key, &head)?.finalize().into_bytes());
        Some(format!("{head}.{tag}"))
    }

    /// Whether this is a token of ours that has not ended. The tag is compared in constant time.
    pub(crate) fn knows(&self, key: &ApiKey, token: &str, now: u64) -> bool {
        self.head(key, token, now).is_some()
    }

    /// Ends a session before its time, also for the server's next start.
    pub(crate) fn end(&self, key: &ApiKey, token: &str, now: u64) -> std::io::Result<()> {
        let Some(head) = self.head(key, token, now) else { return Ok(()) };
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, end| *end > now);
        ended.insert(head.to_owned(), now + LASTS);
        let Some(file) = &self.file else { return Ok(()) };
        // Under the lock, so that the newest list is the one that stays.
        let new = file.with_extension("new");
        std::fs::write(&new, serde_json::to_vec(&*ended)?)?;
        std::fs::rename(&new, file)
    }

    /// The signed part of a token that is good.
    fn head<'a>(&self, key: &ApiKey, token: &'a str, now: u64) -> Option<&'a str> {
        let (head, tag) = token.rsplit_once('.')?;
        let (end, _) = head.split_once('.')?;
        let end = u64::from_str_radix(end, 16).ok()?;
        let tag_bytes = hex::decode(tag).ok()?;
        mac(key, head)?.verify_slice(&tag_bytes).ok()?;
        // A token is one text: a tag in upper case is none of ours.
        if hex::encode(&tag_bytes) != tag {
            return None;
        }
        let is_ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).contains_key(head);
        (now < end && !is_ended).then_some(head)
    }
}

fn mac(key: &ApiKey, head: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).ok()?;
    mac.update(PURPOSE);
    mac.update(head.as_bytes());
    Some(mac)
}

/// The session's token among the cookies of a request.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// The header that sets the cookie, for so many seconds and for what is below a path. Over https, also behind a proxy, it is never sent in clear.
pub(crate) fn cookie(token: &str, seconds: u64, path: &str, headers: &HeaderMap) -> Option<HeaderValue> {
    let secure = if is_https(headers) { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; Path={path}; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn is_https(headers: &HeaderMap) -> bool {
    let says = |name: &str, found: fn(&str) -> bool| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(found)
    };
    says("x-forwarded-proto", |proto| proto.split(',').next().is_some_and(|first| first.trim() == "https"))
        || says("forwarded", |forwarded| forwarded.to_ascii_lowercase().contains("proto=https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_is_good_until_its_end_and_under_its_key_only() {
        let (sessions, key) = (Sessions::default(), ApiKey::new("s3cret"));
        let token = Sessions::issue(&key, 1_000).unwrap();
        assert!(sessions.knows(&key, &token, 1_000));
        assert!(sessions.knows(&key, &token, 1_000 + LASTS - 1));
        assert!(!sessions.knows(&key, &token, 1_000 + LASTS));
        assert!(!sessions.knows(&ApiKey::new("another"), &token, 1_000));
        assert_ne!(Sessions::issue(&key, 1_000).unwrap(), token);
        assert!(!token.contains("s3cret"));
    }

    #[test]
    fn what_was_changed_or_signed_out_is_no_token() {
        let (sessions, key) = (Sessions::default(), ApiKey::new("s3cret"));
        let token = Sessions::issue(&key, 1_000).unwrap();
        let later = format!("f{token}");
        let (head, tag) = token.rsplit_once('.').unwrap();
        let upper = format!("{head}.{}", tag.to_uppercase());
        for wrong in
            ["", ".", "..", "a.b.c", "ffffffff.00.zz", &token[1..], &token[..token.len() - 1], &later, &upper]
        {
            assert!(!sessions.knows(&key, wrong, 1_000), "{wrong}");
        }
    }

    #[test]
    fn a_session_that_was_signed_out_stays_so_after_a_restart() {
        let (directory, key) = (tempfile::tempdir().unwrap(), ApiKey::new("s3cret"));
        let sessions = Sessions::open(directory.path()).unwrap();
        let (token, other) = (Sessions::issue(&key, 1_000).unwrap(), Sessions::issue(&key, 1_000).unwrap());
        sessions.end(&key, &token, 1_000).unwrap();
        for sessions in [&sessions, &Sessions::open(directory.path()).unwrap()] {
            assert!(!sessions.knows(&key, &token, 1_000));
            assert!(sessions.knows(&key, &other, 1_000));
        }
    }

    #[test]
    fn the_cookie_is_found_among_others_and_set_with_care() {
        assert_eq!(token(&headers(&[("cookie", "a=b; turnscope_session=x.y.z; c=d")])), Some("x.y.z"));
        assert_eq!(token(&headers(&[("cookie", "not_turnscope_session=x")])), None);
        let plain = cookie("t", 5, "/", &HeaderMap::new()).unwrap();
        assert_eq!(plain, "turnscope_session=t; Path=/; HttpOnly; SameSite=Strict; Max-Age=5");
        let forwarded = cookie("t", 5, "/", &headers(&[("x-forwarded-proto", "https")])).unwrap();
        assert!(forwarded.to_str().unwrap().ends_with("; Secure"));
    }
}
