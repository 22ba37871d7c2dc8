//! A file of the user's that is read again when it changes. One that cannot be used changes nothing.

use crate::ServeError;
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::SystemTime,
};

/// The file and what it says, when it was last changed, and what is wrong with it.
pub(crate) struct UserFile<T> {
    path: PathBuf,
    read: fn(&Path) -> Result<T, ServeError>,
    content: RwLock<Arc<T>>,
    /// Said in the log when it cannot be used.
    refusal: &'static str,
    seen: Mutex<Option<SystemTime>>,
    wrong: Mutex<Option<String>>,
}

impl<T> UserFile<T> {
    /// Reads the file for the first time. An error when it is there and cannot be used.
    pub(crate) fn open(
        path: PathBuf,
        refusal: &'static str,
        read: fn(&Path) -> Result<T, ServeError>,
    ) -> Result<Self, ServeError> {
        let seen = Mutex::new(changed_at(&path));
        let content = RwLock::new(Arc::new(read(&path)?));
        Ok(Self { path, read, content, refusal, seen, wrong: Mutex::new(None) })
    }

    /// What it says, as far as it could be used last.
    pub(crate) fn content(&self) -> Arc<T> {
        Arc::clone(&self.content.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it, if it cannot be used.
    pub(crate) fn wrong(&self) -> Option<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads it again if it has changed; gives whether that was so, and it can be used.
    pub(crate) fn refresh(&self) -> bool {
        let now = changed_at(&self.path);
        if std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now) == now {
            return false;
        }
        let read = (self.read)(&self.path);
        let wrong = read.as_ref().err().map(|error| {
            tracing::error!(%error, "{}", self.refusal);
            error.to_string()
        });
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = wrong;
        let Ok(content) = read else { return false };
        *self.content.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(content);
        true
    }

    /// It counts as changed the next time, whatever its time says.
    pub(crate) fn forget(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The text of a file; `None` where there is none. `what` says in errors which file it is.
pub(crate) fn text_of(file: &Path, what: &str) -> Result<Option<String>, ServeError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ServeError::Config(format!("cannot read the {what} {}: {error}", file.display()))),
    }
}

fn changed_at(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|meta| meta.modified()).ok()
}
