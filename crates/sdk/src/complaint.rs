//! What goes wrong is said on stderr, at most once a minute for each that complains.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

/// Says what goes wrong, at most once a minute.
#[derive(Debug, Default)]
pub(crate) struct Complaint(Option<Instant>);

impl Complaint {
    pub(crate) fn say(&mut self, what: impl FnOnce() -> String) {
        if self.0.is_none_or(|at| at.elapsed() > Duration::from_secs(60)) {
            self.0 = Some(Instant::now());
            // Not `eprintln!`, which panics when nobody reads stderr any more.
            let _ = writeln!(io::stderr(), "turnscope: {}", what());
        }
    }
}
