//! What a typed step carries beside its span, such as its measurements.

use std::fmt;

/// What a typed step carries beside its span.
pub(crate) trait Attached: Default + fmt::Debug {
    /// Whether the step waits for an answer that has not come.
    fn is_unanswered(&self) -> bool {
        false
    }

    /// The step has been recorded as failed, with this `error.type`.
    fn failed(&self, _kind: &str) {}

    /// The step has ended, with this `error.type` if nobody had said how it ended. May be called again.
    fn ended(&self, error: Option<&'static str>);
}
