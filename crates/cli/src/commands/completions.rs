//! `turnscope completions`.

use crate::{cli::Cli, exit::Outcome, output};
use clap::CommandFactory as _;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

/// Prints completions for a shell.
pub(crate) fn completions(args: &Completions) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "turnscope", &mut text);
    output::bytes(&text)
}
