//! A provider's endpoint: base URL and key, requests, and retries.

use super::ModelError;
use crate::{
    http::{Http, Propagation, text},
    role::Provider,
};
use hyper::{Response, body::Incoming};
use serde_json::Value as Json;
use std::time::Duration;

/// Maximum number of attempts.
const ATTEMPTS: u32 = 4;
/// Delay before the first retry; doubles with each further one.
const INITIAL_DELAY: Duration = Duration::from_millis(250);
/// Give up if the provider asks for a longer delay than this.
const MAX_DELAY: Duration = Duration::from_secs(30);

/// A provider's endpoint.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    http: Http,
    provider: Provider,
    base: String,
    key: Option<String>,
}

impl Endpoint {
    /// Creates an endpoint. Base URL and key come from the provider's usual variables, read with `variable`.
    pub(super) fn of(
        provider: Provider,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ModelError> {
        let set = |name: &str| {
            variable(name)
                .map(|text| text.trim().trim_end_matches('/').to_owned())
                .filter(|text| !text.is_empty())
        };
        let (base, key_name, default) = match provider {
            Provider::OpenAi => ("OPENAI_BASE_URL", "OPENAI_API_KEY", "https://api.openai.com/v1"),
            Provider::Anthropic => ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "https://api.anthropic.com"),
        };
        let (base, key) = (set(base), set(key_name));
        if base.is_none() && key.is_none() {
            return Err(ModelError::MissingKey(key_name));
        }
        let base = base.unwrap_or_else(|| default.to_owned());
        let http = Http::new().map_err(|cause| ModelError::Unreachable { url: base.clone(), cause })?;
        Ok(Self { http, provider, base, key })
    }

    /// Posts a request and returns the response once its headers have arrived.
    pub(super) async fn send(&self, path: &str, body: &Json) -> Result<Response<Incoming>, ModelError> {
        let url = format!("{}{path}", self.base);
        let mut headers = Vec::new();
        if let Some(key) = &self.key {
            headers.push(match self.provider {
                Provider::Anthropic => ("x-api-key", key.clone()),
                Provider::OpenAi => ("authorization", format!("Bearer {key}")),
            });
        }
        if let Provider::Anthropic = self.provider {
            headers.push(("anthropic-version", "2023-06-01".to_owned()));
        }
        let response = self.http.post(&url, &headers, body.to_string(), Propagation::TraceContext).await;
        let response = response.map_err(|cause| ModelError::Unreachable { url, cause })?;
        if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
    }
}

/// The error in a provider's error response.
async fn refusal(response: Response<Incoming>) -> ModelError {
    let status = response.status().as_u16();
    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let text = text(response).await.unwrap_or_default();
    let body: Json = serde_json::from_str(&text).unwrap_or_default();
    let message =
        body["error"]["message"].as_str().map_or_else(|| text.chars().take(300).collect(), str::to_owned);
    ModelError::Status { status, message, retry_after: seconds.map(Duration::from_secs) }
}

/// Exponential backoff between attempts.
pub(super) struct Retry {
    delay: Duration,
    attempt: u32,
}

impl Retry {
    pub(super) fn new() -> Self {
        Self { delay: INITIAL_DELAY, attempt: 1 }
    }

    /// Waits before the next attempt, or returns the error if it is not transient or the attempts are used
    /// up.
    pub(super) async fn wait(&mut self, error: ModelError) -> Result<(), ModelError> {
        let wait = match error.retry_after() {
            Some(wait) if self.attempt < ATTEMPTS && wait <= MAX_DELAY => wait.max(self.delay),
            _ => return Err(error),
        };
        tokio::time::sleep(wait).await;
        self.delay *= 2;
        self.attempt += 1;
        Ok(())
    }
}
