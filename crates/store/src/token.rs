//! Names a commit, so that a read can wait for it and for nothing else.

use std::{fmt, str::FromStr};

/// One acknowledged batch. Its text is opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitToken {
    /// When the store that took it was opened, in nanoseconds since the epoch.
    pub opened: u64,
    /// Its place among the commits since then.
    pub number: u64,
}

impl fmt::Display for CommitToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:x}-{:x}", self.opened, self.number)
    }
}

/// A text that no store gave as a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no commit token")]
pub struct BadToken(pub String);

impl FromStr for CommitToken {
    type Err = BadToken;

    fn from_str(text: &str) -> Result<Self, BadToken> {
        let parts = text.split_once('-').and_then(|(opened, number)| {
            let hex = |text| u64::from_str_radix(text, 16).ok();
            Some(Self { opened: hex(opened)?, number: hex(number)? })
        });
        parts.ok_or_else(|| BadToken(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is_one() {
        let token = CommitToken { opened: 1_790_000_000_000_000_000, number: 300 };
        assert_eq!(token.to_string().parse(), Ok(token));
        for bad in ["", "-", "12", "x-1", "1-", "1-2-3", "1-ffffffffffffffffff"] {
            assert!(bad.parse::<CommitToken>().is_err(), "{bad}");
        }
    }
}
