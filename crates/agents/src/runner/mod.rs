//! Runners: the strategies from the task to the answer, each in its own file.

mod deep;
mod plan;
mod turns;

use crate::{AgentError, Runner, job::Job};

impl Runner {
    /// Runs the job and returns the answer.
    pub(crate) async fn work(self, job: &Job<'_>) -> Result<String, AgentError> {
        match self {
            Self::ClaudeAgent | Self::OpenAiAgent => turns::answer(job, &job.request.prompt).await,
            Self::PlanExecute => plan::answer(job).await,
            Self::DeepAgent => deep::answer(job).await,
        }
    }
}
