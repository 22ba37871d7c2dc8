//! Where finished spans go: the ring, a file, the console, OTLP, or an exporter of the user's own.

use crate::FinishedSpan;
use opentelemetry::Context;
use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanExporter},
};
use std::{
    collections::VecDeque,
    env,
    error::Error,
    fmt,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

/// Takes finished spans, on a thread of the SDK: it may fail, wait or panic without the caller's noticing.
///
/// ```
/// use opentelemetry_sdk::trace::SpanData;
/// use turnscope::{Exporter, Setup, setup};
///
/// #[derive(Debug)]
/// struct Count(usize);
///
/// impl Exporter for Count {
///     fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///         self.0 += spans.len();
///         Ok(())
///     }
/// }
///
/// setup(Setup { exporters: vec![Box::new(Count(0))], ..Setup::new("helpdesk") })?;
/// # Ok::<(), turnscope::SetupError>(())
/// ```
pub trait Exporter: fmt::Debug + Send {
    /// Takes a batch.
    ///
    /// # Errors
    /// When the batch could not be exported; it is lost, and reported.
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// The last finished spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ring {
    spans: Arc<Mutex<VecDeque<FinishedSpan>>>,
    capacity: usize,
}

impl Ring {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { spans: Arc::default(), capacity }
    }

    pub(crate) fn spans(&self) -> Vec<FinishedSpan> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn add(&self, batch: &[SpanData]) {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.extend(batch.iter().map(FinishedSpan::from));
        let over = spans.len().saturating_sub(self.capacity);
        spans.drain(..over);
    }
}

/// One span a line, as JSON.
pub(crate) struct Lines<W>(pub(crate) W);

impl<W: Write + Send> Exporter for Lines<W> {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut text = String::new();
        for span in spans {
            text.push_str(&FinishedSpan::from(span).line());
            text.push('\n');
        }
        self.0.write_all(text.as_bytes())?;
        Ok(self.0.flush()?)
    }
}

impl<W> fmt::Debug for Lines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

/// OTLP, with a small runtime of its own: the clients need one.
#[derive(Debug)]
pub(crate) struct Otlp {
    exporter: opentelemetry_otlp::SpanExporter,
    runtime: tokio::runtime::Runtime,
}

impl Otlp {
    /// Over HTTP to this endpoint.
    pub(crate) fn to(endpoint: &str, resource: &Resource) -> Result<Self, Box<dyn Error + Send + Sync>> {
        without_tls(endpoint)?;
        let builder = opentelemetry_otlp::SpanExporter::builder().with_http();
        let builder = builder.with_protocol(Protocol::HttpBinary).with_endpoint(with_path(endpoint));
        Self::around(|| builder.build(), resource)
    }

    /// Where and how the environment says: over HTTP, unless the protocol is `grpc`.
    pub(crate) fn from_env(resource: &Resource) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if let Some(endpoint) = variable("ENDPOINT") {
            without_tls(&endpoint)?;
        }
        let builder = opentelemetry_otlp::SpanExporter::builder();
        match variable("PROTOCOL").map(|name| name.to_ascii_lowercase()).as_deref() {
            Some("grpc") => Self::around(|| builder.with_tonic().build(), resource),
            Some("http/json") => {
                Err("OTEL_EXPORTER_OTLP_PROTOCOL: http/json is not supported; use http/protobuf".into())
            }
            _ => Self::around(|| builder.with_http().with_protocol(Protocol::HttpBinary).build(), resource),
        }
    }

    fn around(
        build: impl FnOnce() -> Result<opentelemetry_otlp::SpanExporter, opentelemetry_otlp::ExporterBuildError>,
        resource: &Resource,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut exporter = {
            let _inside = runtime.enter();
            build()?
        };
        exporter.set_resource(resource);
        Ok(Self { exporter, runtime })
    }
}

impl Exporter for Otlp {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        // What exporting itself does must not be recorded in turn.
        let _quiet = Context::enter_telemetry_suppressed_scope();
        Ok(self.runtime.block_on(self.exporter.export(spans.to_vec()))?)
    }
}

/// A variable of the exporter: the one for traces, else the general one.
pub(crate) fn variable(name: &str) -> Option<String> {
    let set = |name: String| env::var(name).ok().filter(|value| !value.is_empty());
    set(format!("OTEL_EXPORTER_OTLP_TRACES_{name}")).or_else(|| set(format!("OTEL_EXPORTER_OTLP_{name}")))
}

/// Said at once, rather than with every batch.
fn without_tls(endpoint: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    if endpoint.starts_with("https:") {
        return Err(format!("{endpoint}: TLS is not supported yet; use http, to a collector nearby").into());
    }
    Ok(())
}

/// `/v1/traces` where the endpoint names no path.
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
    fn an_endpoint_without_a_path_gets_the_usual_one() {
        assert_eq!(with_path("http://h:1"), "http://h:1/v1/traces");
        assert_eq!(with_path("http://h:1/"), "http://h:1/v1/traces");
        assert_eq!(with_path("http://h:1/api/otel"), "http://h:1/api/otel");
    }
}
