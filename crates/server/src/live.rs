//! The live stream's source: what changed, with ids from which a client catches up.
//!
//! Two channels. Changes go from the store's writer to the one task that reads runs (`live_events`), and to whoever needs
//! the ids only (the audit trail). Events, ready to be sent, go from that task to every client. A client that falls behind is dropped:
//! it comes back and catches up.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::broadcast;
use turnscope_model::RunId;
use turnscope_store::{Change, ChangeListener};

/// Changes kept for clients that come back, and changes or events that may wait for a receiver.
const KEPT: usize = 4096;

/// One thing that changed.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    /// Counts up from the server's start.
    pub(crate) id: u64,
    pub(crate) what: What,
}

/// What changed.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A run is new, changed or gone.
    Run(Change),
    /// A score of this run was given, changed or deleted.
    Score(RunId),
}

/// An event ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: u64,
    /// `run`, `score` or `gap`.
    pub(crate) name: &'static str,
    pub(crate) data: Arc<str>,
}

impl Event {
    /// Says that something was missed.
    pub(crate) fn gap(id: u64) -> Self {
        Self { id, name: "gap", data: "{}".into() }
    }
}

/// What a client begins with.
pub(crate) struct Subscription {
    /// What it missed; `None` when that is too long ago, or of another start of the server.
    pub(crate) missed: Option<Vec<Changed>>,
    /// What will come; `None` when the server is stopping.
    pub(crate) events: Option<broadcast::Receiver<Event>>,
    /// The latest id so far: changes up to it are in `missed`, or are not to be told.
    pub(crate) latest: u64,
}

/// Hands changes from the store's writer to every client that listens.
#[derive(Clone)]
pub(crate) struct Live {
    shared: Arc<Shared>,
}

struct Shared {
    /// Names this start of the server in the ids of its events: an id of another start is a gap.
    instance: String,
    recent: Mutex<Recent>,
    changes: Mutex<Option<broadcast::Sender<Changed>>>,
    events: Mutex<Option<broadcast::Sender<Event>>>,
}

#[derive(Default)]
struct Recent {
    latest: u64,
    changes: VecDeque<Changed>,
}

impl Recent {
    /// Changes after `id`; `None` when that is too long ago, or has not been yet.
    fn after(&self, id: u64) -> Option<Vec<Changed>> {
        let oldest = self.changes.front().map_or(self.latest + 1, |change| change.id);
        (id <= self.latest && id + 1 >= oldest)
            .then(|| self.changes.iter().filter(|change| change.id > id).cloned().collect())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                instance: format!("{:x}", crate::clock::now_ms()),
                recent: Mutex::default(),
                changes: Mutex::new(Some(broadcast::channel(KEPT).0)),
                events: Mutex::new(Some(broadcast::channel(KEPT).0)),
            }),
        }
    }

    /// Names this start of the server.
    pub(crate) fn instance(&self) -> &str {
        &self.shared.instance
    }

    /// The function that the store calls.
    pub(crate) fn listener(&self) -> ChangeListener {
        let live = self.clone();
        Box::new(move |changes| {
            for change in changes {
                live.publish(What::Run(change));
            }
        })
    }

    pub(crate) fn publish(&self, what: What) {
        let mut recent = lock(&self.shared.recent);
        recent.latest += 1;
        let changed = Changed { id: recent.latest, what };
        if recent.changes.len() == KEPT {
            recent.changes.pop_front();
        }
        recent.changes.push_back(changed.clone());
        if let Some(sender) = &*lock(&self.shared.changes) {
            let _ = sender.send(changed); // nobody listens: fine
        }
    }

    /// Changes after `id`; `None` when that is too long ago, or has not been yet.
    pub(crate) fn changes_after(&self, id: u64) -> Option<Vec<Changed>> {
        lock(&self.shared.recent).after(id)
    }

    /// Changes as they come, ids only, and the latest id so far.
    pub(crate) fn follow_changes(&self) -> (Option<broadcast::Receiver<Changed>>, u64) {
        let recent = lock(&self.shared.recent);
        (lock(&self.shared.changes).as_ref().map(broadcast::Sender::subscribe), recent.latest)
    }

    /// Begins a client that has seen everything up to `after`.
    pub(crate) fn subscribe(&self, after: Option<u64>) -> Subscription {
        let events = lock(&self.shared.events).as_ref().map(broadcast::Sender::subscribe);
        let recent = lock(&self.shared.recent);
        let missed = after.map_or_else(|| Some(Vec::new()), |after| recent.after(after));
        Subscription { missed, events, latest: recent.latest }
    }

    /// Ends every stream, so that the server can stop.
    pub(crate) fn close(&self) {
        lock(&self.shared.changes).take();
        lock(&self.shared.events).take();
    }

    /// Sends events to every client.
    pub(crate) fn send(&self, events: Vec<Event>) {
        if let Some(sender) = &*lock(&self.shared.events) {
            for event in events {
                let _ = sender.send(event);
            }
        }
    }

    /// Whether anybody listens.
    pub(crate) fn has_clients(&self) -> bool {
        lock(&self.shared.events).as_ref().is_some_and(|events| events.receiver_count() > 0)
    }
}
