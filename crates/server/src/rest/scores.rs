//! Scores and tags, and deleting a run.

use super::{live::What, problem::Problem, runs::exactly_one, wire::Run};
use crate::state::App;
use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use turnscope_model::{ScoreSource, StepId};
use turnscope_store::{NewScore, ScoreChange, StoreError, query};

/// An evaluation's result or a human's mark.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Score {
    score_id: String,
    run_id: String,
    step_id: Option<String>,
    turn: Option<u64>,
    name: String,
    value: Option<f64>,
    label: Option<String>,
    comment: Option<String>,
    /// `attribute`, `event`, `api` or `person`.
    source: String,
    created_at: i64,
}

impl From<turnscope_model::Score> for Score {
    fn from(score: turnscope_model::Score) -> Self {
        Self {
            score_id: score.score_id,
            run_id: score.run_id.to_string(),
            step_id: score.step_id.map(|id| id.to_string()),
            turn: score.turn,
            name: score.name,
            value: score.value,
            label: score.label,
            comment: score.comment,
            source: match score.source {
                ScoreSource::Attribute => "attribute",
                ScoreSource::Event => "event",
                ScoreSource::Api => "api",
                ScoreSource::Person => "person",
            }
            .to_owned(),
            created_at: score.created_at,
        }
    }
}

/// The scores of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Scores {
    scores: Vec<Score>,
}

/// A score to be given: a name with a number, a label, or both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreBody {
    name: String,
    value: Option<f64>,
    label: Option<String>,
    comment: Option<String>,
    /// Points inside the run.
    step_id: Option<String>,
    /// Points inside the run.
    turn: Option<u64>,
    /// `api` (default) or `person`.
    source: Option<String>,
}

/// A run's scores: its own, its turns' and its steps'.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Scores>, Problem> {
    let asked = id.clone();
    let (found, scores) = app
        .ask(move |reader| {
            let found = reader.find_run(&asked, false)?;
            let scores = match &found {
                query::Found::One(run) => reader.scores(run.run_id)?,
                _ => Vec::new(),
            };
            Ok((found, scores))
        })
        .await?;
    exactly_one(&id, found)?;
    Ok(Json(Scores { scores: scores.into_iter().map(Score::from).collect() }))
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
    };
    let score = write(&app, move |store| store.add_score(new))
        .await?
        .ok_or_else(|| Problem::not_found(format!("there is no run {id}")))?;
    app.live.publish(What::Score(run.run_id.to_string()));
    Ok((StatusCode::CREATED, Json(score.into())))
}

/// New contents of a score; what is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreChangeBody {
    value: Option<f64>,
    label: Option<String>,
    comment: Option<String>,
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
        write(&app, move |store| store.change_score(&asked, change)).await?.ok_or_else(|| no_score(&id))?;
    app.live.publish(What::Score(score.run_id.to_string()));
    Ok(Json(score.into()))
}

/// Takes a score back that was given by API or by hand.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let asked = id.clone();
    let run = write(&app, move |store| store.delete_score(&asked)).await?.ok_or_else(|| no_score(&id))?;
    app.live.publish(What::Score(run.to_string()));
    Ok(StatusCode::NO_CONTENT)
}

fn no_score(id: &str) -> Problem {
    Problem::not_found(format!("there is no score {id} that could be changed"))
        .detail("scores that came with telemetry stay as they are")
}

/// What can be changed about a run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunChange {
    /// Tags to add.
    #[serde(default)]
    add_tags: Vec<String>,
    /// Tags to take away; those that came with telemetry stay.
    #[serde(default)]
    remove_tags: Vec<String>,
    /// The tags given by API become exactly these.
    tags: Option<Vec<String>>,
}

/// Changes a run's tags.
pub(crate) async fn change_run(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(body): Json<RunChange>,
) -> Result<Json<Run>, Problem> {
    let run = run_of(&app, &id).await?;
    let (mut add, mut remove) = (body.add_tags, body.remove_tags);
    if let Some(tags) = body.tags {
        remove.extend(run.tags.iter().filter(|tag| !tags.contains(tag)).cloned());
        add.extend(tags);
    }
    let run_id = run.run_id;
    write(&app, move |store| store.change_tags(run_id, add, remove)).await?;
    app.live.publish(What::Run(turnscope_store::Change { run_id, gone: false }));
    let run = run_of(&app, &id).await?;
    Ok(Json(Run::of(&run, app.moment())))
}

/// Deletes a run, its child runs and all their content.
pub(crate) async fn delete_run(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let run_id = run_of(&app, &id).await?.run_id;
    write(&app, move |store| store.delete_run(run_id)).await?;
    app.live.publish(What::Run(turnscope_store::Change { run_id, gone: true }));
    Ok(StatusCode::NO_CONTENT)
}

async fn run_of(app: &Arc<App>, id: &str) -> Result<Box<query::Run>, Problem> {
    let asked = id.to_owned();
    let found = app.ask(move |reader| reader.find_run(&asked, false)).await?;
    exactly_one(id, found)
}

pub(crate) async fn write<T: Send + 'static>(
    app: &Arc<App>,
    change: impl FnOnce(&turnscope_store::Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let store = Arc::clone(app.store.writer()?);
    tokio::task::spawn_blocking(move || change(&store))
        .await
        .unwrap_or_else(|error| Err(StoreError::Damaged(format!("writing panicked: {error}"))))
}
