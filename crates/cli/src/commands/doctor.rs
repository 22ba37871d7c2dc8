//! `turnscope doctor`: whether the store is sound, and a copy of what can be read where it is not.

use crate::{
    exit::{Code, Failure, Outcome},
    output, progress,
    render::{self, terminal_style::TerminalStyle},
    settings::{Flags, READ},
};
use std::path::{Path, PathBuf};
use turnscope_store::StoreError;
use turnscope_store_sqlite::{FILE, Options};

/// Files of a data directory that are no part of the store.
const OTHERS: [&str; 3] = [turnscope_audit::FILE, turnscope_audit::KEY_FILE, "pricing.toml"];

/// What was typed.
#[derive(clap::Args)]
pub(crate) struct Doctor {
    /// Copy everything that can be read into a new store in this directory
    #[arg(long, value_name = "NEW_DIR")]
    salvage: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    from: Flags<READ>,
}

/// Looks at everything in the store, or copies what can be read of it. The store itself is only read, beside its owner too.
pub(crate) fn doctor(args: &Doctor) -> Outcome {
    let settings = args.from.resolve()?;
    if settings.server.is_some() {
        return Err(Failure::usage("doctor reads the data directory: it works on the server's own machine")
            .hint("leave --server out, and name the directory with --data"));
    }
    match &args.salvage {
        None => check(args, &settings.data),
        Some(to) => salvage(args, &settings.data, to),
    }
}

fn check(args: &Doctor, data: &Path) -> Outcome {
    let spinner = progress::spinner("looking at everything in the store");
    let report = turnscope_store_sqlite::check(data).map_err(|error| cannot_open(data, error));
    spinner.finish_and_clear();
    let report = report?;
    if args.json {
        output::json(&serde_json::to_value(&report).map_err(|error| Failure::failed(error.to_string()))?)?;
    } else {
        output::print(&render::doctor::report(&TerminalStyle::for_stdout(), data, &report))?;
    }
    if report.is_sound() { Ok(()) } else { Err(unsound(data)) }
}

fn unsound(data: &Path) -> Failure {
    Failure::failed(format!("the store in {} is not sound", data.display()))
}

fn salvage(args: &Doctor, data: &Path, to: &Path) -> Outcome {
    if to.join(FILE).exists() {
        return Err(Failure::usage(format!("there is a store in {} already", to.display()))
            .hint("name a new directory: a store is never written over"));
    }
    // Before anything is written: a store that cannot be opened leaves no empty one behind.
    if !data.join(FILE).exists() {
        return Err(no_store(data));
    }
    let spinner = progress::spinner("copying what can be read");
    let text_of = Some(turnscope_otlp::messages::item_text as turnscope_store::TextOf);
    let salvaged = turnscope_store_sqlite::salvage(data, to, Options { text_of, ..Options::default() })
        .map_err(|error| cannot_open(data, error));
    spinner.finish_and_clear();
    let salvaged = salvaged?;
    if args.json {
        output::json(&serde_json::to_value(&salvaged).map_err(|error| Failure::failed(error.to_string()))?)?;
    } else {
        let others: Vec<&str> = OTHERS
            .iter()
            .copied()
            .filter(|name| data.join(name).exists() && !to.join(name).exists())
            .collect();
        output::print(&render::doctor::salvaged(&TerminalStyle::for_stdout(), data, to, &salvaged, &others))?;
    }
    if salvaged.lost.is_empty() {
        return Ok(());
    }
    let lost = render::human::plural(salvaged.lost.len() as u64, "thing");
    Err(Failure::failed(format!("{lost} could not be copied")))
}

fn no_store(data: &Path) -> Failure {
    Failure::new(Code::NotFound, format!("there is no store in {}", data.display()))
        .hint("name the data directory with --data")
}

/// A store that cannot even be opened.
fn cannot_open(data: &Path, error: StoreError) -> Failure {
    match error {
        StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => no_store(data),
        StoreError::Damaged(why) => Failure::failed(format!(
            "the store in {} cannot be opened: {why}",
            data.display()
        ))
        .hint(format!(
            "the beginning of {FILE} is damaged, without which nothing in it can be found: put back the latest copy that \
             `turnscope backup` made, or one of the whole disk"
        )),
        other => other.into(),
    }
}
