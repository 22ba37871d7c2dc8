//! Errors as `application/problem+json` (RFC 9457): what is wrong, and what to do.

use aide::OperationOutput;
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use turnscope_answers::AnswerError;
use turnscope_store::StoreError;

/// An error reply.
#[derive(Debug)]
pub(crate) struct Problem(Box<turnscope_api::Problem>);

/// When a client that was refused for a moment should come back, in seconds.
const RETRY_AFTER: u64 = 2;

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: impl Into<String>) -> Self {
        Self(Box::new(turnscope_api::Problem {
            kind: kind.to_owned(),
            status: status.as_u16(),
            title: title.into(),
            ..turnscope_api::Problem::default()
        }))
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

    /// `what`: what this client may not do, as a verb.
    pub(crate) fn forbidden(what: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", format!("this client may not {what}"))
            .detail("send the server's key instead of a session's cookie")
    }

    /// A request of a page or to a name that this server does not know.
    pub(crate) fn foreign(title: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "foreign", title)
    }

    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string())
    }

    pub(crate) fn wrong_key() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "this is not the server's key")
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        let title = error.to_string();
        match error {
            AnswerError::NotFound { hint, .. } => Self::not_found(title).detail(hint),
            AnswerError::BadRequest { hint, .. } => Self::bad_request(title).detail(hint),
            AnswerError::Query(error) => {
                let mut problem = Self::bad_request(title).detail(error.help);
                problem.0.position = Some(error.at);
                problem.0.length = Some(error.length);
                problem
            }
            AnswerError::Ambiguous { run_ids, .. } => {
                let mut problem = Self::new(StatusCode::CONFLICT, "ambiguous", title);
                problem.0.run_ids = Some(run_ids);
                problem.detail("ask for one of run_ids")
            }
            AnswerError::Store(error) => error.into(),
        }
    }
}

impl From<turnscope_query::QueryError> for Problem {
    fn from(error: turnscope_query::QueryError) -> Self {
        AnswerError::from(error).into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let title = error.to_string();
        match error {
            StoreError::BadCursor => Self::bad_request(title).detail("pass next_cursor of the page before"),
            StoreError::SearchOff => Self::new(StatusCode::NOT_IMPLEMENTED, "search-off", title)
                .detail("the server was started with --search off; start it with --search on"),
            StoreError::TooBroad => {
                Self::bad_request(title).detail("search for more, or rarer, words; GET /v1/search takes any")
            }
            StoreError::Busy | StoreError::Moved(_) | StoreError::Closed => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title).detail("try again shortly")
            }
            StoreError::Full => Self::new(StatusCode::SERVICE_UNAVAILABLE, "disk-full", title)
                .detail("nothing was changed; free some space on the server's disk"),
            StoreError::ReadOnly => Self::new(StatusCode::NOT_IMPLEMENTED, "read-only", title)
                .detail("nothing was changed; ask the server that owns the data directory"),
            StoreError::Unsupported(_) => Self::new(StatusCode::NOT_IMPLEMENTED, "unsupported", title),
            StoreError::Interrupted => Self::new(StatusCode::SERVICE_UNAVAILABLE, "too-slow", title)
                .detail("ask for less: a narrower filter, a smaller limit"),
            StoreError::Damaged(_) => {
                tracing::error!(error = title, "a request met damaged data");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "damaged", title).detail(
                    "`turnscope doctor` says what is damaged; `turnscope doctor --salvage DIR` copies the rest",
                )
            }
            _ => {
                tracing::error!(error = title, "a request failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store", title)
                    .detail("the server's log says more; nothing was changed")
            }
        }
    }
}

impl From<turnscope_audit::AuditError> for Problem {
    fn from(error: turnscope_audit::AuditError) -> Self {
        tracing::error!(%error, "the audit trail could not be read");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "audit", error.to_string())
            .detail("`turnscope audit verify` says more about the trail")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(serde_json::to_vec(&self.0).unwrap_or_default()));
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        response
    }
}

/// Says in the same form what the framework found wrong by itself: a path or query that does not parse, a method that
/// is not allowed, a body that is no JSON.
pub(crate) async fn unify(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|of| of.as_bytes().starts_with(b"text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || !is_plain {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let said = axum::body::to_bytes(body, 64 * 1024).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    let kind = match status {
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
        status if status.is_client_error() => "bad-request",
        _ => "internal",
    };
    let (title, said) = in_plain_words(&said)
        .unwrap_or_else(|| (status.canonical_reason().unwrap_or("the request failed"), said.clone()));
    let mut problem = Problem::new(status, kind, title);
    problem.0.detail = if said.is_empty() {
        parts.headers.get(header::ALLOW).and_then(|allowed| Some(format!("use {}", allowed.to_str().ok()?)))
    } else {
        Some(said)
    };
    let (new, body) = problem.into_response().into_parts();
    // What else was said (`Allow`) stays.
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(new.headers);
    Response::from_parts(parts, body)
}

/// How the web framework's own refusals begin, and what is said instead.
const REFUSALS: [(&str, &str); 4] = [
    ("Failed to deserialize query string: ", "a parameter has a value that it cannot have"),
    ("Failed to deserialize the JSON body into the target type: ", "the body is not what this call takes"),
    ("Failed to parse the request body as JSON: ", "the body is not valid JSON"),
    ("Invalid URL: ", "the path holds a value that it cannot have"),
];

/// What the standard library calls a text that is no number, and what to do about it.
const NUMBERS: [(&str, &str); 4] = [
    ("invalid digit found in string", "write a whole number, such as 5"),
    ("cannot parse integer from empty string", "write a whole number, or leave it out"),
    ("number too large to fit in target type", "the number is too large"),
    ("provided string was not `true` or `false`", "write true or false"),
];

/// A refusal of the web framework without the names of its parts: what is wrong, and where.
fn in_plain_words(said: &str) -> Option<(&'static str, String)> {
    let (title, rest) =
        REFUSALS.iter().find_map(|(begins, title)| Some((*title, said.strip_prefix(begins)?)))?;
    let detail = NUMBERS.iter().fold(rest.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours));
    Some((title, detail))
}

impl OperationOutput for Problem {
    type Inner = Self;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_framework_is_said_in_plain_words() {
        let said = in_plain_words("Failed to deserialize query string: limit: invalid digit found in string");
        let (title, detail) = said.expect("it is one");
        assert_eq!(title, "a parameter has a value that it cannot have");
        assert_eq!(detail, "limit: write a whole number, such as 5");
        assert_eq!(in_plain_words("something else"), None);
    }

    #[test]
    fn what_a_store_cannot_do_now_or_at_all_is_no_internal_error() {
        for (error, status) in [
            (StoreError::Full, 503),
            (StoreError::Busy, 503),
            (StoreError::ReadOnly, 501),
            (StoreError::Unsupported("maintenance"), 501),
            (StoreError::BadCursor, 400),
            (StoreError::SearchOff, 501),
            (StoreError::TooBroad, 400),
            (StoreError::Damaged("a block".into()), 500),
        ] {
            let said = error.to_string();
            assert_eq!(Problem::from(error).into_response().status(), status, "{said}");
        }
    }
}
