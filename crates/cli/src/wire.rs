//! What the REST interface answers, as far as it is shown here. Fields that are missing are absent, not errors: a
//! server of another version still shows.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A page of runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RunList {
    pub(crate) runs: Vec<Run>,
    pub(crate) next_cursor: Option<String>,
    pub(crate) total: Option<u64>,
}

/// One run, alone or with its turns and child runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Run {
    pub(crate) run_id: String,
    pub(crate) native_run_id: Option<String>,
    pub(crate) span_id: Option<String>,
    pub(crate) parent_run_id: Option<String>,
    pub(crate) name: String,
    pub(crate) agent_name: Option<String>,
    pub(crate) service_name: String,
    pub(crate) dialect: String,
    pub(crate) status: String,
    pub(crate) status_reason: Option<String>,
    pub(crate) started_at: i64,
    pub(crate) duration_ms: f64,
    #[serde(flatten)]
    pub(crate) figures: Figures,
    pub(crate) models: Vec<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) error: Option<ErrorInfo>,
    pub(crate) input_preview: Option<String>,
    pub(crate) output_preview: Option<String>,
    pub(crate) prompt_id: Option<String>,
    pub(crate) prompt_version: Option<String>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) children: Vec<Run>,
    pub(crate) total: Option<Total>,
    pub(crate) scores: Vec<Score>,
}

/// Counts, tokens and cost.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Figures {
    pub(crate) turn_count: u64,
    pub(crate) llm_call_count: u64,
    pub(crate) tool_call_count: u64,
    pub(crate) error_count: u64,
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    pub(crate) cache_read_tokens: Option<u64>,
    #[serde(flatten)]
    pub(crate) money: Money,
    pub(crate) allow_count: u64,
    pub(crate) deny_count: u64,
    pub(crate) hitl_count: u64,
}

impl Figures {
    /// Input and output; unknown only when both are.
    pub(crate) fn tokens(&self) -> Option<u64> {
        sum(self.input_tokens, self.output_tokens)
    }
}

/// What something cost.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Money {
    pub(crate) cost_usd: Option<f64>,
    pub(crate) unpriced_calls: u64,
}

/// The same figures with all child runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Total {
    pub(crate) run_count: u64,
    #[serde(flatten)]
    pub(crate) figures: Figures,
}

/// Why something failed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorInfo {
    pub(crate) r#type: String,
    pub(crate) message: Option<String>,
}

impl ErrorInfo {
    /// In one line.
    pub(crate) fn text(&self) -> String {
        match &self.message {
            Some(message) if message.contains(&self.r#type) || self.r#type == "_OTHER" => message.clone(),
            Some(message) => format!("{}: {message}", self.r#type),
            None => self.r#type.clone(),
        }
    }
}

/// One turn; with messages where it was asked for alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Turn {
    pub(crate) n: u64,
    pub(crate) duration_ms: f64,
    pub(crate) usage: Option<Usage>,
    pub(crate) new_count: Option<u64>,
    pub(crate) resent_count: Option<u64>,
    pub(crate) dropped_count: Option<u64>,
    pub(crate) breaks_at: Option<u64>,
    pub(crate) new_messages: Vec<Message>,
    pub(crate) output: Vec<Message>,
    pub(crate) tools: Vec<ToolCall>,
}

/// One entry of a conversation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    pub(crate) role: String,
    pub(crate) parts: Vec<BTreeMap<String, Value>>,
}

/// One tool call of a turn.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ToolCall {
    pub(crate) step: Step,
    pub(crate) arguments: Option<Value>,
    pub(crate) result: Option<Value>,
}

/// Tokens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Usage {
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    pub(crate) cache_read_tokens: Option<u64>,
}

/// A score.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Score {
    pub(crate) name: String,
    pub(crate) value: Option<f64>,
    pub(crate) label: Option<String>,
    pub(crate) turn: Option<u64>,
    pub(crate) comment: Option<String>,
}

/// A window of a timeline.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Timeline {
    pub(crate) steps: Vec<Step>,
    pub(crate) total: usize,
    pub(crate) next_from: Option<usize>,
}

