//! What people and programs added to an exported run: tags and scores. They are given again, with their ids and times.

use super::send::Sender;
use crate::{
    client::{Client, encode},
    exit::{Code, Failure},
};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};
use turnscope_api::Run;

/// How often, and after how long, a run that was just sent is looked for.
const LOOKS: u32 = 50;
/// The same for a run that may not have been sent at all.
const LOOKS_FOR_LOST: u32 = 2;
const BETWEEN: Duration = Duration::from_millis(200);

/// Gives the tags and scores of an exported run and of its child runs. Nothing is given twice.
pub(super) fn give(export: &Value, sender: &mut Sender<'_>) -> Result<(), Failure> {
    let client = sender.client;
    let gone = runs_without_contents(client, export)?;
    if gone.is_empty() {
        sender.taken.runs += 1;
    } else {
        sender.taken.without_contents += 1;
    }
    tags(client, export, &gone)?;
    for score in export["scores"].as_array().into_iter().flatten() {
        // Scores in the telemetry came with it.
        if !matches!(score["source"].as_str(), Some("api" | "person")) {
            continue;
        }
        let run = score["run_id"].as_str().unwrap_or_default();
        if gone.contains(run) {
            continue;
        }
        let run = encode(run);
        let mut body = json!({});
        for key in
            ["score_id", "name", "value", "label", "comment", "step_id", "turn", "source", "created_at"]
        {
            if !score[key].is_null() {
                body[key] = score[key].clone();
            }
        }
        once_there(LOOKS, || client.post(&format!("/v1/runs/{run}/scores"), &body))?;
        sender.taken.scores += 1;
    }
    Ok(())
}

/// The runs of an export that are not there, because their contents had been deleted before. Nothing is left of them to
/// give tags and scores to.
fn runs_without_contents(client: &Client, export: &Value) -> Result<HashSet<String>, Failure> {
    let mut gone = HashSet::new();
    if export["contents_deleted"] != true {
        return Ok(gone);
    }
    for run in export["runs"].as_array().into_iter().flatten() {
        let id = run["run_id"].as_str().unwrap_or_default();
        match once_there(LOOKS_FOR_LOST, || client.get::<Run>(&format!("/v1/runs/{}", encode(id)))) {
            Ok(_) => {}
            Err(failure) if failure.code == Code::NotFound => {
                gone.insert(id.to_owned());
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(gone)
}

/// Each run names its own tags. Exports of earlier versions have those of the first run beside the runs too.
fn tags(client: &Client, export: &Value, gone: &HashSet<String>) -> Result<(), Failure> {
    for run in export["runs"].as_array().into_iter().flatten() {
        let wanted: Vec<String> = serde_json::from_value(run["tags"].clone()).unwrap_or_default();
        let Some(id) = run["run_id"].as_str().filter(|id| !wanted.is_empty() && !gone.contains(*id)) else {
            continue;
        };
        let path = format!("/v1/runs/{}", encode(id));
        let known: Run = once_there(LOOKS, || client.get(&path))?;
        let missing: Vec<&String> = wanted.iter().filter(|tag| !known.tags.contains(tag)).collect();
        if !missing.is_empty() {
            let body = json!({ "add_tags": missing }).to_string();
            client.send(http::Method::PATCH, &path, &[("content-type", "application/json")], body.into())?;
        }
    }
    Ok(())
}

/// Asks again while the run is not there: the runs of a large trace are made a while after its spans were acknowledged.
fn once_there<T>(looks: u32, mut ask: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 1..looks {
        match ask() {
            Err(failure) if failure.code == Code::NotFound => std::thread::sleep(BETWEEN),
            other => return other,
        }
    }
    ask()
}
