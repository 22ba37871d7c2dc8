//! One run of an agent, with its trace and audit records.

use crate::{
    Agent, AgentError, RunRequest, RunResult,
    enclosing_spans::EnclosingSpans,
    job::Job,
    trail::{ids, ms},
    unrecorded::Unrecorded,
};
use std::time::SystemTime;
use turnscope_audit::Entry;

impl Agent {
    /// Runs the agent once, as a child of the current step.
    ///
    /// # Errors
    /// When the run fails. The trace and the audit trail record the error too.
    pub async fn run(&self, request: &RunRequest) -> Result<RunResult, AgentError> {
        // In a scope, so that a run whose future is dropped is cancelled with everything around it.
        turnscope::current().scope(Box::pin(self.run_in_scope(request))).await
    }

    async fn run_in_scope(&self, request: &RunRequest) -> Result<RunResult, AgentError> {
        let enclosing = EnclosingSpans::begin(self, request)?;
        let started = SystemTime::now(); // of the span and of the audit record
        let started_at = ms(started);
        let run = enclosing.inner().starting_at(started).run(self.role.name.clone());
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
        let unrecorded = Unrecorded::new(&job, started_at);
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
        let ended = SystemTime::now();
        unrecorded.done();
        let entry = job.entry((started_at, ms(ended)), outcome.as_ref(), totals);
        let recorded = self.log.append(&Entry::Run(entry));
        enclosing.end(totals, started_at, outcome.as_ref().err());
        let tools = job.tool_uses();
        run.end_at(ended);
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
}
