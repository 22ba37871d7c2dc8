//! The web UI's speed in a real browser: loads a server, then runs `benches/ui/measure.mjs` to open its pages.

use crate::{
    load::{self, Load},
    server::Server,
    workload::Shape,
};
use anyhow::{Context as _, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Which pages are opened, and how often.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A release binary that embeds the UI: `cargo xtask build --release`.
    #[arg(long)]
    binary: PathBuf,
    /// The spans of each run that is opened.
    #[arg(long, value_delimiter = ',', default_value = "100,1000,10000,100000")]
    spans: Vec<usize>,
    /// The runs that the home page lists.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    runs: Vec<u64>,
    /// The median of this many openings.
    #[arg(long, default_value_t = 5)]
    passes: usize,
}

/// The views of a run, each with the selector of its rows.
const VIEWS: [(&str, &str); 4] = [
    ("story", "[data-testid=story] [data-index]"),
    ("tree", "[data-testid=tree] [data-step]"),
    ("timeline", "[data-testid=timeline] [data-step]"),
    ("context", "[data-testid=context] li"),
];

/// Plain spans below each tool of the opened runs, as if it called databases and services.
const BELOW: usize = 8;

/// Prints the table.
pub(crate) fn print(args: &Args) -> anyhow::Result<()> {
    println!("| page | of | first rows ms | interactive ms | frame p95 ms | heap MB |");
    println!("|---|---:|---:|---:|---:|---:|");
    args.runs.iter().try_for_each(|runs| home(args, *runs))?;
    args.spans.iter().try_for_each(|spans| run(args, *spans))
}

fn home(args: &Args, runs: u64) -> anyhow::Result<()> {
    with_server(&args.binary, |server| {
        let shape = Shape { turns: 1, window: 0, message_bytes: 500, below: 0 };
        let spans = runs * shape.spans() as u64;
        load::send(server, Load { connections: 2, ..Load::new(spans, shape) })?;
        let url = format!("http://{}/ui/", server.listen);
        measure("runs", &format!("{runs} runs"), &url, "main a[href*='/runs/']", args.passes)
    })
}

fn run(args: &Args, spans: usize) -> anyhow::Result<()> {
    with_server(&args.binary, |server| {
        let shape = Shape { turns: 1, window: 24, message_bytes: 200, below: BELOW }.with_spans(spans);
        let run_id = load::send_run(server, shape)?;
        load::wait_for_run(server, &run_id)?;
        for (view, rows) in VIEWS {
            let url = format!("http://{}/ui/runs/{run_id}?view={view}", server.listen);
            measure(view, &format!("{} spans", shape.spans()), &url, rows, args.passes)?;
        }
        Ok(())
    })
}

fn with_server(binary: &Path, work: impl FnOnce(&Server) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let server = Server::start(binary, &directory.path().join("data"), &[])?;
    let outcome = work(&server);
    server.stop()?;
    outcome
}

fn measure(page: &str, of: &str, url: &str, rows: &str, passes: usize) -> anyhow::Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/measure.mjs");
    let output = Command::new("node")
        .arg(script)
        .args([url, rows, &passes.to_string()])
        .output()
        .context("cannot start node: the UI is measured with Node.js and Chromium")?;
    if !output.status.success() {
        bail!("{page} of {of}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let measured: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let figure = |name: &str, unit: f64, digits: usize| {
        measured[name].as_f64().map_or_else(|| "–".to_owned(), |value| format!("{:.digits$}", value / unit))
    };
    println!(
        "| {page} | {of} | {} | {} | {} | {} |",
        figure("rows_ms", 1.0, 0),
        figure("interactive_ms", 1.0, 0),
        figure("frame_p95_ms", 1.0, 1),
        figure("heap_bytes", 1e6, 1),
    );
    Ok(())
}
