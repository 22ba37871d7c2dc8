//! All settings. Each way to set the crate up produces a [`RecordingConfig`].
//!
//! Not here: what is running once it is installed (`installation`).

mod observability;
mod setup;
mod trace_config;
mod values;

pub use observability::{Backend, Observability};
pub use setup::Setup;
pub use trace_config::{Profile, TraceConfig};

use crate::{
    DataDirectory, EncryptionKey, Exporter, LogLevel, Naming, Otlp, Redaction, SetupError, TraceSampler,
    environment::{captures_content, is_true, number, text, traces_exporter},
    truncate,
};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// All settings. [`RecordingConfig::install`] applies them to the whole process.
///
/// If a field's default comes from an OpenTelemetry variable, its description names the variable. A value in
/// code takes precedence.
///
/// ```
/// use turnscope::{RecordingConfig, finished_spans};
///
/// let _recording = RecordingConfig { max_value_bytes: 1000, ..RecordingConfig::new("helpdesk") }.install()?;
/// turnscope::run("helpdesk").end();
/// assert_eq!(finished_spans()[0].name, "invoke_agent helpdesk");
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Debug)]
pub struct RecordingConfig {
    /// The service's name, `service.name` of all spans. If empty: `OTEL_SERVICE_NAME`, then OpenTelemetry's
    /// `unknown_service`.
    pub service_name: String,
    /// Where to send spans over OTLP. Default: nowhere.
    pub otlp: Option<Otlp>,
    /// A file to append finished spans to, one JSON object a line. [`TraceFile`](crate::TraceFile) reads it
    /// back.
    pub trace_file: Option<PathBuf>,
    /// Compresses the trace file with gzip at this level, from 1 (fastest) to 9 (smallest). Feature `gzip`.
    pub compression: Option<u32>,
    /// Encrypts the trace file with Fernet (authenticated encryption). Feature `encryption`. Cannot be
    /// combined with [`store`](Self::store) yet.
    pub encryption_key: Option<EncryptionKey>,
    /// Whether to write each finished span to stderr, as one line of JSON: `name`, `context` (`trace_id`,
    /// `span_id`, `trace_state`), `kind`, `parent_id`, `start_time`, `end_time`, `status`, `attributes`.
    pub console: bool,
    /// A Turnscope data directory to write finished spans to, without a server. Feature `store`.
    pub store: Option<DataDirectory>,
    /// Your own exporters. They work alongside the others; a failing one does not affect the rest.
    pub exporters: Vec<Box<dyn Exporter>>,
    /// How many finished spans to keep for [`finished_spans`](crate::finished_spans). Default: 500.
    pub ring_capacity: usize,
    /// How spans are named.
    pub naming: Naming,
    /// Whether to record messages, arguments and results. Default: true if
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` is `true`, `span_only` or `span_and_event`.
    pub content: bool,
    /// Whether to measure calls and turns and send the metrics to the [`otlp`](Self::otlp) endpoint, every
    /// `OTEL_METRIC_EXPORT_INTERVAL` milliseconds (default: 60 s). Default: true unless
    /// `OTEL_METRICS_EXPORTER` is `none`.
    pub metrics: bool,
    /// Whether to send log records over OTLP: those of [`live`](Self::live) and of the `tracing` layer.
    /// Default: true unless `OTEL_LOGS_EXPORTER` is `none`.
    pub logs: bool,
    /// Whether to announce each step over OTLP when it starts, so that a stuck step can be seen. Default:
    /// false.
    pub live: bool,
    /// Whether to record tool calls. If false, whatever a tool call contains becomes a child of the turn.
    pub tool_calls: bool,
    /// Whether to record token usage.
    pub token_usage: bool,
    /// What to replace in every attribute before a span is kept or exported.
    pub redaction: Redaction,
    /// The maximum length of a text in an attribute, in bytes. Longer texts are truncated, with a marker that
    /// gives the original length. Default: `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, then
    /// `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, then 1 MiB.
    pub max_value_bytes: usize,
    /// Lower limits by attribute key, `status` for the message of a span's error status, and `*` for all
    /// other keys. The defaults: tool definitions, arguments, results and system instructions 256 KiB, stack
    /// traces 16 KiB, error messages 4 KiB, everything else except messages 64 KiB.
    pub value_limits: BTreeMap<String, usize>,
    /// Where to store large values, so that spans contain links to them. Default: nowhere.
    #[cfg(feature = "object-store")]
    pub content_store: Option<crate::ContentStore>,
    /// The share of traces to record, from 0.0 to 1.0. It is decided by trace id, so that processes agree; a
    /// trace that another process began is recorded if that process records it. Default:
    /// `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`, else all.
    pub sample_rate: Option<f64>,
    /// Decides which of the recorded traces to keep once they have ended. Default: all. See
    /// [`TailRules`](crate::TailRules).
    pub sampler: Option<Box<dyn TraceSampler>>,
    /// How many bytes to hold back for the sampler. Beyond that, the largest trace is kept as it is. Default:
    /// 16 MiB.
    pub max_held_bytes: usize,
    /// How many spans may wait in each queue before new ones are dropped (`OTEL_BSP_MAX_QUEUE_SIZE`, else 2048).
    /// There is one queue before the processing and one for each exporter. Leaves are dropped when a queue is
    /// full to three quarters, turns at seven eighths; the rest is for the ends of runs.
    pub queue_size: usize,
    /// About how many bytes may wait in each queue, with the same shares. Default: 32 MiB.
    pub max_queue_bytes: usize,
    /// How many spans an exporter gets at once (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, else 512).
    pub batch_size: usize,
    /// How long a span waits for a batch to fill (`OTEL_BSP_SCHEDULE_DELAY` in milliseconds, else 5 s).
    pub batch_timeout: Duration,
    /// Time limit for one OTLP export, retries included (`OTEL_BSP_EXPORT_TIMEOUT` in milliseconds, else 30
    /// s).
    pub export_timeout: Duration,
    /// How long the end of a run waits for a batch to fill, if it is sent to another process. Files, the console
    /// and data directories get it at once. Default: 1 s, or [`batch_timeout`](Self::batch_timeout) if that is less.
    pub run_end_delay: Duration,
    /// Makes the end of every run, nested runs too, wait up to this long until it is exported. Default: no
    /// waiting.
    pub block_on_run_end: Option<Duration>,
    /// How much the crate logs about its own work. Default: warnings.
    pub log_level: LogLevel,
    /// The file to log to. Default: stderr.
    pub log_path: Option<PathBuf>,
}

