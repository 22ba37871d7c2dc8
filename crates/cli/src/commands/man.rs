//! `turnscope man`.

use crate::{
    cli::Cli,
    exit::{Failure, Outcome},
    output,
};
use clap::CommandFactory as _;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Man {
    /// The directory to write one page per command to. If absent, the main page is printed
    directory: Option<PathBuf>,
}

/// Writes manual pages.
pub(crate) fn man(args: &Man) -> Outcome {
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        return output::bytes(&page);
    };
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
        .map_err(|error| Failure::failed(format!("cannot write to {}: {error}", directory.display())))?;
    eprintln!(
        "Wrote manual pages to {}. `man -l {}` shows one.",
        directory.display(),
        directory.join("turnscope.1").display()
    );
    Ok(())
}
