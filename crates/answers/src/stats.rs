//! Figures over runs, by group and over time.

use crate::{
    Answers, Result, attributes,
    wire::{money, ms, usage},
};
use std::collections::BTreeMap;
use turnscope_api::{Group, GroupFigures, Percentiles, Statuses, ValueCount, Values, Verdicts};
use turnscope_query::{
    Condition, FigureKey, Figures, FiguresQuery, GroupBy, NumberField, Range, RunFilter, ValueCursor, quoted,
};

const DAY_MS: i64 = 86_400_000;
/// How far the clock of a client may be ahead: what begins later has not begun recently.
const AHEAD_MS: i64 = 300_000;

/// Figures over the runs that a filter asks for, and by group.
pub struct FiguresReply {
    /// Of all runs.
    pub all: GroupFigures,
    /// Runs that began in the last 24 hours, whatever the filter.
    pub recent_runs: u64,
    /// How wide the buckets are, in nanoseconds.
    pub bucket: Option<i64>,
    /// One entry a group and bucket.
    pub groups: Vec<Group>,
}

impl Answers {
    /// Figures of the runs that a filter asks for; `names` are those of `group_by`.
    pub fn figures(
        &self,
        filter: &RunFilter,
        group_by: &[GroupBy],
        names: &[String],
        bucket: Option<Bucket>,
    ) -> Result<FiguresReply> {
        self.read(|reader| {
            let filter = &attributes::resolved(reader, filter, self.moment)?;
            let all = FiguresQuery { filter: filter.clone(), ..FiguresQuery::default() };
            let now = self.moment.now_ms;
            let last_day = Range {
                first: now.saturating_sub(DAY_MS).saturating_mul(1_000_000),
                last: now.saturating_add(AHEAD_MS).saturating_mul(1_000_000),
            };
            let last_day = Condition::Number(NumberField::Started, last_day).into();
            let recent = FiguresQuery { filter: last_day, ..FiguresQuery::default() };
            let bucket = match bucket {
                Some(Bucket::Auto) => reader
                    .time_range(filter, self.moment)?
                    .map(|(first, last)| fitting_bucket(last.min(self.moment.now_ms).saturating_sub(first))),
                Some(Bucket::Width(width)) => Some(width),
                None => None,
            };
            let grouped = FiguresQuery { filter: filter.clone(), group_by: group_by.to_vec(), bucket };
            let groups = if group_by.is_empty() && bucket.is_none() {
                BTreeMap::new()
            } else {
                reader.figures(&grouped, self.moment)?
            };
            Ok(FiguresReply {
                all: wire_figures(&only(reader.figures(&all, self.moment)?)),
                recent_runs: only(reader.figures(&recent, self.moment)?).runs,
                bucket,
                groups: groups.iter().map(|(key, figures)| wire_group(names, key, figures)).collect(),
            })
        })
    }

    /// The values that a grouping can take, most frequent first.
    pub fn values(
        &self,
        of: GroupBy,
        prefix: &str,
        after: Option<&ValueCursor>,
        limit: u32,
    ) -> Result<Values> {
        let page = self.read(|reader| Ok(reader.values(of, prefix, after, limit)?))?;
        let wire =
            |(value, runs): (String, u64)| ValueCount { quoted: quoted(of.field(), &value), value, runs };
        Ok(Values {
            values: page.values.into_iter().map(wire).collect(),
            next_cursor: page.next.map(String::from),
        })
    }
}

fn only(figures: BTreeMap<FigureKey, Figures>) -> Figures {
    figures.into_values().next().unwrap_or_default()
}

fn wire_group(names: &[String], key: &FigureKey, figures: &Figures) -> Group {
    Group {
        key: names.iter().cloned().zip(key.values.iter().cloned()).collect(),
        bucket_at: key.bucket.map(|bucket| bucket / 1_000_000),
        figures: wire_figures(figures),
    }
}

fn wire_figures(figures: &Figures) -> GroupFigures {
    let percentile = |share| figures.percentile(share).map(ms);
    GroupFigures {
        runs: figures.runs,
        failed_runs: figures.failed_runs,
        open_runs: figures.open_runs,
        statuses: Statuses {
            running: figures.open_runs - figures.incomplete_runs,
            waiting: figures.waiting_runs,
            completed: figures.runs - figures.failed_runs - figures.open_runs - figures.waiting_runs,
            failed: figures.failed_runs,
            incomplete: figures.incomplete_runs,
        },
        turns: figures.turns,
        llm_calls: figures.llm_calls,
        tool_calls: figures.tool_calls,
        errors: figures.errors,
        usage: usage(&figures.usage),
        money: money(&figures.costs),
        verdicts: Verdicts {
            allow: figures.verdicts[0],
            deny: figures.verdicts[1],
            hitl: figures.verdicts[2],
        },
        duration_ms: Percentiles {
            p50: percentile(0.5),
            p90: percentile(0.9),
            p95: percentile(0.95),
            p99: percentile(0.99),
        },
    }
}

/// How wide the buckets of time are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// In nanoseconds.
    Width(i64),
    /// The least round width that makes few enough buckets.
    Auto,
}

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Widths that people can read an axis in.
const ROUND: &[i64] = &[
    SECOND,
    5 * SECOND,
    15 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    DAY,
    7 * DAY,
    28 * DAY,
];
/// Buckets at most, where the width is ours to choose.
const BUCKETS: i64 = 60;

/// The least round width at which so long a time makes few enough buckets.
pub fn fitting_bucket(length: i64) -> i64 {
    let fits = |width: &&i64| length / **width + 2 <= BUCKETS;
    ROUND.iter().find(fits).copied().unwrap_or(length / (BUCKETS - 2) / DAY * DAY + DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_has_few_buckets_of_a_round_width() {
        assert_eq!(fitting_bucket(0), SECOND);
        assert_eq!(fitting_bucket(50 * MINUTE), MINUTE);
        assert_eq!(fitting_bucket(DAY), HOUR);
        assert_eq!(fitting_bucket(30 * DAY), DAY);
        for length in [1, 59 * SECOND, 10 * HOUR, 400 * DAY, 40_000 * DAY] {
            assert!(length / fitting_bucket(length) + 2 <= BUCKETS, "{length}");
        }
    }
}
