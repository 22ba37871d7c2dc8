//! The user's own rules for dialects: their file, which is read again when it changes.

use crate::{
    ServeError,
    user_file::{UserFile, text_of},
};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use turnscope_otlp::own_rules::{self, RuleError, RuleFile};

/// The name of the user's rule file in the data directory.
pub(crate) const FILE: &str = "dialects.toml";

/// The user's rule file. What it says is in force in this process (`turnscope_otlp::own_rules`).
pub(crate) struct OwnRules(UserFile<Option<Arc<RuleFile>>>);

impl OwnRules {
    /// Reads the user's file, if there is one, and puts its rules in force.
    pub(crate) fn open(file: PathBuf) -> Result<Self, ServeError> {
        let refusal = "the file of your own rules cannot be used; the previous ones stay in force";
        let file = UserFile::open(file, refusal, read)?;
        if let Some(rules) = &*file.content() {
            own_rules::set(Some(Arc::clone(rules)));
        }
        Ok(Self(file))
    }

    /// The path of the user's file.
    pub(crate) fn file(&self) -> &Path {
        self.0.path()
    }

    /// What is wrong with the user's file, if it cannot be used. The previous rules stay in force.
    pub(crate) fn wrong(&self) -> Option<String> {
        self.0.wrong()
    }

    /// Reads the user's file again if it has changed.
    pub(crate) fn refresh(&self) {
        if self.0.refresh() {
            own_rules::set(self.0.content().as_ref().clone());
        }
    }

    /// Writes the user's file, whole or not at all, and puts its rules in force.
    pub(crate) fn write(&self, text: &str) -> Result<(), WriteError> {
        RuleFile::parse(text)?;
        let directory = self.file().parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut written = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
        written.write_all(text.as_bytes())?;
        written.as_file().sync_all()?;
        written.persist(self.file()).map_err(|error| error.error)?;
        self.0.forget();
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

/// The rules in the file; `None` where there is no file.
fn read(file: &Path) -> Result<Option<Arc<RuleFile>>, ServeError> {
    let Some(text) = text_of(file, "rule file")? else { return Ok(None) };
    let rules = RuleFile::parse(&text)
        .map_err(|error| ServeError::Config(format!("the rule file {}, {error}", file.display())))?;
    Ok(Some(Arc::new(rules)))
}
