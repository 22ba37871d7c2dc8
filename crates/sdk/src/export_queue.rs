//! A queue with a worker thread, bounded in items and in bytes. Pushing never blocks: the queue takes no lock,
//! and a full queue drops the item. The last places are for items that matter more, see [`Rank`].
//!
//! The worker contains a consumer's panics. Threads do not survive a `fork`: in the child nothing waits for the
//! worker.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// Sizes and delays of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimits {
    pub(crate) queue: usize,
    /// The size of the items in the queue and with the consumer.
    pub(crate) bytes: usize,
    /// The number of items to wait for before the consumer runs.
    pub(crate) batch: usize,
    /// The maximum number of items the consumer gets at once.
    pub(crate) chunk: usize,
    /// The consumer gets no further items once it has this many bytes.
    pub(crate) chunk_bytes: usize,
    /// The longest time an item waits for a batch to fill.
    pub(crate) delay: Duration,
}

/// How much of a queue an item may fill. What others depend on finds room when there is none left for the
/// rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// Nothing is below it: three quarters.
    Leaf,
    /// It has children: seven eighths.
    Inner,
    /// The root of a tree: everything.
    Root,
}

impl Rank {
    /// The part of `all` that items of this rank may fill.
    const fn share(self, all: usize) -> usize {
        match self {
            Self::Leaf => all - all / 4,
            Self::Inner => all - all / 8,
            Self::Root => all,
        }
    }
}

/// What can be queued.
pub(crate) trait Queued: Send + 'static {
    /// The approximate size in memory.
    fn bytes(&self) -> usize;

    fn rank(&self) -> Rank {
        Rank::Leaf
    }
}

/// Processes items on the worker thread.
pub(crate) trait Consumer<T>: Send + 'static {
    /// Processes a chunk; the caller reuses its buffer. `dropped` is the number of items dropped so far.
    fn take(&mut self, chunk: &mut Vec<T>, dropped: u64);

    /// Called once, after the last item.
    fn end(&mut self) {}
}

/// What goes through the queue.
enum Message<T> {
    /// An item and its size.
    Item(T, usize),
    /// Sent back, or disconnected, once everything before it has been processed.
    Flush(Sender<()>),
}

/// Bit of `Shared::waiting` that marks the queue as closed.
const CLOSED: usize = 1 << (usize::BITS - 1);

#[derive(Debug, Default)]
struct Shared {
    /// Number of items in the queue, incremented before a push and decremented after a pop; plus [`CLOSED`].
    waiting: AtomicUsize,
    /// Number of items with the consumer.
    in_work: AtomicUsize,
    /// Bytes in the queue and with the consumer.
    bytes: AtomicUsize,
    /// Number of flush requests in the queue.
    flushes: AtomicUsize,
    /// When the worker shall run at the latest, in nanoseconds from its start; 0 if nobody is in a hurry.
    hurry: AtomicU64,
    /// Whether the worker is parked until the first item, rather than waiting for a full batch or the end of
    /// a delay.
    parked: AtomicBool,
    dropped: AtomicU64,
    /// Number of items lost because the consumer panicked.
    panicked: AtomicU64,
    /// Whether the worker has ended.
    ended: Mutex<bool>,
    /// Signals that there is room again or that the worker has ended.
    changed: Condvar,
}

/// The sending half. Closing or dropping it ends the worker.
#[derive(Debug)]
pub(crate) struct ExportQueue<T: Queued> {
    queue: Sender<Message<T>>,
    shared: Arc<Shared>,
    thread: Thread,
    limits: QueueLimits,
    started: Instant,
    /// The process that the worker runs in.
    process: u32,
}

impl<T: Queued> ExportQueue<T> {
    pub(crate) fn start(limits: QueueLimits, consumer: impl Consumer<T>) -> io::Result<Self> {
        let queue = limits.queue.min(CLOSED - 1);
        // A full queue must be processed even if a batch would be larger.
        let batch = limits.batch.clamp(1, queue.max(1));
        let limits = QueueLimits { queue, batch, ..limits };
        let (queue, items) = mpsc::channel();
        let shared = Arc::<Shared>::default();
        let started = Instant::now();
        let worker = Worker { items, shared: Arc::clone(&shared), limits, started };
        let thread = thread::Builder::new().name("turnscope".into()).spawn(move || worker.run(consumer))?;
        Ok(Self { queue, shared, thread: thread.thread().clone(), limits, started, process: process::id() })
    }

