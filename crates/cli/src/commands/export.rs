//! `turnscope export`: one run as JSON, or all runs as JSON lines. `import` reads both.

use super::{
    filter::Filter,
    reading::{Reading, query, run_id},
    unreadable::{HINT, Unreadable},
};
use crate::{
    client::{Client, encode},
    exit::{Code, Failure, Outcome},
    output, progress,
};
use serde_json::Value;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};
use turnscope_api::RunList;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Export {
    /// A run id or its prefix, a trace id, the application's own id, or `last`
    #[arg(required_unless_present = "all", conflicts_with_all = ["all", "query"])]
    run: Option<String>,
    /// All runs, one JSON object a line, newest first
    #[arg(long)]
    all: bool,
    /// With --all, the maximum number of runs
    #[arg(short = 'n', long, value_name = "N", requires = "all")]
    limit: Option<u64>,
    #[command(flatten)]
    filter: Filter,
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
    let (exported, failed) = match &args.run {
        Some(run) => {
            writeln!(out, "{}", one(args, &client, &run_id(&client, run)?)?)?;
            (1, 0)
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
    if failed > 0 {
        let runs = crate::render::human::plural(failed, "run");
        return Err(Failure::failed(format!("{runs} could not be exported")).hint(HINT));
    }
    Ok(())
}

fn one(args: &Export, client: &Client, id: &str) -> Result<Value, Failure> {
    let format = if args.otlp { "?format=otlp" } else { "" };
    client.get(&format!("/v1/runs/{}/export{format}", encode(id)))
}

/// Writes all runs out; a run that cannot be read is named, and the others go on. Gives how many were written and how many
/// were not.
fn all(args: &Export, client: &Client, out: &mut dyn Write) -> Result<(u64, u64), Failure> {
    let most = args.limit.unwrap_or(u64::MAX);
    let bar = progress::bar(0, "runs");
    let (mut cursor, mut done, mut wrote) = (None, 0, 0);
    let mut unreadable = Unreadable::default();
    let [q, tz] = args.filter.parameters();
    loop {
        let path = format!(
            "/v1/runs{}",
            query(&[
                ("limit", Some("200".to_owned())),
                ("roots_only", Some("true".to_owned())),
                q.clone(),
                tz.clone(),
                ("cursor", cursor),
            ])
        );
        let page: RunList = client.get(&path)?;
        bar.suspend(|| unreadable.tell(&page.unreadable));
        if let Some(total) = page.total {
            bar.set_length(total.min(most));
        }
        for run in &page.runs {
            if done >= most {
                break;
            }
            let id = &run.run.run_id;
            match one(args, client, id) {
                Ok(value) => {
                    writeln!(out, "{value}")?;
                    wrote += 1;
                }
                // What is wrong with one run. What is wrong with the server or the key is wrong with all.
                Err(failure) if matches!(failure.code, Code::Failed | Code::NotFound) => {
                    bar.suspend(|| unreadable.tell(&[format!("run {id}: {}", failure.message())]));
                }
                Err(failure) => return Err(failure),
            }
            done += 1;
            bar.set_position(done);
        }
        cursor = page.next_cursor.filter(|_| done < most);
        if cursor.is_none() {
            bar.finish_and_clear();
            return Ok((wrote, unreadable.count()));
        }
    }
}
