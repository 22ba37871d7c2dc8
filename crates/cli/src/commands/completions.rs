//! `turnscope completions`.

use crate::{exit::Outcome, output};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

/// Prints completions of this command line for a shell.
pub(crate) fn completions(args: &Completions, mut of: clap::Command) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut of, "turnscope", &mut text);
    output::bytes(&text)
}
