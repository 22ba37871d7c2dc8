//! One file per subcommand, with its arguments and its function.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod pricing;
pub(crate) mod prune;
mod reading;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod summary;
pub(crate) mod tail;
mod unreadable;
pub(crate) mod vacuum;

use crate::{cli::Command, exit::Outcome};

/// Runs a command.
pub(crate) fn run(command: &Command) -> Outcome {
    match command {
        Command::Serve(args) => serve::serve(args),
        Command::Demo(args) => demo::demo(args),
        Command::Runs(args) => runs::runs(args),
        Command::Show(args) => show::show(args),
        Command::Summary(args) => summary::summary(args),
        Command::Tail(args) => tail::tail(args),
        Command::Search(args) => search::search(args),
        Command::Stats(args) => stats::stats(args),
        Command::Sessions(args) => sessions::sessions(args),
        Command::Export(args) => export::export(args),
        Command::Import(args) => import::import(args),
        Command::Pricing(args) => pricing::pricing(args),
        Command::Prune(args) => prune::prune(args),
        Command::Vacuum(args) => vacuum::vacuum(args),
        Command::Audit(args) => audit::audit(args),
        Command::Backup(args) => backup::backup(args),
        Command::Doctor(args) => doctor::doctor(args),
        Command::Init(args) => init::init(args),
        Command::Config(args) => config::config(args),
        Command::Completions(args) => completions::completions(args),
        Command::Man(args) => man::man(args),
    }
}
