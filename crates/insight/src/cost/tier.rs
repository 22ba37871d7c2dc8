//! Which of a model's prices a call is charged at.

use super::{
    list::{List, Price},
    rate::{Rates, moment},
};
use time::Weekday;
use turnscope_model::UnixNanos;

/// What a service calls its usual tier.
const STANDARD: &[&str] = &["default", "standard", "auto", "on_demand", "ondemand", "standard_only"];

/// What changed the price of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    /// `batch`, `flex` or `priority`, as the telemetry says.
    pub service: Option<String>,
    /// The prompt was longer than the usual price is for.
    pub long_context: bool,
    /// The call was made in hours that cost more.
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

/// The rates for a call; `Err` names a service tier that the list has no price for.
pub(super) fn rates(
    list: &List,
    price: &Price,
    service_tier: Option<&str>,
    input_tokens: u64,
    at: UnixNanos,
) -> Result<(Tier, Rates), String> {
    let mut tier = Tier::default();
    let mut rates = price.rates();
    if let Some(long) = price.long.as_ref().filter(|long| input_tokens > long.above) {
        tier.long_context = true;
        rates = long.rates();
    }
    if let Some(sent) = service_tier {
        let name = sent.trim().to_ascii_lowercase();
        let share = match name.as_str() {
            standard if STANDARD.contains(&standard) => None,
            "batch" | "batches" => Some(("batch", price.batch.or(list.batch).ok_or(name)?)),
            "flex" => Some(("flex", list.flex.ok_or(name)?)),
            "priority" => Some(("priority", price.priority.ok_or(name)?)),
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

/// Hours of working days, in UTC, the end excluded.
fn is_within(hours: &[[u8; 2]], at: UnixNanos) -> bool {
    let at = moment(at);
    !matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday)
        && hours.iter().any(|[from, to]| (*from..*to).contains(&at.hour()))
}
