//! Counts the views that are open. The write-ahead log can begin anew only at a moment without any: while new views come before
//! the old ones have gone, it grows.

use crate::isolate::lock;
use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// How long a new view waits while the writer waits for the others to end.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lets views be opened, and lets the writer wait for a moment without any.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    open_views: usize,
    is_closed: bool,
}

/// An open view is counted while this lives.
pub(crate) struct Entered<'a>(&'a Gate);

impl Gate {
    /// Counts a view that is about to be opened.
    pub(crate) fn enter(&self) -> Entered<'_> {
        let state = lock(&self.state);
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| state.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.open_views += 1;
        Entered(self)
    }

    /// Does something while no view is open, if that comes within `patience`; gives whether it came.
    pub(crate) fn while_empty(&self, patience: Duration, work: impl FnOnce()) -> bool {
        let mut state = lock(&self.state);
        state.is_closed = true;
        let (state, _) = self
            .changed
            .wait_timeout_while(state, patience, |state| state.open_views > 0)
            .unwrap_or_else(PoisonError::into_inner);
        let is_empty = state.open_views == 0;
        drop(state);
        if is_empty {
            work();
        }
        lock(&self.state).is_closed = false;
        self.changed.notify_all();
        is_empty
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).open_views -= 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, mpsc};

    #[test]
    fn the_writer_gets_its_moment_between_views_that_overlap_without_end() {
        let gate = Arc::new(Gate::default());
        let first = gate.enter();
        assert!(!gate.while_empty(Duration::from_millis(1), || panic!("a view is open")));
        let (done, is_done) = mpsc::channel();
        let writer = {
            let gate = Arc::clone(&gate);
            std::thread::spawn(move || done.send(gate.while_empty(Duration::from_secs(60), || {})).unwrap())
        };
        // The next view is opened before the first one ends, as when clients read all the time.
        while !lock(&gate.state).is_closed {
            std::thread::yield_now();
        }
        let next = {
            let gate = Arc::clone(&gate);
            std::thread::spawn(move || drop(gate.enter()))
        };
        drop(first);
        assert!(is_done.recv_timeout(Duration::from_secs(60)).unwrap());
        writer.join().unwrap();
        next.join().unwrap();
        assert_eq!(lock(&gate.state).open_views, 0);
    }
}
