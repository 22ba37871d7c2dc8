//! Reads environment variables as OpenTelemetry specifies, including those that its libraries do not read
//! themselves.

use crate::SetupError;
use opentelemetry_sdk::trace::TracerProviderBuilder;
use std::{
    env,
    io::{self, Write as _},
};

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
pub(crate) fn captures_content() -> bool {
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

/// Where `OTEL_TRACES_EXPORTER` sends spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TracesExporter {
    pub(crate) otlp: bool,
    pub(crate) console: bool,
}

/// The exporters that `OTEL_TRACES_EXPORTER` lists; OTLP if it is not set.
pub(crate) fn traces_exporter() -> Result<TracesExporter, SetupError> {
    let variable = "OTEL_TRACES_EXPORTER";
    let list = text(variable).unwrap_or_else(|| "otlp".to_owned());
    let mut out = TracesExporter { otlp: false, console: false };
    for name in list.split(',').map(str::trim) {
        match name.to_ascii_lowercase().as_str() {
            "otlp" => out.otlp = true,
            "console" => out.console = true,
            "none" if !list.contains(',') => {}
            _ => return Err(SetupError::invalid(variable, &list, "otlp, console, both, or none")),
        }
    }
    Ok(out)
}

/// Fails if the sampler in the environment is not one that the SDK knows: it would record everything.
pub(crate) fn check_sampler() -> Result<(), SetupError> {
    let Some(sampler) = text("OTEL_TRACES_SAMPLER") else { return Ok(()) };
    if !SAMPLERS.contains(&sampler.as_str()) {
        return Err(SetupError::invalid("OTEL_TRACES_SAMPLER", &sampler, SAMPLERS.join(", ")));
    }
    let argument = text("OTEL_TRACES_SAMPLER_ARG").filter(|_| sampler.ends_with("traceidratio"));
    match argument {
        Some(rate) if !rate.parse().is_ok_and(|rate: f64| (0.0..=1.0).contains(&rate)) => {
            Err(SetupError::invalid("OTEL_TRACES_SAMPLER_ARG", &rate, "0.0 to 1.0"))
        }
        _ => Ok(()),
    }
}

const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

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
