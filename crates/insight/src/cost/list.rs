//! Price files: reading, writing and merging. Finding the price of a model on a day is up to `lookup`.
//!
//! The bundled list is data (`prices.toml`). A user's file has the same format and takes precedence.

use super::{
    names::{candidates, fold},
    rate::{Day, Rates},
};
use serde::{Deserialize, Serialize};

/// The bundled price list.
const SHIPPED: &str = include_str!("../../prices.toml");

/// A price file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PriceFile {
    /// The day on which the prices were last compared with the providers' pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Day>,
    /// Gateways and generic provider names: a model that they do not sell themselves has its maker's price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<String>,
    /// The price lists, one for each provider or source.
    #[serde(default)]
    pub list: Vec<List>,
}

/// The prices of one provider.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The provider's name in the GenAI semantic conventions. If absent, the prices apply to all providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Other providers with the same prices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sold_by: Vec<String>,
    /// The source of the prices.
    pub source: String,
    /// The price of batch calls as a fraction of the standard price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<f64>,
    /// The price of calls in the flex tier as a fraction of the standard price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flex: Option<f64>,
    /// The prices.
    #[serde(default)]
    pub prices: Vec<Price>,
}

/// A model's price from a certain day on, in US dollars for a million tokens.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The model's name, or a prefix followed by `*`.
    pub model: String,
    /// Other names of the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The first day of this price.
    pub from: Day,
    /// The rates.
    #[serde(flatten)]
    pub rates: Rates,
    /// The prices of calls with long prompts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongContext>,
    /// The price of batch calls as a fraction of the standard price, if it differs from the list's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<f64>,
    /// The price of calls in the priority tier as a fraction of the standard price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<f64>,
    /// The price of calls in fast mode as a fraction of the standard price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fast: Option<f64>,
    /// Peak hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<Peak>,
    /// The number of tokens that the model's context window holds, input and output together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
}

/// The prices of calls with long prompts. They apply to the whole call.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LongContext {
    /// The number of input tokens, including cached ones, above which these prices apply.
    pub above: u64,
    /// The rates.
    #[serde(flatten)]
    pub rates: Rates,
}

/// Peak hours on working days, in UTC.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Peak {
    /// The price in peak hours as a fraction of the standard price.
    pub share: f64,
    /// Ranges of hours; the end is exclusive.
    pub hours: Vec<[u8; 2]>,
}

impl List {
    /// All tiers of a price: name, number of input tokens above which it applies, and rates.
    pub fn tiers(&self, price: &Price) -> Vec<(&'static str, Option<u64>, Rates)> {
        let standard = price.rates;
        let share = |name, share: Option<f64>| share.map(|share| (name, None, standard.times(share)));
        let mut tiers = vec![("standard", None, standard)];
        tiers.extend(price.long.as_ref().map(|long| ("long_context", Some(long.above), long.rates)));
        tiers.extend(share("batch", price.batch.or(self.batch)));
        tiers.extend(share("flex", self.flex));
        tiers.extend(share("priority", price.priority));
        tiers.extend(share("fast", price.fast));
        tiers.extend(share("peak", price.peak.as_ref().map(|peak| peak.share)));
        tiers
    }
}

impl Price {
    /// Whether the text may be one of the model's names, or is part of one.
    pub fn is_called(&self, text: &str) -> bool {
        let candidates: Vec<String> = candidates(text).iter().map(|name| fold(name)).collect();
        let part = fold(text.trim());
        std::iter::once(&self.model).chain(&self.also).map(|name| fold(name)).any(|name| {
            name.contains(&part)
                || candidates.iter().any(|candidate| match name.strip_suffix('*') {
                    Some(beginning) => candidate.starts_with(beginning),
                    None => *candidate == name,
                })
        })
    }
}

/// Why a price file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PricingError {
    /// The file has the wrong format.
    #[error("{0}")]
    Form(String),
}

impl PriceFile {
    /// The bundled prices.
    pub fn shipped() -> Result<Self, PricingError> {
        Self::parse(SHIPPED)
    }

    /// Parses a price file.
    pub fn parse(text: &str) -> Result<Self, PricingError> {
        toml::from_str(text).map_err(|error| PricingError::Form(error.to_string()))
    }

    /// Serialises the file.
    pub fn to_text(&self) -> Result<String, PricingError> {
        toml::to_string(self).map_err(|error| PricingError::Form(error.to_string()))
    }

    /// Adds another file's prices. They replace those of the same model, provider and day.
    pub fn merge(&mut self, other: Self) {
        for mut list in other.list {
            let prices = std::mem::take(&mut list.prices);
            for price in prices {
                self.set(list.clone(), price);
            }
        }
    }

    /// Adds a price to the list with the same provider and source, replacing one of the same model and day.
    pub fn set(&mut self, head: List, price: Price) {
        for list in self.list.iter_mut().filter(|list| list.provider == head.provider) {
            list.prices.retain(|known| (fold(&known.model), known.from) != (fold(&price.model), price.from));
        }
        let same = |list: &&mut List| {
            (&list.provider, &list.source, &list.sold_by) == (&head.provider, &head.source, &head.sold_by)
        };
        match self.list.iter_mut().find(same) {
            Some(list) => list.prices.push(price),
            None => self.list.push(List { prices: vec![price], ..head }),
        }
        self.list.retain(|list| !list.prices.is_empty());
    }
}
