//! An agent that is ready, and one run of it: what stands around the turns, in the trace and in the audit trail.

use crate::{
    AgentError, Human, Role, Runner,
    messages::{Call, CallResult},
    model::{Answer, Client},
    policy::{Gate, Matter, PolicyError, hex},
    role::Names,
    tools::{McpCommand, Toolbox},
    trail::{Log, ids, now_ms},
};
use serde_json::Value as Json;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use turnscope::{CustomStep, Redaction, Run, Step, Verdict};
use turnscope_audit::{Entry, RunEntry, Trail};

/// What an agent is given beside its role.
pub struct Options {
    /// Starts the bundled MCP server.
    pub bundled: McpCommand,
    /// The audit trail; nothing is kept without one.
    pub trail: Option<Trail>,
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
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The task.
    pub prompt: String,
    /// What started it: `cli`, `api`, `delegation`.
    pub trigger: String,
    /// The session, if the application has one.
    pub session: Option<String>,
    /// For whom, if that is known.
    pub user: Option<String>,
    /// The token of the agent that delegated.
    pub parent_token: Option<String>,
    /// How many agents delegated to one another before.
    pub depth: u32,
}

/// What it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The answer.
    pub text: String,
    /// Input tokens of all its calls.
    pub input_tokens: u64,
    /// Output tokens of all its calls.
    pub output_tokens: u64,
    /// The turns that it took.
    pub turns: u32,
}

/// Agents that delegate to one another further than this run in a circle.
const DEEPEST: u32 = 8;

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
        let tools = Toolbox::open(&role.tools, &options.bundled, options.tool_timeout).await?;
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
        let job = Job {
            agent: self,
            run: &run,
            asked,
            token: around.token.clone(),
            root,
            totals: Mutex::default(),
        };
        let outcome = match job.may_start(&around) {
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
        run.end();
        let text = outcome?;
        recorded?;
        Ok(Answered { text, input_tokens: totals.input, output_tokens: totals.output, turns: totals.turns })
    }

    /// Stops its tools.
    pub async fn close(self) {
        self.tools.close().await;
    }
}

/// The spans around a run that other tools' users search for.
struct Around {
    place: Step,
    shell: Option<CustomStep>,
    session: Option<CustomStep>,
    token: String,
}

impl Around {
    fn begin(agent: &Agent, asked: &Asked) -> Result<Self, AgentError> {
        let place = turnscope::current();
        let token = random_id();
        if asked.depth > DEEPEST {
            let why = format!("{} agents have delegated to one another", asked.depth);
            return Err(PolicyError::Start(why).into());
        }
        let shell = (agent.role.names == Names::InitRunner).then(|| place.custom("initrunner.agent.run"));
        if let Some(shell) = &shell {
            shell
                .set("initrunner.run_id", token.clone())
                .set("initrunner.agent_name", agent.role.name.clone());
            shell.set("initrunner.trigger_type", asked.trigger.clone());
        }
        let below = shell.as_deref().unwrap_or(&place);
        let session = agent.gate.as_ref().map(|gate| {
            let session = below.custom("agent_session");
            if let Some(id) = &asked.session {
                session.set("kitelogik.session_id", id.clone());
            }
            if let Some(role) = &gate.user_role {
                session.set("kitelogik.user_role", role.clone());
            }
            if let Some(parent) = &asked.parent_token {
                session.set("kitelogik.parent_token_id", parent.clone());
            }
            session.set("kitelogik.token_id", token.clone());
            session.set("kitelogik.delegation_depth", i64::from(asked.depth));
            session
        });
        Ok(Self { place, shell, session, token })
    }

    fn inner(&self) -> &Step {
        self.session.as_deref().or(self.shell.as_deref()).unwrap_or(&self.place)
    }

    fn outermost(&self) -> Option<&Step> {
        self.shell.as_deref().or(self.session.as_deref())
    }

    fn end(self, totals: Totals, started_at: i64, error: Option<&AgentError>) {
        if let Some(session) = &self.session {
            session.set("kitelogik.iteration", i64::from(totals.turns));
        }
        if let Some(shell) = &self.shell {
            let tokens = i64::try_from(totals.input + totals.output).unwrap_or(i64::MAX);
            shell.set("initrunner.tokens_total", tokens);
            shell.set("initrunner.duration_ms", now_ms().saturating_sub(started_at));
            shell.set("initrunner.success", error.is_none());
        }
        if let Some(error) = error {
            for step in self.shell.iter().chain(&self.session) {
                step.fail(error.kind(), error.to_string());
            }
        }
    }
}

/// What a run used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) turns: u32,
}

/// One run, while it goes on.
pub(crate) struct Job<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) run: &'a Run,
    pub(crate) asked: &'a Asked,
    pub(crate) token: String,
    /// Trace and span of what the run will be known by.
    pub(crate) root: Option<(String, String)>,
    totals: Mutex<Totals>,
}

