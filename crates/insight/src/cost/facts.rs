//! The cost of one call, bucket by bucket.

use super::{
    lookup::{Missing, PriceList},
    rate::{Day, Rate, Rates},
    tier::{self, Tier},
};
use std::fmt;
use turnscope_model::{Facts, NanoUsd, UnixNanos};

/// A kind of token. The kinds are disjoint, so that each token is counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BucketKind {
    /// Input that was neither read from nor written to a cache.
    Input,
    /// Input read from the provider's cache.
    CacheRead,
    /// Input written to the provider's cache with the default lifetime.
    CacheWrite,
    /// Input written to the provider's cache for one hour.
    CacheWrite1h,
    /// Output other than reasoning.
    Output,
    /// Reasoning.
    Reasoning,
}

impl BucketKind {
    /// Whether it is a part of what the model was sent.
    pub const fn is_input(self) -> bool {
        matches!(self, Self::Input | Self::CacheRead | Self::CacheWrite | Self::CacheWrite1h)
    }

    /// The name in the API.
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

/// The tokens of one kind in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The kind of token.
    pub kind: BucketKind,
    /// The number of tokens.
    pub tokens: u64,
    /// The price.
    pub rate: Rate,
    /// The cost.
    pub cost: NanoUsd,
}

/// The cost of a call, and how it was computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The model's name in the price list.
    pub model: String,
    /// The provider with this price; `None` if the price applies to all providers.
    pub provider: Option<String>,
    /// The first day of the price.
    pub from: Day,
    /// The source of the price.
    pub source: String,
    /// What made the price differ from the standard one.
    pub tier: Tier,
    /// The non-empty buckets.
    pub buckets: Vec<Bucket>,
}

impl Cost {
    /// The sum of the buckets.
    pub fn total(&self) -> NanoUsd {
        self.buckets.iter().fold(0, |sum, bucket| sum.saturating_add(bucket.cost))
    }
}

/// Why the cost of a call is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The call has no model name.
    NoModel,
    /// There is no price for the model at this provider.
    NoPrice(String, Option<String>),
    /// The call is older than the first known price.
    NoPriceYet(String, Day),
    /// There is no price for this service tier.
    NoTier(String),
    /// The call has no input token count.
    NoInput,
    /// The call has no output token count.
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

/// The cost of a call that began at this time. The response model is looked up first, then the requested one.
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

/// The disjoint, non-empty buckets.
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
