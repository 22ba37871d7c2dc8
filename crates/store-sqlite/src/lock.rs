//! A data directory has one owner: whoever holds the lock file.

use crate::error::StoreError;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// How often, and how far apart, a lock that is held is tried again: a fifth of a second in all.
const PATIENCE: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// Held for as long as the process owns the directory.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

/// Who owns a data directory, as the lock file says: JSON with `pid` and the addresses.
pub fn owner(directory: &Path) -> Option<String> {
    let mut text = String::new();
    let mut file = File::open(directory.join("lock")).ok()?;
    if file.try_lock_shared().is_ok() {
        return None; // nobody holds it
    }
    file.read_to_string(&mut text).ok()?;
    Some(text)
}

impl Lock {
    pub(crate) fn take(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join("lock");
        let io = |source| StoreError::Io { path: path.display().to_string(), source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        if !lock_soon(&file).map_err(io)? {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            return Err(StoreError::Owned(format!(
                "the data directory {} belongs to another turnscope ({}); send to its OTLP port, stop it, or choose another --data",
                directory.display(),
                text.trim()
            )));
        }
        let mut lock = Self { file, path };
        lock.write(&format!("{{\"pid\":{}}}", std::process::id()))?;
        Ok(lock)
    }

    /// Replaces what the file says of its owner.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), StoreError> {
        let io = |source| StoreError::Io { path: self.path.display().to_string(), source };
        self.file.set_len(0).map_err(io)?;
        self.file.rewind().map_err(io)?;
        self.file.write_all(text.as_bytes()).map_err(io)?;
        self.file.flush().map_err(io)
    }
}

/// Whether the lock could be taken. Who only asks for the owner ([`owner`]) holds it for a moment, and so does a process
/// that another thread is about to start: neither owns the directory.
fn lock_soon(file: &File) -> std::io::Result<bool> {
    for _ in 0..PATIENCE {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(source)) => return Err(source),
        }
    }
    Ok(false)
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}
