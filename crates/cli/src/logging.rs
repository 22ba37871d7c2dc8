//! Logging, set up by the commands that serve.

use crate::{exit::Failure, settings::Log};
use std::{fs::OpenOptions, io::IsTerminal as _, sync::Mutex};
use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Starts logging.
pub(crate) fn start(log: &Log) -> Result<(), Failure> {
    let filter: Targets = log.level.parse().map_err(|_| Failure::usage("log-level is invalid"))?;
    let lines = fmt::layer().with_target(true);
    let layer = if let Some(path) = &log.path {
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
            Failure::failed(format!("cannot write the log to {}: {error}", path.display()))
                .hint("the directory of log-path must exist")
        })?;
        let lines = lines.with_ansi(false).with_writer(Mutex::new(file));
        if log.json { lines.json().boxed() } else { lines.boxed() }
    } else {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let lines = lines.with_ansi(colour).with_writer(std::io::stderr);
        if log.json { lines.json().boxed() } else { lines.boxed() }
    };
    // If logging was started before, the first configuration stays.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
    Ok(())
}
