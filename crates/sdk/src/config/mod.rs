//! What can be set up, and the doors that lead to it: each of them makes a [`Config`].
//!
//! Not here: what stands once it is installed (`standing`).

mod data_directory;
mod environment;
mod observability;
mod setup;
mod trace_config;
mod values;

pub use data_directory::DataDirectory;
pub use environment::init_tracing;
#[cfg(feature = "yaml")]
pub use observability::setup_from_yaml;
pub use observability::{Backend, Observability};
pub use setup::{Setup, setup};
pub use trace_config::{Profile, TraceConfig};

use crate::{EncryptionKey, Exporter, LogLevel, Naming, Otlp, Redaction, Sampler, standing, truncate};

pub(crate) use environment::{limits, number, text};
use std::{collections::BTreeMap, io, path::PathBuf, time::Duration};

/// Everything that can be set up; what [`Config::install`] makes of it stands for the whole process.
///
/// Where a field's default reads a variable of OpenTelemetry's, its description names that; a value in code wins.
///
/// ```
/// use turnscope::{Config, finished_spans};
///
/// Config { max_value_bytes: 1000, ..Config::new("helpdesk") }.install()?;
/// turnscope::run("helpdesk").end();
/// assert_eq!(finished_spans()[0].name, "invoke_agent helpdesk");
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Debug)]
pub struct Config {
    /// The service's name, `service.name` of all spans; `OTEL_SERVICE_NAME`, then OpenTelemetry's `unknown_service`, where it is empty.
    pub service_name: String,
    /// Where spans are sent over OTLP; nowhere by default.
    pub otlp: Option<Otlp>,
    /// A file to which each finished span is appended as one line of JSON. It is read back by [`TraceFile`](crate::TraceFile).
    pub trace_file: Option<PathBuf>,
    /// Compresses the trace file with gzip of this level, from 1 (fast) to 9 (small).
    pub compression: Option<u32>,
    /// Encrypts the trace file, authenticated, after the specification of Fernet. Not yet possible beside [`store`](Self::store).
    pub encryption_key: Option<EncryptionKey>,
    /// Whether each finished span is written to stderr, as one line of JSON: `name`, `context` (`trace_id`, `span_id`,
    /// `trace_state`), `kind`, `parent_id`, `start_time`, `end_time`, `status`, `attributes`.
    pub console: bool,
    /// A Turnscope data directory into which finished spans are written, without a server: feature `store`.
    pub store: Option<DataDirectory>,
    /// Exporters of the user's own, beside the others: one that fails does not touch another.
    pub exporters: Vec<Box<dyn Exporter>>,
    /// How many finished spans [`finished_spans`](crate::finished_spans) remembers; 500.
    pub ring_capacity: usize,
    /// How spans are named.
    pub naming: Naming,
    /// Whether messages, arguments and results are recorded; what
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says (`true`, `span_only`, `span_and_event`), else not.
    pub content: bool,
    /// Whether calls and turns are measured and that is sent over OTLP beside the spans; unless `OTEL_METRICS_EXPORTER` is
    /// `none`, where [`otlp`](Self::otlp) sends anything. Every `OTEL_METRIC_EXPORT_INTERVAL` milliseconds, else every 60 s.
    pub metrics: bool,
    /// Whether log records are sent over OTLP beside the spans: those that [`live`](Self::live) and the layer for `tracing`
    /// make; unless `OTEL_LOGS_EXPORTER` is `none`.
    pub logs: bool,
    /// Whether each step is announced over OTLP when it starts, so that one that hangs can be seen; not unless set.
    pub live: bool,
    /// Whether calls of tools are recorded; where not, what they hold stands directly below their turn.
    pub tool_calls: bool,
    /// Whether the tokens that calls of models used are recorded.
    pub token_usage: bool,
    /// What is replaced in every attribute before a span is remembered or exported.
    pub redaction: Redaction,
    /// No text in an attribute is longer: what is gets cut, with a mark that bears the length it had; in bytes
    /// (`OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, else 1 MiB).
    pub max_value_bytes: usize,
    /// Tighter limits by attribute, `status` for the message of a span's own error, and `*` for all that are not named. By
    /// default tools' definitions, arguments and results, and system instructions (256 KiB), stack traces (16 KiB), the
    /// messages of errors (4 KiB), and all others but messages (64 KiB).
    pub value_limits: BTreeMap<String, usize>,
    /// Where large contents are put, so that spans hold links to them; nowhere by default.
    #[cfg(feature = "object-store")]
    pub content_store: Option<crate::ContentStore>,
    /// The share of traces that is recorded, from 0.0 to 1.0: a function of the trace id, so that processes agree; a trace
    /// that another process began is recorded where that one records it. By default what `OTEL_TRACES_SAMPLER` and
    /// `OTEL_TRACES_SAMPLER_ARG` say, else all.
    pub sample_rate: Option<f64>,
    /// Decides which of the recorded traces are kept, when they have ended; all by default. [`TailRules`](crate::TailRules)
    /// is one.
    pub sampler: Option<Box<dyn Sampler>>,
    /// How much is held back for the sampler, in bytes (16 MiB); beyond that the largest trace is kept as it stands.
    pub max_held_bytes: usize,
    /// How many spans wait for each exporter before new ones are dropped (`OTEL_BSP_MAX_QUEUE_SIZE`, else 2048).
    pub queue_size: usize,
    /// How many bytes, about, wait for each exporter before new spans are dropped; 64 MiB.
    pub max_queue_bytes: usize,
    /// How many spans an exporter is given at once (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, else 512).
    pub batch_size: usize,
    /// How long a span waits for others (`OTEL_BSP_SCHEDULE_DELAY` in milliseconds, else 5 s).
    pub batch_timeout: Duration,
    /// How long one export over OTLP may take, all its retries included (`OTEL_BSP_EXPORT_TIMEOUT` in milliseconds, else 30 s).
    pub export_timeout: Duration,
    /// Lets the end of a run, nested runs too, wait until it is exported, or for this long; by default it waits for nothing.
    pub block_on_run_end: Option<Duration>,
    /// How much the crate says of its own work: warnings.
    pub log_level: LogLevel,
    /// The file to which it says that; stderr by default.
    pub log_path: Option<PathBuf>,
}

