//! From the facts of one call to what each bucket of it cost.

use super::{
    lookup::{Missing, PriceList},
    rate::{Day, Rate, Rates},
    tier::{self, Tier},
};
use std::fmt;
use turnscope_model::{Facts, NanoUsd, UnixNanos};

/// Which tokens are charged: disjoint, so that each token is counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BucketKind {
    /// Input that came from no cache and went to none.
    Input,
    /// Input read from the provider's cache.
    CacheRead,
    /// Input written to the provider's cache for its usual time.
    CacheWrite,
    /// Input written to the provider's cache for an hour.
    CacheWrite1h,
    /// Output that is no reasoning.
    Output,
    /// Reasoning.
    Reasoning,
}

impl BucketKind {
    /// The name on the surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::CacheWrite1h => "cache_write_1h",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
        }
    }
}

/// One bucket of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Which tokens.
    pub kind: BucketKind,
    /// How many.
    pub tokens: u64,
    /// At what price.
    pub rate: Rate,
    /// What that comes to.
    pub cost: NanoUsd,
}

/// What a call cost, and how that comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The model as the price list names it.
    pub model: String,
    /// The provider whose price it is; `None` for a price that holds at any.
    pub provider: Option<String>,
    /// Since when the price holds.
    pub from: Day,
    /// Where it was read.
    pub source: String,
    /// What made it differ from the usual price.
    pub tier: Tier,
    /// The buckets that hold tokens.
    pub buckets: Vec<Bucket>,
}

impl Cost {
    /// The sum of the buckets.
    pub fn total(&self) -> NanoUsd {
        self.buckets.iter().fold(0, |sum, bucket| sum.saturating_add(bucket.cost))
    }
}

/// Why it is unknown what a call cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The call names no model.
    NoModel,
    /// No price is known for the model at this provider.
    NoPrice(String, Option<String>),
    /// The first known price came later.
    NoPriceYet(String, Day),
    /// There is no price for this tier of service.
    NoTier(String),
    /// The call says no tokens of input.
    NoInput,
    /// The call says no tokens of output.
    NoOutput,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModel => f.write_str("the call names no model"),
            Self::NoPrice(model, Some(provider)) => write!(f, "no price is known for {model} at {provider}"),
            Self::NoPrice(model, None) => write!(f, "no price is known for {model}"),
            Self::NoPriceYet(model, day) => write!(f, "no price is known for {model} before {day}"),
            Self::NoTier(tier) => write!(f, "no price is known for the service tier {tier}"),
            Self::NoInput => f.write_str("the call reports no input tokens"),
            Self::NoOutput => f.write_str("the call reports no output tokens"),
        }
    }
}

/// What a call of these facts cost that began then. The model that answered is looked for first.
pub fn cost_of(prices: &PriceList, facts: &Facts, at: UnixNanos) -> Result<Cost, Unknown> {
    let day = Day::of(at);
    let provider = facts.provider.as_deref();
    let mut unknown = Unknown::NoModel;
    let mut found = None;
    for model in [&facts.response_model, &facts.request_model].into_iter().flatten() {
        match prices.find(model, provider, day) {
            Ok(price) => {
                found = Some(price);
                break;
            }
            Err(Missing::Before(first)) => unknown = Unknown::NoPriceYet(model.clone(), first),
            Err(Missing::Model) if unknown == Unknown::NoModel => {
                unknown = Unknown::NoPrice(model.clone(), facts.provider.clone());
            }
            Err(Missing::Model) => {}
        }
    }
    let Some(found) = found else { return Err(unknown) };
    let input = facts.usage.input_tokens.ok_or(Unknown::NoInput)?;
    let (tier, rates) = tier::rates(found.list, found.price, facts.service_tier.as_deref(), input, at)
        .map_err(Unknown::NoTier)?;
    if rates.output.is_some() && facts.usage.output_tokens.is_none() {
        return Err(Unknown::NoOutput);
    }
    Ok(Cost {
        model: found.price.model.clone(),
        provider: found.list.provider.clone(),
        from: found.price.from,
        source: found.list.source.clone(),
        tier,
        buckets: buckets(facts, &rates),
    })
}

/// The disjoint buckets, those that hold tokens.
fn buckets(facts: &Facts, rates: &Rates) -> Vec<Bucket> {
    let usage = &facts.usage;
    let written = usage.cache_write_tokens.unwrap_or(0);
    let for_an_hour = facts.cache_write_1h_tokens.unwrap_or(0).min(written);
    let free = Rate::from_usd(0.0).unwrap_or(rates.input);
    let write = rates.cache_write.unwrap_or(rates.input);
    let output = rates.output.unwrap_or(free);
    [
        (BucketKind::Input, usage.fresh_input_tokens().unwrap_or(0), rates.input),
        (
            BucketKind::CacheRead,
            usage.cache_read_tokens.unwrap_or(0),
            rates.cache_read.unwrap_or(rates.input),
        ),
        (BucketKind::CacheWrite, written - for_an_hour, write),
        (BucketKind::CacheWrite1h, for_an_hour, rates.cache_write_1h.unwrap_or(write)),
        (BucketKind::Output, usage.text_output_tokens().unwrap_or(0), output),
        (BucketKind::Reasoning, usage.reasoning_tokens.unwrap_or(0), output),
    ]
    .into_iter()
    .filter(|(_, tokens, _)| *tokens > 0)
    .map(|(kind, tokens, rate)| Bucket { kind, tokens, rate, cost: rate.of(tokens) })
    .collect()
}
