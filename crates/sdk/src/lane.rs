//! A bounded queue with a thread of its own behind it: whoever puts something in never waits, not for the thread either, as
//! the queue has no lock.
//!
//! Not here: what is done with the items. What the consumer does, panics included, stays on the thread.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// How much waits, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) queue: usize,
    /// Heeded by who knows what an item weighs, see `pipeline`.
    pub(crate) bytes: usize,
    /// How many the thread waits for.
    pub(crate) batch: usize,
    /// How many of them the consumer is given at once.
    pub(crate) chunk: usize,
    pub(crate) delay: Duration,
}

/// What is done with the items, on the lane's thread.
pub(crate) trait Consumer<T>: Send + 'static {
    /// Takes what is in a chunk, whose room is used again; `dropped` items never made it into the queue so far.
    fn take(&mut self, chunk: &mut Vec<T>, dropped: u64);

    /// Nothing more will come.
    fn end(&mut self) {}
}

/// What goes through the queue.
enum Message<T> {
    Item(T),
    /// Somebody waits until all before this is done, and is told by whatever becomes of the other end.
    Flush(Sender<()>),
}

/// Set in `waiting` when nothing more is taken.
const CLOSED: usize = 1 << (usize::BITS - 1);

#[derive(Debug, Default)]
struct Shared {
    /// Items in the queue, each counted before it is put in and after it is taken out; and whether it is closed.
    waiting: AtomicUsize,
    /// Flushes in the queue.
    hurry: AtomicUsize,
    /// Whether the thread waits for the first item, rather than for a batch or the end of a delay.
    asleep: AtomicBool,
    dropped: AtomicU64,
    /// Whether the thread has ended.
    ended: Mutex<bool>,
    /// There is room again, or the thread has ended.
    changed: Condvar,
}

/// The queue; its thread ends when it is closed.
#[derive(Debug)]
pub(crate) struct Lane<T: Send + 'static> {
    queue: Sender<Message<T>>,
    shared: Arc<Shared>,
    thread: Thread,
    limits: Limits,
}

impl<T: Send + 'static> Lane<T> {
    pub(crate) fn start(limits: Limits, consumer: impl Consumer<T>) -> io::Result<Self> {
        let queue = limits.queue.min(CLOSED - 1);
        // What is full is taken, whatever a batch would be.
        let batch = limits.batch.clamp(1, queue.max(1));
        let limits = Limits { queue, batch, ..limits };
        let (queue, items) = mpsc::channel();
        let shared = Arc::<Shared>::default();
        let worker = Worker { items, shared: Arc::clone(&shared), limits };
        let thread = thread::Builder::new().name("turnscope".into()).spawn(move || worker.run(consumer))?;
        Ok(Self { queue, shared, thread: thread.thread().clone(), limits })
    }

    /// Puts an item in, or counts it as dropped when the queue is full or closed, and says so.
    pub(crate) fn push(&self, item: T) -> bool {
        let Some(before) = self.reserve() else {
            self.drop_one();
            return false;
        };
        self.put(item, before);
        true
    }

    /// As [`push`](Self::push), but waits for room, no longer than `timeout`.
    pub(crate) fn push_within(&self, item: T, timeout: Duration) {
        let mut place = None;
        let mut full = |_: &mut bool| {
            place = self.reserve();
            place.is_none() && self.shared.waiting.load(Ordering::Acquire) < CLOSED
        };
        drop(self.shared.changed.wait_timeout_while(self.shared.lock(), timeout, &mut full));
        match place {
            Some(before) => self.put(item, before),
            None => self.drop_one(),
        }
    }

    /// A place in the queue, and how many wait before it; none when it is full or closed.
    fn reserve(&self) -> Option<usize> {
        let one_more = |waiting| (waiting < self.limits.queue).then_some(waiting + 1);
        self.shared.waiting.fetch_update(Ordering::SeqCst, Ordering::Acquire, one_more).ok()
    }

    fn put(&self, item: T, before: usize) {
        // It cannot fail: the thread ends when no place is taken any more.
        let _ = self.queue.send(Message::Item(item));
        // Waking the thread costs more than all the rest, so it is done for a whole batch only, as long as batches come. Either
        // the thread sees what was counted before it sleeps, or this sees that it sleeps.
        if before + 1 == self.limits.batch || (before == 0 && self.shared.asleep.load(Ordering::SeqCst)) {
            self.thread.unpark();
        }
    }

    /// Waits until all that was put in before is done; false when that takes longer than `timeout`.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let (done, waits) = mpsc::channel();
        self.shared.hurry.fetch_add(1, Ordering::SeqCst);
        let _ = self.queue.send(Message::Flush(done)); // where the thread has ended, nothing is left to wait for
        self.thread.unpark();
        !matches!(waits.recv_timeout(timeout), Err(RecvTimeoutError::Timeout))
    }

    /// Takes nothing more; the thread ends when it has worked off the rest.
    pub(crate) fn stop(&self) {
        self.shared.waiting.fetch_or(CLOSED, Ordering::AcqRel);
        self.shared.tell();
        self.thread.unpark();
    }

    /// Takes nothing more and waits until the rest is done and the thread has ended; false when that takes too long.
    pub(crate) fn close(&self, timeout: Duration) -> bool {
        self.stop();
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), timeout, |ended| !*ended);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Counts an item that was not put in.
    pub(crate) fn drop_one(&self) {
        self.shared.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who wait that something changed. Whoever looked before it did waits by now: the lock sees to that.
    fn tell(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }
}

