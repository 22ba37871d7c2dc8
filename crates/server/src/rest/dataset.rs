//! `GET /v1/export`: what people and evaluations marked, one JSON line each, as an evaluation's dataset wants it.

use super::{problem::Problem, runs::RunQuery, scores::Score, sent, step::find};
use crate::{content_stores::ContentStores, state::App};
use axum::{
    body::Body,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::header;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io, sync::Arc};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use turnscope_model::{Kind, Message, Score as Mark};
use turnscope_store::{
    Reader, StoreError,
    query::{Comparison, Condition, Filter, Page, Run, RunFilter, UnitView},
};

/// In which form.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct FormatQuery {
    /// `jsonl`, the only one so far.
    format: Option<String>,
}

/// A marked run, turn or step.
#[derive(Debug, Serialize)]
struct Line {
    run_id: String,
    /// Null: the mark is on the run, or on a turn of it.
    step_id: Option<String>,
    turn: Option<u64>,
    /// The messages that went in.
    input: Vec<Message>,
    /// What came out.
    output: Vec<Message>,
    scores: Vec<Score>,
    tags: Vec<String>,
    metadata: BTreeMap<String, String>,
}

/// Runs read at once.
const STEP: u32 = 50;

/// Marked runs, turns and steps as JSON lines, with the filters of `/v1/runs`: `{"run_id", "step_id", "turn", "input",
/// "output", "scores", "tags", "metadata"}`. With `score=` (a name or a label, or `NAME>=0.5`) those that have such a score; `limit`
/// bounds the runs, there is none when it is left out.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Query(query): Query<RunQuery>,
    Query(format): Query<FormatQuery>,
) -> Result<Response, Problem> {
    if format.format.as_deref().is_some_and(|format| format != "jsonl") {
        return Err(Problem::bad_request("there is no such format").detail("take jsonl, or leave it out"));
    }
    let filter = query.filter(app.moment().now_ms)?;
    let page = RunQuery { limit: Some(STEP), ..query.clone() }.page()?;
    let (lines, body) = mpsc::channel::<io::Result<Bytes>>(4);
    tokio::spawn(async move {
        if let Err(error) = send(&app, filter, page, query.limit, &lines).await {
            // The client sees that the answer broke off.
            let _ = lines.send(Err(io::Error::other(error.to_string()))).await;
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"turnscope.jsonl\""),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(body))).into_response())
}

async fn send(
    app: &Arc<App>,
    filter: RunFilter,
    mut page: Page,
    limit: Option<u32>,
    lines: &mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), StoreError> {
    let mut left = limit.unwrap_or(u32::MAX);
    let filter = Arc::new(filter);
    loop {
        page.limit = STEP.min(left);
        let (wanted, at, moment) = (Arc::clone(&filter), page.clone(), app.moment());
        let places = Arc::clone(&app.places);
        let (text, count, next) = app
            .ask(move |reader| {
                let found = reader.runs(&wanted, &at, moment)?;
                let mut text = Vec::new();
                for run in &found.runs {
                    for line in lines_of(reader, &places, run, &wanted)? {
                        serde_json::to_writer(&mut text, &line)
                            .map_err(|error| StoreError::Damaged(error.to_string()))?;
                        text.push(b'\n');
                    }
                }
                Ok((text, found.runs.len() as u32, found.next))
            })
            .await?;
        left = left.saturating_sub(count);
        if !text.is_empty() && lines.send(Ok(Bytes::from(text))).await.is_err() {
            return Ok(()); // nobody reads on
        }
        let Some(next) = next.filter(|_| left > 0) else { return Ok(()) };
        page = Page { after: Some(next), offset: 0, ..page };
    }
}

/// The lines of one run: one for each thing in it that is marked.
fn lines_of(
    reader: &mut Reader,
    places: &ContentStores,
    run: &Run,
    filter: &RunFilter,
) -> Result<Vec<Line>, StoreError> {
    let mut marks: BTreeMap<(Option<u64>, Option<String>), Vec<Mark>> = BTreeMap::new();
    for score in reader.scores(run.run_id)? {
        let step = score.step_id.as_ref().map(ToString::to_string);
        let turn = score.turn.filter(|_| step.is_none());
        marks.entry((turn, step)).or_default().push(score);
    }
    let asked: Vec<&Condition> =
        filter.conditions.iter().filter(|one| one.filter == Filter::Score && !one.negated).collect();
    marks.retain(|_, scores| asked.iter().all(|asked| scores.iter().any(|score| meets(score, asked))));
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    let view = reader.unit_of_run(run)?;
    let Some(index) = view.run_index(run.run_id) else { return Ok(Vec::new()) };
    let mut lines = Vec::with_capacity(marks.len());
    for ((turn, step_id), scores) in marks {
        let (input, output) = match (&step_id, turn) {
            (Some(id), _) => match find(&view, index, id) {
                Ok(place) => messages(reader, places, &view, place, place)?,
                Err(_) => continue, // its span is gone
            },
            (None, Some(n)) => of_turn(reader, places, &view, index, n)?,
            (None, None) => of_run(reader, places, &view, index)?,
        };
        lines.push(Line {
            run_id: run.run_id.to_string(),
            step_id,
            turn,
            input,
            output,
            scores: scores.into_iter().map(Score::from).collect(),
            tags: run.tags.clone(),
            metadata: run.metadata.iter().cloned().collect(),
        });
    }
    Ok(lines)
}

