//! How much memory decoding may take, asked for before it is taken.
//!
//! An element that takes two bytes of a body may take a hundred in memory, so the size of a body says little. Here: the
//! account. Not here: what each message takes (`schema`, and `FromJson::SIZE` in `json`).

use super::DecodeError;
use std::cell::Cell;

/// Asked for this many bytes at a time, so that counting costs nothing.
const STEP: usize = 256 << 10;

/// The memory that one request may take while it is decoded.
pub struct Budget<'a> {
    grant: &'a dyn Fn(usize) -> bool,
    used: Cell<usize>,
    granted: Cell<usize>,
    exceeded: Cell<bool>,
}

impl<'a> Budget<'a> {
    /// `grant` is asked, with the bytes needed in all so far, whether they may be taken.
    pub fn new(grant: &'a dyn Fn(usize) -> bool) -> Self {
        Self { grant, used: Cell::new(0), granted: Cell::new(0), exceeded: Cell::new(false) }
    }

    /// For bodies that are trusted.
    pub fn unlimited() -> Budget<'static> {
        Budget::new(&|_| true)
    }

    /// Accounts for this many bytes more.
    ///
    /// # Errors
    /// They were not granted.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), DecodeError> {
        let used = self.used.get().saturating_add(bytes);
        self.used.set(used);
        if used > self.granted.get() {
            let wanted = used.saturating_add(STEP - 1) / STEP * STEP;
            if !(self.grant)(wanted) {
                self.exceeded.set(true);
                return Err(DecodeError::Memory);
            }
            self.granted.set(wanted);
        }
        Ok(())
    }

    /// Whether something was not granted. A JSON reader reports its own error for it.
    pub(super) fn is_exceeded(&self) -> bool {
        self.exceeded.get()
    }
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget")
            .field("used", &self.used)
            .field("granted", &self.granted)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_asked_for_in_steps_and_refused_for_good() {
        let asked = Cell::new(0);
        let grant = |bytes| {
            asked.set(asked.get() + 1);
            bytes <= 2 * STEP
        };
        let budget = Budget::new(&grant);
        for _ in 0..STEP {
            budget.take(2).expect("there is enough");
        }
        assert_eq!(asked.get(), 2);
        assert!(matches!(budget.take(1), Err(DecodeError::Memory)));
        assert!(budget.is_exceeded());
        assert!(Budget::unlimited().take(usize::MAX - STEP).is_ok());
    }
}