/// What runs on the thread.
struct Worker<T> {
    items: Receiver<Message<T>>,
    shared: Arc<Shared>,
    limits: Limits,
}

impl<T> Worker<T> {
    fn run(self, mut consumer: impl Consumer<T>) {
        let mut chunk = Vec::with_capacity(self.limits.chunk.min(512)); // growing would leave holes
        while let Some(due) = self.wait() {
            self.work_off(due, &mut chunk, &mut consumer);
        }
        drop(self.items); // whoever flushes now waits for nothing
        let _ = catch_unwind(AssertUnwindSafe(move || {
            consumer.end();
            drop(consumer);
        }));
        *self.shared.lock() = true;
        self.shared.changed.notify_all();
    }

    /// Waits for a whole batch, for somebody in a hurry, or until what is there may have waited long enough, and says how much
    /// that is. None when nothing more will come.
    fn wait(&self) -> Option<usize> {
        let mut since = Instant::now();
        loop {
            let waiting = self.shared.waiting.load(Ordering::Acquire);
            if waiting == CLOSED {
                return None;
            }
            if waiting >= self.limits.batch || self.shared.hurry.load(Ordering::Acquire) > 0 {
                return Some(waiting & !CLOSED);
            }
            let left = self.limits.delay.saturating_sub(since.elapsed());
            if !left.is_zero() {
                thread::park_timeout(left);
                // Whoever woke this may have been put off the processor for it: first that one goes on.
                thread::yield_now();
            } else if waiting > 0 {
                return Some(waiting);
            } else {
                self.sleep();
                since = Instant::now();
            }
        }
    }

    /// Sleeps until something comes: nothing did for a whole delay.
    fn sleep(&self) {
        self.shared.asleep.store(true, Ordering::SeqCst);
        let idle = self.shared.waiting.load(Ordering::SeqCst) == 0;
        if idle && self.shared.hurry.load(Ordering::SeqCst) == 0 {
            thread::park();
        }
        self.shared.asleep.store(false, Ordering::SeqCst);
    }

    /// Hands so many items on, chunk by chunk, or those before somebody who waits for them.
    fn work_off(&self, mut due: usize, chunk: &mut Vec<T>, consumer: &mut impl Consumer<T>) {
        loop {
            let flush = self.fill(chunk, due.min(self.limits.chunk));
            due = due.saturating_sub(chunk.len());
            if !chunk.is_empty() {
                self.shared.waiting.fetch_sub(chunk.len(), Ordering::AcqRel);
                self.shared.tell();
                let dropped = self.shared.dropped.load(Ordering::Relaxed);
                // What makes an exporter panic is lost, not the thread and what comes after.
                let _ = catch_unwind(AssertUnwindSafe(|| consumer.take(chunk, dropped)));
                chunk.clear();
            } else if flush.is_none() {
                thread::yield_now(); // to who has counted an item and is about to put it in
            }
            if due == 0 || flush.is_some() {
                return; // which tells who waits
            }
        }
    }

    /// Takes up to `most` items, and at least looks for one; or fewer, and what tells whoever waits for what is before them.
    fn fill(&self, chunk: &mut Vec<T>, most: usize) -> Option<Sender<()>> {
        while chunk.len() < most.max(1) {
            match self.items.try_recv() {
                Ok(Message::Item(item)) => chunk.push(item),
                Ok(Message::Flush(done)) => {
                    self.shared.hurry.fetch_sub(1, Ordering::AcqRel);
                    return Some(done);
                }
                Err(_) => break,
            }
        }
        None
    }
}

impl<T: Send + 'static> Drop for Lane<T> {
    fn drop(&mut self) {
        self.stop(); // nobody waits any more
    }
}

#[cfg(test)]
mod tests;
