//! What the crate has to say of itself: on stderr or into a file, never through `tracing`, which may lead back here.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// How much the crate says of its own work: each level says what those before it say too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// That nothing is recorded, and why.
    Error,
    /// What is lost: at most once a minute for each exporter.
    #[default]
    Warning,
    /// What was set up, and what was exported at the end.
    Info,
    /// Each batch.
    Debug,
}

impl FromStr for LogLevel {
    type Err = &'static str;

    /// `off`, `error`, `warning` (or `warn`), `info`, `debug`, in any case; the error says so.
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

/// Where it is said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    level: LogLevel,
    /// Stderr where there is none.
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

    pub(crate) fn say(&self, level: LogLevel, what: impl FnOnce() -> String) {
        if level > self.level {
            return;
        }
        // A log that cannot be written must not become the caller's concern; `eprintln!` would panic.
        let _ = match &self.file {
            None => writeln!(io::stderr(), "turnscope: {}", what()),
            Some(file) => {
                let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
                let name = format!("{level:?}").to_uppercase();
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.write_all(format!("{now} {name} turnscope: {}\n", what()).as_bytes())
            }
        };
    }
}

/// What goes wrong again and again, said once a minute.
#[derive(Debug)]
pub(crate) struct Complaint {
    log: Log,
    last: Option<Instant>,
}

impl Complaint {
    pub(crate) fn to(log: &Log) -> Self {
        Self { log: log.clone(), last: None }
    }

    pub(crate) fn say(&mut self, what: impl FnOnce() -> String) {
        if self.last.is_none_or(|at| at.elapsed() > Duration::from_secs(60)) {
            self.last = Some(Instant::now());
            self.log.say(LogLevel::Warning, what);
        }
    }
}
