//! A bounded queue with a thread of its own behind it: whoever puts something in never waits.
//!
//! Not here: what is done with the items. What the consumer does, panics included, stays on the thread.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How much waits, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) queue: usize,
    /// Heeded by who knows what an item weighs, see `pipeline`.
    pub(crate) bytes: usize,
    pub(crate) batch: usize,
    pub(crate) delay: Duration,
}

/// What is done with the items, on the lane's thread.
pub(crate) trait Consumer<T>: Send + 'static {
    /// Takes a batch; `dropped` items never made it into the queue so far.
    fn take(&mut self, batch: Vec<T>, dropped: u64);

    /// Nothing more will come.
    fn end(&mut self) {}
}

#[derive(Debug)]
struct State<T> {
    queue: VecDeque<T>,
    /// Counts of items since the start; an item is done when the consumer has taken it.
    accepted: u64,
    done: u64,
    dropped: u64,
    /// Up to which item somebody waits.
    hurry: u64,
    closed: bool,
    ended: bool,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

/// The queue; its thread ends when it is closed.
#[derive(Debug)]
pub(crate) struct Lane<T: Send + 'static>(Arc<Shared<T>>, Limits);

impl<T: Send + 'static> Lane<T> {
    pub(crate) fn start(limits: Limits, mut consumer: impl Consumer<T>) -> io::Result<Self> {
        let state = State {
            queue: VecDeque::new(),
            accepted: 0,
            done: 0,
            dropped: 0,
            hurry: 0,
            closed: false,
            ended: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let lane = Self(Arc::clone(&shared), limits);
        thread::Builder::new().name("turnscope".into()).spawn(move || {
            while let Some((batch, dropped)) = shared.next(limits) {
                let count = batch.len() as u64;
                // A batch that makes an exporter panic is lost, not the thread and those that come after.
                let _ = catch_unwind(AssertUnwindSafe(|| consumer.take(batch, dropped)));
                shared.lock().done += count;
                shared.changed.notify_all();
            }
            let _ = catch_unwind(AssertUnwindSafe(move || {
                consumer.end();
                drop(consumer);
            }));
            shared.lock().ended = true;
            shared.changed.notify_all();
        })?;
        Ok(lane)
    }

    /// Puts an item in, or counts it as dropped when the queue is full or closed, and says so.
    pub(crate) fn push(&self, item: T) -> bool {
        self.put(self.0.lock(), item)
    }

    /// As [`push`](Self::push), but waits for room, no longer than `timeout`.
    pub(crate) fn push_within(&self, item: T, timeout: Duration) {
        let state = self.0.lock();
        let has_room = |state: &mut State<T>| state.closed || state.queue.len() < self.1.queue;
        let waited = self.0.changed.wait_timeout_while(state, timeout, |state| !has_room(state));
        let _ = self.put(waited.unwrap_or_else(PoisonError::into_inner).0, item);
    }

    fn put(&self, mut state: MutexGuard<'_, State<T>>, item: T) -> bool {
        if state.closed || state.queue.len() >= self.1.queue {
            state.dropped += 1;
            return false;
        }
        state.queue.push_back(item);
        state.accepted += 1;
        // The thread wakes for the first item, to wait for more, and for a whole batch.
        let wake = state.queue.len() == 1 || state.queue.len() == self.1.batch;
        drop(state);
        if wake {
            self.0.changed.notify_all();
        }
        true
    }

    /// Waits until all that was put in before is done; false when that takes longer than `timeout`.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let mut state = self.0.lock();
        let target = state.accepted;
        state.hurry = state.hurry.max(target);
        self.0.changed.notify_all();
        self.0.wait(state, timeout, |state| state.done >= target || state.ended)
    }

    /// Takes nothing more; the thread ends when it has worked off the rest.
    pub(crate) fn stop(&self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }

    /// Takes nothing more and waits until the rest is done and the thread has ended; false when that takes too long.
    pub(crate) fn close(&self, timeout: Duration) -> bool {
        self.stop();
        self.0.wait(self.0.lock(), timeout, |state| state.ended)
    }

    /// Counts an item that was not put in.
    pub(crate) fn drop_one(&self) {
        self.0.lock().dropped += 1;
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch: a full one, one that somebody waits for, or what has gathered when the delay is over.
    fn next(&self, limits: Limits) -> Option<(Vec<T>, u64)> {
        let mut state = self.lock();
        let mut since = None;
        loop {
            let waiting = state.queue.len();
            if waiting == 0 {
                if state.closed {
                    return None;
                }
                since = None;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = since.get_or_insert_with(Instant::now).elapsed();
            if waiting >= limits.batch || state.closed || state.hurry > state.done || waited >= limits.delay {
                let count = waiting.min(limits.batch.max(1));
                return Some((state.queue.drain(..count).collect(), state.dropped));
            }
            let left = limits.delay.saturating_sub(waited);
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn wait(
        &self,
        state: MutexGuard<'_, State<T>>,
        timeout: Duration,
        met: impl Fn(&State<T>) -> bool,
    ) -> bool {
        let waited = self.changed.wait_timeout_while(state, timeout, |state| !met(state));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl<T: Send + 'static> Drop for Lane<T> {
    fn drop(&mut self) {
        self.stop(); // nobody waits any more
    }
}
