//! The open connections of a port: at most so many, and idle ones make room for new ones.
//!
//! Anyone who can reach the port can open connections without a key. Those that do nothing must not keep others out.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// The connections of one port.
#[derive(Debug)]
pub(crate) struct Connections {
    limit: usize,
    started: Instant,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Use>>>,
}

/// How a connection is used.
#[derive(Debug)]
struct Use {
    /// Requests in progress.
    active: AtomicUsize,
    /// When the last one began or ended, in milliseconds since the port was opened.
    last: AtomicU64,
    /// Ends the connection.
    cut: CancellationToken,
}

/// An open connection; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    id: u64,
    of: Arc<Connections>,
    usage: Arc<Use>,
}

/// Lets a connection's requests count as its use.
#[derive(Clone)]
pub(crate) struct Usage(Arc<Connections>, Arc<Use>);

/// A request in progress: its connection is busy until this is dropped.
pub(crate) struct Busy(Usage);

impl Connections {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, started: Instant::now(), next: AtomicU64::new(0), open: Mutex::default() })
    }

    /// Counts a new connection. At the limit, the one that has been idle for longest ends. `None` when all are busy.
    pub(crate) fn open(self: &Arc<Self>) -> Option<Connection> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= self.limit {
            let idle = open.iter().filter(|(_, usage)| usage.active.load(Ordering::Relaxed) == 0);
            let longest =
                idle.min_by_key(|(_, usage)| usage.last.load(Ordering::Relaxed)).map(|(id, _)| *id)?;
            if let Some(usage) = open.remove(&longest) {
                usage.cut.cancel();
            }
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let usage = Arc::new(Use {
            active: AtomicUsize::new(0),
            last: AtomicU64::new(self.now()),
            cut: CancellationToken::new(),
        });
        open.insert(id, Arc::clone(&usage));
        Some(Connection { id, of: Arc::clone(self), usage })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Connection {
    /// Resolves when the connection has to make room.
    pub(crate) fn cut(&self) -> CancellationToken {
        self.usage.cut.clone()
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage(Arc::clone(&self.of), Arc::clone(&self.usage))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.of.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Busy {
    pub(crate) fn begin(usage: Usage) -> Self {
        usage.1.active.fetch_add(1, Ordering::Relaxed);
        Self(usage)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let Usage(connections, usage) = &self.0;
        usage.last.store(connections.now(), Ordering::Relaxed);
        usage.active.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_idle_connection_makes_room_and_a_busy_one_does_not() {
        let connections = Connections::new(2);
        let first = connections.open().unwrap();
        let second = connections.open().unwrap();
        second.usage.last.store(5, Ordering::Relaxed);
        let request = Busy::begin(first.usage());
        let third = connections.open().unwrap();
        assert!(second.cut().is_cancelled() && !first.cut().is_cancelled());
        drop(second);
        let other = Busy::begin(third.usage());
        assert!(connections.open().is_none(), "both are busy");
        drop((request, other, third));
        assert!(connections.open().is_some());
        assert!(!first.cut().is_cancelled(), "another one had gone");
    }
}
