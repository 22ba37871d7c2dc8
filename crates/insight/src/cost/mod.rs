//! The cost of a model call: tokens by bucket times the price at the time of the call.
//!
//! Input: the facts of a call and a price list. Output: the cost of each bucket in integer nano-dollars,
//! rounded once per bucket, or the reason why it is unknown. Not here: which calls count, sums over runs, and
//! file access.
//!
//! The order of the modules: `names` (the entries that match a model's name) → `lookup` (the entry and its
//! price on that day) → `tier` (batch, long context, …) → `facts` (the buckets).

mod compare;
mod facts;
mod list;
mod litellm;
mod lookup;
mod names;
mod rate;
#[cfg(test)]
mod tests;
mod tier;

pub use compare::{Compared, Difference, compare};
pub use facts::{Bucket, BucketKind, Cost, Unknown, cost_of};
pub use list::{List, LongContext, Peak, Price, PriceFile, PricingError};
pub use litellm::from_litellm;
pub use lookup::PriceList;
pub use rate::{Day, Rate, Rates};
pub use tier::Tier;
