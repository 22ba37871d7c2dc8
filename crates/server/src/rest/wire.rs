//! The types that go over the wire, and how they come from the store's.
//!
//! Conventions: times are integers, milliseconds since the epoch, in fields named `*_at`; durations are `*_ms` with
//! fractions; money is US dollars; ids are lower-case hex; an unknown figure is null, never 0.

use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use turnscope_model::Costs;
use turnscope_store::query::{self, Moment};

/// One execution of one agent. Its own figures leave its child runs out; `total` has them in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Run {
    pub(crate) run_id: String,
    pub(crate) native_run_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) trace_ids: Vec<String>,
    pub(crate) span_id: Option<String>,
    pub(crate) parent_run_id: Option<String>,
    pub(crate) name: String,
    pub(crate) agent_name: Option<String>,
    pub(crate) service_name: String,
    pub(crate) dialect: String,
    /// `running`, `completed`, `failed` or `incomplete`.
    pub(crate) status: String,
    pub(crate) status_reason: Option<String>,
    pub(crate) started_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) duration_ms: f64,
    #[serde(flatten)]
    pub(crate) figures: Figures,
    #[serde(flatten)]
    pub(crate) money: Money,
    pub(crate) models: Vec<String>,
    pub(crate) providers: Vec<String>,
    pub(crate) tools: Vec<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) user_role: Option<String>,
    pub(crate) trigger_type: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) risk_tiers: Vec<String>,
    pub(crate) error: Option<ErrorInfo>,
    pub(crate) input_preview: Option<String>,
    pub(crate) output_preview: Option<String>,
    pub(crate) prompt_id: Option<String>,
    pub(crate) prompt_version: Option<String>,
    pub(crate) experiment_id: Option<String>,
    pub(crate) experiment_variant: Option<String>,
}

/// A run that a span link leads to or comes from, such as the answer that this one was made anew for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct RunLink {
    pub(crate) run_id: String,
    /// What the producer says of the link, such as `regenerated`; `linked` where it says nothing.
    pub(crate) why: String,
    /// `before`: this run points at that one; `after`: that one points here.
    pub(crate) direction: String,
}

impl From<query::RunLink> for RunLink {
    fn from(link: query::RunLink) -> Self {
        Self {
            run_id: link.run_id.to_string(),
            why: link.why.unwrap_or_else(|| "linked".to_owned()),
            direction: if link.is_before { "before" } else { "after" }.to_owned(),
        }
    }
}

/// Counts and tokens.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Figures {
    pub(crate) turn_count: u64,
    pub(crate) llm_call_count: u64,
    pub(crate) tool_call_count: u64,
    pub(crate) error_count: u64,
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    pub(crate) cache_read_tokens: Option<u64>,
    pub(crate) cache_write_tokens: Option<u64>,
    pub(crate) reasoning_tokens: Option<u64>,
    pub(crate) allow_count: u64,
    pub(crate) deny_count: u64,
    pub(crate) hitl_count: u64,
}

/// What something cost, in US dollars. Unknown is null, never 0.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Money {
    /// Of each call our own figure (tokens × price), else the client's.
    pub(crate) cost_usd: Option<f64>,
    /// `computed`, `reported`, `mixed` or null.
    pub(crate) cost_source: Option<String>,
    /// Whether every model call has a price; one that failed before it used a token needs none.
    pub(crate) cost_complete: bool,
    /// Calls without a price.
    pub(crate) unpriced_calls: u64,
    /// What the client says.
    pub(crate) reported_cost_usd: Option<f64>,
}

impl Money {
    pub(crate) fn of(costs: &Costs) -> Self {
        Self {
            cost_usd: costs.cost.map(usd),
            cost_source: costs.source().map(str::to_owned),
            cost_complete: costs.is_complete(),
            unpriced_calls: costs.unpriced_calls,
            reported_cost_usd: costs.reported.map(usd),
        }
    }
}

/// Why something failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct ErrorInfo {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) message: Option<String>,
}

impl From<&turnscope_model::ErrorFact> for ErrorInfo {
    fn from(error: &turnscope_model::ErrorFact) -> Self {
        Self { kind: error.r#type.clone(), message: error.message.clone() }
    }
}

impl Figures {
    /// Adds another run's.
    pub(crate) fn add(&mut self, other: &Self) {
        self.turn_count += other.turn_count;
        self.llm_call_count += other.llm_call_count;
        self.tool_call_count += other.tool_call_count;
        self.error_count += other.error_count;
        self.allow_count += other.allow_count;
        self.deny_count += other.deny_count;
        self.hitl_count += other.hitl_count;
        for (mine, others) in [
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.cache_read_tokens, other.cache_read_tokens),
            (&mut self.cache_write_tokens, other.cache_write_tokens),
            (&mut self.reasoning_tokens, other.reasoning_tokens),
        ] {
            if let Some(others) = others {
                *mine.get_or_insert(0) += others;
            }
        }
    }

    pub(crate) fn of(run: &query::Run) -> Self {
        Self {
            turn_count: run.turn_count,
            llm_call_count: run.llm_call_count,
            tool_call_count: run.tool_call_count,
            error_count: run.error_count,
            input_tokens: run.usage.input_tokens,
            output_tokens: run.usage.output_tokens,
            cache_read_tokens: run.usage.cache_read_tokens,
            cache_write_tokens: run.usage.cache_write_tokens,
            reasoning_tokens: run.usage.reasoning_tokens,
            allow_count: run.verdicts[0],
            deny_count: run.verdicts[1],
            hitl_count: run.verdicts[2],
        }
    }
}

impl Run {
    pub(crate) fn of(run: &query::Run, moment: Moment) -> Self {
        let (status, status_reason) = run.status(moment.now_ms, moment.silence_ms);
        Self {
            run_id: run.run_id.to_string(),
            native_run_id: run.native_run_id.clone(),
            trace_id: run.trace_id.map(|id| id.to_string()),
            trace_ids: run.trace_ids.clone(),
            span_id: run.span_id.map(|id| id.to_string()),
            parent_run_id: run.parent_run_id.map(|id| id.to_string()),
            name: run.name.clone(),
            agent_name: run.agent_name.clone(),
            service_name: run.service_name.clone(),
            dialect: run.dialect.clone(),
            status: status.as_str().to_owned(),
            status_reason,
            started_at: run.start / 1_000_000,
            ended_at: run.end.map(|end| end / 1_000_000),
            duration_ms: ms(run.duration),
            figures: Figures::of(run),
            money: Money::of(&run.costs),
            models: run.models.clone(),
            providers: run.providers.clone(),
            tools: run.tools.clone(),
            session_id: run.session_id.clone(),
            user_id: run.user_id.clone(),
            user_role: run.user_role.clone(),
            trigger_type: run.trigger_type.clone(),
            tags: run.tags.clone(),
            metadata: run.metadata.iter().cloned().collect(),
            risk_tiers: run.risk_tiers.clone(),
            error: run.error.as_ref().map(ErrorInfo::from),
            input_preview: run.input_preview.clone(),
            output_preview: run.output_preview.clone(),
            prompt_id: run.prompt_id.clone(),
            prompt_version: run.prompt_version.clone(),
            experiment_id: run.experiment_id.clone(),
            experiment_variant: run.experiment_variant.clone(),
        }
    }
}

/// Billionths of a dollar as dollars.
pub(crate) fn usd(nano: i64) -> f64 {
    nano as f64 / 1e9
}

/// Nanoseconds as milliseconds with fractions.
pub(crate) fn ms(nanos: i64) -> f64 {
    nanos as f64 / 1e6
}
