//! The door for code: what most programs want to say, in a few fields.

use crate::{Config, Exporter, Naming, Otlp, SetupError};
use std::path::PathBuf;

/// What to set up. [`Setup::new`] keeps the last 500 finished spans in memory, and does no more. It becomes a [`Config`],
/// which has more fields.
///
/// ```
/// use turnscope::{Setup, finished_spans, setup};
///
/// setup(Setup { testing: true, ..Setup::new("helpdesk") })?;
/// turnscope::run("helpdesk").end();
/// assert_eq!(finished_spans()[0].name, "invoke_agent helpdesk");
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Debug)]
pub struct Setup {
    /// The service's name; `OTEL_SERVICE_NAME` where it is empty.
    pub service_name: String,
    /// An OTLP/HTTP endpoint such as `http://localhost:4318`; `/v1/traces` is appended when it has no path.
    pub otlp_endpoint: Option<String>,
    /// A file to which each finished span is appended as one line of JSON.
    pub trace_file: Option<PathBuf>,
    /// Whether each finished span is written to stderr as one line of JSON.
    pub console: bool,
    /// Only the ring: no endpoint, file, console or other exporter, whatever the other fields say.
    pub testing: bool,
    /// Exporters of the user's own.
    pub exporters: Vec<Box<dyn Exporter>>,
    /// How many finished spans [`finished_spans`](crate::finished_spans) remembers.
    pub ring_capacity: usize,
    /// How spans are named.
    pub naming: Naming,
    /// Whether messages, arguments and results are recorded; by default what
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says, else not.
    pub content: bool,
    /// Whether each step is announced to the OTLP endpoint when it starts, so that one that hangs can be seen.
    pub live: bool,
}

impl Setup {
    /// The defaults for the service `service_name`.
    pub fn new(service_name: impl Into<String>) -> Self {
        let config = Config::new(service_name);
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

impl From<Setup> for Config {
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

/// Sets up what [`run`](fn@crate::run) records to. What was set up before is drained and closed, and its ring forgotten.
///
/// # Errors
/// When a file, endpoint or thread cannot be had.
pub fn setup(setup: Setup) -> Result<(), SetupError> {
    Config::from(setup).install()
}
