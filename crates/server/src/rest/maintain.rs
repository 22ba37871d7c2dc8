//! `POST /v1/prune`, `POST /v1/vacuum`, `POST /v1/reproject` and `POST /v1/quarantine/retry`: what the owner of a data
//! directory alone can do to it.

use super::runs;
use crate::{problem::Problem, retention_rules, state::App};
use axum::{Json, extract::State};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use turnscope_answers::{AnswerError, Answers};
use turnscope_api::{PruneBody, Pruned, Quarantine, ReprojectBody, Reprojection, RuleReport, RunQuery, Size};
use turnscope_model::TraceGroupId;
use turnscope_query::{Retention, RuleOutcome, RunFilter, RunPageQuery};
use turnscope_store::{Maintenance, Store, StoreError};

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Deletes what is too old or too much.
pub(crate) async fn prune(
    State(app): State<Arc<App>>,
    Json(body): Json<PruneBody>,
) -> Result<Json<Pruned>, Problem> {
    let age = body
        .retention_days
        .map(|days| {
            Duration::try_from_secs_f64(days * DAY).map_err(|_| {
                Problem::bad_request(format!("retention_days {days} is no span of time"))
                    .detail("take a number of days, 0 or more")
            })
        })
        .transpose()?;
    // As every hour, where nothing else is said.
    let age = age.or(app.retention.max_age.filter(|_| body.rules));
    let retention = Retention { max_age: age, max_bytes: body.retention_max_bytes };
    let rules = if body.rules { app.own_retention.rules() } else { Arc::default() };
    if body.rules && rules.0.is_empty() {
        return Err(Problem::bad_request("there are no retention rules")
            .detail(format!("write some into {}", app.own_retention.file().display())));
    }
    if retention.keeps_everything() && rules.0.is_empty() {
        return Err(Problem::bad_request("nothing says what to keep")
            .detail("give retention_days, retention_max_bytes or rules"));
    }
    let (moment, vacuum, dry_run) = (app.moment(), body.vacuum && !body.dry_run, body.dry_run);
    let applied = Arc::clone(&rules);
    let (outcomes, pruned) = app
        .write(move |store| {
            let done = retention_rules::apply(store, &applied, retention, moment, dry_run)?;
            if vacuum {
                maintenance(store)?.vacuum()?;
            }
            Ok(done)
        })
        .await?;
    let size = size(&app).await?;
    let names = rules.0.iter().map(|rule| Some(rule.runs.clone())).chain([None]);
    Ok(Json(Pruned {
        traces: pruned.groups,
        records: pruned.records,
        metrics: pruned.metrics,
        contents: pruned.contents,
        rules: names.zip(outcomes).map(report).collect(),
        bytes_over: retention.max_bytes.filter(|_| dry_run).map(|max| size.used_bytes.saturating_sub(max)),
        size,
    }))
}

fn report((runs, outcome): (Option<String>, RuleOutcome)) -> RuleReport {
    RuleReport {
        runs,
        matched: outcome.matched,
        deleted: outcome.deleted,
        contents_deleted: outcome.contents_deleted,
    }
}

/// Gives room back to the disk, a little at a time.
pub(crate) async fn vacuum(State(app): State<Arc<App>>) -> Result<Json<Size>, Problem> {
    app.write(|store| maintenance(store)?.vacuum()).await?;
    Ok(Json(size(&app).await?))
}

async fn size(app: &Arc<App>) -> Result<Size, Problem> {
    let (used_bytes, free_bytes) =
        app.ask(|answers| Ok(answers.store.reader(&answers.limit)?.bytes()?)).await?;
    Ok(Size { used_bytes, free_bytes })
}

/// Runs on one page while those that match are gathered.
const PAGE: u32 = 1000;

/// Begins to find the facts of stored records again; it goes on in the background.
pub(crate) async fn reproject(
    State(app): State<Arc<App>>,
    Json(body): Json<ReprojectBody>,
) -> Result<Json<Reprojection>, Problem> {
    let groups = match body.q {
        Some(_) => {
            let query = RunQuery { q: body.q, tz: body.tz, ..RunQuery::default() };
            let filter = runs::filter(&query, app.moment().now_ms)?;
            Some(app.ask(move |answers| groups_of(answers, &filter)).await?)
        }
        None => None,
    };
    app.write(move |store| maintenance(store)?.reproject(groups)).await?;
    Ok(Json(reprojection(&app)))
}

/// The trace groups that the runs which match are projected from.
fn groups_of(answers: &Answers, filter: &RunFilter) -> Result<Vec<TraceGroupId>, AnswerError> {
    let mut reader = answers.store.reader(&answers.limit)?;
    let mut groups = BTreeSet::new();
    let mut query = RunPageQuery { limit: PAGE, ..RunPageQuery::default() };
    loop {
        let page = reader.runs(filter, &query, answers.moment)?;
        groups.extend(page.runs.iter().map(|listed| listed.run.group));
        let Some(next) = page.next else { return Ok(groups.into_iter().collect()) };
        query.after = Some(next);
    }
}

/// How far the facts of stored records have been found again.
pub(crate) async fn reprojected(State(app): State<Arc<App>>) -> Json<Reprojection> {
    Json(reprojection(&app))
}

/// How far the facts of stored records have been found again.
pub(super) fn reprojection(app: &App) -> Reprojection {
    let turnscope_store::Reprojection { is_running, done, left, changed } = app.store.counters().reprojection;
    Reprojection { running: is_running, done, left, changed }
}

/// Tries again what is in quarantine.
pub(crate) async fn retry_quarantined(State(app): State<Arc<App>>) -> Result<Json<Quarantine>, Problem> {
    let left = app.write(|store| maintenance(store)?.retry_quarantined()).await?;
    Ok(Json(Quarantine { left }))
}

fn maintenance(store: &dyn Store) -> Result<&dyn Maintenance, StoreError> {
    store.maintenance().ok_or(StoreError::Unsupported("maintenance"))
}
