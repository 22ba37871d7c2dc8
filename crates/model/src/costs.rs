//! What calls cost: our own figure, the client's, and how much of either is known.

use crate::{Facts, NanoUsd};
use serde::{Deserialize, Serialize};

/// What one call, or many, cost. Unknown is `None`, never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// The best that is known of each call, added up: our own figure, else the client's.
    pub cost: Option<NanoUsd>,
    /// Our own figures only: tokens × price.
    pub computed: Option<NanoUsd>,
    /// The clients' figures only.
    pub reported: Option<NanoUsd>,
    /// Calls of which we know no price.
    pub unpriced_calls: u64,
}

impl Costs {
    /// Of one call: `computed` is our own figure. A call that failed before it used a token needs no price.
    pub fn of_call(facts: &Facts, computed: Option<NanoUsd>, failed: bool) -> Self {
        let needs_price = !(failed && facts.usage.is_unknown());
        Self {
            cost: computed.or(facts.reported_cost),
            computed,
            reported: facts.reported_cost,
            unpriced_calls: u64::from(computed.is_none() && needs_price),
        }
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.cost, other.cost),
            (&mut self.computed, other.computed),
            (&mut self.reported, other.reported),
        ] {
            if let Some(theirs) = theirs {
                *mine = Some(mine.unwrap_or(0).saturating_add(theirs));
            }
        }
        self.unpriced_calls = self.unpriced_calls.saturating_add(other.unpriced_calls);
    }

    /// Where [`Costs::cost`] comes from: `computed`, `reported`, or `mixed` when only some calls have a price.
    pub fn source(&self) -> Option<&'static str> {
        Some(match (self.cost?, self.computed) {
            (_, None) => "reported",
            (cost, Some(computed)) if cost == computed => "computed",
            _ => "mixed",
        })
    }

    /// Whether every call has a price.
    pub const fn is_complete(&self) -> bool {
        self.unpriced_calls == 0
    }

    /// Whether our figure and the client's differ by more than a hundredth and a ten-thousandth of a cent.
    pub fn differs(&self) -> bool {
        let (Some(computed), Some(reported)) = (self.computed, self.reported) else { return false };
        let apart = computed.abs_diff(reported);
        apart > 1_000 && apart > computed.unsigned_abs().max(reported.unsigned_abs()) / 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Usage;

    fn call(reported: Option<NanoUsd>) -> Facts {
        let usage = Usage { input_tokens: Some(1), ..Usage::default() };
        Facts { usage, reported_cost: reported, ..Facts::default() }
    }

    #[test]
    fn each_call_counts_with_the_best_that_is_known_of_it() {
        let mut all = Costs::default();
        assert_eq!((all.source(), all.is_complete()), (None, true));
        all.add(&Costs::of_call(&call(Some(120)), Some(100), false));
        assert_eq!((all.cost, all.source(), all.is_complete()), (Some(100), Some("computed"), true));
        all.add(&Costs::of_call(&call(Some(50)), None, false));
        assert_eq!((all.cost, all.source(), all.is_complete()), (Some(150), Some("mixed"), false));
        assert_eq!(all.reported, Some(170));
        all.add(&Costs::of_call(&call(None), None, false));
        assert_eq!((all.cost, all.unpriced_calls), (Some(150), 2));
    }

    #[test]
    fn a_call_that_failed_without_a_token_needs_no_price() {
        let facts = Facts::default();
        assert!(Costs::of_call(&facts, None, true).is_complete());
        assert!(!Costs::of_call(&facts, None, false).is_complete());
        assert_eq!(Costs::of_call(&call(Some(7)), None, false).source(), Some("reported"));
    }

    #[test]
    fn small_differences_are_none() {
        let differs = |computed, reported| {
            Costs { computed: Some(computed), reported: Some(reported), ..Costs::default() }.differs()
        };
        assert!(!differs(1_000_000, 1_009_000));
        assert!(differs(1_000_000, 1_020_000));
        assert!(!differs(100, 1_100));
        assert!(differs(100, 1_101));
        assert!(!Costs { computed: Some(5), ..Costs::default() }.differs());
    }
}
