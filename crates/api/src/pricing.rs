//! Prices, and models without one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which prices.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PricingQuery {
    /// Only prices of a model whose name this is, or holds.
    pub model: Option<String>,
}

/// The price list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Pricing {
    /// The day on which the shipped prices were last compared with the providers' pages.
    pub version: Option<String>,
    /// The user's own prices, which win.
    pub file: String,
    /// What is wrong with that file, so that it is not used.
    pub file_error: Option<String>,
    /// How many models have a price.
    pub models: usize,
    /// A row for each price that holds, or will; the user's own first.
    pub prices: Vec<PriceRow>,
}

/// A model's price from one day on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct PriceRow {
    /// The model's name.
    pub model: String,
    /// Its other names.
    pub also: Vec<String>,
    /// Null: at any provider.
    pub provider: Option<String>,
    /// Other providers at which it holds.
    pub sold_by: Vec<String>,
    /// The day since which it holds, such as `2026-01-01`.
    pub effective_from: String,
    /// Where it was read.
    pub source: String,
    /// It stands in the user's own file.
    pub own: bool,
    /// How many tokens the model's context window holds; null where that is not known.
    pub context_window: Option<u64>,
    /// Its prices: the standard ones, then what differs from them.
    pub tiers: Vec<TierPrice>,
}

/// US dollars for a million tokens. A bucket without a price of its own is charged like the one it is part of.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct TierPrice {
    /// `standard`, `long_context`, `batch`, `flex`, `priority`, `fast` or `peak`.
    pub tier: String,
    /// Tokens of input above which it holds.
    pub above_input_tokens: Option<u64>,
    /// Input that is neither read from a cache nor written to one.
    pub input: f64,
    /// Input read from the provider's cache; null: like `input`.
    pub cache_read: Option<f64>,
    /// Input written to the provider's cache; null: like `input`.
    pub cache_write: Option<f64>,
    /// Input that the provider's cache keeps for an hour; null: like `cache_write`.
    pub cache_write_1h: Option<f64>,
    /// Output, reasoning included; null where the model has none, such as an embedding model.
    pub output: Option<f64>,
}

/// Models whose calls have no price.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Unpriced {
    /// The models, those with the most such calls first.
    pub models: Vec<UnpricedModel>,
    /// Costs are being computed with new prices: some figures are of the old ones.
    pub repricing: bool,
}

/// A model whose calls have no price.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct UnpricedModel {
    /// The model that answered, else the one asked for; null where the calls name none.
    pub model: Option<String>,
    /// The provider; null where the calls name none.
    pub provider: Option<String>,
    /// All calls of this model that count.
    pub calls: u64,
    /// Those of them whose cost is unknown.
    pub unpriced_calls: u64,
}
