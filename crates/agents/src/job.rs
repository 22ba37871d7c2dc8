//! One run while it goes on: its turns, its calls of tools, what it used, and what the audit trail keeps of it.

use crate::{
    Agent, AgentError, Asked, ToolUse,
    around::random_id,
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
    /// As whom: the agent's name, or that of a sub-agent.
    pub(crate) name: String,
    totals: Mutex<Totals>,
    used: Mutex<Vec<ToolUse>>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(
        agent: &'a Agent,
        run: &'a Run,
        asked: &'a Asked,
        token: String,
        root: Option<(String, String)>,
    ) -> Self {
        let name = agent.role.name.clone();
        Self { agent, run, asked, token, root, name, totals: Mutex::default(), used: Mutex::default() }
    }

    /// A sub-agent's run, which is one of its own.
    pub(crate) fn below(&self, name: String, run: &'a Run, asked: &'a Asked) -> Job<'a> {
        Job { name, ..Job::new(self.agent, run, asked, random_id(), ids(run)) }
    }

    pub(crate) fn totals(&self) -> Totals {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call of a tool.
    pub(crate) fn note(&self, used: ToolUse) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(used);
    }

    /// The tools that were called so far.
    pub(crate) fn used(&self) -> Vec<ToolUse> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let section = self.agent.role.observability.as_ref();
        if section.is_none_or(|section| section.trace_token_usage) {
            set("gen_ai.usage.input_tokens", input);
            set("gen_ai.usage.output_tokens", output);
        }
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.input += input.unwrap_or(0);
        totals.output += output.unwrap_or(0);
    }

    /// A part of the task, for another agent.
    pub(crate) fn hand_on(&self, task: &str, trigger: &str) -> Asked {
        Asked {
            prompt: task.to_owned(),
            trigger: trigger.to_owned(),
            session: self.asked.session.clone(),
            user: self.asked.user.clone(),
            parent_token: Some(self.token.clone()),
            depth: self.asked.depth + 1,
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
            agent: Some(self.name.clone()),
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
