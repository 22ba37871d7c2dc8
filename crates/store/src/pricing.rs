//! How calls are priced. Stores know no prices: they are given a function.

use std::sync::Arc;
use turnscope_model::{Facts, NanoUsd, UnixNanos};

/// What a call with these facts cost that began then; `None` when that is unknown.
pub type PriceOf = dyn Fn(&Facts, UnixNanos) -> Option<NanoUsd> + Send + Sync;

/// Prices, as a store sees them.
#[derive(Clone)]
pub struct Pricing {
    /// Differs when `price_of` does.
    pub key: i64,
    /// Prices one call.
    pub price_of: Arc<PriceOf>,
}

impl std::fmt::Debug for Pricing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pricing").field("key", &self.key).finish_non_exhaustive()
    }
}
