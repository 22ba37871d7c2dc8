//! `GET /v1/stats` and `GET /v1/values`.

use super::{problem::Problem, runs::RunQuery, step::Usage, wire};
use crate::state::App;
use axum::{
    Json,
    extract::{Query, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};
use turnscope_store::query::{Figures, GroupBy, RunFilter};

/// How figures are grouped.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct GroupQuery {
    /// `agent,model,tool,service,…`; several separated by commas.
    group_by: Option<String>,
    /// `minute`, `hour`, `day`, a width in seconds, or `auto`: the least of some round widths that makes 60 buckets at most.
    bucket: Option<String>,
}

/// Figures over the runs that the filters ask for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stats {
    #[serde(flatten)]
    all: GroupFigures,
    recent_runs_24h: u64,
    queue: Queue,
    /// How wide the buckets are; null without `bucket`.
    bucket_ms: Option<i64>,
    /// One entry a group, where `group_by` or `bucket` is given.
    groups: Vec<Group>,
}

/// What the receiving path did since the server started.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Queue {
    /// Always 0: nothing is dropped in silence; what is refused is counted below.
    events_dropped: u64,
    received: u64,
    stored: u64,
    duplicates: u64,
    rejected: u64,
    /// Refused requests by reason.
    refused: BTreeMap<String, u64>,
    redacted: u64,
    search_lag: u64,
}

/// Figures of some runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GroupFigures {
    runs: u64,
    failed_runs: u64,
    /// Neither ended nor failed.
    open_runs: u64,
    /// Runs by status: they add up to `runs`.
    statuses: Statuses,
    turns: u64,
    llm_calls: u64,
    tool_calls: u64,
    errors: u64,
    usage: Option<Usage>,
    #[serde(flatten)]
    money: wire::Money,
    verdicts: Verdicts,
    /// Of runs that have ended.
    duration_ms: Percentiles,
}

/// Runs by status.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Statuses {
    running: u64,
    completed: u64,
    failed: u64,
    incomplete: u64,
}

/// Verdicts, counted once per tool call.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Verdicts {
    allow: u64,
    deny: u64,
    hitl: u64,
}

/// Nearest-rank percentiles.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Percentiles {
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

/// One group.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Group {
    /// The value of each `group_by`; null where a run has none.
    key: BTreeMap<String, Option<String>>,
    /// The start of the bucket, milliseconds since the epoch.
    bucket_at: Option<i64>,
    #[serde(flatten)]
    figures: GroupFigures,
}

