//! `POST /v1/prune` and `POST /v1/vacuum`: what the owner of a data directory alone can do to it.

use super::{problem::Problem, scores::write};
use crate::state::{App, Keep};
use axum::{Json, extract::State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// What is to be kept; without any limit nothing is deleted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PruneBody {
    /// What ended longer ago than so many days goes.
    retention_days: Option<f64>,
    /// The oldest goes until the rest fits into so many bytes.
    retention_max_bytes: Option<u64>,
    /// Give the room back to the disk.
    vacuum: bool,
}

/// What was deleted, and what is left.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Pruned {
    /// Traces and assembled runs.
    units: u64,
    /// Spans and log records.
    records: u64,
    metrics: u64,
    #[serde(flatten)]
    size: Size,
}

/// How large the store is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Size {
    used_bytes: u64,
    /// Free within the file; new data takes it before the file grows.
    free_bytes: u64,
}

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
    let keep = Keep { age, max_bytes: body.retention_max_bytes };
    if keep.is_everything() {
        return Err(Problem::bad_request("nothing says what to keep")
            .detail("give retention_days, retention_max_bytes, or both"));
    }
    let retention = keep.at(crate::state::now_ms());
    let vacuum = body.vacuum;
    let pruned = write(&app, move |store| {
        let pruned = store.prune(retention, |_| ())?;
        if vacuum {
            store.vacuum()?;
        }
        Ok(pruned)
    })
    .await?;
    let size = size(&app).await?;
    Ok(Json(Pruned { units: pruned.units, records: pruned.records, metrics: pruned.metrics, size }))
}

/// Gives room back to the disk. The server takes no data meanwhile.
pub(crate) async fn vacuum(State(app): State<Arc<App>>) -> Result<Json<Size>, Problem> {
    write(&app, |store| store.vacuum()).await?;
    Ok(Json(size(&app).await?))
}

async fn size(app: &Arc<App>) -> Result<Size, Problem> {
    let (used_bytes, free_bytes) = app.ask(turnscope_store::Reader::size).await?;
    Ok(Size { used_bytes, free_bytes })
}
