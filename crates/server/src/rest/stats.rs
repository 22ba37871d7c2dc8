//! `GET /v1/stats` and `GET /v1/values`.

use super::{maintain, parameters::limit, runs};
use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Query, RawQuery, State},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};
use turnscope_answers::Bucket;
use turnscope_api::{GroupQuery, Queue, RunQuery, Stats, ValueCount, Values, ValuesQuery};
use turnscope_query::{Field, GroupBy, ValueCursor, within_limits};

/// Counts, tokens, cost, latency percentiles and verdicts, with the filters of `/v1/runs`.
pub(crate) async fn stats(
    State(app): State<Arc<App>>,
    Query(query): Query<RunQuery>,
    Query(grouping): Query<GroupQuery>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Stats>, Problem> {
    has_no_pages(&query)?;
    let filter =
        runs::filter(&query, app.moment().now_ms)?.and(runs::attributes(raw.as_deref().unwrap_or(""))?);
    within_limits(&filter)?;
    let names: Vec<String> = grouping
        .group_by
        .as_deref()
        .map(|names| names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
        .unwrap_or_default();
    let group_by: Vec<GroupBy> = names.iter().map(|name| group(name)).collect::<Result<_, _>>()?;
    let bucket = grouping.bucket.as_deref().map(bucket).transpose()?;
    let figures = app.ask(move |answers| answers.figures(&filter, &group_by, &names, bucket)).await?;
    Ok(Json(Stats {
        all: figures.all,
        recent_runs_24h: figures.recent_runs,
        queue: queue(&app),
        bucket_ms: figures.bucket.map(|width| width / 1_000_000),
        groups: figures.groups,
    }))
}

/// Refuses what `/v1/runs` takes for its pages.
fn has_no_pages(query: &RunQuery) -> Result<(), Problem> {
    let given = [
        ("limit", query.limit.is_some()),
        ("offset", query.offset.is_some()),
        ("cursor", query.cursor.is_some()),
        ("order", query.order.is_some()),
    ];
    given.iter().find(|(_, is_given)| *is_given).map_or(Ok(()), |(name, _)| {
        Err(Problem::bad_request(format!("figures have no {name}"))
            .detail("leave it out: figures are of all runs that the filters ask for"))
    })
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
        reprojection: maintain::reprojection(app),
    }
}

fn group(name: &str) -> Result<GroupBy, Problem> {
    GroupBy::by_name(name).ok_or_else(|| {
        let known: Vec<&str> = GroupBy::NAMES.iter().map(|(_, name)| *name).collect();
        Problem::bad_request(format!("there is nothing called {name:?} to group by"))
            .detail(format!("use {}", known.join(", ")))
    })
}

/// How wide the buckets of time are to be.
fn bucket(text: &str) -> Result<Bucket, Problem> {
    const SECOND: i64 = 1_000_000_000;
    Ok(Bucket::Width(match text {
        "auto" => return Ok(Bucket::Auto),
        "minute" => 60 * SECOND,
        "hour" => 3600 * SECOND,
        "day" => 86_400 * SECOND,
        other => {
            let seconds = other.parse::<i64>().ok().filter(|seconds| (1..=31_536_000).contains(seconds));
            seconds.map(|seconds| seconds * SECOND).ok_or_else(|| {
                Problem::bad_request(format!("bucket {other:?} is no width"))
                    .detail("use minute, hour, day, auto, or a number of seconds up to 31536000")
            })?
        }
    }))
}

/// Fields whose values are fixed, with them.
const FIXED: &[(&str, &[&str])] = &[
    ("status", &["running", "waiting", "completed", "failed", "incomplete"]),
    ("verdict", &["allow", "deny", "hitl"]),
];

/// The values a filter can take, most frequent first.
pub(crate) async fn values(
    State(app): State<Arc<App>>,
    Query(query): Query<ValuesQuery>,
) -> Result<Json<Values>, Problem> {
    let limit = limit(query.limit, 50, 1000)?;
    if let Some((_, fixed)) = FIXED.iter().find(|(name, _)| *name == query.field) {
        let prefix = query.prefix.to_lowercase();
        let fits = fixed.iter().filter(|value| value.starts_with(&prefix));
        let value =
            |value: &&str| ValueCount { value: (*value).to_owned(), quoted: (*value).to_owned(), runs: 0 };
        let values = fits.map(value).take(limit as usize).collect();
        return Ok(Json(Values { values, next_cursor: None }));
    }
    let of = match Field::by_name(&query.field) {
        Some(Field::Text(field)) => GroupBy::NAMES.iter().map(|(of, _)| *of).find(|of| of.field() == field),
        _ => None,
    };
    let of = of.ok_or_else(|| {
        let fixed = FIXED.iter().map(|(name, _)| *name);
        let known: Vec<&str> = fixed.chain(GroupBy::NAMES.iter().map(|(_, name)| *name)).collect();
        Problem::bad_request(format!("there is no field {:?} with values to list", query.field))
            .detail(format!("use {}", known.join(", ")))
    })?;
    let after = query.cursor.map(ValueCursor::new);
    Ok(Json(app.ask(move |answers| answers.values(of, &query.prefix, after.as_ref(), limit)).await?))
}
