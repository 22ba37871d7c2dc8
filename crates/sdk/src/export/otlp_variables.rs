//! The settings of OTLP export in OpenTelemetry's environment variables.

use super::otlp::{Otlp, OtlpProtocol};
use crate::{
    SetupError,
    environment::{exporter, text},
};
use std::{str::FromStr, time::Duration};

impl Otlp {
    /// The exporter settings from the environment, or `None` without an endpoint.
    pub(crate) fn from_env() -> Result<Option<Self>, SetupError> {
        let protocol = match exporter("PROTOCOL") {
            None => OtlpProtocol::default(),
            Some((name, value)) => {
                value.parse().map_err(|allowed| SetupError::invalid(&name, &value, allowed))?
            }
        };
        let endpoint = match text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            Some(endpoint) => endpoint,
            None => match text("OTEL_EXPORTER_OTLP_ENDPOINT") {
                Some(base) if protocol == OtlpProtocol::Grpc => base,
                Some(base) => format!("{}/v1/traces", base.trim_end_matches('/')),
                None => return Ok(None),
            },
        };
        #[cfg(feature = "otlp")]
        {
            let is_grpc = protocol == OtlpProtocol::Grpc;
            let variables = ["TRACES_ENDPOINT", "ENDPOINT", "METRICS_ENDPOINT", "LOGS_ENDPOINT"];
            for name in variables.map(|name| format!("OTEL_EXPORTER_OTLP_{name}")) {
                if let Some(address) = text(&name) {
                    super::otlp_address::check(&name, &address, is_grpc)?;
                }
            }
            super::otlp_address::check_variables()?;
        }
        if let Some((name, value)) = exporter("COMPRESSION")
            && !["gzip", "none"].contains(&value.as_str())
        {
            return Err(SetupError::invalid(&name, &value, "gzip, none"));
        }
        let timeout = match exporter("TIMEOUT") {
            None => None,
            Some((name, value)) => match value.parse() {
                Ok(millis) => Some(Duration::from_millis(millis)),
                Err(_) => return Err(SetupError::invalid(&name, &value, "milliseconds")),
            },
        };
        let path = |name| exporter(name).map(|(_, path)| path.into());
        Ok(Some(Self {
            protocol,
            metrics_endpoint: text("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"),
            logs_endpoint: text("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"),
            timeout,
            certificate: path("CERTIFICATE"),
            client_certificate: path("CLIENT_CERTIFICATE").zip(path("CLIENT_KEY")),
            ..if protocol == OtlpProtocol::Grpc { Self::grpc(endpoint) } else { Self::http(endpoint) }
        }))
    }
}

impl FromStr for OtlpProtocol {
    type Err = &'static str;

    /// Parses a value of `OTEL_EXPORTER_OTLP_PROTOCOL`. The error lists the allowed values.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "grpc" => Ok(Self::Grpc),
            "http/protobuf" => Ok(Self::HttpProtobuf),
            "http/json" => Ok(Self::HttpJson),
            _ => Err("grpc, http/protobuf, http/json"),
        }
    }
}
