//! A user's own rules: `dialects.toml`, for producers that no table knows.
//!
//! Here: which rules are in force. What a file says and how it is read: `file`; the words it may use: `words`; patterns: `pattern`.
//! Not here: what the rules do to a record (`dialects::own`), the file itself and when it is read (the server).
//!
//! The rules in force are one value for the process: they hold for what is received, for what is looked at again and for
//! what is read, and all of these must agree.

mod file;
mod pattern;
mod words;

pub use file::{Dialect, KindRule, RuleError, RuleFile, Source, Unit};
pub use words::{CONTENTS, FACTS, Fact};

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};
use turnscope_model::Purpose;

static IS_SET: AtomicBool = AtomicBool::new(false);
static RULES: RwLock<Option<Arc<RuleFile>>> = RwLock::new(None);

/// From now on these rules hold beside those that are built in; `None` for no others.
pub fn set(rules: Option<Arc<RuleFile>>) {
    let rules = rules.filter(|rules| !rules.dialects.is_empty());
    let mut held = RULES.write().unwrap_or_else(PoisonError::into_inner);
    IS_SET.store(rules.is_some(), Ordering::Relaxed);
    *held = rules;
}

/// The rules in force. Without any, this is one look at a flag.
pub fn current() -> Option<Arc<RuleFile>> {
    if !IS_SET.load(Ordering::Relaxed) {
        return None;
    }
    RULES.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What the value under this key is for, where a rule says so.
pub(crate) fn purpose_of(key: &str) -> Option<Purpose> {
    current()?.contents.get(key).copied()
}
