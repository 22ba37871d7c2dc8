//! A Turnscope data directory as a place for spans.

use super::values;
use crate::SetupError;
use std::path::{Path, PathBuf};

/// A Turnscope data directory that spans are written into, without a server: feature `store`. Several processes may write into
/// the same one, in turns; where a server owns it, spans are sent to its OTLP port instead.
///
/// ```
/// use turnscope::DataDirectory;
///
/// let directory = DataDirectory { retention_days: 30.0, ..DataDirectory::of("traces/turnscope.db") };
/// assert_eq!(directory.path, std::path::Path::new("traces"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DataDirectory {
    /// The directory; it is made where it is not there.
    pub path: PathBuf,
    /// What ended longer ago is deleted, when the first spans are written and then hourly; in days, 0 keeps everything.
    pub retention_days: f64,
    /// The oldest is deleted until the rest fits into this many bytes; 0 is no limit.
    pub retention_max_bytes: u64,
}

impl DataDirectory {
    /// The directory of a database, which keeps everything.
    pub fn of(db_path: impl AsRef<Path>) -> Self {
        let parent = db_path.as_ref().parent().filter(|parent| !parent.as_os_str().is_empty());
        let path = parent.unwrap_or(Path::new(".")).to_owned();
        Self { path, retention_days: 0.0, retention_max_bytes: 0 }
    }

    pub(crate) fn check(&self) -> Result<(), SetupError> {
        if values::are_days(self.retention_days) {
            return Ok(());
        }
        Err(SetupError::invalid("TRACE_RETENTION_DAYS", &self.retention_days, values::DAYS))
    }
}
