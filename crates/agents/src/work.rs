//! Runs a queued task with an agent.

use crate::{Agent, AgentError, RunResult, queue::ClaimedTask};
use std::{fs, path::Path};

/// Puts a task aside that failed, or that was given up.
struct Failed<'a> {
    file: Option<&'a Path>,
}

impl Drop for Failed<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.file {
            let _ = fs::rename(file, file.with_extension("failed"));
        }
    }
}

impl ClaimedTask {
    /// Runs the task with an agent, as a child run of the run that queued it. A completed task is removed; a
    /// failed one is renamed to `*.failed`, and can be renamed to `*.json` to retry it.
    ///
    /// # Errors
    /// When the run fails.
    pub async fn work(self, agent: &Agent) -> Result<RunResult, AgentError> {
        let parent = turnscope::join(&self.task.carrier);
        let mut failed = Failed { file: Some(&self.file) };
        let result = parent.scope(agent.run(&self.task.request)).await?;
        failed.file = None;
        // The task's outcome matters more than whether the directory can still be changed.
        let _ = fs::remove_file(&self.file);
        Ok(result)
    }
}
