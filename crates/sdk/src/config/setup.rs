//! Set-up in code: the settings that most programs need.

use crate::{Exporter, Naming, Otlp, RecordingConfig};
use std::path::PathBuf;

/// The most common settings. [`Setup::new`] only keeps the last 500 finished spans in memory. Converts into a
/// [`RecordingConfig`], which has all settings.
///
/// ```
/// use turnscope::{Setup, finished_spans, setup};
///
/// let _recording = setup(Setup { testing: true, ..Setup::new("helpdesk") })?;
/// turnscope::run("helpdesk").end();
/// assert_eq!(finished_spans()[0].name, "invoke_agent helpdesk");
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Debug)]
pub struct Setup {
    /// The service's name; `OTEL_SERVICE_NAME` if empty.
    pub service_name: String,
    /// An OTLP/HTTP endpoint such as `http://localhost:4318`. `/v1/traces` is appended if it has no path.
    pub otlp_endpoint: Option<String>,
    /// A file to append finished spans to, one JSON object a line.
    pub trace_file: Option<PathBuf>,
    /// Whether to write each finished span to stderr as one line of JSON.
    pub console: bool,
    /// Keeps spans in memory only: ignores endpoint, file, console and exporters.
    pub testing: bool,
    /// Your own exporters.
    pub exporters: Vec<Box<dyn Exporter>>,
    /// How many finished spans to keep for [`finished_spans`](crate::finished_spans).
    pub ring_capacity: usize,
    /// How spans are named.
    pub naming: Naming,
    /// Whether to record messages, arguments and results. Default: see [`RecordingConfig::content`].
    pub content: bool,
    /// Whether to announce each step to the OTLP endpoint when it starts, so that a stuck step can be seen.
    pub live: bool,
}

/// [`Setup::new`] with the service's name from the environment.
impl Default for Setup {
    fn default() -> Self {
        Self::new("")
    }
}

impl Setup {
    /// The defaults for the service `service_name`.
    pub fn new(service_name: impl Into<String>) -> Self {
        let config = RecordingConfig::new(service_name);
        Self {
            service_name: config.service_name,
            otlp_endpoint: None,
            trace_file: None,
            console: config.console,
            testing: false,
            exporters: config.exporters,
            ring_capacity: config.ring_capacity,
            naming: config.naming,
            content: config.content,
            live: config.live,
        }
    }
}

impl From<Setup> for RecordingConfig {
    fn from(setup: Setup) -> Self {
        let config = Self {
            ring_capacity: setup.ring_capacity,
            naming: setup.naming,
            content: setup.content,
            live: setup.live,
            ..Self::new(setup.service_name)
        };
        if setup.testing {
            return config;
        }
        Self {
            otlp: setup.otlp_endpoint.map(Otlp::http),
            trace_file: setup.trace_file,
            console: setup.console,
            exporters: setup.exporters,
            ..config
        }
    }
}
