//! The `turnscope` command: parses arguments, runs the command, and turns errors into messages and exit
//! codes.

mod cli;
mod client;
mod commands;
#[cfg(test)]
mod docs;
mod exit;
mod logging;
mod output;
mod progress;
mod render;
mod settings;

use clap::Parser as _;
use exit::Code;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO); // prompts are for their owner only
    let cli = cli::Cli::parse();
    let code = match cli.command.run() {
        Ok(()) => Code::Ok,
        Err(failure) => {
            if failure.code != Code::Ok {
                eprintln!("{failure}");
            }
            failure.code
        }
    };
    std::process::ExitCode::from(code as u8)
}
