//! Filters of runs: which conditions there are, and how values are compared.

/// What a run can be filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    /// `running`, `completed`, `failed`, `incomplete`.
    Status,
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
    /// `allow`, `deny`, `hitl`: at least one such verdict.
    Verdict,
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
    /// The run above it.
    ParentRunId,
    /// The trace.
    TraceId,
    /// The error's type or text; `*` is any error.
    Error,
    /// A score's name or label, or its figure (`name` with a comparison).
    Score,
    /// Milliseconds since the epoch.
    Started,
    /// Milliseconds.
    Duration,
    /// Input plus output.
    Tokens,
    /// US dollars.
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

impl Filter {
    /// Every filter with its name in the query language, aliases after it.
    pub const NAMES: &[(Self, &[&str])] = &[
        (Self::Status, &["status"]),
        (Self::User, &["user", "user_id"]),
        (Self::Session, &["session", "session_id"]),
        (Self::Agent, &["agent", "agent_name"]),
        (Self::Service, &["service", "service_name"]),
        (Self::Name, &["name"]),
        (Self::Model, &["model"]),
        (Self::Provider, &["provider"]),
        (Self::Tool, &["tool"]),
        (Self::Tag, &["tag"]),
        (Self::Dialect, &["dialect"]),
        (Self::Verdict, &["verdict"]),
        (Self::RiskTier, &["risk_tier", "risk"]),
        (Self::UserRole, &["user_role", "role"]),
        (Self::Trigger, &["trigger_type", "trigger"]),
        (Self::Prompt, &["prompt_id", "prompt"]),
        (Self::PromptVersion, &["prompt_version"]),
        (Self::Experiment, &["experiment_id", "experiment"]),
        (Self::ExperimentVariant, &["experiment_variant", "variant"]),
        (Self::NativeRunId, &["native_run_id"]),
        (Self::ParentRunId, &["parent_run_id", "parent"]),
        (Self::TraceId, &["trace_id", "trace"]),
        (Self::Error, &["error"]),
        (Self::Score, &["score"]),
        (Self::Started, &["started", "started_at"]),
        (Self::Duration, &["duration", "duration_ms"]),
        (Self::Tokens, &["tokens"]),
        (Self::Cost, &["cost", "cost_usd"]),
        (Self::Turns, &["turns"]),
        (Self::ToolCalls, &["tool_calls", "tools"]),
        (Self::LlmCalls, &["llm_calls"]),
        (Self::Errors, &["errors"]),
    ];

    /// Whether it is compared as a number (in the unit of its doc comment).
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Started
                | Self::Duration
                | Self::Tokens
                | Self::Cost
                | Self::Turns
                | Self::ToolCalls
                | Self::LlmCalls
                | Self::Errors
        )
    }

    /// The filter of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(filter, _)| *filter)
    }
}

/// How a filter's value is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    /// Equal to one of these; `*` in a text stands for anything.
    Is(Vec<String>),
    /// `name` of a score, and its bound.
    Bound {
        /// A score's name; empty elsewhere.
        name: String,
        /// At least (`true`) or more than.
        low: Option<(f64, bool)>,
        /// At most (`true`) or less than.
        high: Option<(f64, bool)>,
    },
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What is compared.
    pub filter: Filter,
    /// How.
    pub comparison: Comparison,
    /// Runs for which this is false.
    pub negated: bool,
}

/// Which runs are asked for. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFilter {
    /// The conditions.
    pub conditions: Vec<Condition>,
    /// Words and phrases that the run's content must hold.
    pub search: Vec<String>,
    /// Only runs that have no run above them.
    pub roots_only: bool,
}

impl RunFilter {
    /// Adds `filter` = one of `values`.
    pub fn is(&mut self, filter: Filter, values: Vec<String>) {
        self.conditions.push(Condition { filter, comparison: Comparison::Is(values), negated: false });
    }

    /// Adds a lower bound, inclusive.
    pub fn at_least(&mut self, filter: Filter, low: f64) {
        let comparison = Comparison::Bound { name: String::new(), low: Some((low, true)), high: None };
        self.conditions.push(Condition { filter, comparison, negated: false });
    }

    /// Adds an upper bound, exclusive.
    pub fn below(&mut self, filter: Filter, high: f64) {
        let comparison = Comparison::Bound { name: String::new(), low: None, high: Some((high, false)) };
        self.conditions.push(Condition { filter, comparison, negated: false });
    }
}

/// The time at which a question is asked, and what a run's status depends on besides.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now, in milliseconds since the epoch.
    pub now_ms: i64,
    /// A run without an end counts as incomplete when nothing came for longer than this, in milliseconds.
    pub inactivity_ms: i64,
}
