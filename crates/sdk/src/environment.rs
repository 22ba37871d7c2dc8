//! Reads environment variables as OpenTelemetry specifies, including those that its libraries do not read
//! themselves.

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
