//! What a model call cost: tokens by bucket, times the price at the time of the call.
//!
//! In: the facts of a call and a price list. Out: what each bucket cost, in integer nano-dollars, rounded once per
//! bucket, or why that is unknown. Not here: which calls count (the crate `project`), adding up over runs, files.
//!
//! The way through: `names` (which entries a model's name can mean) → `lookup` (the entry, and its price on that day) →
//! `tier` (batch, long context, …) → the buckets here.

mod facts;
mod list;
mod litellm;
mod lookup;
mod names;
mod rate;
#[cfg(test)]
mod tests;
mod tier;

pub use facts::{Bucket, BucketKind, Cost, Unknown, cost_of};
pub use list::{List, LongContext, Peak, Price, PriceFile, PricingError};
pub use litellm::from_litellm;
pub use lookup::PriceList;
pub use rate::{Day, Rate, Rates};
pub use tier::Tier;
