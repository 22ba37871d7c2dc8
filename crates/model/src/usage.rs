//! Tokens and money.

use serde::{Deserialize, Serialize};

/// US dollars in integer billionths, so that sums are exact. Shown as dollars.
pub type NanoUsd = i64;

/// The largest count that is believed: up to here a 64-bit float is exact, and no provider bills near it.
pub const MAX_COUNT: u64 = 1 << 53;

/// Makes a count beyond [`MAX_COUNT`] unknown; says whether it was one.
pub(crate) fn drop_implausible(count: &mut Option<u64>) -> bool {
    count.take_if(|count| *count > MAX_COUNT).is_some()
}

/// What one model call, or a sum of them, consumed. Unknown is `None`, never 0.
///
/// As on the surface: `input_tokens` includes cached reads and writes, `output_tokens` includes reasoning.
/// [`Usage::fresh_input_tokens`] and [`Usage::text_output_tokens`] give the disjoint rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All prompt tokens, cached ones included.
    pub input_tokens: Option<u64>,
    /// All completion tokens, reasoning included.
    pub output_tokens: Option<u64>,
    /// Prompt tokens read from the provider's cache.
    pub cache_read_tokens: Option<u64>,
    /// Prompt tokens written to the provider's cache.
    pub cache_write_tokens: Option<u64>,
    /// Completion tokens spent on reasoning.
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// Whether nothing at all is known.
    pub const fn is_unknown(&self) -> bool {
        self.input_tokens.is_none()
            && self.output_tokens.is_none()
            && self.cache_read_tokens.is_none()
            && self.cache_write_tokens.is_none()
            && self.reasoning_tokens.is_none()
    }

    /// Input that was neither read from nor written to a cache.
    pub fn fresh_input_tokens(&self) -> Option<u64> {
        let cached = self.cache_read_tokens.unwrap_or(0).saturating_add(self.cache_write_tokens.unwrap_or(0));
        self.input_tokens.map(|all| all.saturating_sub(cached))
    }

    /// Output that is not reasoning.
    pub fn text_output_tokens(&self) -> Option<u64> {
        self.output_tokens.map(|all| all.saturating_sub(self.reasoning_tokens.unwrap_or(0)))
    }

    /// Input plus output; `None` when neither is known.
    pub fn total_tokens(&self) -> Option<u64> {
        add(self.input_tokens, self.output_tokens)
    }

    /// Adds another call's usage: known plus unknown is the known part.
    pub fn add(&mut self, other: &Self) {
        self.input_tokens = add(self.input_tokens, other.input_tokens);
        self.output_tokens = add(self.output_tokens, other.output_tokens);
        self.cache_read_tokens = add(self.cache_read_tokens, other.cache_read_tokens);
        self.cache_write_tokens = add(self.cache_write_tokens, other.cache_write_tokens);
        self.reasoning_tokens = add(self.reasoning_tokens, other.reasoning_tokens);
    }

    /// Makes counts beyond [`MAX_COUNT`] unknown; says whether there were any.
    pub fn drop_implausible(&mut self) -> bool {
        let counts = [
            &mut self.input_tokens,
            &mut self.output_tokens,
            &mut self.cache_read_tokens,
            &mut self.cache_write_tokens,
            &mut self.reasoning_tokens,
        ];
        counts.into_iter().filter_map(|count| drop_implausible(count).then_some(())).count() > 0
    }

    /// Takes from `other` what is unknown here.
    pub fn fill_from(&mut self, other: &Self) {
        self.input_tokens = self.input_tokens.or(other.input_tokens);
        self.output_tokens = self.output_tokens.or(other.output_tokens);
        self.cache_read_tokens = self.cache_read_tokens.or(other.cache_read_tokens);
        self.cache_write_tokens = self.cache_write_tokens.or(other.cache_write_tokens);
        self.reasoning_tokens = self.reasoning_tokens.or(other.reasoning_tokens);
    }
}

fn add(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (known, None) | (None, known) => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_nobody_bills_is_unknown() {
        let mut usage = Usage {
            input_tokens: Some(MAX_COUNT),
            output_tokens: Some(MAX_COUNT + 1),
            reasoning_tokens: Some(u64::MAX),
            ..Usage::default()
        };
        assert!(usage.drop_implausible());
        assert_eq!(usage, Usage { input_tokens: Some(MAX_COUNT), ..Usage::default() });
        assert!(!usage.drop_implausible());
    }

    #[test]
    fn unknown_stays_unknown_and_known_adds_up() {
        let mut sum = Usage::default();
        assert!(sum.is_unknown());
        sum.add(&Usage { input_tokens: Some(10), cache_read_tokens: Some(4), ..Usage::default() });
        sum.add(&Usage { input_tokens: Some(5), ..Usage::default() });
        assert_eq!(sum.input_tokens, Some(15));
        assert_eq!(sum.fresh_input_tokens(), Some(11));
        assert_eq!(sum.output_tokens, None);
        assert_eq!(sum.total_tokens(), Some(15));
    }
}
