//! Errors of the audit trail.

use std::path::{Path, PathBuf};

/// Why the audit trail cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The directory has no audit trail.
    #[error("there is no audit trail in {}", .0.display())]
    NoTrail(PathBuf),
    /// The trail's key file is missing.
    #[error("the audit trail's key file {} is missing: restore it, or pass the key", .0.display())]
    NoKey(PathBuf),
    /// The text is not a valid key.
    #[error("the audit key {0}: it must be 64 hex digits (32 bytes)")]
    BadKey(&'static str),
    /// The text is not a valid head.
    #[error("{0:?} is not a head: expected COUNT:MAC as printed by `turnscope audit head`, such as 42:9f86…")]
    BadHead(String),
    /// The key belongs to a different trail.
    #[error("this key does not belong to this audit trail")]
    WrongKey,
    /// The file was written by a newer version.
    #[error(
        "the audit trail has version {0}, but this program supports only version 1: use a newer turnscope"
    )]
    TooNew(i64),
    /// The file is damaged.
    #[error("the audit trail is damaged: {0}")]
    Damaged(String),
    /// A record was written but does not stand in the trail.
    #[error(
        "the audit trail did not keep a record that was written to it: its tables were changed; \
         `turnscope audit verify` says which"
    )]
    NotKept,
    /// A file or directory cannot be accessed.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The system cannot provide random bytes.
    #[error("cannot get random bytes from the system: {0}")]
    Random(getrandom::Error),
    /// SQLite failed.
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
