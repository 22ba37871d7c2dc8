//! Selects the rates of a call among a model's prices.

use super::{
    list::{List, Price},
    rate::{Rates, moment},
};
use time::Weekday;
use turnscope_model::UnixNanos;

/// Providers' names for the standard tier.
const STANDARD: &[&str] =
    &["default", "standard", "auto", "on_demand", "ondemand", "standard_only", "normal", "on-demand"];

/// What changed the price of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    /// `batch`, `flex`, `priority` or `fast`, as reported.
    pub service: Option<String>,
    /// Whether the prompt was long enough for the long-context price.
    pub long_context: bool,
    /// Whether the call was made in peak hours.
    pub peak: bool,
}

impl Tier {
    /// `standard`, or what differs from it: `batch`, `long_context`, `batch+long_context`, …
    pub fn name(&self) -> String {
        let long = self.long_context.then_some("long_context");
        let peak = self.peak.then_some("peak");
        let parts: Vec<&str> = self.service.as_deref().into_iter().chain(long).chain(peak).collect();
        if parts.is_empty() { "standard".to_owned() } else { parts.join("+") }
    }
}

/// The rates for a call. `Err` contains a service tier without a price.
pub(super) fn rates(
    list: &List,
    price: &Price,
    service_tier: Option<&str>,
    input_tokens: u64,
    at: UnixNanos,
) -> Result<(Tier, Rates), String> {
    let mut tier = Tier::default();
    let mut rates = price.rates;
    if let Some(long) = price.long.as_ref().filter(|long| input_tokens > long.above) {
        tier.long_context = true;
        rates = long.rates;
    }
    if let Some(sent) = service_tier {
        let name = sent.trim().to_ascii_lowercase();
        let share = match name.as_str() {
            standard if STANDARD.contains(&standard) => None,
            "batch" | "batches" => Some(("batch", price.batch.or(list.batch).ok_or(name)?)),
            "flex" => Some(("flex", list.flex.ok_or(name)?)),
            "priority" => Some(("priority", price.priority.ok_or(name)?)),
            "fast" => Some(("fast", price.fast.ok_or(name)?)),
            _ => return Err(name),
        };
        if let Some((service, share)) = share {
            tier.service = Some(service.to_owned());
            rates = rates.times(share);
        }
    }
    if let Some(peak) = price.peak.as_ref().filter(|peak| is_within(&peak.hours, at)) {
        tier.peak = true;
        rates = rates.times(peak.share);
    }
    Ok((tier, rates))
}

/// Whether the time is within these hours of a working day, in UTC; the end is exclusive.
fn is_within(hours: &[[u8; 2]], at: UnixNanos) -> bool {
    let at = moment(at);
    !matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday)
        && hours.iter().any(|[from, to]| (*from..*to).contains(&at.hour()))
}
