//! The HTTP client of OTLP export. OpenTelemetry's exporter says only "network error" of what its client
//! reports, so this client keeps the reason.

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use std::{
    error::Error,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

/// Why the last request failed.
#[derive(Clone, Debug, Default)]
pub(super) struct LastFailure(Arc<Mutex<Option<String>>>);

impl LastFailure {
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, why: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// A client that notes why a request failed.
pub(super) struct NotingClient {
    client: Box<dyn HttpClient>,
    failure: LastFailure,
}

impl NotingClient {
    pub(super) fn new(client: impl HttpClient + 'static, failure: LastFailure) -> Self {
        Self { client: Box::new(client), failure }
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let result = self.client.send_bytes(request).await;
        self.failure.set(match &result {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(answer_of(response)),
            Err(error) => Some(root_cause(error.as_ref())),
        });
        result
    }
}

impl fmt::Debug for NotingClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotingClient").finish_non_exhaustive()
    }
}

/// Written without `async_trait`, which would be a dependency for this alone.
impl HttpClient for NotingClient {
    fn send_bytes<'client, 'sent>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'client: 'sent,
        Self: 'sent,
    {
        Box::pin(self.send(request))
    }
}

/// The innermost error, which says what happened ("Connection refused").
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// A refusal: its status, and the beginning of what the server says.
fn answer_of(response: &Response<Bytes>) -> String {
    let body: String = String::from_utf8_lossy(response.body()).chars().take(200).collect();
    let printable = !body.trim().is_empty() && !body.chars().any(|c| c.is_control() && !c.is_whitespace());
    let said = if printable { format!(": {}", body.trim()) } else { String::new() };
    format!("the server answered {}{said}", response.status())
}

/// The error of an export, with what can be done about it.
pub(super) fn with_remedy(why: &str) -> Box<dyn Error + Send + Sync> {
    let has = |words: &[&str]| words.iter().any(|word| why.to_ascii_lowercase().contains(word));
    let remedy = if has(&["connection refused", "dns error", "failed to lookup", "no route", "unreachable"]) {
        "; is a server running there, and is the endpoint correct?"
    } else if has(&["answered 401", "answered 403", "unauthenticated", "permissiondenied"]) {
        "; check the key in the headers (OTEL_EXPORTER_OTLP_HEADERS)"
    } else if has(&["answered 404", "answered 405", "unimplemented"]) {
        "; check the endpoint's path and protocol (OTEL_EXPORTER_OTLP_PROTOCOL)"
    } else if has(&["answered 413"]) {
        "; make batches smaller (OTEL_BSP_MAX_EXPORT_BATCH_SIZE)"
    } else if has(&["certificate", "unknownissuer", "tls"]) {
        "; OTEL_EXPORTER_OTLP_CERTIFICATE names the certificates to trust"
    } else {
        ""
    };
    format!("{why}{remedy}").into()
}
