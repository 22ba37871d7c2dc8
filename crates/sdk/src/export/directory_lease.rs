//! A lease on a data directory: keeps the store open while batches follow one another closely and closes it
//! soon after, because other processes write there too, and a server may want to start.
//!
//! Not here: who owns the directory, and what is written (`store`).

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use turnscope_store_sqlite::SqliteStore;

/// How long an idle store stays open; shorter than other writers' retry time.
const IDLE_TIMEOUT: Duration = Duration::from_millis(100);
/// How long a store stays open at most, however many batches follow.
const MAX_HOLD: Duration = Duration::from_secs(1);
/// How long to wait after closing, so that another process can take the directory.
const YIELD_TIME: Duration = Duration::from_millis(50);

/// An open store, and when it was opened.
pub(super) struct OpenStore {
    pub(super) store: SqliteStore,
    since: Instant,
}

impl OpenStore {
    pub(super) fn new(store: SqliteStore) -> Self {
        Self { store, since: Instant::now() }
    }
}

#[derive(Default)]
struct State {
    idle: Option<Box<OpenStore>>,
    /// Counts how often a store was put back.
    returns: u64,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// Holds the idle store between batches. A background thread closes it after [`IDLE_TIMEOUT`].
pub(super) struct DirectoryLease {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl DirectoryLease {
    pub(super) fn new() -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let closer = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name("turnscope-store".into()).spawn(move || closer.close_when_idle())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Takes the idle store out.
    pub(super) fn take(&self) -> Option<Box<OpenStore>> {
        self.shared.lock().idle.take()
    }

    /// Puts the store back, or closes it if it has been open for long enough.
    pub(super) fn put_back(&self, open: Box<OpenStore>) {
        if open.since.elapsed() >= MAX_HOLD {
            drop(open);
            thread::sleep(YIELD_TIME);
            return;
        }
        let mut state = self.shared.lock();
        state.returns += 1;
        state.idle = Some(open);
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close_when_idle(&self) {
        let mut state = self.lock();
        while !state.ended {
            if state.idle.is_none() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let seen = state.returns;
            let is_idle = |state: &mut State| !state.ended && state.returns == seen && state.idle.is_some();
            let waited = self.changed.wait_timeout_while(state, IDLE_TIMEOUT, is_idle);
            let (after, waited) = waited.unwrap_or_else(PoisonError::into_inner);
            state = after;
            if waited.timed_out() {
                let store = state.idle.take();
                drop(state);
                drop(store); // slow, so not under the lock
                state = self.lock();
            }
        }
        let last = state.idle.take();
        drop(state);
        drop(last);
    }
}

impl Drop for DirectoryLease {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // closes the store
        }
    }
}
