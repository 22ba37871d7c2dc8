//! `turnscope import`: exported runs and OTLP files, to the running server or into the data directory.

use crate::{
    client::{Client, encode},
    exit::{Code, Failure, Outcome},
    progress,
    render::human,
    settings::{Flags, READ},
};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    io::Read as _,
    path::{Path, PathBuf},
};

/// What was typed.
#[derive(clap::Args)]
pub(crate) struct Import {
    /// Files written by `export`, OTLP/JSON (one request, or one a line) or OTLP/protobuf (`.traces.pb`, `.logs.pb` or
    /// `.metrics.pb`), gzip or not; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    from: Flags<READ>,
}

/// What was taken in.
#[derive(Default)]
pub(crate) struct Taken {
    requests: u64,
    runs: u64,
    scores: u64,
    rejected: u64,
}

/// Takes files in.
pub(crate) fn import(args: &Import) -> Outcome {
    let client = Client::write(args.from.resolve()?)?;
    let bar = progress::bar(args.files.len() as u64, "files");
    let mut taken = Taken::default();
    for path in &args.files {
        let bytes = read(path)?;
        take(&client, &path.display().to_string(), bytes, &mut taken)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut text = format!("Took in {}", human::plural(taken.requests, "request"));
    if taken.runs > 0 {
        let _ = write!(text, ", {}", human::plural(taken.runs, "exported run"));
    }
    if taken.scores > 0 {
        let _ = write!(text, ", {}", human::plural(taken.scores, "score"));
    }
    if taken.rejected > 0 {
        let _ = write!(text, "; {} could not be taken", human::plural(taken.rejected, "record"));
    }
    eprintln!("{text}. `turnscope runs` lists the runs.");
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::new(Code::Failed, format!("cannot read {}: {error}", path.display()))
    };
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(cannot)?;
    } else {
        bytes = std::fs::read(path).map_err(cannot)?;
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).map_err(cannot)?;
        return Ok(plain);
    }
    Ok(bytes)
}

/// Takes the content of one file in.
pub(crate) fn take(client: &Client, name: &str, bytes: Vec<u8>, taken: &mut Taken) -> Result<(), Failure> {
    let begins = bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    if begins.is_none() {
        return Err(Failure::failed(format!("{name} is empty")));
    }
    if begins != Some(b'{') && begins != Some(b'[') {
        return post(client, name, signal_of(name), "application/x-protobuf", bytes.into(), taken);
    }
    let values = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>();
    for value in values {
        let value = value.map_err(|error| Failure::failed(format!("{name} is no valid JSON: {error}")))?;
        let all = if let Value::Array(all) = value { all } else { vec![value] };
        for one in all {
            take_json(client, name, one, taken)?;
        }
    }
    Ok(())
}

fn take_json(client: &Client, name: &str, mut value: Value, taken: &mut Taken) -> Result<(), Failure> {
    if value.get("format").is_none() {
        return otlp(client, name, &value, taken);
    }
    if value["format"] != "turnscope/1" {
        return Err(Failure::failed(format!("{name} has the format {}", value["format"]))
            .hint("this turnscope takes turnscope/1: use a newer one"));
    }
    let inner = value["otlp"].take();
    otlp(client, name, &inner, taken)?;
    taken.runs += 1;
    scores(client, &value, taken)?;
    tags(client, &value)
}

/// The parts of a body go to the paths of their signals.
fn otlp(client: &Client, name: &str, value: &Value, taken: &mut Taken) -> Result<(), Failure> {
    let mut found = false;
    for (key, path) in
        [("resourceSpans", "/v1/traces"), ("resourceLogs", "/v1/logs"), ("resourceMetrics", "/v1/metrics")]
    {
        let Some(part) = value.get(key) else { continue };
        found = true;
        if part.as_array().is_some_and(|part| !part.is_empty()) {
            let body = json!({ (key): part }).to_string();
            post(client, name, path, "application/json", body.into(), taken)?;
        }
    }
    if found {
        return Ok(());
    }
    Err(Failure::failed(format!("{name} holds neither an exported run nor OTLP/JSON"))
        .hint("OTLP/JSON begins with resourceSpans, resourceLogs or resourceMetrics"))
}

fn post(
    client: &Client,
    name: &str,
    path: &str,
    content_type: &str,
    body: Bytes,
    taken: &mut Taken,
) -> Result<(), Failure> {
    let reply = client
        .send(Method::POST, path, &[("content-type", content_type), ("accept", "application/json")], body)
        .map_err(|failure| failure.about(name))?;
    let reply: Value = serde_json::from_slice(&reply).unwrap_or_default();
    let rejected = ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"]
        .iter()
        .find_map(|key| reply["partialSuccess"].get(*key))
        .map_or(0, |n| n.as_u64().or_else(|| n.as_str()?.parse().ok()).unwrap_or(0));
    taken.rejected += rejected;
    taken.requests += 1;
    Ok(())
}

/// What a protobuf file holds is in its name only.
fn signal_of(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    if name.contains("logs") {
        "/v1/logs"
    } else if name.contains("metrics") {
        "/v1/metrics"
    } else {
        "/v1/traces"
    }
}

/// Scores that people and programs gave; those of the telemetry come by themselves. One that is there already is
/// not given again.
fn scores(client: &Client, export: &Value, taken: &mut Taken) -> Result<(), Failure> {
    for score in export["scores"].as_array().into_iter().flatten() {
        let Some(source @ ("api" | "person")) = score["source"].as_str() else { continue };
        let run = encode(score["run_id"].as_str().unwrap_or_default());
        let path = format!("/v1/runs/{run}/scores");
        let there: Value = client.get(&path)?;
        let same = |other: &Value| {
            ["name", "value", "label", "comment", "step_id", "turn"]
                .iter()
                .all(|key| other[*key] == score[*key])
        };
        if there["scores"].as_array().is_some_and(|all| all.iter().any(same)) {
            continue;
        }
        client.post(
            &path,
            &json!({ "name": score["name"], "value": score["value"], "label": score["label"],
                "comment": score["comment"], "step_id": score["step_id"], "turn": score["turn"], "source": source }),
        )?;
        taken.scores += 1;
    }
    Ok(())
}

fn tags(client: &Client, export: &Value) -> Result<(), Failure> {
    let wanted: Vec<String> = serde_json::from_value(export["tags"].clone()).unwrap_or_default();
    let Some(id) = export["runs"][0]["run_id"].as_str().filter(|_| !wanted.is_empty()) else { return Ok(()) };
    let path = format!("/v1/runs/{}", encode(id));
    let run: turnscope_api::Run = client.get(&path)?;
    let missing: Vec<&String> = wanted.iter().filter(|tag| !run.tags.contains(tag)).collect();
    if !missing.is_empty() {
        let body = json!({ "add_tags": missing }).to_string();
        client.send(Method::PATCH, &path, &[("content-type", "application/json")], body.into())?;
    }
    Ok(())
}
