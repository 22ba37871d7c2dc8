//! What is wrong with a query, and where.

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// Where it begins in the query, in characters from 0.
    pub at: usize,
    /// How many characters are at fault; 0 at the end of the query.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// What is wrong with a value, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) help: String,
}

pub(crate) fn wrong(message: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong { message: message.into(), help: help.into() }
}

impl Wrong {
    /// At this place of the query.
    pub(crate) fn at(self, at: usize, length: usize) -> QueryError {
        QueryError { at, length, message: self.message, help: self.help }
    }
}