impl Config {
    /// The defaults for the service `service_name`: finished spans are remembered, and sent nowhere.
    pub fn new(service_name: impl Into<String>) -> Self {
        let most = number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 1 << 20);
        Self {
            service_name: service_name.into(),
            otlp: None,
            trace_file: None,
            compression: None,
            encryption_key: None,
            console: false,
            store: None,
            exporters: Vec::new(),
            ring_capacity: 500,
            naming: Naming::default(),
            content: environment::captures_content(),
            metrics: text("OTEL_METRICS_EXPORTER").is_none_or(|name| name != "none"),
            logs: text("OTEL_LOGS_EXPORTER").is_none_or(|name| name != "none"),
            live: false,
            tool_calls: true,
            token_usage: true,
            redaction: Redaction::default(),
            max_value_bytes: number("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", most),
            value_limits: truncate::by_key(),
            #[cfg(feature = "object-store")]
            content_store: None,
            sample_rate: None,
            sampler: None,
            max_held_bytes: 16 << 20,
            queue_size: number("OTEL_BSP_MAX_QUEUE_SIZE", 2048),
            max_queue_bytes: 64 << 20,
            batch_size: number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512),
            batch_timeout: millis("OTEL_BSP_SCHEDULE_DELAY", 5000),
            export_timeout: millis("OTEL_BSP_EXPORT_TIMEOUT", 30_000),
            block_on_run_end: None,
            log_level: LogLevel::default(),
            log_path: None,
        }
    }

    /// Sets this up as what [`run`](fn@crate::run) records to. What stood before is drained and closed, and its ring forgotten.
    ///
    /// # Errors
    /// When a value is out of its range, or a file, endpoint or thread cannot be had; what stood before stands on.
    pub fn install(self) -> Result<(), SetupError> {
        standing::install(self)
    }

    /// The name under which spans are recorded, or none.
    pub(crate) fn service(&self) -> Option<String> {
        Some(self.service_name.clone()).filter(|name| !name.is_empty()).or_else(|| text("OTEL_SERVICE_NAME"))
    }
}

fn millis(variable: &str, default: usize) -> Duration {
    Duration::from_millis(number(variable, default) as u64)
}

/// Why nothing was set up. What was set up before still stands then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The trace file cannot be written.
    #[error("cannot open the trace file {path}: {source}")]
    TraceFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The log file cannot be written.
    #[error("cannot open the log file {path}: {source}")]
    LogFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The OTLP exporter cannot be made, for its endpoint or another setting.
    #[error("cannot export to the OTLP endpoint: {0}")]
    Otlp(Box<dyn std::error::Error + Send + Sync>),
    /// A setting has a value that it cannot have.
    #[error("{name} is {value}; allowed: {allowed}")]
    Invalid {
        /// The setting: a field, a key or a variable.
        name: String,
        /// What it was set to; `(set)` for a secret.
        value: String,
        /// What it can be.
        allowed: String,
    },
    /// The data directory cannot be used.
    #[error("cannot use the data directory {path}: {source}")]
    Store {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The agent's file is no YAML.
    #[error("the agent's file cannot be read: {0}")]
    Yaml(String),
    /// No thread could be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

impl SetupError {
    pub(crate) fn invalid(name: &str, value: &(impl ToString + ?Sized), allowed: impl Into<String>) -> Self {
        Self::Invalid { name: name.to_owned(), value: value.to_string(), allowed: allowed.into() }
    }
}
