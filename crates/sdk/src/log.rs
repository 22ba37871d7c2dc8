//! The crate's own diagnostics, on stderr or in a file. Never through `tracing`, which could feed back into
//! this crate.

use crate::timestamp::rfc3339;
use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

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
                let now = rfc3339(SystemTime::now());
                let name = format!("{level:?}").to_uppercase();
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.write_all(format!("{now} {name} turnscope: {}\n", message()).as_bytes())
            }
        };
    }
}

/// Number of different warnings that are told apart.
const MAX_SUBJECTS: usize = 16;

/// Logs each warning at once when it is new, and again at most once a minute.
#[derive(Debug)]
pub(crate) struct RateLimitedWarning {
    log: Log,
    /// What was warned of, and when.
    last: Vec<(String, Instant)>,
}

impl RateLimitedWarning {
    pub(crate) fn new(log: &Log) -> Self {
        Self { log: log.clone(), last: Vec::new() }
    }

    /// Logs a message about `subject`: warnings with the same subject are the same warning.
    pub(crate) fn log(&mut self, subject: &str, message: impl FnOnce() -> String) {
        let known = self.last.iter().position(|(known, _)| known == subject);
        let full = (self.last.len() >= MAX_SUBJECTS).then_some(MAX_SUBJECTS - 1);
        match known.or(full) {
            Some(index) if self.last[index].1.elapsed() <= Duration::from_secs(60) => return,
            Some(index) => self.last[index].1 = Instant::now(),
            None => self.last.push((subject.to_owned(), Instant::now())),
        }
        self.log.write(LogLevel::Warning, message);
    }
}
