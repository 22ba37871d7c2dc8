//! Set-up from profiles: defaults for production, development and debugging, with an environment variable for
//! each setting.

use super::values::{self, Parse};
use crate::{
    DataDirectory, LogLevel, Otlp, RecordingConfig, Redaction, Secret, SetupError, TailRules,
    environment::text, setup_error::require,
};
use std::{path::PathBuf, str::FromStr, time::Duration};

/// The defaults that a [`TraceConfig`] starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// 1 % of traces, trace file compressed and encrypted, log level warning.
    Production,
    /// 50 % of traces, trace file compressed, log level info.
    #[default]
    Development,
    /// All traces, plain trace file, log level debug.
    Debug,
}

impl FromStr for Profile {
    type Err = &'static str;

    /// Parses `production`, `development` or `debug`. The error lists them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "production" => Ok(Self::Production),
            "development" => Ok(Self::Development),
            "debug" => Ok(Self::Debug),
            _ => Err("production, development, debug"),
        }
    }
}

/// What to record and where to send it, by profile. A field takes precedence over its variable, and the
/// variable over the profile.
///
/// ```
/// use turnscope::TraceConfig;
///
/// let config = TraceConfig { redact_keys: Some(vec!["iban".into()]), ..TraceConfig::debug() };
/// let _recording = config.config("helpdesk")?.install()?;
/// turnscope::run("helpdesk").end();
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TraceConfig {
    /// The profile (`TRACE_PROFILE`). Default: development.
    pub profile: Option<Profile>,
    /// The share of traces to record, from 0.0 to 1.0 (`TRACE_SAMPLE_RATE`). Default: what
    /// `OTEL_TRACES_SAMPLER` says, else the profile's.
    pub sample_rate: Option<f64>,
    /// Whether to keep only traces with an error (`TRACE_ONLY_ON_ERROR`). All traces are watched then, and
    /// [`sample_rate`](Self::sample_rate) does not apply. Default: false.
    pub only_on_error: Option<bool>,
    /// Whether to announce each step over OTLP when it starts, so that a stuck step can be seen (`TRACE_LIVE`).
    /// Default: false.
    pub live: Option<bool>,
    /// Further keys whose values to redact (`TRACE_REDACT_KEYS`, comma-separated).
    pub redact_keys: Option<Vec<String>>,
    /// Further regular expressions to redact (`TRACE_REDACT_PATTERNS`, separated by commas outside brackets).
    /// Feature `regex`.
    pub redact_patterns: Option<Vec<String>>,
    /// Whether to compress the trace file (`TRACE_COMPRESSION_ENABLED`). Feature `gzip`.
    pub compression_enabled: Option<bool>,
    /// The gzip level, from 1 to 9 (`TRACE_COMPRESSION_LEVEL`). Default: 6.
    pub compression_level: Option<u32>,
    /// Whether to encrypt the trace file (`TRACE_ENCRYPTION_ENABLED`). Feature `encryption`.
    pub encryption_enabled: Option<bool>,
    /// The encryption key: 32 bytes in URL-safe base64 (`TRACE_ENCRYPTION_KEY`).
    pub encryption_key: Option<Secret>,
    /// How many spans may wait for each exporter before new ones are dropped (`TRACE_QUEUE_SIZE`).
    pub queue_size: Option<usize>,
    /// How many spans an exporter gets at once (`TRACE_BATCH_SIZE`).
    pub batch_size: Option<usize>,
    /// How long a span waits for a batch to fill (`TRACE_BATCH_TIMEOUT`, in milliseconds).
    pub batch_timeout: Option<Duration>,
    /// How long the end of a run waits for a batch to fill (`TRACE_RUN_END_DELAY`, in milliseconds). Default: 1 s.
    pub run_end_delay: Option<Duration>,
    /// Whether the end of a run waits for its export (`TRACE_BLOCK_ON_RUN_END`). Default: false.
    pub block_on_run_end: Option<bool>,
    /// The longest such wait, in milliseconds (`TRACE_RUN_END_BLOCK_TIMEOUT_MS`). Default: 1000.
    pub run_end_block_timeout_ms: Option<u64>,
    /// The database of a Turnscope data directory to write spans to (`TRACE_DB_PATH`; ignored without the
    /// feature `store`).
    pub db_path: Option<PathBuf>,
    /// Deletes traces that ended more than this many days ago; 0 keeps everything (`TRACE_RETENTION_DAYS`).
    /// Default: 0.
    pub retention_days: Option<f64>,
    /// Deletes the oldest traces until the rest fits into this many bytes; 0 means no limit
    /// (`TRACE_RETENTION_MAX_BYTES`). Default: 0.
    pub retention_max_bytes: Option<u64>,
    /// How much the crate logs about its own work (`TRACE_LOG_LEVEL`).
    pub log_level: Option<LogLevel>,
    /// The file to log to (`TRACE_LOG_PATH`). Default: stderr.
    pub log_path: Option<PathBuf>,
    /// A file to append finished spans to, one JSON object a line. It has no variable.
    pub trace_file: Option<PathBuf>,
    /// Where to send spans over OTLP. It has no variable.
    pub otlp: Option<Otlp>,
}

