//! What this client has sent, so that what it reads afterwards shows it.

use http::HeaderMap;
use std::sync::{Mutex, PoisonError};

/// Commits that one request can name.
const MOST: usize = 256;

/// The commits that no answer has shown yet.
#[derive(Default)]
pub(super) struct OwnWrites(Mutex<Vec<String>>);

impl OwnWrites {
    /// The value of `turnscope-wait-for`; `None` where there is nothing to wait for.
    pub(super) fn header(&self) -> Option<String> {
        let commits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = &commits[commits.len().saturating_sub(MOST)..];
        (!newest.is_empty()).then(|| newest.join(","))
    }

    /// Takes note of an answer: an acknowledgement names a commit, and a read has waited for those before it.
    pub(super) fn note(&self, answer: &HeaderMap) {
        let mut commits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.contains_key("turnscope-lag-ms") {
            commits.clear();
        }
        let commit = answer.get("turnscope-commit").and_then(|value| value.to_str().ok());
        commits.extend(commit.map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn a_read_waits_once_for_all_that_was_sent_before_it() {
        let own = OwnWrites::default();
        assert_eq!(own.header(), None);
        own.note(&answer("turnscope-commit", "a-1"));
        own.note(&answer("turnscope-commit", "a-2"));
        assert_eq!(own.header().as_deref(), Some("a-1,a-2"));
        own.note(&answer("turnscope-lag-ms", "0"));
        assert_eq!(own.header(), None);
    }
}
