//! Why a question has no answer.

use turnscope_query::QueryError;
use turnscope_store::{StoreError, Unreadable};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// There is no such thing.
    #[error("{what}")]
    NotFound {
        /// What there is not.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The name means several runs.
    #[error("{name} means {} runs", run_ids.len())]
    Ambiguous {
        /// The name.
        name: String,
        /// The runs.
        run_ids: Vec<String>,
    },
    /// The question makes no sense.
    #[error("{what}")]
    BadRequest {
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The query makes no sense.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AnswerError {
    pub(crate) fn not_found(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::NotFound { what: what.into(), hint: hint.into() }
    }

    pub(crate) fn bad_request(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::BadRequest { what: what.into(), hint: hint.into() }
    }

    pub(crate) fn no_run(id: &str) -> Self {
        Self::not_found(
            format!("there is no run {id}"),
            "GET /v1/runs lists the runs there are; a run may have been pruned",
        )
    }

    pub(crate) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Store(StoreError::Damaged(what.to_string()))
    }
}

impl From<Unreadable> for AnswerError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Store(unreadable.into())
    }
}
