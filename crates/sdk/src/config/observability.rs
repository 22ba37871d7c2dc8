//! Set-up from the `observability` section of an agent's YAML file.

use crate::{Otlp, RecordingConfig, SetupError, environment::text};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// Where spans are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// OTLP: over HTTP if the endpoint has a path or port 4318, else over gRPC.
    #[default]
    Otlp,
    /// Logfire, with the token in `LOGFIRE_TOKEN`.
    Logfire,
    /// Stderr, one JSON object for each finished span.
    Console,
}

/// The `observability` section of an agent's file. It can be deserialised from any format. Unknown keys and
/// invalid values are errors that name the key and what is allowed.
///
/// ```
/// use turnscope::{Backend, Observability};
///
/// let section: Observability = serde_json::from_str(r#"{"backend": "console", "sample_rate": 0.5}"#)?;
/// assert_eq!((section.backend, section.trace_tool_calls), (Backend::Console, true));
/// let error = serde_json::from_str::<Observability>(r#"{"backend": "carrier pigeon"}"#).unwrap_err();
/// assert!(error.to_string().contains("allowed: otlp, logfire, console"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Map<String, Json>")]
#[non_exhaustive]
pub struct Observability {
    /// Where spans are sent. Default: `otlp`.
    pub backend: Backend,
    /// The endpoint. Default: `http://localhost:4317`, over gRPC; for Logfire, the endpoint of the token's
    /// region.
    pub endpoint: Option<String>,
    /// The service's name. Default: the agent's name.
    pub service_name: Option<String>,
    /// Whether to record tool calls. Default: true.
    pub trace_tool_calls: bool,
    /// Whether to record token usage. Default: true.
    pub trace_token_usage: bool,
    /// The share of traces to record, from 0.0 to 1.0. Default: all.
    pub sample_rate: f64,
    /// Whether to record messages, arguments and results. Default: false.
    pub include_content: bool,
    /// Whether to announce each step when it starts, so that a stuck step, or one that waits for a person, can be
    /// seen. Default: no; an agent whose policy can ask a person should.
    pub live: Option<bool>,
}

impl Default for Observability {
    fn default() -> Self {
        Self {
            backend: Backend::default(),
            endpoint: None,
            service_name: None,
            trace_tool_calls: true,
            trace_token_usage: true,
            sample_rate: 1.0,
            include_content: false,
            live: None,
        }
    }
}

const KEYS: &str = "backend, endpoint, service_name, trace_tool_calls, trace_token_usage, sample_rate, include_content, live";

impl TryFrom<Map<String, Json>> for Observability {
    type Error = SetupError;

    fn try_from(section: Map<String, Json>) -> Result<Self, SetupError> {
        let mut out = Self::default();
        for (key, value) in section {
            let wrong = |allowed: &str| {
                SetupError::invalid(&format!("observability.{key}"), &value, allowed.to_owned())
            };
            let text = || value.as_str().map(str::to_owned).filter(|text| !text.is_empty());
            let switch = || value.as_bool().ok_or_else(|| wrong("true, false"));
            match key.as_str() {
                "backend" => {
                    out.backend = match value.as_str() {
                        Some("otlp") => Backend::Otlp,
                        Some("logfire") => Backend::Logfire,
                        Some("console") => Backend::Console,
                        _ => return Err(wrong("otlp, logfire, console")),
                    };
                }
                "endpoint" => out.endpoint = Some(text().ok_or_else(|| wrong("an address"))?),
                "service_name" => out.service_name = Some(text().ok_or_else(|| wrong("a name"))?),
                "trace_tool_calls" => out.trace_tool_calls = switch()?,
                "trace_token_usage" => out.trace_token_usage = switch()?,
                "live" => out.live = Some(switch()?),
                "include_content" => out.include_content = switch()?,
                "sample_rate" => {
                    let rate = value.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
                    out.sample_rate = rate.ok_or_else(|| wrong("0.0 to 1.0"))?;
                }
                _ => return Err(wrong(&format!("only the keys {KEYS}"))),
            }
        }
        Ok(out)
    }
}

impl Observability {
    /// The section of an agent's YAML file, at the top level or under `spec`. `None` if absent or empty.
    ///
    /// # Errors
    /// When the text is not valid YAML, or a key or value is not allowed.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(file: &str) -> Result<Option<Self>, SetupError> {
        // The rest of the file belongs to the application and is ignored.
        #[derive(Default, Deserialize)]
        struct File {
            observability: Option<Map<String, Json>>,
            spec: Option<Spec>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Spec {
            Section { observability: Option<Map<String, Json>> },
            Other(serde::de::IgnoredAny),
        }
        let file: Option<File> =
            serde_saphyr::from_str(file).map_err(|error| SetupError::Yaml(error.to_string()))?;
        let file = file.unwrap_or_default();
        let spec = match file.spec {
            Some(Spec::Section { observability }) => observability,
            Some(Spec::Other(_)) | None => None,
        };
        file.observability.or(spec).map(Self::try_from).transpose()
    }

    /// The configuration for an agent.
    ///
    /// # Errors
    /// For Logfire, when `LOGFIRE_TOKEN` is not set.
    pub fn config(self, agent_name: &str) -> Result<RecordingConfig, SetupError> {
        let mut config = RecordingConfig::new(self.service_name.unwrap_or_else(|| agent_name.to_owned()));
        match self.backend {
            Backend::Console => config.console = true,
            Backend::Otlp => config.otlp = Some(otlp(self.endpoint)),
            Backend::Logfire => config.otlp = Some(logfire(self.endpoint)?),
        }
        config.sample_rate = (self.sample_rate < 1.0).then_some(self.sample_rate);
        config.content = self.include_content;
        config.live = self.live.unwrap_or(false);
        config.tool_calls = self.trace_tool_calls;
        config.token_usage = self.trace_token_usage;
        Ok(config)
    }
}

/// gRPC, unless the endpoint looks like one for HTTP.
fn otlp(endpoint: Option<String>) -> Otlp {
    let endpoint = endpoint.unwrap_or_else(|| "http://localhost:4317".to_owned());
    let rest = endpoint.split_once("://").map_or(endpoint.as_str(), |(_, rest)| rest);
    let is_http = rest.trim_end_matches('/').ends_with(":4318") || rest.trim_end_matches('/').contains('/');
    if is_http { Otlp::http(endpoint) } else { Otlp::grpc(endpoint) }
}

/// The section's endpoint, else `LOGFIRE_BASE_URL`, else the endpoint of the region in the token.
fn logfire(endpoint: Option<String>) -> Result<Otlp, SetupError> {
    let token = text("LOGFIRE_TOKEN").ok_or_else(|| {
        SetupError::invalid("LOGFIRE_TOKEN", "(not set)", "a Logfire write token: the backend is logfire")
    })?;
    let endpoint = endpoint.or_else(|| text("LOGFIRE_BASE_URL")).unwrap_or_else(|| {
        // the token's format: pylf_v1_REGION_…
        let region = if token.split('_').nth(2) == Some("eu") { "eu" } else { "us" };
        format!("https://logfire-{region}.pydantic.dev")
    });
    Ok(Otlp::http(endpoint).with_header("Authorization", token))
}
