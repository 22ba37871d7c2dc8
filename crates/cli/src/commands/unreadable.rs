//! Runs and records that are left out because they are damaged: named on stderr, so that data stays alone on stdout.

use crate::{
    exit::{Failure, Outcome},
    render::human,
};
use std::collections::BTreeSet;

/// Names them, each once.
#[must_use]
#[derive(Default)]
pub(crate) struct Unreadable(BTreeSet<String>);

impl Unreadable {
    /// Tells of those that were not told of yet; each text begins with what it is.
    pub(crate) fn tell(&mut self, unreadable: &[String]) {
        for one in unreadable {
            if self.0.insert(one.clone()) {
                eprintln!("turnscope: cannot read {}", human::damage(one));
            }
        }
    }

    /// An error that counts them, if there were any: what they are, and what could not be done with them.
    pub(crate) fn check(&self, what: &str, done: &str) -> Outcome {
        if self.0.is_empty() {
            return Ok(());
        }
        let count = human::plural(self.0.len() as u64, what);
        Err(Failure::failed(format!("{count} could not be {done}")).hint(HINT))
    }
}

/// What to do about them.
const HINT: &str =
    "`turnscope doctor` says what is damaged; `turnscope doctor --salvage NEW_DIR` copies the rest";
