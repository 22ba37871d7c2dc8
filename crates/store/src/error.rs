//! What can go wrong in a store.

use std::sync::Arc;

/// Why a store could not be opened, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data directory belongs to another process.
    #[error("{0}")]
    Owned(String),
    /// The store is open for reading only.
    #[error("the data directory is open for reading only")]
    ReadOnly,
    /// The store was written by a newer Turnscope.
    #[error("the store has schema version {found}, this program knows up to {known}: use a newer turnscope")]
    TooNew {
        /// The version in the store.
        found: usize,
        /// The newest version known here.
        known: usize,
    },
    /// The store was written by an older Turnscope, and is open for reading only.
    #[error(
        "the store has schema version {found}, this program reads {known}: start `turnscope serve` on it once"
    )]
    TooOld {
        /// The version in the store.
        found: usize,
        /// The version known here.
        known: usize,
    },
    /// A file or directory could not be used.
    #[error("cannot use {path}: {source}")]
    Io {
        /// The file or directory.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// No space is left.
    #[error("the disk is full")]
    Full,
    /// The store's file no longer has its name: it was deleted, moved or replaced.
    #[error("{0}")]
    Moved(String),
    /// Too many questions are being answered; it can be asked again shortly.
    #[error("the store is answering too many questions at once")]
    Busy,
    /// The question took too long, or nobody waits for its answer.
    #[error("the question took longer than a question may take")]
    Interrupted,
    /// A cursor that this store did not write.
    #[error("the cursor is not one that this list gave")]
    BadCursor,
    /// Content is not searched here.
    #[error("search is off")]
    SearchOff,
    /// So much holds the words of a filter that the rest of it cannot be asked for.
    #[error("too many messages hold these words to filter runs by them")]
    TooBroad,
    /// The database refused.
    #[error("the store failed: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What was read makes no sense.
    #[error("the store holds damaged data: {0}")]
    Damaged(String),
    /// The implementation panicked.
    #[error("a bug in the store: {0}")]
    Panicked(String),
    /// This kind of store cannot do that.
    #[error("this kind of store has no {0}")]
    Unsupported(&'static str),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a batch was not kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// No space is left. Nothing was kept; it can be tried again once there is some.
    #[error("the disk is full, nothing was stored")]
    Full,
    /// The store failed. Nothing was kept.
    #[error("the store failed, nothing was stored: {0}")]
    Broken(Arc<StoreError>),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::Full,
            StoreError::Closed => Self::Closed,
            other => Self::Broken(Arc::new(other)),
        }
    }
}

/// Why one item of a batched read could not be given. The others are not affected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is no such item, or it has been deleted.
    #[error("it has been deleted")]
    Gone,
    /// The item, or what it lies in, is damaged.
    #[error("{0}")]
    Damaged(String),
}

impl From<Unreadable> for StoreError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Damaged(unreadable.to_string())
    }
}