    /// Adds an item and returns true. If the queue is full or closed, counts the item as dropped and returns
    /// false.
    pub(crate) fn push(&self, item: T) -> bool {
        let bytes = item.bytes();
        let Some(before) = self.reserve(item.rank(), bytes) else {
            self.count_dropped();
            return false;
        };
        self.put(item, bytes, before);
        true
    }

    /// Like [`push`](Self::push), but waits up to `timeout` for room.
    pub(crate) fn push_within(&self, item: T, timeout: Duration) {
        let (rank, bytes) = (item.rank(), item.bytes());
        let mut slot = None;
        let mut full = |_: &mut bool| {
            slot = self.reserve(rank, bytes);
            slot.is_none() && self.shared.waiting.load(Ordering::Acquire) < CLOSED
        };
        let timeout = if self.is_forked() { Duration::ZERO } else { timeout };
        drop(self.shared.changed.wait_timeout_while(self.shared.lock(), timeout, &mut full));
        match slot {
            Some(before) => self.put(item, bytes, before),
            None => self.count_dropped(),
        }
    }

    /// Reserves a slot and returns the number of items before it, or `None` if the queue is full or closed.
    fn reserve(&self, rank: Rank, bytes: usize) -> Option<usize> {
        let (most, most_bytes) = (rank.share(self.limits.queue), rank.share(self.limits.bytes));
        let before = self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        let slot = if before.saturating_add(bytes) > most_bytes {
            None
        } else {
            let one_more = |waiting| (waiting < most).then_some(waiting + 1);
            self.shared.waiting.fetch_update(Ordering::SeqCst, Ordering::Acquire, one_more).ok()
        };
        if slot.is_none() {
            self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        slot
    }

    fn put(&self, item: T, bytes: usize, before: usize) {
        // Cannot fail: the worker outlives every reserved slot.
        let _ = self.queue.send(Message::Item(item, bytes));
        // Waking the worker costs more than everything else here, so wake it only for a full batch or when it
        // is parked. Both sides use `SeqCst`: either the worker sees the new count before it parks, or this
        // thread sees that it is parked.
        if before + 1 == self.limits.batch || (before == 0 && self.shared.parked.load(Ordering::SeqCst)) {
            self.thread.unpark();
        }
    }

    /// Has what is in the queue now processed within `delay`, if that is sooner than its turn.
    pub(crate) fn hurry(&self, delay: Duration) {
        let due = self.started.elapsed().saturating_add(delay);
        let due = u64::try_from(due.as_nanos()).unwrap_or(u64::MAX).max(1);
        let sooner = |known| (known == 0 || due < known).then_some(due);
        if self.shared.hurry.fetch_update(Ordering::SeqCst, Ordering::SeqCst, sooner).is_ok() {
            self.thread.unpark();
        }
    }

    /// Waits until everything pushed before has been processed. Returns false on timeout.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        if self.is_forked() {
            return false;
        }
        let (done, waits) = mpsc::channel();
        self.shared.flushes.fetch_add(1, Ordering::SeqCst);
        let _ = self.queue.send(Message::Flush(done)); // fails only if the worker has ended, and then nothing is left
        self.thread.unpark();
        !matches!(waits.recv_timeout(timeout), Err(RecvTimeoutError::Timeout))
    }

    /// Closes the queue. The worker processes what is left, then ends.
    pub(crate) fn stop(&self) {
        self.shared.waiting.fetch_or(CLOSED, Ordering::AcqRel);
        self.shared.notify();
        self.thread.unpark();
    }

    /// Closes the queue and waits for the worker to end. Returns false on timeout.
    pub(crate) fn close(&self, timeout: Duration) -> bool {
        self.stop();
        if self.is_forked() {
            return false;
        }
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), timeout, |ended| !*ended);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Counts an item as dropped without pushing it.
    pub(crate) fn count_dropped(&self) {
        self.shared.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Number of items lost because the consumer panicked.
    pub(crate) fn panicked(&self) -> u64 {
        self.shared.panicked.load(Ordering::Relaxed)
    }

    /// Number of items that have been accepted and not yet processed.
    pub(crate) fn unfinished(&self) -> u64 {
        let waiting = self.shared.waiting.load(Ordering::Acquire) & !CLOSED;
        (waiting + self.shared.in_work.load(Ordering::Acquire)) as u64
    }

    /// Whether this process is a fork of the one that the worker runs in.
    pub(crate) fn is_forked(&self) -> bool {
        process::id() != self.process
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the waiting threads. Taking the lock first ensures that none of them is between its check and
    /// its wait.
    fn notify(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }
}

/// The worker thread.
struct Worker<T> {
    items: Receiver<Message<T>>,
    shared: Arc<Shared>,
    limits: QueueLimits,
    started: Instant,
}

impl<T> Worker<T> {
    fn run(self, mut consumer: impl Consumer<T>) {
        let mut chunk = Vec::with_capacity(self.limits.chunk.min(512)); // growing it later would fragment the heap
        while let Some(due) = self.wait() {
            self.process(due, &mut chunk, &mut consumer);
        }
        drop(self.items); // disconnects pending flushes
        let _ = catch_unwind(AssertUnwindSafe(move || {
            consumer.end();
            drop(consumer);
        }));
        *self.shared.lock() = true;
        self.shared.changed.notify_all();
    }

    /// Waits for a full batch, a flush, or the end of the delay. Returns the number of items due, or `None`
    /// when the queue is closed and empty.
    fn wait(&self) -> Option<usize> {
        let mut since = Instant::now();
        loop {
            let waiting = self.shared.waiting.load(Ordering::Acquire);
            if waiting == CLOSED {
                return None;
            }
            if waiting >= self.limits.batch || self.shared.flushes.load(Ordering::Acquire) > 0 {
                return Some(waiting & !CLOSED);
            }
            let left = self.limits.delay.saturating_sub(since.elapsed()).min(self.time_to_hurry());
            if waiting > 0 && left.is_zero() {
                return Some(waiting);
            } else if !left.is_zero() {
                thread::park_timeout(left);
                // The thread that woke this one may have been preempted for it: let it continue first.
                thread::yield_now();
            } else {
                self.park();
                since = Instant::now();
            }
        }
    }

    /// How long somebody who is in a hurry still waits.
    fn time_to_hurry(&self) -> Duration {
        match self.shared.hurry.load(Ordering::SeqCst) {
            0 => Duration::MAX,
            due => Duration::from_nanos(due).saturating_sub(self.started.elapsed()),
        }
    }

    /// Parks until an item or a flush arrives.
    fn park(&self) {
        self.shared.parked.store(true, Ordering::SeqCst);
        let idle = self.shared.waiting.load(Ordering::SeqCst) == 0;
        if idle && self.shared.flushes.load(Ordering::SeqCst) == 0 {
            thread::park();
        }
        self.shared.parked.store(false, Ordering::SeqCst);
    }

    /// Passes `due` items to the consumer in chunks, stopping early at a flush.
    fn process(&self, mut due: usize, chunk: &mut Vec<T>, consumer: &mut impl Consumer<T>) {
        // An item is pushed before it is in a hurry, so what is counted after this includes all that were.
        self.shared.hurry.store(0, Ordering::SeqCst);
        due = due.max(self.shared.waiting.load(Ordering::SeqCst) & !CLOSED);
        loop {
            let (bytes, flush) = self.fill(chunk, due.min(self.limits.chunk));
            let count = chunk.len();
            due = due.saturating_sub(count);
            if count > 0 {
                self.shared.in_work.store(count, Ordering::Release);
                self.shared.waiting.fetch_sub(count, Ordering::AcqRel);
                self.shared.notify();
                let dropped = self.shared.dropped.load(Ordering::Relaxed);
                // A panic in the consumer loses this chunk, but neither the worker nor later chunks.
                if catch_unwind(AssertUnwindSafe(|| consumer.take(chunk, dropped))).is_err() {
                    self.shared.panicked.fetch_add(count as u64, Ordering::Relaxed);
                }
                chunk.clear();
                self.shared.in_work.store(0, Ordering::Release);
                self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
                self.shared.notify();
            } else if flush.is_none() {
                thread::yield_now(); // another thread has reserved a slot and is about to send
            }
            if flush.is_some() && due > 0 {
                self.shared.hurry.store(1, Ordering::SeqCst); // the rest is due as before
            }
            if due == 0 || flush.is_some() {
                return; // dropping `flush` wakes the thread that waits for it
            }
        }
    }

    /// Receives up to `most` items, but always tries at least once. Stops at a flush, and returns the size of
    /// the items and the flush's sender.
    fn fill(&self, chunk: &mut Vec<T>, most: usize) -> (usize, Option<Sender<()>>) {
        let mut bytes = 0;
        while chunk.len() < most.max(1) && (bytes == 0 || bytes < self.limits.chunk_bytes) {
            match self.items.try_recv() {
                Ok(Message::Item(item, size)) => {
                    chunk.push(item);
                    bytes += size;
                }
                Ok(Message::Flush(done)) => {
                    self.shared.flushes.fetch_sub(1, Ordering::AcqRel);
                    return (bytes, Some(done));
                }
                Err(_) => break,
            }
        }
        (bytes, None)
    }
}

impl<T: Queued> Drop for ExportQueue<T> {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests;
