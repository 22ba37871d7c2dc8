//! An agent that is ready, and one run of it: what stands around the turns, in the trace and in the audit trail.

use crate::{
    AgentError, Human, Role, Runner,
    around::Around,
    ingest::Documents,
    job::Job,
    model::Client,
    policy::Gate,
    tools::{McpCommand, Toolbox},
    trail::{Log, ids, now_ms},
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use turnscope::Redaction;
use turnscope_audit::{Entry, Trail};

/// What an agent is given beside its role.
pub struct Options {
    /// Starts the bundled MCP server.
    pub bundled: McpCommand,
    /// The audit trail; nothing is kept without one.
    pub trail: Option<Trail>,
    /// The documents that `search_docs` answers from, where the role has any.
    pub documents: Option<Documents>,
    /// Who is asked where the policy wants a human.
    pub human: Arc<dyn Human>,
    /// How long a tool may take.
    pub tool_timeout: Duration,
}

/// An agent that is ready: its model, its tools, its policy.
pub struct Agent {
    pub(crate) role: Role,
    pub(crate) runner: Runner,
    pub(crate) client: Client,
    pub(crate) tools: Toolbox,
    pub(crate) gate: Option<Gate>,
    pub(crate) log: Log,
    pub(crate) human: Arc<dyn Human>,
    pub(crate) redaction: Redaction,
}

/// What an agent is asked, and by whom.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The task.
    pub prompt: String,
    /// What started it: `cli`, `api`, `delegation`, `queue`.
    #[serde(default = "api")]
    pub trigger: String,
    /// The session, if the application has one.
    pub session: Option<String>,
    /// For whom, if that is known.
    pub user: Option<String>,
    /// The token of the agent that delegated.
    pub parent_token: Option<String>,
    /// How many agents delegated to one another before.
    #[serde(default)]
    pub depth: u32,
}

fn api() -> String {
    "api".to_owned()
}

/// What it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The answer.
    pub text: String,
    /// Input tokens of all its calls; those of sub-agents are theirs.
    pub input_tokens: u64,
    /// Output tokens of all its calls; those of sub-agents are theirs.
    pub output_tokens: u64,
    /// The turns that it took.
    pub turns: u32,
    /// The tools that it called, in their order; those of sub-agents are theirs.
    pub tools: Vec<ToolUse>,
}

/// One call of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUse {
    /// The tool.
    pub name: String,
    /// Whether it failed, or was not let through.
    pub failed: bool,
    /// Whether it was not let through.
    pub refused: bool,
}

impl Agent {
    /// Makes an agent ready: its tools are started, its policy is read.
    ///
    /// # Errors
    /// When the model has no key, a tool cannot be started, or the policy cannot be read.
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
            log: Log::new(options.trail),
            human: options.human,
            redaction: Redaction::default(),
        })
    }

    /// Runs it once, below the step that is current here.
    ///
    /// # Errors
    /// When there is no answer. The trace and the audit trail say so too.
    pub async fn run(&self, asked: &Asked) -> Result<Answered, AgentError> {
        let started_at = now_ms();
        let around = Around::begin(self, asked)?;
        let run = around.inner().run(self.role.name.clone());
        let model = self.client.model();
        run.runner(self.runner.as_str());
        run.set("gen_ai.request.model", model.name.clone());
        run.set("gen_ai.provider.name", model.provider.as_str())
            .set("gen_ai.system", model.provider.as_str());
        run.set("turnscope.trigger", asked.trigger.clone());
        if let Some(session) = &asked.session {
            run.session(session.clone());
        }
        if let Some(user) = &asked.user {
            run.user(user.clone());
        }
        if let Some(role) = self.gate.as_ref().and_then(|gate| gate.user_role.clone()) {
            run.user_role(role);
        }
        run.input(&asked.prompt);
        let root = around.outermost().map_or_else(|| ids(&run), ids);
        let job = Job::new(self, &run, asked, around.token.clone(), root);
        let outcome = match job.may_start(around.inner()) {
            Ok(()) => run.around(self.runner.work(&job)).await,
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
        around.end(totals, started_at, outcome.as_ref().err());
        let tools = job.used();
        run.end();
        let text = outcome?;
        recorded?;
        Ok(Answered {
            text,
            input_tokens: totals.input,
            output_tokens: totals.output,
            turns: totals.turns,
            tools,
        })
    }

    /// Stops its tools.
    pub async fn close(self) {
        self.tools.close().await;
    }
}
