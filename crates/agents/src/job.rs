//! A run in progress: its turns and tool calls, what it has used, and its audit record.

use crate::{
    Agent, AgentError, RunRequest, ToolUse, model::Answer, random_id::random_id, request::Delegator,
    trail::ids,
};
use std::sync::{Mutex, PoisonError};
use turnscope::{Run, Step};
use turnscope_audit::RunEntry;

/// What a run has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) turns: u32,
}

/// A run in progress.
pub(crate) struct Job<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) run: &'a Run,
    pub(crate) request: &'a RunRequest,
    pub(crate) token: String,
    /// The trace and span id by which the run will be known.
    pub(crate) root: Option<(String, String)>,
    /// The agent's name, or the sub-agent's.
    pub(crate) name: String,
    totals: Mutex<Totals>,
    used: Mutex<Vec<ToolUse>>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(
        agent: &'a Agent,
        run: &'a Run,
        request: &'a RunRequest,
        token: String,
        root: Option<(String, String)>,
    ) -> Self {
        let name = agent.role.name.clone();
        Self { agent, run, request, token, root, name, totals: Mutex::default(), used: Mutex::default() }
    }

    /// The run of a sub-agent.
    pub(crate) fn sub_agent(&self, name: String, run: &'a Run, request: &'a RunRequest) -> Job<'a> {
        Job { name, ..Job::new(self.agent, run, request, random_id(), ids(run)) }
    }

    pub(crate) fn totals(&self) -> Totals {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a tool call.
    pub(crate) fn record_tool_use(&self, used: ToolUse) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(used);
    }

    /// The tool calls so far.
    pub(crate) fn tool_uses(&self) -> Vec<ToolUse> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins and counts a turn.
    pub(crate) fn turn(&self) -> turnscope::Turn {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner).turns += 1;
        self.run.turn()
    }

    /// Adds a call's usage to the totals, and records it on the turn.
    pub(crate) fn count(&self, turn: &Step, answer: &Answer) {
        let (input, output) = (answer.usage.input, answer.usage.output);
        let set = |key: &'static str, tokens: Option<u64>| {
            if let Some(tokens) = tokens.and_then(|tokens| i64::try_from(tokens).ok()) {
                turn.set(key, tokens);
            }
        };
        let section = self.agent.role.observability.as_ref();
        if section.is_none_or(|section| section.trace_token_usage) {
            set("gen_ai.usage.input_tokens", input);
            set("gen_ai.usage.output_tokens", output);
        }
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.input += input.unwrap_or(0);
        totals.output += output.unwrap_or(0);
    }

    /// This run, as the one that lets other agents do parts of its task.
    pub(crate) fn delegator(&self) -> Delegator<'_> {
        Delegator { request: self.request, token: &self.token }
    }

    /// The run's audit record.
    pub(crate) fn entry(
        &self,
        (started_at, ended_at): (i64, i64),
        outcome: Result<&String, &AgentError>,
        totals: Totals,
    ) -> RunEntry {
        let tokens = |tokens: u64| i64::try_from(tokens).ok();
        RunEntry {
            run_id: self.root.as_ref().map(|(trace, span)| format!("{trace}-{span}")),
            trace_id: self.root.as_ref().map(|(trace, _)| trace.clone()),
            session_id: self.request.session.clone(),
            agent: Some(self.name.clone()),
            user_id: self.request.user.clone(),
            user_role: self.agent.gate.as_ref().and_then(|gate| gate.user_role.clone()),
            trigger_type: Some(self.request.trigger.clone()),
            started_at,
            ended_at,
            prompt: Some(self.request.prompt.clone()),
            output: outcome.ok().cloned(),
            model: Some(self.agent.role.model.name.clone()),
            input_tokens: tokens(totals.input),
            output_tokens: tokens(totals.output),
            success: outcome.is_ok(),
            error: outcome.err().map(|error| format!("{}: {error}", error.kind())),
        }
    }
}
