//! `turnscope export`: one run as JSON, or all runs as JSON lines. `import` reads both.

use super::reading::{Reading, query, run_id};
use crate::{
    client::{Client, encode},
    exit::{Failure, Outcome},
    output, progress,
    wire::RunList,
};
use serde_json::Value;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Export {
    /// A run id or its prefix, a trace id, the application's own id, or `last`
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    run: Option<String>,
    /// All runs, one JSON object a line, newest first
    #[arg(long)]
    all: bool,
    /// With --all, the maximum number of runs
    #[arg(short = 'n', long, value_name = "N", requires = "all")]
    limit: Option<u64>,
    /// With --all, only runs that match this query
    #[arg(short, long, value_name = "QUERY", requires = "all")]
    query: Option<String>,
    /// The output file [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Plain OTLP/JSON, without scores
    #[arg(long)]
    otlp: bool,
    #[command(flatten)]
    reading: Reading,
}

/// Exports runs.
pub(crate) fn export(args: &Export) -> Outcome {
    let client = args.reading.client()?;
    let mut out: Box<dyn Write> = match &args.output {
        None => Box::new(output::stdout()),
        Some(path) => Box::new(BufWriter::new(
            File::create(path)
                .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?,
        )),
    };
    let exported = match &args.run {
        Some(run) => {
            one(args, &client, &run_id(&client, run)?, &mut *out)?;
            1
        }
        None => all(args, &client, &mut *out)?,
    };
    out.flush()?;
    if let Some(path) = &args.output {
        let runs = crate::render::human::plural(exported, "run");
        eprintln!(
            "Wrote {runs} to {}. Import it again with `turnscope import {}`.",
            path.display(),
            path.display()
        );
    }
    Ok(())
}

fn one(args: &Export, client: &Client, id: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let format = if args.otlp { "?format=otlp" } else { "" };
    let value: Value = client.get(&format!("/v1/runs/{}/export{format}", encode(id)))?;
    writeln!(out, "{value}")?;
    Ok(())
}

fn all(args: &Export, client: &Client, out: &mut dyn Write) -> Result<u64, Failure> {
    let most = args.limit.unwrap_or(u64::MAX);
    let bar = progress::bar(0, "runs");
    let (mut cursor, mut done) = (None, 0);
    loop {
        let path = format!(
            "/v1/runs{}",
            query(&[
                ("limit", Some("200".to_owned())),
                ("roots_only", Some("true".to_owned())),
                ("q", args.query.clone()),
                ("cursor", cursor),
            ])
        );
        let page: RunList = client.get(&path)?;
        if let Some(total) = page.total {
            bar.set_length(total.min(most));
        }
        for run in &page.runs {
            if done >= most {
                break;
            }
            one(args, client, &run.run_id, out)?;
            done += 1;
            bar.set_position(done);
        }
        cursor = page.next_cursor.filter(|_| done < most);
        if cursor.is_none() {
            bar.finish_and_clear();
            return Ok(done);
        }
    }
}
