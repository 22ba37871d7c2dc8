//! Runs a queued task with an agent.

use crate::{Agent, AgentError, RunResult, queue::ClaimedTask};
use std::fs;

impl ClaimedTask {
    /// Runs the task with an agent, as a child run of the run that queued it. A completed task is removed; a
    /// failed one is renamed to `*.failed`, and can be renamed to `*.json` to retry it.
    ///
    /// # Errors
    /// When the run fails.
    pub async fn work(self, agent: &Agent) -> Result<RunResult, AgentError> {
        let parent = turnscope::join(&self.task.carrier);
        let outcome = parent.scope(agent.run(&self.task.request)).await;
        // The task's outcome matters more than whether the directory can still be changed.
        let _ = match outcome {
            Ok(_) => fs::remove_file(&self.file),
            Err(_) => fs::rename(&self.file, self.file.with_extension("failed")),
        };
        outcome
    }
}
