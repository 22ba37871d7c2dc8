//! The words in which the tables are written: which facts there are, and where a value for one may stand.
//!
//! Not here: the tables (`fields`, `fields_model`), the pass over a record (`select`).

use turnscope_model::Kind;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident $shape:ident),* $(,)?) => {
        /// A fact that the tables look for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Field { $($(#[$doc])* $name),* }

        impl Field {
            /// How many there are.
            pub(super) const COUNT: usize = [$(Self::$name),*].len();
            /// Every field, in the order of its number.
            #[cfg(test)]
            pub(super) const ALL: [Self; Self::COUNT] = [$(Self::$name),*];
            const ACCEPTS: [Accepts; Self::COUNT] = [$(Accepts::$shape),*];

            /// What its value must look like to count.
            pub(super) fn accepts(self) -> Accepts {
                Self::ACCEPTS[self as usize]
            }
        }
    };
}

/// What a value must look like to count; one that does not is passed over for the next in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    /// Anything that says something.
    Any,
    /// A number that is not negative, also written as text.
    Number,
    /// A truth value, also written as text.
    Truth,
    /// A provider's name; names of frameworks are passed over.
    Provider,
}

fields! {
    AgentName Any, AgentId Any, WorkflowName Any, NativeRunId Any, TurnIndex Number,
    SessionId Any, UserId Any, UserRole Any, TriggerType Any, Tags Any,
    PromptId Any, PromptVersion Any, ExperimentId Any, ExperimentVariant Any,
    RequestModel Any, RoutedModel Any, ResponseModel Any, Provider Provider, ServerAddress Any,
    ResponseId Any, FinishReason Any, FirstChunk Number, FirstChunkAt Any, Streaming Truth,
    InputTokens Number, FreshInput Number, OutputTokens Number, CacheRead Number, CacheWrite Number,
    Reasoning Number, TotalTokens Number, UsageMap Any, InputDetails Any, OutputDetails Any,
    SumInput Number, SumOutput Number, SumCacheRead Number, SumCacheWrite Number, SumReasoning Number,
    CacheWrite1h Number, ServiceTier Any, Speed Any, Cost Number, CostIn Number, CostOut Number,
    ToolName Any, ToolCallId Any,
    PolicyAllow Truth, PolicyDeny Truth, PolicyHuman Truth, Decision Any, DecidedBy Any, Reason Any, RiskTier Any,
    Triggered Truth, Deferral Any, Operation Any, Question Any, Answer Any, Resolution Any,
    ErrorType Any, ErrorCode Any, ErrorMessage Any, Success Truth, Failed Truth, Outcome Any,
    ScoreName Any, ScoreValue Number, ScoreLabel Any, ScoreComment Any, ScoreMap Any,
    ReadableName Any, SpanType Any,
}

/// On which steps a source counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    /// On all.
    Any,
    /// On agents.
    Run,
    /// On tool calls.
    Tool,
    /// On calls of generative and embedding models.
    ModelCall,
    /// On messages of the Model Context Protocol.
    Mcp,
}

impl Only {
    /// Whether it counts on a step of this kind.
    pub(super) fn holds(self, kind: Kind) -> bool {
        match self {
            Self::Any => true,
            Self::Run => kind == Kind::Run,
            Self::Tool => kind == Kind::Tool,
            Self::ModelCall => kind.is_model_call(),
            Self::Mcp => kind == Kind::Mcp,
        }
    }
}

/// What a number is multiplied by to come to the unit of its fact: seconds become nanoseconds, dollars
/// nano-dollars, counts stay as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    /// As it is.
    One,
    /// Thousandths (milliseconds) of the usual unit.
    Milli,
    /// Millionths (micro-dollars) of the usual unit.
    Micro,
}

impl Unit {
    /// The factor.
    pub(super) fn factor(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Milli => 1e-3,
            Self::Micro => 1e-6,
        }
    }
}

/// One place where a value may stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    /// The attribute.
    pub(super) key: &'static str,
    /// Where in the JSON text or map that the attribute holds; empty for the attribute itself.
    pub(super) path: &'static [&'static str],
    /// On which steps it counts.
    pub(super) only: Only,
    /// The unit of a number.
    pub(super) unit: Unit,
}

/// The attribute itself.
pub(super) const fn key(key: &'static str) -> Source {
    Source { key, path: &[], only: Only::Any, unit: Unit::One }
}

/// A path inside the JSON that the attribute holds.
pub(super) const fn inside(key: &'static str, path: &'static [&'static str]) -> Source {
    Source { key, path, only: Only::Any, unit: Unit::One }
}

impl Source {
    /// Counts on some steps only.
    pub(super) const fn only(self, only: Only) -> Self {
        Self { only, ..self }
    }
    /// Is sent in thousandths of the usual unit.
    pub(super) const fn milli(self) -> Self {
        Self { unit: Unit::Milli, ..self }
    }
    /// Is sent in millionths of the usual unit.
    pub(super) const fn micro(self) -> Self {
        Self { unit: Unit::Micro, ..self }
    }
}

/// One source of one field, with its place in the order of precedence.
#[derive(Debug)]
pub(super) struct Entry {
    /// The fact.
    pub(super) field: Field,
    /// Its place in the order.
    pub(super) rank: u16,
    /// Where the value stands.
    pub(super) source: Source,
}

impl Entry {
    /// Whether it can be settled before the kind is known, and without a look into JSON.
    pub(super) fn is_plain(&self) -> bool {
        self.source.path.is_empty() && self.source.only == Only::Any
    }
}

/// A fact and the places where it may stand, best first.
pub(super) type Rule = (Field, &'static [Source]);
