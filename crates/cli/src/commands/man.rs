//! `turnscope man`.

use crate::{
    exit::{Failure, Outcome},
    output,
};
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Man {
    /// The directory to write one page per command to. If absent, the main page is printed
    directory: Option<PathBuf>,
}

/// Writes the manual pages of this command line.
pub(crate) fn man(args: &Man, of: clap::Command) -> Outcome {
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(of).render(&mut page)?;
        return output::bytes(&page);
    };
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(of, directory))
        .map_err(|error| Failure::failed(format!("cannot write to {}: {error}", directory.display())))?;
    eprintln!(
        "Wrote manual pages to {}. `man -l {}` shows one.",
        directory.display(),
        directory.join("turnscope.1").display()
    );
    Ok(())
}
