//! How a run can fail. Each error has a name for the trace and an exit code for scripts.

use crate::{ingest::IngestError, model::ModelError, policy::PolicyError, tools::ToolError};

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// A model call failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A tool could not be started.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The policy could not be read or evaluated, or does not allow the run.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The documents could not be ingested.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The run was given up before it was done: by Ctrl-C, SIGTERM, or because its client has gone.
    #[error("cancelled before it was done")]
    Cancelled,
    /// The model kept asking for tools.
    #[error("no answer after {0} turns")]
    TurnLimit(u32),
    /// The audit trail cannot be written. An agent with an audit trail does not run without it.
    #[error(transparent)]
    Audit(#[from] turnscope_audit::AuditError),
    /// The runner does not support the provider.
    #[error("the runner {runner} requires the provider {wanted}, but the role uses {found}")]
    Provider {
        /// The runner.
        runner: &'static str,
        /// The provider it requires.
        wanted: &'static str,
        /// The role's provider.
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
            Self::Cancelled => "cancelled",
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
            Self::Cancelled => 130, // as a shell reports Ctrl-C
        }
    }
}
