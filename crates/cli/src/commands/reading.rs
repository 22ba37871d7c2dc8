//! Common parts of commands that read.

use crate::{
    client::{Client, encode},
    exit::{Code, Failure},
    render::{human, runs::name, terminal_style::TerminalStyle},
    settings::{Flags, READ},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Write as _;
use turnscope_api::{Run, RunList};

/// The flags of commands that read.
#[derive(clap::Args)]
pub(crate) struct Reading {
    #[command(flatten)]
    from: Flags<READ>,
    /// Print JSON as returned by the REST API
    #[arg(long)]
    pub(crate) json: bool,
}

impl Reading {
    /// Connects to the server or the data directory.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Client::read(&self.from.resolve()?)
    }

    /// Sends a request, and prints the JSON or renders it.
    pub(crate) fn show<T: DeserializeOwned>(
        &self,
        client: &Client,
        path: &str,
        render: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        if self.json {
            return crate::output::json(&client.get::<Value>(path)?);
        }
        crate::output::print(&render(&client.get(path)?))
    }
}

/// Resolves a run's name: an id, a prefix of one, the application's own id, or `last`.
pub(crate) fn run_id(client: &Client, named: &str) -> Result<String, Failure> {
    if named == "last" {
        let list: RunList = client.get("/v1/runs?limit=1&roots_only=true")?;
        return list.runs.into_iter().next().map(|listed| listed.run.run_id).ok_or_else(|| {
            Failure::new(Code::NotFound, "there are no runs yet")
                .hint("send OpenTelemetry data to the server's OTLP ports, or try `turnscope demo`")
        });
    }
    if named.trim().is_empty() {
        return Err(Failure::usage("RUN is empty").hint("use a run id, its prefix, or `last`"));
    }
    let run: Value = client
        .get(&format!("/v1/runs/{}?prefix=true", encode(named)))
        .map_err(|failure| with_candidates(client, failure))?;
    run.get("run_id")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| Failure::failed("the server returned a run without an id"))
}

/// Describes the runs that an ambiguous name could refer to.
fn with_candidates(client: &Client, failure: Failure) -> Failure {
    let style = TerminalStyle { colour: false, ..TerminalStyle::for_stdout() };
    let mut text = String::from("use one of these:");
    for id in failure.candidates.iter().take(MAX_CANDIDATES) {
        let Ok(run) = client.get::<Run>(&format!("/v1/runs/{}", encode(id))) else { return failure };
        let _ = write!(text, "\n    {id}  {}, {}", name(&run), human::ago(run.started_at, style.now));
    }
    match failure.candidates.len() {
        0 => failure,
        n if n > MAX_CANDIDATES => failure.hint(format!("{text}\n    and {} more", n - MAX_CANDIDATES)),
        _ => failure.hint(text),
    }
}

/// Maximum number of candidates to list.
const MAX_CANDIDATES: usize = 8;

/// A query string with the values that are present.
pub(crate) fn query(parts: &[(&str, Option<String>)]) -> String {
    let given: Vec<String> = parts
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_deref()?))))
        .collect();
    if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
}
