//! A file of prices: what it holds, how it is read, written and merged. Which price a model had on a day: `lookup`.
//!
//! The list that is shipped is data (`prices.toml`). A user's own file has the same form, and wins.

use super::{
    names::{candidates, fold},
    rate::{Day, Rate, Rates},
};
use serde::{Deserialize, Serialize};

/// The list that the program comes with.
const SHIPPED: &str = include_str!("../../prices.toml");

/// A file of prices.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PriceFile {
    /// The day on which the prices were last compared with the providers' pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Day>,
    /// Providers that hand calls on to others, or names that many clients use whoever answers: a model that they do
    /// not make has its maker's price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<String>,
    /// The lists, one for each page of prices.
    #[serde(default)]
    pub list: Vec<List>,
}

/// The prices of one provider.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The provider, as the GenAI conventions call it; any provider when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Other providers at which the same prices hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sold_by: Vec<String>,
    /// Where the prices were read.
    pub source: String,
    /// What share of the price a call in a batch costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<f64>,
    /// What share of the price a call of the slow tier costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flex: Option<f64>,
    /// The prices.
    #[serde(default)]
    pub prices: Vec<Price>,
}

/// A model's price from one day on, in dollars for a million tokens.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The model's name; with a star at the end, every name that begins so.
    pub model: String,
    /// Its other names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The first day of this price.
    pub from: Day,
    /// See [`Rates`].
    pub input: Rate,
    /// See [`Rates`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<Rate>,
    /// See [`Rates`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Rate>,
    /// See [`Rates`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<Rate>,
    /// See [`Rates`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Rate>,
    /// The prices of a call whose input is longer than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongContext>,
    /// What share of the price a call in a batch costs, where it is not the list's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<f64>,
    /// What share of the price a call of the fast tier costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<f64>,
    /// Hours that cost more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<Peak>,
}

/// The prices of calls with long prompts: the whole call is charged at them.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LongContext {
    /// Tokens of input, cached ones included, above which these prices hold.
    pub above: u64,
    /// See [`Rates`].
    pub input: Rate,
    /// See [`Rates`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<Rate>,
    /// See [`Rates`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Rate>,
    /// See [`Rates`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<Rate>,
    /// See [`Rates`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Rate>,
}

/// Hours of working days, UTC, in which calls cost more.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Peak {
    /// What share of the price.
    pub share: f64,
    /// From this hour to before that one.
    pub hours: Vec<[u8; 2]>,
}

impl List {
    /// Every tier of a price: its name, the tokens of input above which it holds, and what it charges.
    pub fn tiers(&self, price: &Price) -> Vec<(&'static str, Option<u64>, Rates)> {
        let usual = price.rates();
        let share = |name, share: Option<f64>| share.map(|share| (name, None, usual.times(share)));
        let mut tiers = vec![("standard", None, usual)];
        tiers.extend(price.long.as_ref().map(|long| ("long_context", Some(long.above), long.rates())));
        tiers.extend(share("batch", price.batch.or(self.batch)));
        tiers.extend(share("flex", self.flex));
        tiers.extend(share("priority", price.priority));
        tiers.extend(share("peak", price.peak.as_ref().map(|peak| peak.share)));
        tiers
    }
}

impl Price {
    /// Whether a model of this name can be meant, or its name holds this text.
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

    pub(super) fn rates(&self) -> Rates {
        let Self { input, cache_read, cache_write, cache_write_1h, output, .. } = *self;
        Rates { input, cache_read, cache_write, cache_write_1h, output }
    }
}

impl LongContext {
    pub(super) fn rates(&self) -> Rates {
        let Self { input, cache_read, cache_write, cache_write_1h, output, .. } = *self;
        Rates { input, cache_read, cache_write, cache_write_1h, output }
    }
}

/// Why a file of prices cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PricingError {
    /// It is not in the form that it must have.
    #[error("{0}")]
    Form(String),
}

impl PriceFile {
    /// The prices that the program comes with.
    pub fn shipped() -> Result<Self, PricingError> {
        Self::parse(SHIPPED)
    }

    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, PricingError> {
        toml::from_str(text).map_err(|error| PricingError::Form(error.to_string()))
    }

    /// The file's text.
    pub fn to_text(&self) -> Result<String, PricingError> {
        toml::to_string(self).map_err(|error| PricingError::Form(error.to_string()))
    }

    /// Takes over another file's lists; a price of the same model, provider and day is replaced.
    pub fn merge(&mut self, other: Self) {
        for mut list in other.list {
            let prices = std::mem::take(&mut list.prices);
            for price in prices {
                self.set(list.clone(), price);
            }
        }
    }

    /// Puts one price into the list of that provider and source, replacing an earlier one of the same model and day.
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
