//! A bounded queue with a worker thread. Pushing never blocks: the queue takes no lock, and a full queue
//! drops the item.
//!
//! The worker contains a consumer's panics.

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

/// Sizes and delays of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimits {
    pub(crate) queue: usize,
    /// Enforced by callers that know an item's size, see `pipeline`.
    pub(crate) bytes: usize,
    /// The number of items to wait for before the consumer runs.
    pub(crate) batch: usize,
    /// The maximum number of items the consumer gets at once.
    pub(crate) chunk: usize,
    /// The longest time an item waits for a batch to fill.
    pub(crate) delay: Duration,
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
    Item(T),
    /// Sent back, or disconnected, once everything before it has been processed.
    Flush(Sender<()>),
}

/// Bit of `Shared::waiting` that marks the queue as closed.
const CLOSED: usize = 1 << (usize::BITS - 1);

#[derive(Debug, Default)]
struct Shared {
    /// Number of items in the queue, incremented before a push and decremented after a pop; plus [`CLOSED`].
    waiting: AtomicUsize,
    /// Number of flush requests in the queue.
    flushes: AtomicUsize,
    /// Whether the worker is parked until the first item, rather than waiting for a full batch or the end of
    /// a delay.
    parked: AtomicBool,
    dropped: AtomicU64,
    /// Whether the worker has ended.
    ended: Mutex<bool>,
    /// Signals that there is room again or that the worker has ended.
    changed: Condvar,
}

/// The sending half. Closing or dropping it ends the worker.
#[derive(Debug)]
pub(crate) struct ExportQueue<T: Send + 'static> {
    queue: Sender<Message<T>>,
    shared: Arc<Shared>,
    thread: Thread,
    limits: QueueLimits,
}

impl<T: Send + 'static> ExportQueue<T> {
    pub(crate) fn start(limits: QueueLimits, consumer: impl Consumer<T>) -> io::Result<Self> {
        let queue = limits.queue.min(CLOSED - 1);
        // A full queue must be processed even if a batch would be larger.
        let batch = limits.batch.clamp(1, queue.max(1));
        let limits = QueueLimits { queue, batch, ..limits };
        let (queue, items) = mpsc::channel();
        let shared = Arc::<Shared>::default();
        let worker = Worker { items, shared: Arc::clone(&shared), limits };
        let thread = thread::Builder::new().name("turnscope".into()).spawn(move || worker.run(consumer))?;
        Ok(Self { queue, shared, thread: thread.thread().clone(), limits })
    }

    /// Adds an item and returns true. If the queue is full or closed, counts the item as dropped and returns
    /// false.
    pub(crate) fn push(&self, item: T) -> bool {
        let Some(before) = self.reserve() else {
            self.count_dropped();
            return false;
        };
        self.put(item, before);
        true
    }

    /// Like [`push`](Self::push), but waits up to `timeout` for room.
    pub(crate) fn push_within(&self, item: T, timeout: Duration) {
        let mut slot = None;
        let mut full = |_: &mut bool| {
            slot = self.reserve();
            slot.is_none() && self.shared.waiting.load(Ordering::Acquire) < CLOSED
        };
        drop(self.shared.changed.wait_timeout_while(self.shared.lock(), timeout, &mut full));
        match slot {
            Some(before) => self.put(item, before),
            None => self.count_dropped(),
        }
    }

    /// Reserves a slot and returns the number of items before it, or `None` if the queue is full or closed.
    fn reserve(&self) -> Option<usize> {
        let one_more = |waiting| (waiting < self.limits.queue).then_some(waiting + 1);
        self.shared.waiting.fetch_update(Ordering::SeqCst, Ordering::Acquire, one_more).ok()
    }

    fn put(&self, item: T, before: usize) {
        // Cannot fail: the worker outlives every reserved slot.
        let _ = self.queue.send(Message::Item(item));
        // Waking the worker costs more than everything else here, so wake it only for a full batch or when it
        // is parked. Both sides use `SeqCst`: either the worker sees the new count before it parks, or this
        // thread sees that it is parked.
        if before + 1 == self.limits.batch || (before == 0 && self.shared.parked.load(Ordering::SeqCst)) {
            self.thread.unpark();
        }
    }

    /// Waits until everything pushed before has been processed. Returns false on timeout.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
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
            let left = self.limits.delay.saturating_sub(since.elapsed());
            if !left.is_zero() {
                thread::park_timeout(left);
                // The thread that woke this one may have been preempted for it: let it continue first.
                thread::yield_now();
            } else if waiting > 0 {
                return Some(waiting);
            } else {
                self.park();
                since = Instant::now();
            }
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
        loop {
            let flush = self.fill(chunk, due.min(self.limits.chunk));
            due = due.saturating_sub(chunk.len());
            if !chunk.is_empty() {
                self.shared.waiting.fetch_sub(chunk.len(), Ordering::AcqRel);
                self.shared.notify();
                let dropped = self.shared.dropped.load(Ordering::Relaxed);
                // A panic in the consumer loses this chunk, but neither the worker nor later chunks.
                let _ = catch_unwind(AssertUnwindSafe(|| consumer.take(chunk, dropped)));
                chunk.clear();
            } else if flush.is_none() {
                thread::yield_now(); // another thread has reserved a slot and is about to send
            }
            if due == 0 || flush.is_some() {
                return; // dropping `flush` wakes the thread that waits for it
            }
        }
    }

    /// Receives up to `most` items, but always tries at least once. Stops at a flush and returns its sender.
    fn fill(&self, chunk: &mut Vec<T>, most: usize) -> Option<Sender<()>> {
        while chunk.len() < most.max(1) {
            match self.items.try_recv() {
                Ok(Message::Item(item)) => chunk.push(item),
                Ok(Message::Flush(done)) => {
                    self.shared.flushes.fetch_sub(1, Ordering::AcqRel);
                    return Some(done);
                }
                Err(_) => break,
            }
        }
        None
    }
}

impl<T: Send + 'static> Drop for ExportQueue<T> {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests;