impl<'a> Job<'a> {
    /// The same run's work for a sub-agent, which is a run of its own.
    pub(crate) fn below(&self, run: &'a Run) -> Job<'a> {
        Job {
            agent: self.agent,
            run,
            asked: self.asked,
            token: self.token.clone(),
            root: ids(run),
            totals: Mutex::default(),
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a turn and counts it.
    pub(crate) fn turn(&self) -> turnscope::Turn {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner).turns += 1;
        self.run.turn()
    }

    /// Counts what a call used; the turn repeats it.
    pub(crate) fn count(&self, turn: &Step, answer: &Answer) {
        let (input, output) = (answer.usage.input, answer.usage.output);
        let set = |key: &'static str, tokens: Option<u64>| {
            if let Some(tokens) = tokens.and_then(|tokens| i64::try_from(tokens).ok()) {
                turn.set(key, tokens);
            }
        };
        set("gen_ai.usage.input_tokens", input);
        set("gen_ai.usage.output_tokens", output);
        self.add(Totals { input: input.unwrap_or(0), output: output.unwrap_or(0), turns: 0 });
    }

    pub(crate) fn add(&self, more: Totals) {
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.input += more.input;
        totals.output += more.output;
    }

    /// Asks the policy whether the agent may start at all.
    fn may_start(&self, around: &Around) -> Result<(), AgentError> {
        let Some(gate) = &self.agent.gate else { return Ok(()) };
        let step = around.inner().custom("policy_gate.evaluate_event");
        step.set("kitelogik.event_type", "agent_start");
        let judgement = gate.judge(Matter {
            event_type: "agent_start",
            tool: "",
            action: "start",
            arguments: &Json::Null,
            session: self.asked.session.as_deref(),
            agent: &self.agent.role.name,
        })?;
        self.describe(&step, gate);
        step.set("kitelogik.policy.allow", judgement.verdict == Verdict::Allow);
        step.set("kitelogik.policy.deny", judgement.verdict == Verdict::Deny);
        step.set("kitelogik.policy.requires_hitl", judgement.verdict == Verdict::Hitl);
        step.set("kitelogik.policy.reason", judgement.reason.clone());
        if let Some(tier) = &judgement.risk_tier {
            step.set("kitelogik.policy.risk_tier", tier.clone());
        }
        self.keep(&step, gate, ("", "start"), &judgement, None)?;
        match judgement.verdict {
            Verdict::Allow => Ok(()),
            Verdict::Deny | Verdict::Hitl => Err(PolicyError::Start(judgement.reason).into()),
        }
    }

    /// What every span of the gate says of the run.
    pub(crate) fn describe(&self, step: &Step, gate: &Gate) {
        if let Some(session) = &self.asked.session {
            step.set("kitelogik.session_id", session.clone());
        }
        if let Some(role) = &gate.user_role {
            step.set("kitelogik.user_role", role.clone());
        }
    }

    /// Calls a tool that the model asked for. Whatever goes wrong with the tool is told to the model.
    pub(crate) async fn call(&self, turn: &Step, call: &Call) -> Result<CallResult, AgentError> {
        let span = turn.tool(call.name.clone());
        span.call_id(call.id.clone()).arguments(&call.arguments);
        let failed = |kind: &'static str, text: String| {
            span.fail(kind, text.clone());
            Ok(CallResult { id: call.id.clone(), text, failed: true })
        };
        let Some(tool) = self.agent.tools.find(&call.name) else {
            let names: Vec<String> =
                self.agent.tools.definitions().into_iter().map(|tool| tool.name).collect();
            return failed(
                "unknown_tool",
                format!("there is no tool {}; there are: {}", call.name, names.join(", ")),
            );
        };
        span.server(tool.server.clone());
        let Some(arguments) = call.arguments.as_object() else {
            return failed("invalid_arguments", format!("the arguments of {} are no JSON object", call.name));
        };
        let called = match &self.agent.gate {
            None => self.agent.tools.call(tool, arguments, &span, self).await,
            Some(gate) => match self.pass(gate, &span, call).await? {
                Err(reason) => {
                    return failed("policy_denied", format!("{} was not allowed: {reason}", call.name));
                }
                Ok(adapter) => {
                    let called = self.agent.tools.call(tool, arguments, &adapter, self).await;
                    called.map(|text| self.sanitised(&adapter, &call.name, &text))
                }
            },
        };
        match called {
            Ok(text) => {
                span.result(&text);
                Ok(CallResult { id: call.id.clone(), text, failed: false })
            }
            Err(error) => failed(error.kind(), format!("{} failed: {error}", call.name)),
        }
    }

    fn entry(&self, started_at: i64, outcome: Result<&String, &AgentError>, totals: Totals) -> RunEntry {
        let tokens = |tokens: u64| i64::try_from(tokens).ok();
        RunEntry {
            run_id: self.root.as_ref().map(|(trace, span)| format!("{trace}-{span}")),
            trace_id: self.root.as_ref().map(|(trace, _)| trace.clone()),
            session_id: self.asked.session.clone(),
            agent: Some(self.agent.role.name.clone()),
            user_id: self.asked.user.clone(),
            user_role: self.agent.gate.as_ref().and_then(|gate| gate.user_role.clone()),
            trigger_type: Some(self.asked.trigger.clone()),
            started_at,
            ended_at: now_ms(),
            prompt: Some(self.asked.prompt.clone()),
            output: outcome.ok().cloned(),
            model: Some(self.agent.role.model.name.clone()),
            input_tokens: tokens(totals.input),
            output_tokens: tokens(totals.output),
            success: outcome.is_ok(),
            error: outcome.err().map(|error| format!("{}: {error}", error.kind())),
        }
    }
}

/// Sixteen random bytes in hex; zeros where the system gives none, since nothing hangs on them.
fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    let _ = getrandom::fill(&mut bytes);
    hex(&bytes)
}
