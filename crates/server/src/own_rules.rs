//! The user's own rules for dialects: their file, which is read again when it changes.

use crate::ServeError;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};
use turnscope_otlp::own_rules::{self, RuleError, RuleFile};

/// The name of the user's rule file in the data directory.
pub(crate) const FILE: &str = "dialects.toml";

/// The user's rule file. What it says is in force in this process (`turnscope_otlp::own_rules`).
pub(crate) struct OwnRules {
    file: PathBuf,
    seen: Mutex<Option<SystemTime>>,
    wrong: Mutex<Option<String>>,
}

impl OwnRules {
    /// Reads the user's file, if there is one, and puts its rules in force.
    pub(crate) fn open(file: PathBuf) -> Result<Self, ServeError> {
        let seen = changed_at(&file);
        if seen.is_some() {
            own_rules::set(Some(Arc::new(read(&file)?)));
        }
        Ok(Self { file, seen: Mutex::new(seen), wrong: Mutex::new(None) })
    }

    /// The path of the user's file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// What is wrong with the user's file, if it cannot be used. The previous rules stay in force.
    pub(crate) fn wrong(&self) -> Option<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the user's file again if it has changed.
    pub(crate) fn refresh(&self) {
        let now = changed_at(&self.file);
        if std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now) == now {
            return;
        }
        let wrong = match now.map(|_| read(&self.file)).transpose() {
            Ok(rules) => {
                own_rules::set(rules.map(Arc::new));
                None
            }
            Err(error) => {
                tracing::error!(%error, "the file of your own rules cannot be used; the previous ones stay in force");
                Some(error.to_string())
            }
        };
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = wrong;
    }

    /// Writes the user's file, whole or not at all, and puts its rules in force.
    pub(crate) fn write(&self, text: &str) -> Result<(), WriteError> {
        RuleFile::parse(text)?;
        let directory = self.file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut written = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
        written.write_all(text.as_bytes())?;
        written.as_file().sync_all()?;
        written.persist(&self.file).map_err(|error| error.error)?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.refresh();
        Ok(())
    }
}

/// Why rules were not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// They are wrong.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// The file cannot be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

fn changed_at(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|meta| meta.modified()).ok()
}

fn read(file: &Path) -> Result<RuleFile, ServeError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        ServeError::Config(format!("cannot read the rule file {}: {error}", file.display()))
    })?;
    RuleFile::parse(&text)
        .map_err(|error| ServeError::Config(format!("the rule file {}, {error}", file.display())))
}
