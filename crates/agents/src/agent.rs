//! An agent that is ready to run. Not here: a run of it (`run`).

use crate::{
    AgentError, Approver, Role, Runner,
    ingest::Documents,
    model::Client,
    policy::Gate,
    role::Provider,
    tools::{McpCommand, Toolbox},
    trail::AuditLog,
};
use std::{sync::Arc, time::Duration};
use turnscope::Redaction;
use turnscope_audit::Trail;

/// An agent's settings that do not come from its role.
pub struct Options {
    /// The command that starts the bundled MCP server.
    pub bundled: McpCommand,
    /// The audit trail. Without one, no records are written.
    pub trail: Option<Trail>,
    /// The documents for `search_docs`, if the role has any.
    pub documents: Option<Documents>,
    /// Approves or rejects calls for which the policy requires a human.
    pub human: Arc<dyn Approver>,
    /// Time limit for one tool call.
    pub tool_timeout: Duration,
}

/// An agent that is ready to run: its model, tools and policy.
pub struct Agent {
    pub(crate) role: Role,
    pub(crate) runner: Runner,
    pub(crate) client: Client,
    pub(crate) tools: Toolbox,
    pub(crate) gate: Option<Gate>,
    pub(crate) log: AuditLog,
    pub(crate) human: Arc<dyn Approver>,
    pub(crate) redaction: Redaction,
}

impl Agent {
    /// Opens an agent: starts its tools and reads its policy.
    ///
    /// # Errors
    /// When the provider does not fit the runner, a tool cannot be started, or the policy cannot be read.
    pub async fn open(
        role: Role,
        runner: Runner,
        client: Client,
        options: Options,
    ) -> Result<Self, AgentError> {
        check(runner, role.model.provider)?;
        let gate = role.policy.as_ref().map(Gate::open).transpose()?;
        let tools =
            Toolbox::open(&role.tools, options.documents, &options.bundled, options.tool_timeout).await?;
        Ok(Self {
            role,
            runner,
            client,
            tools,
            gate,
            log: AuditLog::new(options.trail),
            human: options.human,
            redaction: Redaction::default(),
        })
    }

    /// Stops the tools.
    pub async fn close(self) {
        self.tools.close().await;
    }
}

/// Fails if the runner does not support the provider.
fn check(runner: Runner, found: Provider) -> Result<(), AgentError> {
    let wanted = match runner {
        Runner::ClaudeAgent => Provider::Anthropic,
        Runner::OpenAiAgent => Provider::OpenAi,
        Runner::PlanExecute | Runner::DeepAgent => found,
    };
    if wanted == found {
        return Ok(());
    }
    Err(AgentError::Provider { runner: runner.as_str(), wanted: wanted.as_str(), found: found.as_str() })
}
