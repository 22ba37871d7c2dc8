//! The head of the chain. Store a copy elsewhere: truncation cannot be detected from the file alone.

use crate::{AuditError, chain::Mac};
use std::{fmt, str::FromStr};

/// The number of records ever written, and the MAC of the last one. Written as `COUNT:MAC`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of records ever written, including pruned ones; the sequence number of the last one.
    pub count: u64,
    pub(crate) mac: Mac,
}

impl Head {
    /// The MAC of the last record, in hex.
    pub fn mac(&self) -> String {
        self.mac.to_string()
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.count, self.mac)
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Head {
    type Err = AuditError;

    fn from_str(text: &str) -> Result<Self, AuditError> {
        let parse = || {
            let (count, mac) = text.trim().split_once(':')?;
            Some(Self { count: count.parse().ok()?, mac: Mac::from_hex(mac)? })
        };
        parse().ok_or_else(|| AuditError::BadHead(text.to_owned()))
    }
}
