//! The agent's own audit records: one for each run, each policy decision and each human answer. Independent
//! of tracing; without a trace, the records have no trace ids.

use std::{
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};
use turnscope::Step;
use turnscope_audit::{AuditError, Entry, Source, Trail};

/// The audit trail that an agent writes to, or none.
#[derive(Debug, Default)]
pub(crate) struct AuditLog(Option<Mutex<Trail>>);

impl AuditLog {
    pub(crate) fn new(trail: Option<Trail>) -> Self {
        Self(trail.map(Mutex::new))
    }

    /// Appends a record. It is on disk when this returns, which takes a few milliseconds.
    pub(crate) fn append(&self, entry: &Entry) -> Result<(), AuditError> {
        if let Some(trail) = &self.0 {
            trail.lock().unwrap_or_else(PoisonError::into_inner).append(entry, Source::Agent, now_ms())?;
        }
        Ok(())
    }
}

/// The trace and span id of a step, if it is recorded.
pub(crate) fn ids(step: &Step) -> Option<(String, String)> {
    let context = step.span_context();
    context.is_valid().then(|| (context.trace_id().to_string(), context.span_id().to_string()))
}

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    ms(SystemTime::now())
}

/// A time in milliseconds since the Unix epoch.
pub(crate) fn ms(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
