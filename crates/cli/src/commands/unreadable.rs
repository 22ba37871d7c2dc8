//! Runs that a list could not show because they are damaged: named on stderr, so that data stays alone on stdout.

use crate::render::human;
use std::collections::BTreeSet;

/// Names them, each once.
#[derive(Default)]
pub(crate) struct Unreadable(BTreeSet<String>);

impl Unreadable {
    /// Tells of those that were not told of yet; each text begins with the run.
    pub(crate) fn tell(&mut self, unreadable: &[String]) {
        for run in unreadable {
            if self.0.insert(run.clone()) {
                eprintln!("turnscope: cannot read {}", human::damage(run));
            }
        }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

/// What to do about them.
pub(crate) const HINT: &str =
    "`turnscope doctor` says what is damaged; `turnscope doctor --salvage NEW_DIR` copies the rest";
