//! A question to a person as it is shown. Not here: how it is found and answered (`approvals`).

use turnscope_model::{Resolution, UnixNanos};

/// A question to a person, and what is known of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The question, in words.
    pub question: Option<String>,
    /// Who is asked.
    pub who: Option<String>,
    /// The tool that it is about.
    pub tool_name: Option<String>,
    /// The tool call that it is about.
    pub tool_call_id: Option<String>,
    /// When it was asked; `None` where only the answer is known.
    pub asked_at: Option<UnixNanos>,
    /// When it was answered; `None` while it was not.
    pub answered_at: Option<UnixNanos>,
    /// The answer, in words.
    pub answer: Option<String>,
    /// Who answered.
    pub answered_by: Option<String>,
    /// What was decided.
    pub resolution: Option<Resolution>,
}
