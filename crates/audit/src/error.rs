//! What can go wrong with the trail.

use std::path::{Path, PathBuf};

/// Why the trail could not be used.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// There is no trail in this directory.
    #[error("there is no audit trail in {}", .0.display())]
    NoTrail(PathBuf),
    /// The trail's key is gone.
    #[error("{} holds the key of the audit trail and is missing: put it back, or give the key", .0.display())]
    NoKey(PathBuf),
    /// A text that is no key.
    #[error("the audit key {0}: it is 64 hexadecimal digits (32 bytes)")]
    BadKey(&'static str),
    /// A text that is no head.
    #[error("a head is COUNT:MAC, as `turnscope audit head` prints it, such as 42:9f86…; {0:?} is none")]
    BadHead(String),
    /// The key belongs to another trail.
    #[error("this key does not belong to this audit trail")]
    WrongKey,
    /// The file was written by a newer version.
    #[error("the audit trail has version {0}, this program knows 1: use a newer turnscope")]
    TooNew(i64),
    /// What is in the file makes no sense.
    #[error("the audit trail is damaged: {0}")]
    Damaged(String),
    /// A file could not be used.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// SQLite refused.
    #[error("the audit trail failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl AuditError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}

/// Whether SQLite could not even open the file.
pub(crate) fn is_missing(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen)
}
