//! Scores and tags, and deleting a run.

use crate::{live::What, own_writes, problem::Problem, state::App};
use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use std::sync::Arc;
use turnscope_answers::{AnswerError, wire_run, wire_score};
use turnscope_api::{Run, RunChange, Score, ScoreBody, ScoreChangeBody, Scores};
use turnscope_model::{ScoreSource, StepId};
use turnscope_query::{self as query, NewScore, ScoreChange};
use turnscope_store::Change;

/// A run's scores: its own, its turns' and its steps'.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Scores>, Problem> {
    Ok(Json(app.ask(move |answers| answers.scores(&id)).await?))
}

/// Gives a score.
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(body): Json<ScoreBody>,
) -> Result<(StatusCode, Json<Score>), Problem> {
    if body.name.trim().is_empty() {
        return Err(Problem::bad_request("the score has no name"));
    }
    if body.value.is_none() && body.label.is_none() {
        return Err(
            Problem::bad_request("the score has neither value nor label").detail("give one of them, or both")
        );
    }
    let source = match body.source.as_deref() {
        None | Some("api") => ScoreSource::Api,
        Some("person") => ScoreSource::Person,
        Some(other) => {
            return Err(
                Problem::bad_request(format!("there is no source {other:?}")).detail("take api or person")
            );
        }
    };
    if body.score_id.as_deref().is_some_and(|id| !is_score_id(id)) {
        return Err(Problem::bad_request("score_id is no id of a score")
            .detail("take the one that an export gave: up to 64 letters, digits, - and _"));
    }
    let run = run_of(&app, &id).await?;
    let new = NewScore {
        run_id: run.run_id,
        step_id: body.step_id.as_deref().map(StepId::from_client),
        turn: body.turn,
        name: body.name,
        value: body.value,
        label: body.label,
        comment: body.comment,
        source,
        score_id: body.score_id,
        created_at: body.created_at,
    };
    let score = app
        .write(move |store| store.add_score(new))
        .await?
        .ok_or_else(|| Problem::not_found(format!("there is no run {id}")))?;
    app.live.publish(What::Score(run.run_id));
    Ok((StatusCode::CREATED, Json(wire_score(score))))
}

fn is_score_id(id: &str) -> bool {
    let is_of_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&id.len()) && id.bytes().all(is_of_id)
}

/// Changes a score that was given by API or by hand.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(body): Json<ScoreChangeBody>,
) -> Result<Json<Score>, Problem> {
    let change = ScoreChange { value: body.value, label: body.label, comment: body.comment };
    let asked = id.clone();
    let score =
        app.write(move |store| store.change_score(&asked, change)).await?.ok_or_else(|| no_score(&id))?;
    app.live.publish(What::Score(score.run_id));
    Ok(Json(wire_score(score)))
}

/// Takes a score back that was given by API or by hand.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let asked = id.clone();
    let run = app.write(move |store| store.delete_score(&asked)).await?.ok_or_else(|| no_score(&id))?;
    app.live.publish(What::Score(run));
    Ok(StatusCode::NO_CONTENT)
}

fn no_score(id: &str) -> Problem {
    Problem::not_found(format!("there is no score {id} that could be changed"))
        .detail("scores that came with telemetry stay as they are")
}

/// Changes a run's tags.
pub(crate) async fn change_run(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(body): Json<RunChange>,
) -> Result<Json<Run>, Problem> {
    if body.add_tags.iter().chain(body.tags.iter().flatten()).any(|tag| tag.trim().is_empty()) {
        return Err(Problem::bad_request("a tag is empty").detail("give each tag some text"));
    }
    let run = run_of(&app, &id).await?;
    let (mut add, mut remove) = (body.add_tags, body.remove_tags);
    if let Some(tags) = body.tags {
        remove.extend(run.tags.iter().filter(|tag| !tags.contains(tag)).cloned());
        add.extend(tags);
    }
    let run_id = run.run_id;
    app.write(move |store| store.change_tags(run_id, add, remove)).await?;
    app.live.publish(What::Run(Change { run_id, gone: false }));
    let run = run_of(&app, &id).await?;
    Ok(Json(wire_run(&run, app.moment())))
}

/// Deletes a run, its child runs and all their content.
pub(crate) async fn delete_run(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let run_id = run_of(&app, &id).await?.run_id;
    app.write(move |store| store.delete_run(run_id)).await?;
    app.live.publish(What::Run(Change { run_id, gone: true }));
    Ok(StatusCode::NO_CONTENT)
}

/// The run that an id means. A client may score a run as soon as its spans are acknowledged, so one that is not there is
/// waited for: until everything acknowledged so far can be read.
async fn run_of(app: &Arc<App>, id: &str) -> Result<query::Run, Problem> {
    let find = || {
        let id = id.to_owned();
        app.ask(move |answers| answers.find_run(&id))
    };
    match find().await {
        Err(AnswerError::NotFound { .. }) => {
            own_writes::wait_for_all(&*app.store).await;
            Ok(find().await?)
        }
        found => Ok(found?),
    }
}
