//! The crate's own diagnostics, on stderr or in a file. Never through `tracing`, which could feed back into
//! this crate.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// How much the crate logs about its own work. Each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Errors that stop recording.
    Error,
    /// Lost data: at most one message a minute for each exporter.
    #[default]
    Warning,
    /// What was set up, and what was exported in the end.
    Info,
    /// Every batch.
    Debug,
}

impl FromStr for LogLevel {
    type Err = &'static str;

    /// Parses `off`, `error`, `warning` (or `warn`), `info` or `debug`, ignoring case. The error lists them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "off" => Self::Off,
            "error" => Self::Error,
            "warning" | "warn" => Self::Warning,
            "info" => Self::Info,
            "debug" => Self::Debug,
            _ => return Err("OFF, ERROR, WARNING, INFO, DEBUG"),
        })
    }
}

/// Where diagnostics are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    level: LogLevel,
    /// `None` for stderr.
    file: Option<Arc<Mutex<File>>>,
}

impl Log {
    pub(crate) fn open(level: LogLevel, path: Option<&Path>) -> io::Result<Self> {
        let file = match path {
            Some(path) => Some(OpenOptions::new().create(true).append(true).open(path)?),
            None => None,
        };
        Ok(Self { level, file: file.map(|file| Arc::new(Mutex::new(file))) })
    }

    pub(crate) fn write(&self, level: LogLevel, message: impl FnOnce() -> String) {
        if level > self.level {
            return;
        }
        // A failing log must not affect the caller; `eprintln!` would panic.
        let _ = match &self.file {
            None => writeln!(io::stderr(), "turnscope: {}", message()),
            Some(file) => {
                let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
                let name = format!("{level:?}").to_uppercase();
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.write_all(format!("{now} {name} turnscope: {}\n", message()).as_bytes())
            }
        };
    }
}

/// Logs a repeated warning at most once a minute.
#[derive(Debug)]
pub(crate) struct RateLimitedWarning {
    log: Log,
    last: Option<Instant>,
}

impl RateLimitedWarning {
    pub(crate) fn new(log: &Log) -> Self {
        Self { log: log.clone(), last: None }
    }

    pub(crate) fn log(&mut self, message: impl FnOnce() -> String) {
        if self.last.is_none_or(|at| at.elapsed() > Duration::from_secs(60)) {
            self.last = Some(Instant::now());
            self.log.write(LogLevel::Warning, message);
        }
    }
}
