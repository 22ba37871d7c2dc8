//! A file of the user's that is read again when it changes. One that cannot be used changes nothing.

use crate::ServeError;
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

/// The file, when it was last changed, and what is wrong with it.
pub(crate) struct UserFile {
    path: PathBuf,
    /// Said in the log when it cannot be used.
    refusal: &'static str,
    seen: Mutex<Option<SystemTime>>,
    wrong: Mutex<Option<String>>,
}

impl UserFile {
    /// Reads the file for the first time. An error when it is there and cannot be used.
    pub(crate) fn open<T>(
        path: PathBuf,
        refusal: &'static str,
        read: impl FnOnce(&Path) -> Result<T, ServeError>,
    ) -> Result<(Self, T), ServeError> {
        let seen = Mutex::new(changed_at(&path));
        let content = read(&path)?;
        Ok((Self { path, refusal, seen, wrong: Mutex::new(None) }, content))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it, if it cannot be used.
    pub(crate) fn wrong(&self) -> Option<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it says now, if it has changed and can be used.
    pub(crate) fn read_again<T>(&self, read: impl FnOnce(&Path) -> Result<T, ServeError>) -> Option<T> {
        let now = changed_at(&self.path);
        if std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now) == now {
            return None;
        }
        let (content, wrong) = match read(&self.path) {
            Ok(content) => (Some(content), None),
            Err(error) => {
                tracing::error!(%error, "{}", self.refusal);
                (None, Some(error.to_string()))
            }
        };
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = wrong;
        content
    }

    /// It counts as changed the next time, whatever its time says.
    pub(crate) fn forget(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn changed_at(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|meta| meta.modified()).ok()
}
