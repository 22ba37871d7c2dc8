//! A principal: who makes a request, with the rights that they have.

use crate::problem::Problem;
use axum::{extract::FromRequestParts, http::request::Parts};

/// What a principal may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// Send telemetry.
    Ingest,
    /// Read runs, figures and settings.
    Read,
    /// Add and change scores, comments and tags.
    Annotate,
    /// Delete runs and maintain the store.
    Admin,
}

impl Right {
    /// What it allows, for errors.
    pub(crate) const fn allows(self) -> &'static str {
        match self {
            Self::Ingest => "send telemetry",
            Self::Read => "read",
            Self::Annotate => "change scores and tags",
            Self::Admin => "delete runs or maintain the store",
        }
    }
}

/// Who makes a request. Handlers take it as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    rights: &'static [Right],
}

impl Principal {
    /// Whoever shows the key, or everyone where none is set.
    pub(super) const fn with_key() -> Self {
        Self { rights: &[Right::Ingest, Right::Read, Right::Annotate, Right::Admin] }
    }

    /// A person in a browser. A browser sends no telemetry.
    pub(super) const fn with_session() -> Self {
        Self { rights: &[Right::Read, Right::Annotate, Right::Admin] }
    }

    /// Whether it has this right.
    pub(crate) fn may(self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    /// As the router's guard authenticated it.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().copied().ok_or_else(Problem::unauthenticated)
    }
}

impl aide::OperationInput for Principal {}
