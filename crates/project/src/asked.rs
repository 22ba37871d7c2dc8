//! A question to a person as it is shown. Not here: how it is found and answered (`approvals`).

use turnscope_model::{Facts, Kind, Resolution, UnixNanos, Verdict};

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

/// Whether an error is a refusal, which a gate or a person gave and the agent deals with. It is no failure.
pub(super) fn is_refusal(kind: Kind, facts: &Facts, verdict: Option<Verdict>, asked: Option<&Asked>) -> bool {
    if kind != Kind::Tool {
        return facts.verdict.is_some();
    }
    facts.verdict == Some(Verdict::Deny)
        || is_refused(verdict, facts.resolution.or_else(|| asked.and_then(|asked| asked.resolution)))
}

/// Whether a gate or a person refused a tool call.
pub(super) fn is_refused(verdict: Option<Verdict>, resolution: Option<Resolution>) -> bool {
    verdict == Some(Verdict::Deny) || resolution == Some(Resolution::Rejected)
}
