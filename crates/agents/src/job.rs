//! One run while it goes on: its turns, its calls of tools, what it used, and what the audit trail keeps of it.

use crate::{
    Agent, AgentError, Asked,
    messages::{Call, CallResult},
    model::Answer,
    trail::{ids, now_ms},
};
use std::sync::{Mutex, PoisonError};
use turnscope::{Run, Step};
use turnscope_audit::RunEntry;

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
    pub(crate) fn new(
        agent: &'a Agent,
        run: &'a Run,
        asked: &'a Asked,
        token: String,
        root: Option<(String, String)>,
    ) -> Self {
        Self { agent, run, asked, token, root, totals: Mutex::default() }
    }

    /// The same run's work for a sub-agent, which is a run of its own.
    pub(crate) fn below(&self, run: &'a Run) -> Job<'a> {
        Job::new(self.agent, run, self.asked, self.token.clone(), ids(run))
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

    /// What the audit trail keeps of it.
    pub(crate) fn entry(
        &self,
        started_at: i64,
        outcome: Result<&String, &AgentError>,
        totals: Totals,
    ) -> RunEntry {
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
