//! How a run's cost comes about.

use crate::outcome::Money;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which calls.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CostQuery {
    /// Calls of child runs too; default true.
    pub children: Option<bool>,
}

/// How a run's cost comes about.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RunCost {
    /// The run that was asked for.
    pub run_id: String,
    /// The sum over `calls`.
    #[serde(flatten)]
    pub money: Money,
    /// Ours and the client's differ, over the calls of which both are known, by more than a hundredth and $0.000001.
    pub differs: bool,
    /// Every model and embedding call that counts, in order.
    pub calls: Vec<CallCost>,
    /// The same calls added up by model and provider.
    pub by_model: Vec<ModelCost>,
}

/// What one call cost.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct CallCost {
    /// The step of the call.
    pub step_id: String,
    /// The run that made the call: the one asked for, or a child run.
    pub run_id: Option<String>,
    /// The turn of that run, from 1; null outside of turns.
    pub turn: Option<u64>,
    /// The model that answered, else the one asked for.
    pub model: Option<String>,
    /// The provider, named as in the GenAI conventions; null when unknown.
    pub provider: Option<String>,
    /// Ours; null when unknown.
    pub cost_usd: Option<f64>,
    /// What the client says.
    pub reported_cost_usd: Option<f64>,
    /// The two differ by more than a hundredth and $0.000001.
    pub differs: bool,
    /// Why ours is unknown.
    pub unknown_because: Option<String>,
    /// The price from which ours was computed; null when ours is unknown.
    pub price: Option<PriceUsed>,
    /// Tokens × price, each token in one bucket: they add up to `cost_usd`.
    pub buckets: Vec<BucketCost>,
}

/// The price that a call was charged at.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct PriceUsed {
    /// The model as the price list names it.
    pub model: String,
    /// Null for a price that holds at any provider.
    pub provider: Option<String>,
    /// The day since which it holds.
    pub effective_from: String,
    /// Where it was read.
    pub source: String,
    /// `standard`, or what differs from it: `batch`, `flex`, `priority`, `fast`, `long_context`, `peak`, joined by `+`.
    pub tier: String,
}

/// One bucket of tokens.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct BucketCost {
    /// `input`, `cache_read`, `cache_write`, `cache_write_1h`, `output` or `reasoning`.
    pub bucket: String,
    /// Tokens in this bucket.
    pub tokens: u64,
    /// The price of a million tokens of this bucket, in US dollars.
    pub usd_per_million: f64,
    /// What these tokens cost, in US dollars.
    pub cost_usd: f64,
}

/// What the calls of one model cost.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct ModelCost {
    /// The model that answered, else the one asked for; null when neither is known.
    pub model: Option<String>,
    /// The provider, named as in the GenAI conventions; null when unknown.
    pub provider: Option<String>,
    /// Calls that count.
    pub calls: u64,
    /// What they cost together.
    #[serde(flatten)]
    pub money: Money,
    /// A bucket stands as often as it was charged at different prices.
    pub buckets: Vec<BucketCost>,
}