impl From<&Figures> for GroupFigures {
    fn from(figures: &Figures) -> Self {
        let percentile = |share| figures.percentile(share).map(wire::ms);
        Self {
            runs: figures.runs,
            failed_runs: figures.failed_runs,
            open_runs: figures.open_runs,
            statuses: Statuses {
                running: figures.open_runs - figures.incomplete_runs,
                completed: figures.runs - figures.failed_runs - figures.open_runs,
                failed: figures.failed_runs,
                incomplete: figures.incomplete_runs,
            },
            turns: figures.turns,
            llm_calls: figures.llm_calls,
            tool_calls: figures.tool_calls,
            errors: figures.errors,
            usage: Usage::of(&figures.usage),
            money: wire::Money::of(&figures.costs),
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
}

const DAY_MS: i64 = 86_400_000;

/// Counts, tokens, cost, latency percentiles and verdicts, with the filters of `/v1/runs`.
pub(crate) async fn stats(
    State(app): State<Arc<App>>,
    Query(query): Query<RunQuery>,
    Query(grouping): Query<GroupQuery>,
) -> Result<Json<Stats>, Problem> {
    let moment = app.moment();
    let filter = query.filter(moment.now_ms)?;
    let names: Vec<String> = grouping
        .group_by
        .as_deref()
        .map(|names| names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
        .unwrap_or_default();
    let group_by: Vec<GroupBy> = names.iter().map(|name| group(name)).collect::<Result<_, _>>()?;
    let bucket = grouping.bucket.as_deref().map(Bucket::parse).transpose()?;
    let (all, recent, bucket, groups) = app
        .ask(move |reader| {
            let all = reader.stats(&filter, &[], None, moment)?;
            let mut recent = RunFilter::default();
            recent.at_least(turnscope_store::query::Filter::Started, (moment.now_ms - DAY_MS) as f64);
            let recent = reader.stats(&recent, &[], None, moment)?;
            let bucket = match bucket {
                Some(Bucket::Auto) => {
                    reader.time_range(&filter, moment)?.map(|(first, last)| fitting(last - first))
                }
                Some(Bucket::Width(width)) => Some(width),
                None => None,
            };
            let groups = if group_by.is_empty() && bucket.is_none() {
                BTreeMap::new()
            } else {
                reader.stats(&filter, &group_by, bucket, moment)?
            };
            Ok((all, recent, bucket, groups))
        })
        .await?;
    let one = |figures: &BTreeMap<_, Figures>| figures.values().next().cloned().unwrap_or_default();
    Ok(Json(Stats {
        all: GroupFigures::from(&one(&all)),
        recent_runs_24h: one(&recent).runs,
        queue: queue(&app),
        bucket_ms: bucket.map(|width| width / 1_000_000),
        groups: groups
            .iter()
            .map(|((slot, values), figures)| Group {
                key: names.iter().cloned().zip(values.iter().cloned()).collect(),
                bucket_at: slot.map(|slot| slot / 1_000_000),
                figures: GroupFigures::from(figures),
            })
            .collect(),
    }))
}

fn queue(app: &App) -> Queue {
    let sum = |of: fn(&crate::ingest::SignalCounters) -> u64| app.ingest.counters.iter().map(of).sum();
    let mut refused = BTreeMap::new();
    for (_, reason, count) in app.ingest.refused.all() {
        *refused.entry(reason.to_owned()).or_default() += count;
    }
    Queue {
        events_dropped: 0,
        received: sum(|signal| signal.received.load(Ordering::Relaxed)),
        stored: sum(|signal| signal.stored.load(Ordering::Relaxed)),
        duplicates: sum(|signal| signal.duplicates.load(Ordering::Relaxed)),
        rejected: sum(|signal| signal.rejected.load(Ordering::Relaxed)),
        refused,
        redacted: app.ingest.redacted.load(Ordering::Relaxed),
        search_lag: app.store.counters().index_lag,
    }
}

fn group(name: &str) -> Result<GroupBy, Problem> {
    GroupBy::by_name(name).ok_or_else(|| {
        let known: Vec<&str> = GroupBy::NAMES.iter().map(|(_, name)| *name).collect();
        Problem::bad_request(format!("there is nothing called {name:?} to group by"))
            .detail(format!("take {}", known.join(", ")))
    })
}

/// How wide the buckets of time are to be.
#[derive(Clone, Copy)]
enum Bucket {
    /// In nanoseconds.
    Width(i64),
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
fn fitting(length: i64) -> i64 {
    let fits = |width: &&i64| length / **width + 2 <= BUCKETS;
    ROUND.iter().find(fits).copied().unwrap_or(length / (BUCKETS - 2) / DAY * DAY + DAY)
}

impl Bucket {
    fn parse(text: &str) -> Result<Self, Problem> {
        Ok(Self::Width(match text {
            "auto" => return Ok(Self::Auto),
            "minute" => MINUTE,
            "hour" => HOUR,
            "day" => DAY,
            other => {
                let seconds = other.parse::<i64>().ok().filter(|seconds| (1..=31_536_000).contains(seconds));
                seconds.map(|seconds| seconds * SECOND).ok_or_else(|| {
                    Problem::bad_request(format!("bucket {other:?} is no width"))
                        .detail("take minute, hour, day, auto or a number of seconds")
                })?
            }
        }))
    }
}

/// Which values are wanted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct ValuesQuery {
    /// `agent`, `model`, `tool`, `service`, `user_id`, `session_id`, `tag`, …
    field: String,
    /// Only values that begin like this.
    prefix: String,
    limit: Option<u32>,
}

/// The values a filter can take.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Values {
    values: Vec<ValueCount>,
}

/// One value, and how many runs have it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ValueCount {
    value: String,
    runs: u64,
}

/// The values a filter can take, most frequent first.
pub(crate) async fn values(
    State(app): State<Arc<App>>,
    Query(query): Query<ValuesQuery>,
) -> Result<Json<Values>, Problem> {
    let fixed: &[&str] = match query.field.as_str() {
        "status" => &["running", "completed", "failed", "incomplete"],
        "verdict" => &["allow", "deny", "hitl"],
        _ => &[],
    };
    if !fixed.is_empty() {
        let values = fixed.iter().map(|value| ValueCount { value: (*value).to_owned(), runs: 0 }).collect();
        return Ok(Json(Values { values }));
    }
    let name = match query.field.as_str() {
        "user" => "user_id",
        "session" => "session_id",
        other => other,
    };
    let of = group(name)?;
    let limit = query.limit.unwrap_or(50).clamp(1, 1000);
    let values = app.ask(move |reader| reader.values(of, &query.prefix, limit)).await?;
    Ok(Json(Values { values: values.into_iter().map(|(value, runs)| ValueCount { value, runs }).collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_has_few_buckets_of_a_round_width() {
        assert_eq!(fitting(0), SECOND);
        assert_eq!(fitting(50 * MINUTE), MINUTE);
        assert_eq!(fitting(DAY), HOUR);
        assert_eq!(fitting(30 * DAY), DAY);
        for length in [1, 59 * SECOND, 10 * HOUR, 400 * DAY, 40_000 * DAY] {
            assert!(length / fitting(length) + 2 <= BUCKETS, "{length}");
        }
    }
}
