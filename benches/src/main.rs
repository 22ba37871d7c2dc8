//! Load generator and benchmarks. README.md in this folder has the commands and the results.

mod http;
mod limits;
mod load;
mod reads;
mod scale;
mod server;
mod ui;
mod workload;

use clap::{Parser, Subcommand};
use load::{Load, Measured};
use server::Server;
use std::path::{Path, PathBuf};
use workload::Shape;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the release binary, send a load, and print one line of figures.
    Load(LoadArgs),
    /// Print the whole table: 8, 32 and 128 turns, growing and sliding histories, gzip, and the limits of the parts.
    Table {
        #[arg(long)]
        binary: PathBuf,
        /// Spans at 8 turns. The longer runs get the same number of bytes.
        #[arg(long, default_value_t = 100_000)]
        spans: u64,
    },
    /// Measure how long REST takes to answer about one large run.
    Reads {
        #[arg(long)]
        binary: PathBuf,
        /// The sizes of the run, in spans.
        #[arg(long, value_delimiter = ',', default_value = "100,1000,10000,100000")]
        spans: Vec<usize>,
    },
    /// Fill a store with many runs, and measure every kind of question idle and beside a load.
    Scale(scale::Args),
    /// Measure the parts alone: decode, hash, compress, SQLite.
    Limits {
        /// Only parts whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
        /// Take the best of this many passes.
        #[arg(long, default_value_t = 7)]
        passes: usize,
    },
    /// Measure the web UI in a real browser: the home page, and the views of runs of each size.
    Ui(ui::Args),
}

#[derive(clap::Args)]
struct LoadArgs {
    #[arg(long)]
    binary: PathBuf,
    #[arg(long, default_value_t = 100_000)]
    spans: u64,
    #[arg(long, default_value_t = 8)]
    turns: usize,
    #[arg(long, default_value_t = 0)]
    window: usize,
    #[arg(long, default_value_t = 500)]
    per_request: usize,
    #[arg(long, default_value_t = 4)]
    connections: u64,
    #[arg(long)]
    gzip: bool,
    /// More flags for the server.
    #[arg(last = true)]
    flags: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Load(args) => {
            let shape = Shape { turns: args.turns, window: args.window, message_bytes: 2000, below: 0 };
            let load = Load {
                per_request: args.per_request,
                connections: args.connections,
                gzip: args.gzip,
                ..Load::new(args.spans, shape)
            };
            let flags: Vec<&str> = args.flags.iter().map(String::as_str).collect();
            header();
            measure(&args.binary, "load", load, &flags)
        }
        Command::Table { binary, spans } => table(&binary, spans),
        Command::Reads { binary, spans } => reads::print(&binary, &spans),
        Command::Scale(args) => scale::print(&args),
        Command::Limits { only, passes } => limits::print(&only, passes),
        Command::Ui(args) => ui::print(&args),
    }
}

fn table(binary: &Path, spans: u64) -> anyhow::Result<()> {
    header();
    let shape = Shape { turns: 8, window: 0, message_bytes: 2000, below: 0 };
    let base = Load::new(spans, shape);
    measure(binary, "8 turns", base, &[])?;
    measure(binary, "8 turns, no search index", base, &["--search", "off"])?;
    measure(binary, "8 turns, gzip", Load { gzip: true, spans: spans / 2, ..base }, &["--search", "off"])?;
    for (name, turns, window, share) in [
        ("32 turns, growing", 32, 0, 4),
        ("32 turns, sliding 24", 32, 24, 3),
        ("128 turns, growing", 128, 0, 14),
        ("128 turns, sliding 24", 128, 24, 4),
    ] {
        let load =
            Load { spans: spans / share, per_request: 100, shape: Shape { turns, window, ..shape }, ..base };
        measure(binary, name, load, &["--search", "off"])?;
    }
    println!();
    limits::print("", 7)
}

fn header() {
    println!(
        "| load | spans | B/span sent | spans/s acked | MB/s | CPU s/1,000 at ack | CPU s/1,000 all | behind s | ack p50 ms | p99 | max | refused | disk B/span | of sent | search B/span | peak MB |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
}

fn measure(binary: &Path, name: &str, load: Load, flags: &[&str]) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let server = Server::start(binary, &data, flags)?;
    eprintln!(
        "ready after {:.0} ms, idle at {:.0} MB",
        server.ready_after.as_secs_f64() * 1e3,
        server.used()?.resident_bytes as f64 / 1e6
    );
    let measured = load::send(&server, load)?;
    server.stop()?;
    let (disk, search) = disk(&data)?;
    row(name, &measured, disk, search);
    Ok(())
}

/// The bytes of the closed store, and how many of them belong to the search index.
fn disk(data: &Path) -> anyhow::Result<(u64, u64)> {
    let path = data.join(turnscope_store_sqlite::FILE);
    let bytes = std::fs::metadata(&path)?.len();
    let db = rusqlite::Connection::open(&path)?;
    let search: Option<u64> =
        db.query_row("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'search%'", [], |row| row.get(0))?;
    let search = search.unwrap_or(0);
    Ok((bytes - search, search))
}

fn row(name: &str, m: &Measured, disk: u64, search: u64) {
    let spans = m.spans as f64;
    println!(
        "| {name} | {} | {:.0} | {:.0} | {:.0} | {:.4} | {:.4} | {:.1} | {:.0} | {:.0} | {:.0} | {} | {:.0} | {:.2} % | {:.0} | {:.0} |",
        m.spans,
        m.bytes as f64 / spans,
        spans / m.seconds,
        m.bytes as f64 / m.seconds / 1e6,
        m.cpu_ack / spans * 1e3,
        m.cpu_all / spans * 1e3,
        m.behind_seconds,
        m.ack_ms[0],
        m.ack_ms[1],
        m.ack_ms[2],
        m.refused,
        disk as f64 / spans,
        disk as f64 / m.bytes as f64 * 100.0,
        search as f64 / spans,
        m.peak_bytes as f64 / 1e6,
    );
}