/// One step.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Step {
    pub(crate) step_id: String,
    pub(crate) parent_step_id: Option<String>,
    pub(crate) run_id: Option<String>,
    pub(crate) turn: Option<u64>,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) start_offset_ms: f64,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) span_id: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) tool_name: Option<String>,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) usage: Option<Usage>,
    pub(crate) counted: bool,
    pub(crate) error: Option<ErrorInfo>,
    pub(crate) outer: bool,
}

/// What a gate said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Verdict {
    pub(crate) verdict: String,
    pub(crate) resolution: Option<String>,
    pub(crate) decided_by: Option<String>,
    pub(crate) reason: Option<String>,
}

/// What was found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SearchReply {
    pub(crate) hits: Vec<Hit>,
    pub(crate) search_lag: u64,
}

/// One message that holds what was searched for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Hit {
    pub(crate) purpose: String,
    pub(crate) snippet: String,
    pub(crate) highlights: Vec<(usize, usize)>,
    pub(crate) places: Vec<Place>,
}

/// Where a run met it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    pub(crate) run_id: String,
    pub(crate) run_name: String,
    pub(crate) turn: Option<u64>,
    pub(crate) started_at: i64,
}

/// Figures over runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Stats {
    #[serde(flatten)]
    pub(crate) all: GroupFigures,
    pub(crate) recent_runs_24h: u64,
    pub(crate) groups: Vec<Group>,
}

/// One group.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Group {
    pub(crate) key: BTreeMap<String, Option<String>>,
    pub(crate) bucket_at: Option<i64>,
    #[serde(flatten)]
    pub(crate) figures: GroupFigures,
}

/// Figures of some runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct GroupFigures {
    pub(crate) runs: u64,
    pub(crate) failed_runs: u64,
    pub(crate) open_runs: u64,
    pub(crate) turns: u64,
    pub(crate) llm_calls: u64,
    pub(crate) tool_calls: u64,
    pub(crate) errors: u64,
    pub(crate) usage: Option<Usage>,
    #[serde(flatten)]
    pub(crate) money: Money,
    pub(crate) verdicts: BTreeMap<String, u64>,
    pub(crate) duration_ms: BTreeMap<String, Option<f64>>,
}

/// Sessions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sessions {
    pub(crate) sessions: Vec<Session>,
}

/// One session.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Session {
    pub(crate) session_id: String,
    pub(crate) user_id: Option<String>,
    pub(crate) run_count: u64,
    pub(crate) turn_count: u64,
    pub(crate) error_count: u64,
    pub(crate) usage: Option<Usage>,
    #[serde(flatten)]
    pub(crate) money: Money,
    pub(crate) last_seen_at: i64,
    pub(crate) input_preview: Option<String>,
}

/// A sum of figures that may be unknown; unknown only when both are.
pub(crate) fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or(0) + b.unwrap_or(0)),
    }
}

/// The price list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Pricing {
    pub(crate) version: Option<String>,
    pub(crate) file: String,
    pub(crate) file_error: Option<String>,
    pub(crate) prices: Vec<PriceRow>,
}

/// A model's price from one day on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PriceRow {
    pub(crate) model: String,
    pub(crate) provider: Option<String>,
    pub(crate) effective_from: String,
    pub(crate) own: bool,
    pub(crate) tiers: Vec<TierPrice>,
}

/// Dollars for a million tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TierPrice {
    pub(crate) tier: String,
    pub(crate) above_input_tokens: Option<u64>,
    pub(crate) input: f64,
    pub(crate) cache_read: Option<f64>,
    pub(crate) cache_write: Option<f64>,
    pub(crate) cache_write_1h: Option<f64>,
    pub(crate) output: Option<f64>,
}

/// Models whose calls have no price.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Unpriced {
    pub(crate) models: Vec<UnpricedModel>,
}

/// A model whose calls have no price.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UnpricedModel {
    pub(crate) model: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) calls: u64,
    pub(crate) unpriced_calls: u64,
}
