//! The fields that runs are filtered by, with their names in the query language.

use turnscope_model::{RunStatus, Verdict};

/// What a run can be filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Where the run stands.
    Status,
    /// At least one such verdict.
    Verdict,
    /// The type or the text of the error.
    Error,
    /// A score: its name or label, or its figure.
    Score,
    /// A trace that the run lies in.
    TraceId,
    /// The run above it.
    ParentRunId,
    /// When it began.
    Started,
    /// Text.
    Text(TextField),
    /// A number.
    Number(NumberField),
}

/// Fields that hold text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextField {
    /// The user.
    User,
    /// The session.
    Session,
    /// The agent.
    Agent,
    /// The service.
    Service,
    /// The name to show.
    Name,
    /// A model, requested or answered.
    Model,
    /// A provider.
    Provider,
    /// A tool that was called.
    Tool,
    /// A tag.
    Tag,
    /// The dialect.
    Dialect,
    /// A tier of risk.
    RiskTier,
    /// The user's role.
    UserRole,
    /// What set the run off.
    Trigger,
    /// The prompt.
    Prompt,
    /// Its version.
    PromptVersion,
    /// The experiment.
    Experiment,
    /// Its arm.
    ExperimentVariant,
    /// The application's own id.
    NativeRunId,
}

impl TextField {
    /// Whether it holds ids of the application's: a star in an id is a letter like any other.
    pub const fn is_id(self) -> bool {
        matches!(self, Self::User | Self::Session | Self::NativeRunId)
    }
}

/// Fields that hold whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberField {
    /// When the run began, in nanoseconds since the epoch.
    Started,
    /// Nanoseconds.
    Duration,
    /// Input plus output.
    Tokens,
    /// Billionths of a US dollar.
    Cost,
    /// How many turns.
    Turns,
    /// How many tool calls.
    ToolCalls,
    /// How many model calls.
    LlmCalls,
    /// How many failed steps.
    Errors,
}

impl Field {
    /// Every field with its name in the query language, aliases after it.
    pub const NAMES: &[(Self, &[&str])] = &[
        (Self::Status, &["status"]),
        (Self::Text(TextField::User), &["user", "user_id"]),
        (Self::Text(TextField::Session), &["session", "session_id"]),
        (Self::Text(TextField::Agent), &["agent", "agent_name"]),
        (Self::Text(TextField::Service), &["service", "service_name"]),
        (Self::Text(TextField::Name), &["name"]),
        (Self::Text(TextField::Model), &["model"]),
        (Self::Text(TextField::Provider), &["provider"]),
        (Self::Text(TextField::Tool), &["tool"]),
        (Self::Text(TextField::Tag), &["tag"]),
        (Self::Text(TextField::Dialect), &["dialect"]),
        (Self::Verdict, &["verdict"]),
        (Self::Text(TextField::RiskTier), &["risk_tier", "risk"]),
        (Self::Text(TextField::UserRole), &["user_role", "role"]),
        (Self::Text(TextField::Trigger), &["trigger_type", "trigger"]),
        (Self::Text(TextField::Prompt), &["prompt_id", "prompt"]),
        (Self::Text(TextField::PromptVersion), &["prompt_version"]),
        (Self::Text(TextField::Experiment), &["experiment_id", "experiment"]),
        (Self::Text(TextField::ExperimentVariant), &["experiment_variant", "variant"]),
        (Self::Text(TextField::NativeRunId), &["native_run_id"]),
        (Self::ParentRunId, &["parent_run_id", "parent"]),
        (Self::TraceId, &["trace_id", "trace"]),
        (Self::Error, &["error"]),
        (Self::Score, &["score"]),
        (Self::Started, &["started", "started_at"]),
        (Self::Number(NumberField::Duration), &["duration", "duration_ms"]),
        (Self::Number(NumberField::Tokens), &["tokens"]),
        (Self::Number(NumberField::Cost), &["cost", "cost_usd"]),
        (Self::Number(NumberField::Turns), &["turns"]),
        (Self::Number(NumberField::ToolCalls), &["tool_calls", "tools"]),
        (Self::Number(NumberField::LlmCalls), &["llm_calls"]),
        (Self::Number(NumberField::Errors), &["errors"]),
    ];

    /// The field of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(field, _)| *field)
    }

    /// Its name in the query language.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(field, _)| *field == self).map_or("", |(_, names)| names[0])
    }
}

/// Every status that a run can have.
pub(crate) const STATUSES: &[RunStatus] =
    &[RunStatus::Running, RunStatus::Waiting, RunStatus::Completed, RunStatus::Failed, RunStatus::Incomplete];
/// Every verdict.
pub(crate) const VERDICTS: &[Verdict] = &[Verdict::Allow, Verdict::Deny, Verdict::Hitl];

/// Words as a sentence lists them: `a, b or c`.
pub(crate) fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
