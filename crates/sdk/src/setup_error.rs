//! Why a set-up fails, for all parts that are set up.

use std::{io, path::PathBuf};

/// Why the set-up failed. The previous set-up stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The trace file cannot be written.
    #[error("cannot open the trace file {path}: {source}")]
    TraceFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The log file cannot be written.
    #[error("cannot open the log file {path}: {source}")]
    LogFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The OTLP exporter cannot be built, because of its endpoint or another setting.
    #[error("cannot export to the OTLP endpoint: {0}")]
    Otlp(Box<dyn std::error::Error + Send + Sync>),
    /// A setting needs a feature of this crate that is off.
    #[error("{setting} needs the feature `{feature}` of the crate `turnscope`")]
    MissingFeature {
        /// The setting: a field, variable or endpoint.
        setting: String,
        /// The feature.
        feature: &'static str,
    },
    /// A setting has an invalid value.
    #[error("{name} is {value}; allowed: {allowed}")]
    Invalid {
        /// The setting: a field, key or variable.
        name: String,
        /// The value; `(set)` for a secret.
        value: String,
        /// The allowed values.
        allowed: String,
    },
    /// The data directory cannot be used.
    #[error("cannot use the data directory {path}: {source}")]
    Store {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The agent's file is not valid YAML.
    #[error("the agent's file is not valid YAML: {0}")]
    Yaml(String),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

impl SetupError {
    pub(crate) fn invalid(name: &str, value: &(impl ToString + ?Sized), allowed: impl Into<String>) -> Self {
        Self::Invalid { name: name.to_owned(), value: value.to_string(), allowed: allowed.into() }
    }
}

/// Fails if the feature that `setting` needs is off.
pub(crate) fn require(setting: &str, is_on: bool, feature: &'static str) -> Result<(), SetupError> {
    if is_on { Ok(()) } else { Err(SetupError::MissingFeature { setting: setting.to_owned(), feature }) }
}
