//! One table that turns every refusal into its HTTP status and its gRPC code, so that both receivers agree.
//!
//! A refusal that may be retried is never a 500: OTLP clients drop their data at a 500.

use std::time::Duration;
use turnscope_store::CommitError;

/// Why a request was refused. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// What is wrong with the body, as a sentence.
    #[error("{0}")]
    Malformed(String),
    #[error("the body is larger than {limit} bytes{}", .measured.advice())]
    TooLarge { limit: usize, measured: Measured },
    #[error("content-type {0:?} is not supported; send application/x-protobuf or application/json")]
    ContentType(String),
    #[error(
        "content-type {0:?} is not gRPC; send application/grpc, or OTLP/HTTP to /v1/traces, /v1/logs or /v1/metrics, as browsers do"
    )]
    NoGrpc(String),
    #[error("content-encoding {0:?} is not supported; send gzip, deflate, zstd or none")]
    Encoding(String),
    #[error("a valid key is required, as Authorization: Bearer, x-api-key or Basic")]
    Unauthenticated,
    #[error("this client may not send telemetry; send the server's key instead of a session's cookie")]
    Forbidden,
    #[error("the body did not arrive within {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("the connection broke before the whole body arrived")]
    Broken,
    #[error("too much is waiting to be stored; try again")]
    Busy,
    #[error("the disk is full; nothing was stored")]
    Full,
    #[error("the server is stopping; try again")]
    Stopping,
    #[error("the store failed; nothing was stored: {0}")]
    Store(String),
}

/// When a body was found to be too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    /// As it came over the wire.
    Received,
    Decompressed,
    /// As the elements that it decodes to.
    Decoded,
}

impl Measured {
    /// What it was measured as, and what to do.
    const fn advice(self) -> &'static str {
        match self {
            Self::Received => "; raise the limit with --max-body-bytes or send smaller batches",
            Self::Decompressed => {
                " after decompression; raise the limit with --max-body-bytes or send smaller batches"
            }
            Self::Decoded => " in memory, once it is decoded; send smaller batches",
        }
    }
}

/// What a refusal is on the wire.
pub(crate) struct Wire {
    pub(crate) http: http::StatusCode,
    pub(crate) grpc: tonic::Code,
    /// When it is worth trying again.
    pub(crate) retry_after: Option<Duration>,
    /// The name under which refusals are counted.
    pub(crate) reason: &'static str,
}

impl Refusal {
    pub(crate) fn wire(&self) -> Wire {
        use http::StatusCode as Http;
        use tonic::Code as Grpc;
        let (http, grpc, retry_after, reason) = match self {
            Self::Malformed(_) => (Http::BAD_REQUEST, Grpc::InvalidArgument, None, "malformed"),
            // OTLP: too large is RESOURCE_EXHAUSTED without RetryInfo, which is not tried again.
            Self::TooLarge { .. } => (Http::PAYLOAD_TOO_LARGE, Grpc::ResourceExhausted, None, "too_large"),
            Self::ContentType(_) | Self::NoGrpc(_) => {
                (Http::UNSUPPORTED_MEDIA_TYPE, Grpc::InvalidArgument, None, "content_type")
            }
            Self::Encoding(_) => (Http::UNSUPPORTED_MEDIA_TYPE, Grpc::Unimplemented, None, "encoding"),
            Self::Unauthenticated => (Http::UNAUTHORIZED, Grpc::Unauthenticated, None, "unauthenticated"),
            Self::Forbidden => (Http::FORBIDDEN, Grpc::PermissionDenied, None, "forbidden"),
            Self::TooSlow(_) => (Http::REQUEST_TIMEOUT, Grpc::DeadlineExceeded, None, "too_slow"),
            Self::Broken => (Http::BAD_REQUEST, Grpc::Cancelled, None, "broken"),
            Self::Busy => {
                (Http::TOO_MANY_REQUESTS, Grpc::ResourceExhausted, Some(Duration::from_secs(1)), "busy")
            }
            Self::Full => {
                (Http::SERVICE_UNAVAILABLE, Grpc::Unavailable, Some(Duration::from_secs(30)), "disk_full")
            }
            Self::Stopping => {
                (Http::SERVICE_UNAVAILABLE, Grpc::Unavailable, Some(Duration::from_secs(5)), "stopping")
            }
            Self::Store(_) => {
                (Http::SERVICE_UNAVAILABLE, Grpc::Unavailable, Some(Duration::from_secs(5)), "store")
            }
        };
        Wire { http, grpc, retry_after, reason }
    }
}

impl From<CommitError> for Refusal {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full => Self::Full,
            CommitError::Closed => Self::Stopping,
            CommitError::Broken(cause) => Self::Store(cause.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_may_be_tried_again_is_a_500_and_every_one_of_them_says_when() {
        let all = [
            Refusal::Malformed(String::new()),
            Refusal::TooLarge { limit: 1, measured: Measured::Decoded },
            Refusal::ContentType(String::new()),
            Refusal::Encoding(String::new()),
            Refusal::Unauthenticated,
            Refusal::Forbidden,
            Refusal::TooSlow(Duration::from_secs(1)),
            Refusal::Broken,
            Refusal::Busy,
            Refusal::Full,
            Refusal::Stopping,
            Refusal::Store(String::new()),
        ];
        for refusal in all {
            let wire = refusal.wire();
            assert_ne!(wire.http, http::StatusCode::INTERNAL_SERVER_ERROR, "{refusal}");
            let may_retry = matches!(wire.http.as_u16(), 429 | 502 | 503 | 504);
            assert_eq!(may_retry, wire.retry_after.is_some(), "{refusal}");
        }
    }
}
