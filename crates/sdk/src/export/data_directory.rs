//! Settings of the exporter into a Turnscope data directory.

use crate::SetupError;
use std::path::{Path, PathBuf};

/// A Turnscope data directory to write spans to without a server (feature `store`). Several processes may
/// write to the same directory and take turns. If a server owns it, spans are sent to that server's OTLP port
/// instead.
///
/// ```
/// use turnscope::DataDirectory;
///
/// let directory = DataDirectory { retention_days: 30.0, ..DataDirectory::of("traces/turnscope.db") };
/// assert_eq!(directory.path, std::path::Path::new("traces"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DataDirectory {
    /// The directory; created if it does not exist.
    pub path: PathBuf,
    /// Deletes traces that ended more than this many days ago, on the first write and then hourly. 0 keeps
    /// everything.
    pub retention_days: f64,
    /// Deletes the oldest traces until the rest fits into this many bytes. 0 means no limit.
    pub retention_max_bytes: u64,
}

impl DataDirectory {
    /// The directory that contains the database `db_path`. Keeps everything.
    pub fn of(db_path: impl AsRef<Path>) -> Self {
        let parent = db_path.as_ref().parent().filter(|parent| !parent.as_os_str().is_empty());
        let path = parent.unwrap_or(Path::new(".")).to_owned();
        Self { path, retention_days: 0.0, retention_max_bytes: 0 }
    }

    pub(crate) fn check(&self) -> Result<(), SetupError> {
        if are_days(self.retention_days) {
            return Ok(());
        }
        Err(SetupError::invalid("TRACE_RETENTION_DAYS", &self.retention_days, DAYS))
    }
}

/// Whether this is a number of days to keep traces for.
pub(crate) fn are_days(days: f64) -> bool {
    (0.0..1e6).contains(&days)
}

/// What is allowed as one.
pub(crate) const DAYS: &str = "a number of days, such as 30 or 0.5; 0 keeps everything";
