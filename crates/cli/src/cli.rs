//! What can be typed.

use crate::{
    commands::{
        audit, backup, completions, config, demo, doctor, export, import, init, man, pricing, prune, runs,
        search, serve, sessions, show, stats, summary, tail, vacuum,
    },
    exit::CODES,
};
use clap::{Parser, Subcommand};

/// Shows what an AI agent did, why, and what it cost, turn by turn.
#[derive(Parser)]
#[command(name = "turnscope", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = FIRST_STEPS, after_long_help = more())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const FIRST_STEPS: &str =
    "First steps: `turnscope demo` in one terminal, `turnscope runs` and `turnscope show last` in another.";

/// What the long help says at its end.
fn more() -> String {
    let codes: Vec<String> =
        CODES.iter().map(|(code, meaning)| format!("  {}  {meaning}", *code as u8)).collect();
    format!("Exit codes:\n{}\n\n{FIRST_STEPS}", codes.join("\n"))
}

/// The sub-commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Receive OpenTelemetry, keep it, and show it
    #[command(alias = "server")]
    Serve(serve::Serve),
    /// Serve sample runs to look around in
    Demo(demo::Demo),
    /// List runs, newest first
    Runs(runs::Runs),
    /// Show one run: its turns and steps as a tree with bars
    Show(show::Show),
    /// Tell one run in plain text, for a person or an agent
    Summary(summary::Summary),
    /// Follow runs as they change
    Tail(tail::Tail),
    /// Search messages, tool arguments and results, and errors
    Search(search::Search),
    /// Figures over runs
    Stats(stats::Stats),
    /// List sessions
    Sessions(sessions::Sessions),
    /// Write runs out, importable again
    Export(export::Export),
    /// Take in exported runs, or OTLP files
    Import(import::Import),
    /// Read and verify the audit trail
    Audit(audit::Audit),
    /// Show and set what models cost
    Pricing(pricing::Pricing),
    /// Delete what is too old or too much
    Prune(prune::Prune),
    /// Give free room back to the disk
    Vacuum(vacuum::Vacuum),
    /// Copy the store into a new file
    Backup(backup::Backup),
    /// Say whether the store is sound; copy what can be read where it is not
    Doctor(doctor::Doctor),
    /// Write a commented turnscope.toml
    Init(init::Init),
    /// Show the settings and where each came from
    Config(config::Config),
    /// Print completions for a shell
    Completions(completions::Completions),
    /// Write manual pages
    Man(man::Man),
}
