//! How commands fail: an exit code for scripts, a message, and a hint.

use crate::render::terminal_style::harmless_lines;

/// The exit codes, which are part of the public interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Success, also if the reader of the output went away.
    Ok = 0,
    /// Any other failure.
    Failed = 1,
    /// Invalid arguments or settings.
    Usage = 2,
    /// No such run, several runs, or no store.
    NotFound = 3,
    /// The server cannot be reached.
    Unreachable = 4,
    /// The server requires a key.
    Unauthenticated = 5,
    /// Another process owns the data directory.
    Owned = 6,
    /// The audit trail does not verify.
    Tampered = 7,
}

/// Each code with its meaning, for the documentation.
pub(crate) const CODES: &[(Code, &str)] = &[
    (Code::Ok, "success, also if the reader of the output went away"),
    (Code::Failed, "any other failure"),
    (Code::Usage, "invalid arguments or settings"),
    (Code::NotFound, "no such run or session, an ambiguous name, or no store"),
    (Code::Unreachable, "cannot reach the server"),
    (Code::Unauthenticated, "the server requires a key"),
    (Code::Owned, "another process owns the data directory"),
    (Code::Tampered, "the audit trail does not verify: records were changed, removed or inserted"),
];

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    message: String,
    /// The place in what was given that is wrong, as lines for a terminal.
    place: Option<String>,
    hint: Option<String>,
    /// The runs that an ambiguous name could refer to.
    pub(crate) candidates: Vec<String>,
}

/// The result of every command.
pub(crate) type Outcome = Result<(), Failure>;

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), place: None, hint: None, candidates: Vec::new() }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Code::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Prefixes the message with what it is about.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Says what it was about.
    pub(crate) fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Whether it says what to do.
    pub(crate) fn has_hint(&self) -> bool {
        self.hint.is_some()
    }

    /// Shows the place that is wrong.
    pub(crate) fn pointing(mut self, place: String) -> Self {
        self.place = Some(place);
        self
    }

    /// Sets a hint for the next step.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Servers and files may have written parts of all of them.
        write!(f, "turnscope: {}", harmless_lines(&self.message, false))?;
        if let Some(place) = &self.place {
            write!(f, "\n{}", harmless_lines(place, false))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  {}", harmless_lines(hint, false)),
            None => Ok(()),
        }
    }
}

impl From<std::io::Error> for Failure {
    /// Errors of reading files are converted where the file is known, so this one comes from writing the
    /// output.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::new(Code::Ok, "")
        } else {
            Self::failed(format!("cannot write the output: {error}"))
        }
    }
}

impl From<turnscope_store::StoreError> for Failure {
    fn from(error: turnscope_store::StoreError) -> Self {
        match &error {
            turnscope_store::StoreError::Owned(_) => Self::new(Code::Owned, error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<turnscope_audit::AuditError> for Failure {
    fn from(error: turnscope_audit::AuditError) -> Self {
        use turnscope_audit::AuditError::{BadHead, BadKey, NoTrail, WrongKey};
        let code = match &error {
            NoTrail(_) => Code::NotFound,
            BadKey(_) | BadHead(_) | WrongKey => Code::Usage,
            _ => Code::Failed,
        };
        let failure = Self::new(code, error.to_string());
        match error {
            NoTrail(_) => failure.hint(
                "agents write an audit trail, and so does `turnscope serve --audit received` for what it receives",
            ),
            WrongKey => failure.hint("set TURNSCOPE_AUDIT_KEY to the right key, or restore audit.key"),
            _ => failure,
        }
    }
}

impl From<turnscope_server::ServeError> for Failure {
    fn from(error: turnscope_server::ServeError) -> Self {
        match error {
            turnscope_server::ServeError::Store(error) => error.into(),
            turnscope_server::ServeError::Audit(error) => error.into(),
            other => Self::failed(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnscope_server::ServeError;

    #[test]
    fn a_server_whose_store_failed_ends_with_an_error_and_the_reason() {
        let failure = Failure::from(ServeError::StoreFailed("the store's writer has ended: a bug".into()));
        assert_eq!(failure.code, Code::Failed);
        assert!(failure.to_string().contains("a bug"), "{failure}");
    }
}
