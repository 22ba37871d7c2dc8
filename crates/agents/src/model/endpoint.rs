//! Where a provider is asked, and the way there: base URL and key, a request as it goes out, and asking again where that may help.

use super::ModelError;
use crate::{
    http::{Along, Http, text},
    role::Provider,
};
use hyper::{Response, body::Incoming};
use serde_json::Value as Json;
use std::time::Duration;

/// How often a question is asked.
const ATTEMPTS: u32 = 4;
/// The first pause; each next one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// A provider that wants to be left alone for longer is given up.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A provider, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    http: Http,
    provider: Provider,
    base: String,
    key: Option<String>,
}

impl Endpoint {
    /// With base URL and key from the provider's usual variables, as `variable` reads them.
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
            return Err(ModelError::NoKey(key_name));
        }
        let base = base.unwrap_or_else(|| default.to_owned());
        let http = Http::new().map_err(|cause| ModelError::Unreachable { url: base.clone(), cause })?;
        Ok(Self { http, provider, base, key })
    }

    /// Posts a question; the answer once its head is there.
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
        let response = self.http.post(&url, &headers, body.to_string(), Along::Trace).await;
        let response = response.map_err(|cause| ModelError::Unreachable { url, cause })?;
        if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
    }
}

/// What a provider that refuses says.
async fn refusal(response: Response<Incoming>) -> ModelError {
    let status = response.status().as_u16();
    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let text = text(response).await.unwrap_or_default();
    let said: Json = serde_json::from_str(&text).unwrap_or_default();
    let message =
        said["error"]["message"].as_str().map_or_else(|| text.chars().take(300).collect(), str::to_owned);
    ModelError::Status { status, message, retry_after: seconds.map(Duration::from_secs) }
}

/// Waits between attempts, longer each time, and knows when to stop.
pub(super) struct Patience {
    pause: Duration,
    attempt: u32,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { pause: PAUSE, attempt: 1 }
    }

    /// Returns when it is time to ask again after this error; gives it back where asking again would not help.
    pub(super) async fn wait(&mut self, error: ModelError) -> Result<(), ModelError> {
        let wait = match error.retry_after() {
            Some(wait) if self.attempt < ATTEMPTS && wait <= LONGEST_PAUSE => wait.max(self.pause),
            _ => return Err(error),
        };
        tokio::time::sleep(wait).await;
        self.pause *= 2;
        self.attempt += 1;
        Ok(())
    }
}
