//! An agent that is ready to run, and one run of it with its trace and audit records.

use crate::{
    AgentError, Approver, Role, Runner,
    enclosing_spans::EnclosingSpans,
    ingest::Documents,
    job::Job,
    model::Client,
    policy::Gate,
    tools::{McpCommand, Toolbox},
    trail::{AuditLog, ids, now_ms},
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use turnscope::Redaction;
use turnscope_audit::{Entry, Trail};

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

/// A request to run an agent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The task.
    pub prompt: String,
    /// What triggered the run: `cli`, `api`, `delegation` or `queue`.
    #[serde(default = "api")]
    pub trigger: String,
    /// The session, if the application has one.
    pub session: Option<String>,
    /// The user on whose behalf the agent runs, if known.
    pub user: Option<String>,
    /// The run token of the delegating agent.
    pub parent_token: Option<String>,
    /// The number of delegations above this run.
    #[serde(default)]
    pub depth: u32,
}

fn api() -> String {
    "api".to_owned()
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunResult {
    /// The answer.
    pub text: String,
    /// Input tokens of all its model calls, without those of sub-agents.
    pub input_tokens: u64,
    /// Output tokens of all its model calls, without those of sub-agents.
    pub output_tokens: u64,
    /// The number of turns.
    pub turns: u32,
    /// The tool calls in order, without those of sub-agents.
    pub tools: Vec<ToolUse>,
}

/// One tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUse {
    /// The tool.
    pub name: String,
    /// Whether the call failed, or was refused by the policy.
    pub failed: bool,
    /// Whether the policy refused the call.
    pub refused: bool,
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
        runner.check(role.model.provider)?;
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

    /// Runs the agent once, as a child of the current step.
    ///
    /// # Errors
    /// When the run fails. The trace and the audit trail record the error too.
    pub async fn run(&self, request: &RunRequest) -> Result<RunResult, AgentError> {
        let started_at = now_ms();
        let enclosing = EnclosingSpans::begin(self, request)?;
        let run = enclosing.inner().run(self.role.name.clone());
        let model = self.client.model();
        run.runner(self.runner.as_str());
        run.set("gen_ai.request.model", model.name.clone());
        run.set("gen_ai.provider.name", model.provider.as_str())
            .set("gen_ai.system", model.provider.as_str());
        run.set("turnscope.trigger", request.trigger.clone());
        if let Some(session) = &request.session {
            run.session(session.clone());
        }
        if let Some(user) = &request.user {
            run.user(user.clone());
        }
        if let Some(role) = self.gate.as_ref().and_then(|gate| gate.user_role.clone()) {
            run.user_role(role);
        }
        run.input(&request.prompt);
        let root = enclosing.outermost().map_or_else(|| ids(&run), ids);
        let job = Job::new(self, &run, request, enclosing.token.clone(), root);
        let outcome = match job.may_start(enclosing.inner()) {
            Ok(()) => run.scope(self.runner.work(&job)).await,
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(text) => {
                run.final_answer(text);
            }
            Err(error) => {
                run.fail(error.kind(), error.to_string());
            }
        }
        let totals = job.totals();
        let recorded = self.log.append(&Entry::Run(job.entry(started_at, outcome.as_ref(), totals)));
        enclosing.end(totals, started_at, outcome.as_ref().err());
        let tools = job.tool_uses();
        run.end();
        let text = outcome?;
        recorded?;
        Ok(RunResult {
            text,
            input_tokens: totals.input,
            output_tokens: totals.output,
            turns: totals.turns,
            tools,
        })
    }

    /// Stops the tools.
    pub async fn close(self) {
        self.tools.close().await;
    }
}
