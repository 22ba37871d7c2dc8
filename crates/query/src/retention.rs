//! How much is kept.

use crate::{Clock, QueryError, RunFilter, parse};
use std::time::Duration;
use turnscope_model::{RunId, TraceGroupId};

/// Runs with this tag, given by a person or by API, are kept whatever the limits and rules say, with all that is projected
/// with them.
pub const PIN: &str = "pinned";

/// What a store keeps; the rest is deleted, oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// What was received longer ago than this is deleted.
    pub max_age: Option<Duration>,
    /// The oldest is deleted until the rest fits into this many bytes.
    pub max_bytes: Option<u64>,
}

impl Retention {
    /// Whether everything is kept.
    pub fn keeps_everything(self) -> bool {
        self == Self::default()
    }

    /// What was received before this time is deleted, in nanoseconds since the epoch; `None` when age does not matter.
    pub fn cutoff(self, now_ms: i64) -> Option<i64> {
        let age = i64::try_from(self.max_age?.as_nanos()).unwrap_or(i64::MAX);
        Some(now_ms.saturating_mul(1_000_000).saturating_sub(age))
    }
}

/// How long runs of one sort are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RetentionRule {
    /// Which runs, in the query language. Relative times count from when the rule is applied.
    pub runs: String,
    /// What was received longer ago is deleted; `None`: nothing is.
    pub keep: Option<Duration>,
    /// Of what was received longer ago, the contents are deleted: messages, arguments, results and attributes. What the run
    /// did and cost stays. `None`: they go with the run.
    pub contents: Option<Duration>,
    /// The share of traces, from 0 to 1, that keep their contents all the same.
    pub sample: f64,
}

impl RetentionRule {
    /// The rule's runs, as its words mean them now.
    ///
    /// # Errors
    /// The query is wrong, or asks for words or attributes, which only reading the contents could tell.
    fn filter(&self, clock: &Clock) -> Result<RunFilter, QueryError> {
        let filter = parse(&self.runs, clock)?;
        if !filter.attributes().is_empty() || filter.has_texts() {
            return Err(QueryError {
                at: 0,
                length: self.runs.chars().count(),
                message: "a rule cannot look into contents and attributes".into(),
                help: "use fields, such as tag:, score:, cost> or error:".into(),
            });
        }
        Ok(filter)
    }

    /// What becomes of a trace that was received so long ago. `place` is the same for the same trace, and spread evenly from
    /// 0 to 1.
    fn fate(&self, age: Duration, place: f64) -> Fate {
        let is_over = |limit: Option<Duration>| limit.is_some_and(|limit| age > limit);
        if is_over(self.keep) {
            Fate::Delete
        } else if is_over(self.contents) && place >= self.sample {
            Fate::DeleteContents
        } else {
            Fate::Keep
        }
    }

    /// When it does something first.
    fn earliest(&self) -> Option<Duration> {
        [self.keep, self.contents].into_iter().flatten().min()
    }
}

/// Rules, of which the first that matches a run counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetentionRules(pub Vec<RetentionRule>);

impl RetentionRules {
    /// The runs of each rule, as their words mean them now.
    ///
    /// # Errors
    /// A query is wrong: which of the rules it is, and why.
    pub fn filters(&self, clock: &Clock) -> Result<Vec<RunFilter>, (usize, QueryError)> {
        let filters = self.0.iter().enumerate();
        filters.map(|(at, rule)| rule.filter(clock).map_err(|error| (at, error))).collect()
    }

    /// The rules, and this age for runs that none of them matches and for what belongs to no run.
    #[must_use]
    pub fn with_rest(mut self, max_age: Option<Duration>) -> Self {
        self.0.push(RetentionRule { runs: String::new(), keep: max_age, contents: None, sample: 0.0 });
        self
    }

    /// What was received later than so long ago is no matter of these rules; `None` where nothing is.
    pub fn earliest(&self) -> Option<Duration> {
        self.0.iter().filter_map(RetentionRule::earliest).min()
    }

