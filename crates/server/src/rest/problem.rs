//! Errors as `application/problem+json` (RFC 9457): what is wrong, and what to do.

use aide::OperationOutput;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use turnscope_store::StoreError;

/// An error reply.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub(crate) struct Problem {
    /// The kind of problem, stable.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong.
    title: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The runs that an ambiguous id could mean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    run_ids: Vec<String>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: impl Into<String>) -> Self {
        Self { kind, status: status.as_u16(), title: title.into(), detail: None, run_ids: Vec::new() }
    }

    pub(crate) fn bad_request(title: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", title)
    }

    pub(crate) fn not_found(title: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", title)
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "a valid key is required")
            .detail("send it as Authorization: Bearer KEY, x-api-key: KEY or Basic")
    }

    pub(crate) fn ambiguous(title: impl Into<String>, run_ids: Vec<String>) -> Self {
        Self { run_ids, ..Self::new(StatusCode::CONFLICT, "ambiguous", title) }
            .detail("ask for one of run_ids")
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store", error.to_string())
            .detail("the server's log says more; nothing was changed")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(serde_json::to_vec(&self).unwrap_or_default()));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl OperationOutput for Problem {
    type Inner = Self;
}
