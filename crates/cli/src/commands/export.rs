//! `turnscope export`: one run as JSON, or everything as JSON lines. `import` reads both.

use super::{
    filter::Filter,
    loose,
    reading::{Reading, run_id},
    roots::each_root,
    unreadable::Unreadable,
};
use crate::{
    client::{Client, encode},
    exit::{Failure, Outcome},
    output,
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
    #[arg(required_unless_present = "all", conflicts_with_all = ["all", "query"])]
    run: Option<String>,
    /// Everything, one JSON object a line: all runs, newest first, then what belongs to no run (other traces, log records,
    /// metrics). With -q or --limit only runs
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
    let (mut exported, mut without_contents) = (0, 0);
    let left_out = match &args.run {
        Some(run) => {
            let run = one(args, &client, &run_id(&client, run)?)?;
            writeln!(out, "{run}")?;
            exported = 1;
            without_contents = u64::from(lacks_contents(&run));
            None
        }
        None => Some(each_root(
            &client,
            &args.filter,
            args.limit.unwrap_or(u64::MAX),
            |run| one(args, &client, &run.run_id),
            |_, value| {
                writeln!(out, "{value}")?;
                exported += 1;
                without_contents += u64::from(lacks_contents(&value));
                Ok(())
            },
        )?),
    };
    let takes_loose = args.all && args.limit.is_none() && !args.filter.is_given();
    let unreadable = if takes_loose {
        loose::each_page(&client, |otlp| Ok(writeln!(out, "{otlp}")?))?
    } else {
        Unreadable::default()
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
    if without_contents > 0 {
        let runs = crate::render::human::plural(without_contents, "run");
        eprintln!("Of {runs}, a rule of retention had deleted contents: these spans are not in the export.");
    }
    left_out.map_or(Ok(()), |left_out| left_out.check("run", "exported"))?;
    unreadable.check("record", "exported")
}

/// Whether spans are not in an exported run because their contents were deleted.
fn lacks_contents(exported: &Value) -> bool {
    exported["contents_deleted"] == true
}

fn one(args: &Export, client: &Client, id: &str) -> Result<Value, Failure> {
    let format = if args.otlp { "?format=otlp" } else { "" };
    client.get(&format!("/v1/runs/{}/export{format}", encode(id)))
}