/// [`RecordingConfig::new`] with the service's name from the environment.
impl Default for RecordingConfig {
    fn default() -> Self {
        Self::new("")
    }
}

impl RecordingConfig {
    /// The defaults for the service `service_name`: finished spans are kept in memory and sent nowhere.
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
            content: captures_content(),
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
            max_queue_bytes: 32 << 20,
            batch_size: number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512),
            batch_timeout: millis("OTEL_BSP_SCHEDULE_DELAY", 5000),
            export_timeout: millis("OTEL_BSP_EXPORT_TIMEOUT", 30_000),
            run_end_delay: Duration::from_secs(1),
            block_on_run_end: None,
            log_level: LogLevel::default(),
            log_path: None,
        }
    }

    /// The configuration from OpenTelemetry's variables: `OTEL_EXPORTER_OTLP_*` (those for traces take
    /// precedence), `OTEL_SERVICE_NAME` (takes precedence over `service_name`), `OTEL_RESOURCE_ATTRIBUTES`,
    /// `OTEL_TRACES_SAMPLER` and its `_ARG`, `OTEL_BSP_*`, `OTEL_ATTRIBUTE_*_LIMIT`, `OTEL_SPAN_*_LIMIT`,
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`. `OTEL_TRACES_EXPORTER` may be `otlp` (the default),
    /// `console` or both. `None` if `OTEL_SDK_DISABLED` is `true`, `OTEL_TRACES_EXPORTER` is `none`, or no endpoint
    /// is set.
    ///
    /// # Errors
    /// When one of the exporter's variables has an invalid value. The error names the variable.
    pub fn from_env(service_name: &str) -> Result<Option<Self>, SetupError> {
        if is_true("OTEL_SDK_DISABLED") {
            return Ok(None);
        }
        let to = traces_exporter()?;
        let otlp = if to.otlp { Otlp::from_env()? } else { None };
        if otlp.is_none() && !to.console {
            return Ok(None);
        }
        let service_name = text("OTEL_SERVICE_NAME").unwrap_or_else(|| service_name.to_owned());
        Ok(Some(Self { otlp, console: to.console, ..Self::new(service_name) }))
    }

    /// The configured service name, or `None`.
    pub(crate) fn service(&self) -> Option<String> {
        Some(self.service_name.clone()).filter(|name| !name.is_empty()).or_else(|| text("OTEL_SERVICE_NAME"))
    }
}

fn millis(variable: &str, default: usize) -> Duration {
    Duration::from_millis(number(variable, default) as u64)
}
