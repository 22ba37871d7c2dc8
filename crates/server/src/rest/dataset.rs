//! `GET /v1/export`: what people and evaluations marked, one JSON line each, as an evaluation's dataset wants it.

use super::{parameters::limit, runs, stream::UNBUFFERED};
use crate::{problem::Problem, state::App};
use axum::{
    body::Body,
    extract::{Query, RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::header;
use std::{io, sync::Arc};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use turnscope_answers::{AnswerError, DatasetPage};
use turnscope_api::{FormatQuery, RunQuery};
use turnscope_query::{RunFilter, RunPageQuery, within_limits};

/// Runs read at once.
const AT_ONCE: u32 = 50;

/// Marked runs, turns and steps as JSON lines, with the filters of `/v1/runs`: `{"run_id", "step_id", "turn", "input",
/// "output", "scores", "tags", "metadata"}`. With `score=` (a name or a label, or `NAME>=0.5`) those that have such a score; `limit`
/// bounds the runs, there is none when it is left out.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Query(query): Query<RunQuery>,
    Query(format): Query<FormatQuery>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    if format.format.as_deref().is_some_and(|format| format != "jsonl") {
        return Err(Problem::bad_request("there is no such format").detail("take jsonl, or leave it out"));
    }
    let filter =
        runs::filter(&query, app.moment().now_ms)?.and(runs::attributes(raw.as_deref().unwrap_or(""))?);
    within_limits(&filter)?;
    let mut left = limit(query.limit, u32::MAX, u32::MAX)?;
    let page = runs::page(&RunQuery { limit: Some(AT_ONCE.min(left)), ..query.clone() })?;
    let filter = Arc::new(filter);
    // The first page is read before the reply begins, so that what is wrong with the question is said.
    let first = read(&app, &filter, &page).await?;
    left = left.saturating_sub(first.runs as u32);
    let (lines, body) = mpsc::channel::<io::Result<Bytes>>(4);
    tokio::spawn(async move {
        if let Err(error) = send(&app, &filter, page, first, left, &lines).await {
            // The client sees that the answer broke off.
            let _ = lines.send(Err(io::Error::other(error.to_string()))).await;
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"turnscope.jsonl\""),
    ];
    Ok((UNBUFFERED, headers, Body::from_stream(ReceiverStream::new(body))).into_response())
}

async fn read(
    app: &Arc<App>,
    filter: &Arc<RunFilter>,
    page: &RunPageQuery,
) -> Result<DatasetPage, AnswerError> {
    let (filter, page) = (Arc::clone(filter), page.clone());
    app.ask(move |answers| answers.dataset(&filter, &page)).await
}

/// Sends the first page and those after it, with as many runs more as are left.
async fn send(
    app: &Arc<App>,
    filter: &Arc<RunFilter>,
    mut page: RunPageQuery,
    mut found: DatasetPage,
    mut left: u32,
    lines: &mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), AnswerError> {
    loop {
        let mut text = Vec::new();
        for line in &found.lines {
            text.extend(serde_json::to_vec(line).unwrap_or_default());
            text.push(b'\n');
        }
        if !text.is_empty() && lines.send(Ok(Bytes::from(text))).await.is_err() {
            return Ok(()); // nobody reads on
        }
        let Some(next) = found.next.filter(|_| left > 0) else { return Ok(()) };
        page = RunPageQuery { after: Some(next), offset: 0, limit: AT_ONCE.min(left), ..page };
        found = read(app, filter, &page).await?;
        left = left.saturating_sub(found.runs as u32);
    }
}
