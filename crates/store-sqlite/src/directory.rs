//! Notices when the store's file no longer has its name: what is written to it then is lost at the end of the process.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a look at the directory is good for.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// Compares the file under the store's name with the one that was opened.
#[derive(Debug)]
pub(crate) struct DirectoryWatch {
    path: PathBuf,
    opened: Option<FileId>,
    last: Mutex<(Instant, Option<String>)>,
}

/// Device and inode, where the system has them.
type FileId = (u64, u64);

impl DirectoryWatch {
    /// Watches a file that has just been opened.
    pub(crate) fn new(path: &Path) -> Self {
        let opened = file_id(path);
        Self { path: path.to_owned(), opened, last: Mutex::new((Instant::now(), None)) }
    }

    /// Why the file is not the one that was opened; `None` while it is. It is looked at once a second at most.
    pub(crate) fn moved(&self) -> Option<String> {
        let opened = self.opened?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0.elapsed() >= GOOD_FOR {
            let reason = match file_id(&self.path) {
                Some(now) if now == opened => None,
                Some(_) => Some("was replaced"),
                None => Some("was moved or deleted"),
            };
            let said = reason.map(|reason| {
                format!(
                    "{} {reason} while it was open: nothing is stored until it is back, or the server is started again",
                    self.path.display()
                )
            });
            if said != last.1 {
                if let Some(said) = &said {
                    tracing::error!("{said}");
                } else {
                    tracing::info!("{} is back", self.path.display());
                }
            }
            *last = (Instant::now(), said);
        }
        last.1.clone()
    }
}

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Elsewhere an open file cannot be moved or deleted.
#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}
