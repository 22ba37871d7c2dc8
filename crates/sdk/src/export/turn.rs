//! A data directory's store, kept open while batches follow one another closely, and let go of soon after: others write there
//! too, and a server may want to start.
//!
//! Not here: who has the directory meanwhile, and what is written (`store`).

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use turnscope_store_sqlite::SqliteStore;

/// How long a store rests after a batch before it is closed: less than others have patience.
const REST: Duration = Duration::from_millis(100);
/// How long it is kept, however many batches come.
const TURN: Duration = Duration::from_secs(1);
/// How long others then have to take it.
const GIVE_WAY: Duration = Duration::from_millis(50);

/// A store that is open, since when.
pub(super) struct Open {
    pub(super) store: SqliteStore,
    since: Instant,
}

impl Open {
    pub(super) fn new(store: SqliteStore) -> Self {
        Self { store, since: Instant::now() }
    }
}

#[derive(Default)]
struct State {
    resting: Option<Box<Open>>,
    /// Counts what was laid down.
    rests: u64,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// Where a store rests between batches. Its thread closes one that has rested for long.
pub(super) struct Turn {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Turn {
    pub(super) fn new() -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let closing = Arc::clone(&shared);
        let thread = thread::Builder::new().name("turnscope-store".into()).spawn(move || closing.close())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// The store that rests here.
    pub(super) fn take(&self) -> Option<Box<Open>> {
        self.shared.lock().resting.take()
    }

    /// Lays a store down, or closes it when its turn is over.
    pub(super) fn lay_down(&self, open: Box<Open>) {
        if open.since.elapsed() >= TURN {
            drop(open);
            thread::sleep(GIVE_WAY);
            return;
        }
        let mut state = self.shared.lock();
        state.rests += 1;
        state.resting = Some(open);
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut state = self.lock();
        while !state.ended {
            if state.resting.is_none() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let rest = state.rests;
            let is_resting =
                |state: &mut State| !state.ended && state.rests == rest && state.resting.is_some();
            let waited = self.changed.wait_timeout_while(state, REST, is_resting);
            let (after, waited) = waited.unwrap_or_else(PoisonError::into_inner);
            state = after;
            if waited.timed_out() {
                let rested = state.resting.take();
                drop(state);
                drop(rested); // takes a while: nobody waits for the lock
                state = self.lock();
            }
        }
        let last = state.resting.take();
        drop(state);
        drop(last);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // so that the store is closed
        }
    }
}
