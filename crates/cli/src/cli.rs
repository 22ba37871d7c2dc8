//! The definition of the command line, and which function runs each command.

use crate::{
    commands::{
        audit, backup, completions, config, demo, dialects, doctor, explain, export, import, init, man,
        pricing, prune, redact, reproject, runs, search, serve, sessions, show, stats, summary, tail,
        unmapped, vacuum,
    },
    exit::{CODES, Outcome},
};
use clap::{CommandFactory as _, Parser, Subcommand};

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

/// The end of the long help text.
fn more() -> String {
    let codes: Vec<String> =
        CODES.iter().map(|(code, meaning)| format!("  {}  {meaning}", *code as u8)).collect();
    format!("Exit codes:\n{}\n\n{FIRST_STEPS}", codes.join("\n"))
}

/// The sub-commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Receive and store OpenTelemetry data, and serve the UI
    #[command(alias = "server")]
    Serve(serve::Serve),
    /// Serve sample runs to explore
    Demo(demo::Demo),
    /// List runs, newest first
    Runs(runs::Runs),
    /// Show one run: its turns and steps as a tree with bars
    Show(show::Show),
    /// Explain a step: where each of its facts comes from, and what was not understood
    Explain(explain::Explain),
    /// Summarise a run in plain text, for a person or an agent
    Summary(summary::Summary),
    /// List what was sent and no rule understood
    Unmapped(unmapped::Unmapped),
    /// Follow runs as they change
    Tail(tail::Tail),
    /// Search messages, tool arguments and results, and errors
    Search(search::Search),
    /// Show statistics over runs
    Stats(stats::Stats),
    /// List sessions
    Sessions(sessions::Sessions),
    /// Export runs in a format that can be imported again
    Export(export::Export),
    /// Import exported runs or OTLP files
    Import(import::Import),
    /// Read and verify the audit trail
    Audit(audit::Audit),
    /// Show and set model prices
    Pricing(pricing::Pricing),
    /// Try the redaction rules on a text, or on what is stored
    Redact(redact::Redact),
    /// List the dialects that are understood, or try your own rules on a capture
    Dialects(dialects::Dialects),
    /// Apply today's rules to what is stored
    Reproject(reproject::Reproject),
    /// Delete runs by age or total size
    Prune(prune::Prune),
    /// Return free space in the store to the disk
    Vacuum(vacuum::Vacuum),
    /// Copy the store to a new file
    Backup(backup::Backup),
    /// Check a store for damage, and copy what can be read into a new one
    Doctor(doctor::Doctor),
    /// Write a commented turnscope.toml
    Init(init::Init),
    /// Show the settings and their sources
    Config(config::Config),
    /// Print shell completions
    Completions(completions::Completions),
    /// Write manual pages
    Man(man::Man),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(&self) -> Outcome {
        match self {
            Self::Serve(args) => serve::serve(args),
            Self::Demo(args) => demo::demo(args),
            Self::Runs(args) => runs::runs(args),
            Self::Show(args) => show::show(args),
            Self::Explain(args) => explain::explain(args),
            Self::Summary(args) => summary::summary(args),
            Self::Unmapped(args) => unmapped::unmapped(args),
            Self::Tail(args) => tail::tail(args),
            Self::Search(args) => search::search(args),
            Self::Stats(args) => stats::stats(args),
            Self::Sessions(args) => sessions::sessions(args),
            Self::Export(args) => export::export(args),
            Self::Import(args) => import::import(args),
            Self::Pricing(args) => pricing::pricing(args),
            Self::Redact(args) => redact::redact(args),
            Self::Dialects(args) => dialects::dialects(args),
            Self::Reproject(args) => reproject::reproject(args),
            Self::Prune(args) => prune::prune(args),
            Self::Vacuum(args) => vacuum::vacuum(args),
            Self::Audit(args) => audit::audit(args),
            Self::Backup(args) => backup::backup(args),
            Self::Doctor(args) => doctor::doctor(args),
            Self::Init(args) => init::init(args),
            Self::Config(args) => config::config(args),
            Self::Completions(args) => completions::completions(args, Cli::command()),
            Self::Man(args) => man::man(args, Cli::command()),
        }
    }
}
