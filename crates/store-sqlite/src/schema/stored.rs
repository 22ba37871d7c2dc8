//! What numbers in the tables mean.

use crate::error::{Error, Result};
use turnscope_model::{ContentHash, ContentId, Form, Purpose};

/// `records.role`, low four bits.
pub(crate) mod role {
    pub(crate) const SPAN: u32 = 0;
    pub(crate) const OPEN: u32 = 1;
    pub(crate) const LOG: u32 = 2;
    pub(crate) const EVENT: u32 = 3;
    /// A version that a later one of the same span replaced; kept because lists may be coded against its own.
    pub(crate) const SUPERSEDED: u32 = 15;
    pub(crate) const MASK: u32 = 15;
    pub(crate) const REMOTE_PARENT: u32 = 0x10;
}

/// `run_values.field`, and `value_counts.field`.
pub(crate) mod field {
    pub(crate) const MODEL: u8 = 1;
    pub(crate) const PROVIDER: u8 = 2;
    pub(crate) const TOOL: u8 = 3;
    pub(crate) const TAG: u8 = 4;
    pub(crate) const RISK_TIER: u8 = 5;
    /// A span that the run links to, as a run id is written.
    pub(crate) const LINK: u8 = 6;
    // Columns of `runs`, of which only the counts are kept.
    pub(crate) const AGENT: u8 = 32;
    pub(crate) const SERVICE: u8 = 33;
    pub(crate) const USER: u8 = 34;
    pub(crate) const DIALECT: u8 = 35;
    pub(crate) const PROMPT: u8 = 36;
    pub(crate) const PROMPT_VERSION: u8 = 37;
    pub(crate) const EXPERIMENT: u8 = 38;
    pub(crate) const EXPERIMENT_VARIANT: u8 = 39;
    pub(crate) const USER_ROLE: u8 = 40;
    pub(crate) const TRIGGER: u8 = 41;
}

/// Bit in `contents.form`: to be indexed for search.
pub(crate) const SEARCHED: u32 = 0x10;

/// The two halves of a hash, as the table keeps them.
pub(crate) fn halves(hash: ContentHash) -> (i64, i64) {
    let second = hash.bytes()[8..].try_into().map_or(0, i64::from_be_bytes);
    (hash.prefix(), second)
}

/// The hash whose halves these are.
pub(crate) fn hash_of(hash1: i64, hash2: i64) -> ContentHash {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&hash1.to_be_bytes());
    bytes[8..].copy_from_slice(&hash2.to_be_bytes());
    bytes.into()
}

/// What `contents.form` says: how the content is written, and what it was first met as.
pub(crate) fn form_and_purpose(id: ContentId, stored: u32) -> Result<(Form, Purpose)> {
    let low = |bits: u32| u8::try_from(bits & 15).unwrap_or(u8::MAX);
    let purpose = Purpose::from_u8(low((stored & !(SEARCHED | 15)) >> 5));
    Form::from_u8(low(stored))
        .zip(purpose)
        .ok_or_else(|| Error::damaged(format!("content {id} has form {stored}")))
}
