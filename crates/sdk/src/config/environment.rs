//! Set-up from OpenTelemetry's environment variables, including those that its libraries do not read
//! themselves.

use crate::{Config, Otlp, OtlpProtocol, SetupError, get_tracer, shutdown};
use opentelemetry::global::BoxedTracer;
use opentelemetry_sdk::trace::TracerProviderBuilder;
use std::{
    env,
    io::{self, Write as _},
    str::FromStr,
    time::Duration,
};

/// Sets up OTLP export from the environment and returns the tracer. The protocol is HTTP unless
/// `OTEL_EXPORTER_OTLP_PROTOCOL` is `grpc`. If `OTEL_SDK_DISABLED` is `true`, no endpoint is set, or a
/// setting is invalid (which is reported on stderr), nothing is set up and the tracer does nothing. See
/// [`Config::from_env`].
///
/// ```
/// let _tracer = turnscope::init_tracing("helpdesk");
/// turnscope::run("helpdesk").end();
/// turnscope::shutdown();
/// ```
pub fn init_tracing(service_name: &str) -> BoxedTracer {
    match Config::from_env(service_name).and_then(|config| config.map(Config::install).transpose()) {
        Ok(Some(())) => {}
        Ok(None) => shutdown(),
        Err(error) => {
            let _ = writeln!(io::stderr(), "turnscope: tracing is off: {error}");
        }
    }
    get_tracer()
}

impl Config {
    /// The configuration from OpenTelemetry's variables: `OTEL_EXPORTER_OTLP_*` (those for traces take
    /// precedence), `OTEL_SERVICE_NAME` (takes precedence over `service_name`), `OTEL_RESOURCE_ATTRIBUTES`,
    /// `OTEL_TRACES_SAMPLER` and its `_ARG`, `OTEL_BSP_*`, `OTEL_ATTRIBUTE_*_LIMIT`, `OTEL_SPAN_*_LIMIT`,
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`. `None` if `OTEL_SDK_DISABLED` is `true` or no
    /// endpoint is set.
    ///
    /// # Errors
    /// When one of the exporter's variables has an invalid value. The error names the variable.
    pub fn from_env(service_name: &str) -> Result<Option<Self>, SetupError> {
        if is_true("OTEL_SDK_DISABLED") {
            return Ok(None);
        }
        let Some(otlp) = Otlp::from_env()? else { return Ok(None) };
        let service_name = text("OTEL_SERVICE_NAME").unwrap_or_else(|| service_name.to_owned());
        Ok(Some(Self { otlp: Some(otlp), ..Self::new(service_name) }))
    }
}

impl Otlp {
    /// The exporter settings from the environment, or `None` without an endpoint.
    fn from_env() -> Result<Option<Self>, SetupError> {
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
            ..Self::http(endpoint)
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

/// The name and value of an exporter variable: the one for traces, else the general one.
pub(crate) fn exporter(name: &str) -> Option<(String, String)> {
    [format!("OTEL_EXPORTER_OTLP_TRACES_{name}"), format!("OTEL_EXPORTER_OTLP_{name}")]
        .into_iter()
        .find_map(|name| text(&name).map(|value| (name, value)))
}

/// A variable's value. Empty counts as unset, as OpenTelemetry specifies.
pub(crate) fn text(variable: &str) -> Option<String> {
    env::var(variable).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

pub(crate) fn is_true(variable: &str) -> bool {
    text(variable).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Whether the environment asks for message contents on spans.
pub(super) fn captures_content() -> bool {
    let mode = text("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT").unwrap_or_default();
    ["true", "span_only", "span_and_event"].contains(&mode.to_ascii_lowercase().as_str())
}

/// The number in a variable, or the default. An invalid number is reported and ignored, as OpenTelemetry
/// specifies.
pub(crate) fn number(variable: &str, default: usize) -> usize {
    let Some(value) = text(variable) else { return default };
    match value.parse() {
        Ok(number) if number > 0 => number,
        _ => {
            let _ = writeln!(
                io::stderr(),
                "turnscope: {variable} is {value:?}, which is not a number above 0; using {default}"
            );
            default
        }
    }
}

/// Applies the general attribute limits of the specification. The SDK's builder reads only those for spans.
pub(crate) fn limits(builder: TracerProviderBuilder) -> TracerProviderBuilder {
    let count = |variable: &str| text(variable).and_then(|value| value.parse::<u32>().ok());
    let general = count("OTEL_ATTRIBUTE_COUNT_LIMIT");
    let mut builder = builder;
    if let Some(limit) = count("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT").or(general) {
        builder = builder.with_max_attributes_per_span(limit);
    }
    if let Some(limit) = count("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT").or(general) {
        builder = builder.with_max_attributes_per_event(limit);
    }
    if let Some(limit) = count("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT").or(general) {
        builder = builder.with_max_attributes_per_link(limit);
    }
    builder
}