type Talk = (Vec<Message>, Vec<Message>);

/// What went into one step and came out of another.
fn messages(
    reader: &mut Reader,
    places: &ContentStores,
    view: &UnitView,
    first: usize,
    last: usize,
) -> Result<Talk, StoreError> {
    let content = sent::content(reader, view, places, first)?;
    let mut input = Vec::new();
    if !content.system.is_empty() {
        input.push(Message { role: "system".into(), parts: content.system, ..Message::default() });
    }
    input.extend(content.input);
    let output =
        if first == last { content.output } else { sent::content(reader, view, places, last)?.output };
    let told = |json: Option<serde_json::Value>, role: &str| {
        json.map(|json| turnscope_otlp::messages::plain_message(role, &json))
    };
    let input = if input.is_empty() {
        told(content.arguments.or(content.input_value), "user").into_iter().collect()
    } else {
        input
    };
    let output = if output.is_empty() && first == last {
        told(content.result.or(content.output_value), "assistant").into_iter().collect()
    } else {
        output
    };
    Ok((input, output))
}

fn of_turn(
    reader: &mut Reader,
    places: &ContentStores,
    view: &UnitView,
    run: usize,
    n: u64,
) -> Result<Talk, StoreError> {
    let turn = view.projection.runs[run].turns.iter().find(|turn| turn.n == n);
    let calls = turn.and_then(|turn| Some((*turn.llm_steps.first()?, *turn.llm_steps.last()?)));
    calls.map_or_else(|| Ok(Talk::default()), |(first, last)| messages(reader, places, view, first, last))
}

/// The run's own input and output, where its span carries them; else those of its first and last call.
fn of_run(
    reader: &mut Reader,
    places: &ContentStores,
    view: &UnitView,
    run: usize,
) -> Result<Talk, StoreError> {
    let steps = &view.projection.steps;
    let root = view.projection.runs[run].root.and_then(|node| view.step_of_node(node));
    let own = root.map(|root| messages(reader, places, view, root, root)).transpose()?.unwrap_or_default();
    let is_call = |place: &usize| {
        steps[*place].run == Some(run) && steps[*place].counted && steps[*place].kind == Kind::Llm
    };
    let calls: Vec<usize> = (0..steps.len()).filter(is_call).collect();
    let (Some(first), Some(last)) = (calls.first(), calls.last()) else { return Ok(own) };
    if !own.0.is_empty() && !own.1.is_empty() {
        return Ok(own);
    }
    let (input, output) = messages(reader, places, view, *first, *last)?;
    Ok((if own.0.is_empty() { input } else { own.0 }, if own.1.is_empty() { output } else { own.1 }))
}

/// Whether a score is one that was asked for.
fn meets(score: &Mark, asked: &Condition) -> bool {
    match &asked.comparison {
        Comparison::Is(names) => names.iter().any(|name| {
            is_like(&score.name, name) || score.label.as_deref().is_some_and(|label| is_like(label, name))
        }),
        Comparison::Bound { name, low, high } => {
            score.name == *name
                && score.value.is_some_and(|value| {
                    low.is_none_or(|(low, including)| value > low || including && value >= low)
                        && high.is_none_or(|(high, including)| value < high || including && value <= high)
                })
        }
    }
}

/// Equality, a star standing for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, middle) = parts.split_last().unwrap_or((&"", &[]));
    for part in middle {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_star_stands_for_anything() {
        for (text, pattern, like) in [
            ("good", "good", true),
            ("good", "*", true),
            ("good", "go*", true),
            ("good", "*od", true),
            ("good", "g*o*d", true),
            ("good", "b*", false),
            ("good", "g*x", false),
            ("goo", "goo*o", false),
        ] {
            assert_eq!(is_like(text, pattern), like, "{text} {pattern}");
        }
    }
}
