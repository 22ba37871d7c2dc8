//! How commands fail: a code for scripts, a message for people, and the next step.

/// The exit codes. They are part of the public interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Done; also when the reader of our output went away.
    Ok = 0,
    /// It failed.
    Failed = 1,
    /// What was typed or configured makes no sense.
    Usage = 2,
    /// There is no such run, or there are several, or there is no store.
    NotFound = 3,
    /// The server cannot be reached.
    Unreachable = 4,
    /// The server wants a key.
    Unauthenticated = 5,
    /// The data directory belongs to another process.
    Owned = 6,
    /// The audit trail does not verify.
    Tampered = 7,
}

/// Each code with its meaning, for the documentation.
pub(crate) const CODES: &[(Code, &str)] = &[
    (Code::Ok, "done; also when the reader of the output went away"),
    (Code::Failed, "it failed"),
    (Code::Usage, "what was typed or configured makes no sense"),
    (Code::NotFound, "there is no such run or session, the name means several, or there is no store"),
    (Code::Unreachable, "the server cannot be reached"),
    (Code::Unauthenticated, "the server wants a key"),
    (Code::Owned, "the data directory belongs to another process"),
    (Code::Tampered, "the audit trail does not verify: records were changed, removed or put in"),
];

/// Why a command ended without success.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    message: String,
    hint: Option<String>,
    /// The runs that an ambiguous name could mean.
    pub(crate) candidates: Vec<String>,
}

/// What every command returns.
pub(crate) type Outcome = Result<(), Failure>;

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, candidates: Vec::new() }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Code::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// What went wrong, without what to do.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Says what it was about.
    pub(crate) fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Says the next step.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "turnscope: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

impl From<std::io::Error> for Failure {
    /// Errors of reading files are given words where the file is known; what comes here is our own output.
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
                "agents write one beside their traces, and `turnscope serve --audit received` keeps one of what it receives",
            ),
            WrongKey => failure.hint("give the right one in TURNSCOPE_AUDIT_KEY, or put audit.key back"),
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
