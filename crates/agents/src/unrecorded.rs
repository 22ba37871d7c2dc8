//! The audit record of a run whose future is dropped before it is done.

use crate::{AgentError, job::Job, trail::now_ms};
use turnscope_audit::Entry;

/// Writes that record when it is dropped, unless the run has written its own.
pub(crate) struct Unrecorded<'a> {
    job: &'a Job<'a>,
    started_at: i64,
    is_recorded: bool,
}

impl<'a> Unrecorded<'a> {
    pub(crate) fn new(job: &'a Job<'a>, started_at: i64) -> Self {
        Self { job, started_at, is_recorded: false }
    }

    /// The run is done and writes its own record.
    pub(crate) fn done(mut self) {
        self.is_recorded = true;
    }
}

impl Drop for Unrecorded<'_> {
    fn drop(&mut self) {
        if !self.is_recorded {
            let times = (self.started_at, now_ms());
            let entry = self.job.entry(times, Err(&AgentError::Cancelled), self.job.totals());
            // Nobody is left who could be told.
            let _ = self.job.agent.log.append(&Entry::Run(entry));
        }
    }
}
