//! The settings of OTLP export.
//!
//! Not here: the export (`otlp_exporter`, `otlp_signals`), environment variables (`otlp_variables`).

use crate::{Secret, SetupError, environment::exporter, secret::shown, setup_error::require};
use std::{fmt, path::PathBuf, time::Duration};

/// How spans are sent over OTLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtlpProtocol {
    /// gRPC.
    Grpc,
    /// Protobuf over HTTP.
    #[default]
    HttpProtobuf,
    /// JSON over HTTP.
    HttpJson,
}

/// Where and how to send spans over OTLP. `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_COMPRESSION`
/// (`gzip`, `none`) and `OTEL_EXPORTER_OTLP_INSECURE` apply as well; their variants for traces take
/// precedence.
///
/// ```
/// use turnscope::{RecordingConfig, Otlp};
///
/// let otlp = Otlp::http("http://localhost:4318");
/// assert_eq!(otlp.endpoint, "http://localhost:4318/v1/traces");
/// let _recording = RecordingConfig { otlp: Some(otlp), ..RecordingConfig::new("helpdesk") }.install()?;
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Clone)]
pub struct Otlp {
    /// The endpoint; over HTTP with its path. `https` needs the feature `tls`, which is on by default.
    pub endpoint: String,
    /// The endpoint for metrics. Default: derived from the traces endpoint (`/v1/metrics`). Over HTTP that is
    /// possible only if the traces endpoint ends in `/v1/traces`.
    pub metrics_endpoint: Option<String>,
    /// The endpoint for logs. Default: derived from the traces endpoint (`/v1/logs`). Over HTTP that is
    /// possible only if the traces endpoint ends in `/v1/traces`.
    pub logs_endpoint: Option<String>,
    /// The protocol.
    pub protocol: OtlpProtocol,
    /// Headers of every request, as name and value.
    pub headers: Vec<(String, Secret)>,
    /// Time limit for one request. Default: `OTEL_EXPORTER_OTLP_TIMEOUT` in milliseconds, else 10 s.
    pub timeout: Option<Duration>,
    /// A PEM file with the root certificates to trust instead of the system's.
    pub certificate: Option<PathBuf>,
    /// PEM files with a client certificate and its private key.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
}

impl Otlp {
    /// OTLP over HTTP to `endpoint`. `/v1/traces` is appended if it has no path.
    pub fn http(endpoint: impl AsRef<str>) -> Self {
        Self {
            endpoint: with_path(endpoint.as_ref()),
            metrics_endpoint: None,
            logs_endpoint: None,
            protocol: OtlpProtocol::default(),
            headers: Vec::new(),
            timeout: None,
            certificate: None,
            client_certificate: None,
        }
    }

    /// OTLP over gRPC to `endpoint`, such as `http://localhost:4317`.
    pub fn grpc(endpoint: impl Into<String>) -> Self {
        Self { protocol: OtlpProtocol::Grpc, endpoint: endpoint.into(), ..Self::http("") }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The endpoint for metrics or logs: the configured one, else one derived from the traces endpoint. Over
    /// HTTP, `None` if the traces endpoint does not end in `/v1/traces`.
    #[cfg(feature = "otlp")]
    pub(super) fn endpoint_of(&self, signal: &str) -> Option<String> {
        let configured = match signal {
            "metrics" => &self.metrics_endpoint,
            _ => &self.logs_endpoint,
        };
        let derived = || match self.protocol {
            OtlpProtocol::Grpc => Some(self.endpoint.clone()),
            _ => self.endpoint.strip_suffix("/v1/traces").map(|base| format!("{base}/v1/{signal}")),
        };
        configured.clone().or_else(derived)
    }

    /// Fails if an endpoint, a header or the environment is invalid or needs a feature that is off.
    pub(crate) fn check(&self) -> Result<(), SetupError> {
        require("otlp", cfg!(feature = "otlp"), "otlp")?;
        match self.protocol {
            OtlpProtocol::Grpc => require("the protocol grpc", cfg!(feature = "grpc"), "grpc")?,
            OtlpProtocol::HttpJson => {
                require("the protocol http/json", cfg!(feature = "otlp-json"), "otlp-json")?;
            }
            OtlpProtocol::HttpProtobuf => {}
        }
        let endpoints = [
            ("otlp.endpoint", Some(&self.endpoint)),
            ("otlp.metrics_endpoint", self.metrics_endpoint.as_ref()),
            ("otlp.logs_endpoint", self.logs_endpoint.as_ref()),
        ];
        for (name, endpoint) in endpoints.into_iter().filter_map(|(name, endpoint)| Some((name, endpoint?))) {
            require(&shown(endpoint), cfg!(feature = "tls") || !endpoint.starts_with("https:"), "tls")?;
            #[cfg(feature = "otlp")]
            super::otlp_address::check(name, endpoint, self.protocol == OtlpProtocol::Grpc)?;
            #[cfg(not(feature = "otlp"))]
            let _ = name;
        }
        #[cfg(feature = "otlp")]
        for (name, value) in &self.headers {
            super::otlp_address::check_header("otlp.headers", name, value.expose())?;
        }
        match exporter("COMPRESSION") {
            Some((name, value)) if value == "gzip" => require(&name, cfg!(feature = "gzip"), "gzip"),
            _ => Ok(()),
        }
    }
}

/// Shows no header's value, and endpoints without user name, password and query.
impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp")
            .field("endpoint", &shown(&self.endpoint))
            .field("metrics_endpoint", &self.metrics_endpoint.as_deref().map(shown))
            .field("logs_endpoint", &self.logs_endpoint.as_deref().map(shown))
            .field("protocol", &self.protocol)
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .field("certificate", &self.certificate)
            .field("client_certificate", &self.client_certificate)
            .finish()
    }
}

/// Appends `/v1/traces` if the endpoint has no path.
fn with_path(endpoint: &str) -> String {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    match rest.split_once('/') {
        None => format!("{endpoint}/v1/traces"),
        Some((_, "")) => format!("{endpoint}v1/traces"),
        Some(_) => endpoint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::with_path;

    #[test]
    fn an_endpoint_without_a_path_gets_the_standard_path() {
        assert_eq!(with_path("http://h:1"), "http://h:1/v1/traces");
        assert_eq!(with_path("http://h:1/"), "http://h:1/v1/traces");
        assert_eq!(with_path("http://h:1/api/otel"), "http://h:1/api/otel");
    }
}
