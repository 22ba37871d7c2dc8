//! Errors within this crate: SQLite's own, and those of the store boundary.
//!
//! `StoreError` of the boundary knows no SQLite, and `rusqlite::Error` cannot be turned into it by `?` (neither type is
//! ours). So this crate has an error of its own, which is turned into the boundary's at its edge.

use rusqlite::ErrorCode;

pub(crate) use turnscope_store::StoreError;

/// The result of work on the database.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// What can go wrong in work on the database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// SQLite refused.
    #[error("the store failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Store(StoreError::Damaged(what.into()))
    }

    /// Compressing failed. Nothing on disk is wrong, so it can be tried again.
    pub(crate) fn compress(error: std::io::Error) -> Self {
        Self::Store(StoreError::Io { path: "zstd to compress a block".into(), source: error })
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            Self::Store(_) => None,
        }
    }

    /// Whether data on disk is wrong, as opposed to a disk that is full or a file that is busy.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Store(error) => matches!(error, StoreError::Damaged(_)),
            Self::Sqlite(
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
                | rusqlite::Error::QueryReturnedNoRows,
            ) => true,
            Self::Sqlite(_) => {
                matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            }
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error,
            Error::Sqlite(cause) => match cause.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => Self::Full,
                Some(ErrorCode::OperationInterrupted) => Self::Interrupted,
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    Self::Damaged(cause.to_string())
                }
                _ => Self::Database(Box::new(cause)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_cannot_be_compressed_is_no_damage() {
        let error = Error::compress(std::io::Error::other("no memory"));
        assert_eq!(error.to_string(), "cannot use zstd to compress a block: no memory");
        assert!(!error.is_damage() && !error.is_permanent());
    }
}
