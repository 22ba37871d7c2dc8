//! How a run can end other than with an answer. Each has a name for the trace and a code for scripts.

use crate::{ingest::IngestError, model::ModelError, policy::PolicyError, tools::ToolError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The model could not be asked.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The tools could not be had.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The policy could not be read or evaluated.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// What it is to know could not be ingested.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The model went on asking for tools.
    #[error("there is no answer after {0} turns")]
    TurnLimit(u32),
    /// The audit trail cannot be written: an agent that is to be audited does not run without.
    #[error(transparent)]
    Audit(#[from] turnscope_audit::AuditError),
    /// The runner does not speak as this provider does.
    #[error("the runner {runner} works with the provider {wanted}; the role names {found}")]
    Provider {
        /// The runner.
        runner: &'static str,
        /// What it works with.
        wanted: &'static str,
        /// What the role names.
        found: &'static str,
    },
}

impl AgentError {
    /// A short name: `error.type` in the trace.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Model(error) => error.kind(),
            Self::Tool(_) => "tool",
            Self::Policy(_) => "policy",
            Self::Ingest(error) => error.kind(),
            Self::TurnLimit(_) => "turn_limit",
            Self::Audit(_) => "audit",
            Self::Provider { .. } => "provider",
        }
    }

    /// The exit code of `turnscope-agents run`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Ingest(IngestError::Index { .. }) => 1,
            Self::Provider { .. }
            | Self::Policy(PolicyError::Read { .. })
            | Self::Ingest(IngestError::Documents { .. } | IngestError::Nothing) => 2,
            Self::Model(_) | Self::Ingest(IngestError::Model(_)) => 3,
            Self::Tool(_) => 4,
            Self::TurnLimit(_) => 5,
            Self::Policy(_) => 6,
            Self::Audit(_) => 7,
        }
    }
}
