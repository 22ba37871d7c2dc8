//! The wire types of REST with their schemas: the server serves them, the command line and the bindings read them.
//!
//! Conventions: times are integers, milliseconds since the epoch, in fields named `*_at`; durations are `*_ms` with
//! fractions; money is US dollars; ids are lower-case hex; an unknown figure is null, never 0. A field that is missing
//! is absent, not an error: a server of another version can still be read.

mod access;
mod config;
mod context;
mod cost;
mod dialects;
mod explain;
mod export;
mod health;
mod live;
mod maintain;
mod outcome;
mod pricing;
mod problem;
mod run;
mod schema;
mod score;
mod search;
mod session;
mod statistics;
mod stats;
mod step;
mod timeline;
mod trace;
mod turn;
mod unmapped;

pub use access::{Access, SignIn};
pub use config::{AddressTexts, Config, IngestState, PricingState, Retention, StoreState, Value};
pub use context::{CallContext, CarriedMessage, ContextSegment, RunContext};
pub use cost::{BucketCost, CallCost, CostQuery, ModelCost, PriceUsed, RunCost};
pub use dialects::{Dialects, MappedFact, OwnDialect};
pub use explain::{
    ExplainedRecord, FactExplanation, FactPlace, FactSetAside, NotUnderstood, StepExplanation,
};
pub use export::{DatasetLine, ExportQuery, FormatQuery, LooseTelemetry, LooseTelemetryQuery, SummaryQuery};
pub use health::Health;
pub use live::LiveQuery;
pub use maintain::{PruneBody, Pruned, Quarantine, ReprojectBody, Reprojection, RuleReport, Size};
pub use outcome::{ErrorInfo, Money, Usage};
pub use pricing::{PriceRow, Pricing, PricingQuery, TierPrice, Unpriced, UnpricedModel};
pub use problem::Problem;
pub use run::{
    Figures, ListedRun, OneQuery, Run, RunChange, RunDetail, RunLink, RunList, RunQuery, Total, Waiting,
};
pub use score::{Score, ScoreBody, ScoreChangeBody, Scores};
pub use search::{Hit, Occurrence, SearchQuery, SearchReply};
pub use session::{Session, SessionQuery, SessionRuns, Sessions, SessionsQuery};
pub use statistics::{DearTurn, FailedStep, RunStatistics, SlowStep, StepGroup, TimeSplit};
pub use stats::{
    Group, GroupFigures, GroupQuery, Percentiles, Queue, Stats, Statuses, ValueCount, Values, ValuesQuery,
    Verdicts,
};
pub use step::{Event, Link, Log, Scope, Step, StepData, StepFacts, VerdictInfo};
pub use timeline::{Columns, Steps, StepsQuery, Timeline, TimelineQuery, TimelineReply};
pub use trace::{Trace, TraceDetail, Traces, TracesQuery};
pub use turn::{ToolCall, Turn, TurnDetail};
pub use unmapped::{Unmapped, UnmappedEntry, UnmappedQuery};
