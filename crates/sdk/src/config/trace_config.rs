//! The door of profiles: defaults for production, development and debugging, and a variable for everything.

use super::values::{self, Parse};
use crate::{
    Config, DataDirectory, LogLevel, Otlp, Redaction, SetupError, TailRules, config::environment::text,
};
use std::{path::PathBuf, str::FromStr, time::Duration};

/// Which defaults a [`TraceConfig`] starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// 1 % of traces, the trace file compressed and encrypted, warnings.
    Production,
    /// 50 % of traces, the trace file compressed, information.
    #[default]
    Development,
    /// All traces, the trace file as it is, everything said.
    Debug,
}

impl FromStr for Profile {
    type Err = &'static str;

    /// `production`, `development`, `debug`; the error says so.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "production" => Ok(Self::Production),
            "development" => Ok(Self::Development),
            "debug" => Ok(Self::Debug),
            _ => Err("production, development, debug"),
        }
    }
}

/// What is recorded and where it goes, by profile. A field that is set wins over its variable, that over the profile.
///
/// ```
/// use turnscope::TraceConfig;
///
/// let config = TraceConfig { redact_keys: Some(vec!["iban".into()]), ..TraceConfig::debug() };
/// config.config("helpdesk")?.install()?;
/// turnscope::run("helpdesk").end();
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TraceConfig {
    /// The profile (`TRACE_PROFILE`; development).
    pub profile: Option<Profile>,
    /// The share of traces that is recorded, from 0.0 to 1.0 (`TRACE_SAMPLE_RATE`, else what `OTEL_TRACES_SAMPLER` says, else
    /// the profile's).
    pub sample_rate: Option<f64>,
    /// Keeps only traces with an error, of those that are recorded (`TRACE_ONLY_ON_ERROR`; false).
    pub only_on_error: Option<bool>,
    /// Further keys whose values are replaced (`TRACE_REDACT_KEYS`, separated by commas).
    pub redact_keys: Option<Vec<String>>,
    /// Further shapes, as regular expressions, that are replaced (`TRACE_REDACT_PATTERNS`, separated by commas outside
    /// brackets).
    pub redact_patterns: Option<Vec<String>>,
    /// Whether the trace file is compressed (`TRACE_COMPRESSION_ENABLED`).
    pub compression_enabled: Option<bool>,
    /// How much, from 1 to 9 (`TRACE_COMPRESSION_LEVEL`; 6).
    pub compression_level: Option<u32>,
    /// Whether the trace file is encrypted (`TRACE_ENCRYPTION_ENABLED`).
    pub encryption_enabled: Option<bool>,
    /// The key: 32 bytes in url-safe base64 (`TRACE_ENCRYPTION_KEY`).
    pub encryption_key: Option<String>,
    /// How many spans wait for each exporter before new ones are dropped (`TRACE_QUEUE_SIZE`).
    pub queue_size: Option<usize>,
    /// How many spans an exporter is given at once (`TRACE_BATCH_SIZE`).
    pub batch_size: Option<usize>,
    /// How long a span waits for others (`TRACE_BATCH_TIMEOUT`, in milliseconds).
    pub batch_timeout: Option<Duration>,
    /// Whether the end of a run waits for its export (`TRACE_BLOCK_ON_RUN_END`; false).
    pub block_on_run_end: Option<bool>,
    /// How long at most, in milliseconds (`TRACE_RUN_END_BLOCK_TIMEOUT_MS`; 1000).
    pub run_end_block_timeout_ms: Option<u64>,
    /// The database of a Turnscope data directory, into which spans are written (`TRACE_DB_PATH`,
    /// which only counts with the feature `store`).
    pub db_path: Option<PathBuf>,
    /// What ended longer ago is deleted from it; 0 keeps everything (`TRACE_RETENTION_DAYS`; 0).
    pub retention_days: Option<f64>,
    /// The oldest is deleted from it until the rest fits into this many bytes; 0 is no limit (`TRACE_RETENTION_MAX_BYTES`; 0).
    pub retention_max_bytes: Option<u64>,
    /// How much the crate says of its own work (`TRACE_LOG_LEVEL`).
    pub log_level: Option<LogLevel>,
    /// The file to which it says that; stderr by default (`TRACE_LOG_PATH`).
    pub log_path: Option<PathBuf>,
    /// A file to which each finished span is appended as one line of JSON; it has no variable.
    pub trace_file: Option<PathBuf>,
    /// Where spans are sent over OTLP; it has no variable.
    pub otlp: Option<Otlp>,
}

impl TraceConfig {
    /// Little, and that compressed and encrypted.
    pub fn production() -> Self {
        Self { profile: Some(Profile::Production), ..Self::default() }
    }

    /// Half, compressed.
    pub fn development() -> Self {
        Self { profile: Some(Profile::Development), ..Self::default() }
    }

    /// Everything, as it is.
    pub fn debug() -> Self {
        Self { profile: Some(Profile::Debug), ..Self::default() }
    }

    /// The configuration that this, the environment and the profile make.
    ///
    /// # Errors
    /// When a value is out of its range, or encryption is on without a valid key; the variable is named.
    pub fn config(self, service_name: impl Into<String>) -> Result<Config, SetupError> {
        let profile = or(self.profile, "TRACE_PROFILE", |text| text.parse().map_err(str::to_owned))?
            .unwrap_or_default();
        let (rate, compress, encrypt, log_level) = match profile {
            Profile::Production => (0.01, true, true, LogLevel::Warning),
            Profile::Development => (0.5, true, false, LogLevel::Info),
            Profile::Debug => (1.0, false, false, LogLevel::Debug),
        };
        let mut config = Config::new(service_name);

        // A sampler that OpenTelemetry's variables name is the user's word too, and the profile's is only a default.
        let default = text("OTEL_TRACES_SAMPLER").is_none().then_some(rate);
        config.sample_rate = or(self.sample_rate, "TRACE_SAMPLE_RATE", values::rate)?.or(default);
        if let Some(rate) = &config.sample_rate {
            within("TRACE_SAMPLE_RATE", rate, (0.0..=1.0).contains(rate), values::RATE)?;
        }
        if or(self.only_on_error, "TRACE_ONLY_ON_ERROR", values::switch)?.unwrap_or(false) {
            config.sampler = Some(Box::new(TailRules::only_errors()));
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
            let key = or(self.encryption_key, "TRACE_ENCRYPTION_KEY", |text| Ok(text.to_owned()))?;
            let (value, key) = ("(set)", key.map(|key| key.parse().ok()));
            let said = if key.is_some() { value } else { "(not set)" };
            let allowed = "32 bytes in url-safe base64, as encryption is on";
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

/// The value in code, else that of the variable.
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
    for pattern in patterns {
        redaction = redaction.with_pattern("custom", &pattern).map_err(|_| {
            SetupError::invalid("TRACE_REDACT_PATTERNS", &pattern, "regular expressions, separated by commas")
        })?;
    }
    Ok(redaction)
}