    /// What becomes of a trace whose runs match these rules, one for each run: the most generous one counts, since runs of
    /// a trace go together. A trace without runs is a matter of the last rule.
    pub fn fate(&self, matched: &[usize], age: Duration, place: f64) -> Fate {
        let last = [self.0.len().saturating_sub(1)];
        let matched = if matched.is_empty() { &last[..] } else { matched };
        let fates = matched.iter().filter_map(|rule| self.0.get(*rule)).map(|rule| rule.fate(age, place));
        fates.min().unwrap_or(Fate::Keep)
    }
}

/// What becomes of a trace, the most generous first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It stays as it is.
    Keep,
    /// Its contents go, and what its runs did and cost stays.
    DeleteContents,
    /// All of it goes.
    Delete,
}

/// What is projected together, and was received some time ago.
#[derive(Clone, Debug, PartialEq)]
pub struct AgedGroup {
    /// Its leader.
    pub group: TraceGroupId,
    /// When the last of it was received, in milliseconds since the epoch.
    pub received_at: i64,
    /// Where the list goes on: when its leader was received.
    pub listed_at: i64,
    /// Its runs.
    pub runs: Vec<RunId>,
    /// There are contents that can be deleted.
    pub has_contents: bool,
    /// A run of it is pinned.
    pub is_pinned: bool,
    /// A number from 0 to 1 that only its trace decides.
    pub place: f64,
}

/// What one rule did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleOutcome {
    /// Traces that it matched and that are old enough for some rule.
    pub matched: u64,
    /// Traces that were deleted.
    pub deleted: u64,
    /// Traces of which the contents were deleted.
    pub contents_deleted: u64,
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Traces and assembled runs.
    pub groups: u64,
    /// Spans and log records.
    pub records: u64,
    /// Metrics.
    pub metrics: u64,
    /// Traces and assembled runs of which only the contents were deleted.
    pub contents: u64,
}

impl std::ops::AddAssign for Pruned {
    fn add_assign(&mut self, more: Self) {
        self.contents += more.contents;
        self.groups += more.groups;
        self.records += more.records;
        self.metrics += more.metrics;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn rule(keep: Option<u32>, contents: Option<u32>, sample: f64) -> RetentionRule {
        let days = |days: u32| DAY * days;
        RetentionRule { runs: String::new(), keep: keep.map(days), contents: contents.map(days), sample }
    }

    #[test]
    fn the_most_generous_rule_of_a_trace_counts() {
        let rules = RetentionRules(vec![
            rule(None, None, 0.0),
            rule(Some(90), Some(14), 0.25),
            rule(Some(7), None, 0.0),
        ]);
        assert_eq!(rules.earliest(), Some(DAY * 7));
        for (matched, days, place, fate) in [
            (&[0][..], 1000, 0.9, Fate::Keep),
            (&[1], 14, 0.9, Fate::Keep),
            (&[1], 15, 0.9, Fate::DeleteContents),
            (&[1], 15, 0.24, Fate::Keep),
            (&[1], 91, 0.24, Fate::Delete),
            (&[2], 8, 0.0, Fate::Delete),
            (&[2, 1], 8, 0.9, Fate::Keep),
            (&[2, 1], 20, 0.9, Fate::DeleteContents),
            (&[2, 1, 0], 1000, 0.9, Fate::Keep),
            (&[], 8, 0.0, Fate::Delete),
        ] {
            assert_eq!(rules.fate(matched, DAY * days, place), fate, "{matched:?} after {days} days");
        }
        assert_eq!(RetentionRules::default().with_rest(None).earliest(), None);
    }

    #[test]
    fn a_rule_looks_at_what_is_known_without_contents() {
        let of = |runs: &str| RetentionRule { runs: runs.into(), ..rule(None, None, 0.0) };
        let clock = Clock::utc(0);
        for good in
            ["", "tag:gold OR score:bad", "-(status:failed OR cost>1 OR verdict:deny)", "error:timeout"]
        {
            assert!(of(good).filter(&clock).is_ok(), "{good}");
        }
        for bad in ["refund", "service:a -(b)", "attr.x:1", "agnet:a"] {
            assert!(of(bad).filter(&clock).is_err(), "{bad}");
        }
    }
}