impl TraceConfig {
    /// The production profile: 1 % of traces, compressed and encrypted.
    pub fn production() -> Self {
        Self { profile: Some(Profile::Production), ..Self::default() }
    }

    /// The development profile: half of all traces, compressed.
    pub fn development() -> Self {
        Self { profile: Some(Profile::Development), ..Self::default() }
    }

    /// The debug profile: everything, uncompressed and unencrypted.
    pub fn debug() -> Self {
        Self { profile: Some(Profile::Debug), ..Self::default() }
    }

    /// The configuration from these fields, the environment and the profile.
    ///
    /// # Errors
    /// When a value is out of range, or encryption is on without a valid key. The error names the variable.
    pub fn config(self, service_name: impl Into<String>) -> Result<RecordingConfig, SetupError> {
        let profile = or(self.profile, "TRACE_PROFILE", |text| text.parse().map_err(str::to_owned))?
            .unwrap_or_default();
        let (rate, compress, encrypt, log_level) = match profile {
            Profile::Production => (0.01, true, true, LogLevel::Warning),
            Profile::Development => (0.5, true, false, LogLevel::Info),
            Profile::Debug => (1.0, false, false, LogLevel::Debug),
        };
        let mut config = RecordingConfig::new(service_name);

        // A sampler set in OpenTelemetry's variables is an explicit choice; the profile's rate is only a
        // default.
        let default = text("OTEL_TRACES_SAMPLER").is_none().then_some(rate);
        config.sample_rate = or(self.sample_rate, "TRACE_SAMPLE_RATE", values::rate)?.or(default);
        if let Some(rate) = &config.sample_rate {
            within("TRACE_SAMPLE_RATE", rate, (0.0..=1.0).contains(rate), values::RATE)?;
        }
        if or(self.only_on_error, "TRACE_ONLY_ON_ERROR", values::switch)?.unwrap_or(false) {
            config.sampler = Some(Box::new(TailRules::only_errors()));
            config.sample_rate = Some(1.0); // an error is known only at the end of a trace, so all are watched
        }
        config.redaction = redaction(
            or(self.redact_keys, "TRACE_REDACT_KEYS", |text| Ok(values::list(text)))?.unwrap_or_default(),
            or(self.redact_patterns, "TRACE_REDACT_PATTERNS", |text| Ok(values::patterns(text)))?
                .unwrap_or_default(),
        )?;

        let level = or(self.compression_level, "TRACE_COMPRESSION_LEVEL", values::level)?.unwrap_or(6);
        within("TRACE_COMPRESSION_LEVEL", &level, (1..=9).contains(&level), values::LEVEL)?;
        let compress =
            or(self.compression_enabled, "TRACE_COMPRESSION_ENABLED", values::switch)?.unwrap_or(compress);
        config.compression = compress.then_some(level);
        if or(self.encryption_enabled, "TRACE_ENCRYPTION_ENABLED", values::switch)?.unwrap_or(encrypt) {
            let key = or(self.encryption_key, "TRACE_ENCRYPTION_KEY", |text| Ok(text.into()))?;
            let (value, key) = ("(set)", key.map(|key| key.expose().parse().ok()));
            let said = if key.is_some() { value } else { "(not set)" };
            let allowed = "32 bytes in URL-safe base64: encryption is on";
            config.encryption_key = Some(
                key.flatten().ok_or_else(|| SetupError::invalid("TRACE_ENCRYPTION_KEY", said, allowed))?,
            );
        }

        let size = |own: Option<usize>, name, default| -> Result<usize, SetupError> {
            let size = or(own, name, values::count)?.unwrap_or(default);
            within(name, &size, size > 0, "a whole number above 0").map(|()| size)
        };
        config.queue_size = size(self.queue_size, "TRACE_QUEUE_SIZE", config.queue_size)?;
        config.batch_size = size(self.batch_size, "TRACE_BATCH_SIZE", config.batch_size)?;
        if let Some(timeout) = or(self.batch_timeout.map(millis_of), "TRACE_BATCH_TIMEOUT", values::millis)? {
            config.batch_timeout = Duration::from_millis(timeout);
        }
        if let Some(delay) = or(self.run_end_delay.map(millis_of), "TRACE_RUN_END_DELAY", values::millis)? {
            config.run_end_delay = Duration::from_millis(delay);
        }
        config.live = or(self.live, "TRACE_LIVE", values::switch)?.unwrap_or(false);
        let timeout = or(self.run_end_block_timeout_ms, "TRACE_RUN_END_BLOCK_TIMEOUT_MS", values::millis)?;
        if or(self.block_on_run_end, "TRACE_BLOCK_ON_RUN_END", values::switch)?.unwrap_or(false) {
            config.block_on_run_end = Some(Duration::from_millis(timeout.unwrap_or(1000)));
        }

        config.log_level = or(self.log_level, "TRACE_LOG_LEVEL", |text| text.parse().map_err(str::to_owned))?
            .unwrap_or(log_level);
        config.log_path = or(self.log_path, "TRACE_LOG_PATH", |text| Ok(PathBuf::from(text)))?;
        let days = or(self.retention_days, "TRACE_RETENTION_DAYS", values::days)?;
        let max_bytes = or(self.retention_max_bytes, "TRACE_RETENTION_MAX_BYTES", values::bytes)?;
        let db_path = match self.db_path {
            None if cfg!(feature = "store") => text("TRACE_DB_PATH").map(PathBuf::from),
            own => own,
        };
        config.store = db_path.map(|db_path| DataDirectory {
            retention_days: days.unwrap_or(0.0),
            retention_max_bytes: max_bytes.unwrap_or(0),
            ..DataDirectory::of(db_path)
        });
        (config.trace_file, config.otlp) = (self.trace_file, self.otlp);
        Ok(config)
    }
}

fn millis_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The value set in code, else the variable's value.
fn or<T>(own: Option<T>, variable: &str, parse: Parse<T>) -> Result<Option<T>, SetupError> {
    match (own, text(variable)) {
        (Some(own), _) => Ok(Some(own)),
        (None, None) => Ok(None),
        (None, Some(text)) => match parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(allowed) => Err(SetupError::invalid(variable, &text, allowed)),
        },
    }
}

fn within(name: &str, value: &impl ToString, holds: bool, allowed: &str) -> Result<(), SetupError> {
    if holds { Ok(()) } else { Err(SetupError::invalid(name, value, allowed)) }
}

fn redaction(keys: Vec<String>, patterns: Vec<String>) -> Result<Redaction, SetupError> {
    let mut redaction = Redaction::default();
    for key in keys {
        redaction = redaction.with_key(&key);
    }
    if !patterns.is_empty() {
        require("TRACE_REDACT_PATTERNS", cfg!(feature = "regex"), "regex")?;
    }
    for pattern in patterns {
        redaction = redaction.with_pattern("custom", &pattern).map_err(|_| {
            SetupError::invalid("TRACE_REDACT_PATTERNS", &pattern, "regular expressions, separated by commas")
        })?;
    }
    Ok(redaction)
}
