//! `turnscope import`: imports exported runs and OTLP files into the running server or the data directory.

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

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Import {
    /// Files written by `export`, OTLP/JSON (one request, or one a line) or OTLP/protobuf (`.traces.pb`, `.logs.pb` or
    /// `.metrics.pb`), gzip or not; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    from: Flags<READ>,
}

/// What was imported.
#[derive(Default)]
pub(crate) struct ImportSummary {
    requests: u64,
    runs: u64,
    scores: u64,
    rejected: u64,
}

/// Imports files.
pub(crate) fn import(args: &Import) -> Outcome {
    let client = Client::write(args.from.resolve()?)?;
    let bar = progress::bar(args.files.len() as u64, "files");
    let mut summary = ImportSummary::default();
    for path in &args.files {
        let bytes = read(path)?;
        import_bytes(&client, &path.display().to_string(), bytes, &mut summary)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut text = format!("Imported {}", human::plural(summary.requests, "request"));
    if summary.runs > 0 {
        let _ = write!(text, ", {}", human::plural(summary.runs, "exported run"));
    }
    if summary.scores > 0 {
        let _ = write!(text, ", {}", human::plural(summary.scores, "score"));
    }
    if summary.rejected > 0 {
        let _ = write!(text, "; {} rejected", human::plural(summary.rejected, "record"));
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

/// Imports one file.
pub(crate) fn import_bytes(
    client: &Client,
    name: &str,
    bytes: Vec<u8>,
    summary: &mut ImportSummary,
) -> Result<(), Failure> {
    let begins = bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    if begins.is_none() {
        return Err(Failure::failed(format!("{name} is empty")));
    }
    if begins != Some(b'{') && begins != Some(b'[') {
        return post(client, name, signal_of(name), "application/x-protobuf", bytes.into(), summary);
    }
    let values = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>();
    for value in values {
        let value = value.map_err(|error| Failure::failed(format!("{name} is not valid JSON: {error}")))?;
        let all = if let Value::Array(all) = value { all } else { vec![value] };
        for one in all {
            import_json(client, name, one, summary)?;
        }
    }
    Ok(())
}

fn import_json(
    client: &Client,
    name: &str,
    mut value: Value,
    summary: &mut ImportSummary,
) -> Result<(), Failure> {
    if value.get("format").is_none() {
        return otlp(client, name, &value, summary);
    }
    if value["format"] != "turnscope/1" {
        return Err(Failure::failed(format!("{name} has the format {}", value["format"]))
            .hint("this version supports turnscope/1: use a newer turnscope"));
    }
    let inner = value["otlp"].take();
    otlp(client, name, &inner, summary)?;
    summary.runs += 1;
    scores(client, &value, summary)?;
    tags(client, &value)
}

/// Sends each part of a body to the endpoint of its signal.
fn otlp(client: &Client, name: &str, value: &Value, summary: &mut ImportSummary) -> Result<(), Failure> {
    let mut found = false;
    for (key, path) in
        [("resourceSpans", "/v1/traces"), ("resourceLogs", "/v1/logs"), ("resourceMetrics", "/v1/metrics")]
    {
        let Some(part) = value.get(key) else { continue };
        found = true;
        if part.as_array().is_some_and(|part| !part.is_empty()) {
            let body = json!({ (key): part }).to_string();
            post(client, name, path, "application/json", body.into(), summary)?;
        }
    }
    if found {
        return Ok(());
    }
    Err(Failure::failed(format!("{name} contains neither an exported run nor OTLP/JSON"))
        .hint("OTLP/JSON begins with resourceSpans, resourceLogs or resourceMetrics"))
}

fn post(
    client: &Client,
    name: &str,
    path: &str,
    content_type: &str,
    body: Bytes,
    summary: &mut ImportSummary,
) -> Result<(), Failure> {
    let reply = client
        .send(Method::POST, path, &[("content-type", content_type), ("accept", "application/json")], body)
        .map_err(|failure| failure.about(name))?;
    let reply: Value = serde_json::from_slice(&reply).unwrap_or_default();
    let rejected = ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"]
        .iter()
        .find_map(|key| reply["partialSuccess"].get(*key))
        .map_or(0, |n| n.as_u64().or_else(|| n.as_str()?.parse().ok()).unwrap_or(0));
    summary.rejected += rejected;
    summary.requests += 1;
    Ok(())
}

/// The signal of a protobuf file can only be told from its name.
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

/// Imports the scores that people and programs gave, unless they exist already. Scores in the telemetry are
/// imported with it.
fn scores(client: &Client, export: &Value, summary: &mut ImportSummary) -> Result<(), Failure> {
    for score in export["scores"].as_array().into_iter().flatten() {
        let Some(source @ ("api" | "person")) = score["source"].as_str() else { continue };
        let run = encode(score["run_id"].as_str().unwrap_or_default());
        let path = format!("/v1/runs/{run}/scores");
        let existing: Value = client.get(&path)?;
        let same = |other: &Value| {
            ["name", "value", "label", "comment", "step_id", "turn"]
                .iter()
                .all(|key| other[*key] == score[*key])
        };
        if existing["scores"].as_array().is_some_and(|all| all.iter().any(same)) {
            continue;
        }
        client.post(
            &path,
            &json!({ "name": score["name"], "value": score["value"], "label": score["label"],
                "comment": score["comment"], "step_id": score["step_id"], "turn": score["turn"], "source": source }),
        )?;
        summary.scores += 1;
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
