//! Contents that producers put into directories and buckets, with only an address in the telemetry.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};
use turnscope_store::{ReadLimit, StoreError};

/// Gets such contents. Blocks while it does.
pub trait ExternalContents: Send + Sync {
    /// The text at this address; `None` where it may not be read, or cannot be had.
    fn fetch(&self, address: &str) -> Option<String>;

    /// Whether this address may be read at all.
    fn may_hold(&self, address: &str) -> bool;
}

/// Where nothing is kept elsewhere: an address stays an address.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExternalContents;

impl ExternalContents for NoExternalContents {
    fn fetch(&self, _: &str) -> Option<String> {
        None
    }
    fn may_hold(&self, _: &str) -> bool {
        false
    }
}

/// Contents that were fetched for a question, and the addresses that it met and did not have.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    known: HashMap<String, Option<String>>,
    missing: RefCell<BTreeSet<String>>,
}

impl Fetched {
    /// The content at this address, if it was fetched; otherwise the address is noted.
    pub(crate) fn get(&self, address: &str) -> Option<String> {
        if let Some(content) = self.known.get(address) {
            return content.clone();
        }
        self.missing.borrow_mut().insert(address.to_owned());
        None
    }

    /// Fetches what was noted. Returns whether there is anything new; [`StoreError::Interrupted`] when the question goes
    /// over its limit between two contents.
    pub(crate) fn fetch_missing(
        &mut self,
        from: &dyn ExternalContents,
        limit: &ReadLimit,
    ) -> Result<bool, StoreError> {
        let missing: Vec<String> =
            self.missing.take().into_iter().filter(|address| from.may_hold(address)).collect();
        for address in &missing {
            if limit.is_over() {
                return Err(StoreError::Interrupted);
            }
            self.known.insert(address.clone(), from.fetch(address));
        }
        Ok(!missing.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Cancels the question with the second content.
    struct Impatient {
        limit: ReadLimit,
        fetched: AtomicUsize,
    }

    impl ExternalContents for Impatient {
        fn fetch(&self, _: &str) -> Option<String> {
            if self.fetched.fetch_add(1, Ordering::Relaxed) == 1 {
                self.limit.cancel();
            }
            None
        }
        fn may_hold(&self, _: &str) -> bool {
            true
        }
    }

    #[test]
    fn a_question_that_nobody_waits_for_fetches_nothing_more() {
        let from = Impatient { limit: ReadLimit::none(), fetched: AtomicUsize::new(0) };
        let mut fetched = Fetched::default();
        for address in ["a", "b", "c", "d"] {
            assert_eq!(fetched.get(address), None);
        }
        let outcome = fetched.fetch_missing(&from, &from.limit);
        assert!(matches!(outcome, Err(StoreError::Interrupted)), "{outcome:?}");
        assert_eq!(from.fetched.into_inner(), 2);
    }
}
