//! What commands that read have in common.

use crate::{
    client::{Client, encode},
    exit::{Code, Failure},
    render::{human, look::Look, runs::name},
    settings::{Flags, READ},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Write as _;
use turnscope_api::{Run, RunList};

/// The flags of every command that reads.
#[derive(clap::Args)]
pub(crate) struct Reading {
    #[command(flatten)]
    from: Flags<READ>,
    /// Print JSON, as the REST interface gives it
    #[arg(long)]
    pub(crate) json: bool,
}

impl Reading {
    /// Whom to ask.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Client::read(&self.from.resolve()?)
    }

    /// Asks, and either prints the JSON or hands it on to be shown.
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

/// The id of the run that was named: an id, the beginning of one, the application's own id, or `last`.
pub(crate) fn run_id(client: &Client, named: &str) -> Result<String, Failure> {
    if named == "last" {
        let list: RunList = client.get("/v1/runs?limit=1&roots_only=true")?;
        return list.runs.into_iter().next().map(|listed| listed.run.run_id).ok_or_else(|| {
            Failure::new(Code::NotFound, "there are no runs yet")
                .hint("send OpenTelemetry to the server's OTLP ports, or look around with `turnscope demo`")
        });
    }
    if named.trim().is_empty() {
        return Err(Failure::usage("RUN is empty").hint("name a run id, its beginning, or `last`"));
    }
    let run: Value = client
        .get(&format!("/v1/runs/{}?prefix=true", encode(named)))
        .map_err(|failure| with_candidates(client, failure))?;
    run.get("run_id")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| Failure::failed("the server gave a run without an id"))
}

/// Says of each run that an ambiguous name could mean what it was.
fn with_candidates(client: &Client, failure: Failure) -> Failure {
    let look = Look { colour: false, ..Look::of_stdout() };
    let mut text = String::from("name one of them:");
    for id in failure.candidates.iter().take(CANDIDATES) {
        let Ok(run) = client.get::<Run>(&format!("/v1/runs/{}", encode(id))) else { return failure };
        let _ = write!(text, "\n    {id}  {}, {}", name(&run), human::ago(run.started_at, look.now));
    }
    match failure.candidates.len() {
        0 => failure,
        n if n > CANDIDATES => failure.hint(format!("{text}\n    and {} more", n - CANDIDATES)),
        _ => failure.hint(text),
    }
}

/// Candidates that are listed.
const CANDIDATES: usize = 8;

/// A query string from what was given.
pub(crate) fn query(parts: &[(&str, Option<String>)]) -> String {
    let given: Vec<String> = parts
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_deref()?))))
        .collect();
    if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
}
