//! The live stream: what changed, as server-sent events with ids from which a client catches up.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::broadcast;
use turnscope_store::Change;

/// Events kept for clients that come back.
const KEPT: usize = 4096;

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Counts up from the server's start; on the wire the server's life stands before it.
    pub(crate) id: u64,
    pub(crate) what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A run is new, changed or gone.
    Run(Change),
    /// A score was given.
    Score(String),
}

/// Hands changes from the store's writer to every client that listens.
#[derive(Clone)]
pub(crate) struct Live {
    shared: Arc<Shared>,
    life: Arc<str>,
}

struct Shared {
    recent: Mutex<Recent>,
    sender: Mutex<Option<broadcast::Sender<Event>>>,
}

#[derive(Default)]
struct Recent {
    next: u64,
    events: VecDeque<Event>,
}

impl Live {
    pub(crate) fn new() -> Self {
        let (sender, _) = broadcast::channel(KEPT);
        Self {
            shared: Arc::new(Shared { recent: Mutex::default(), sender: Mutex::new(Some(sender)) }),
            life: format!("{:x}", crate::state::now_ms()).into(),
        }
    }

    /// Names this life of the server in the ids of its events: one from another life is a gap.
    pub(crate) fn life(&self) -> String {
        self.life.to_string()
    }

    /// The function that the store calls.
    pub(crate) fn listener(&self) -> Box<dyn Fn(Vec<Change>) + Send> {
        let live = self.clone();
        Box::new(move |changes| {
            for change in changes {
                live.publish(What::Run(change));
            }
        })
    }

    pub(crate) fn publish(&self, what: What) {
        let mut recent = self.shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.next += 1;
        let event = Event { id: recent.next, what };
        if recent.events.len() == KEPT {
            recent.events.pop_front();
        }
        recent.events.push_back(event.clone());
        if let Some(sender) = &*self.shared.sender.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = sender.send(event); // nobody listens: fine
        }
    }

    /// What happened after `id` (`None` when that is too long ago, or from another life), what will, and the id of the latest
    /// event so far.
    pub(crate) fn subscribe(
        &self,
        after: Option<u64>,
    ) -> (Option<Vec<Event>>, Option<broadcast::Receiver<Event>>, u64) {
        let recent = self.shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self
            .shared
            .sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(broadcast::Sender::subscribe);
        let missed = match after {
            None => Some(Vec::new()),
            Some(after) if after > recent.next => None,
            Some(after) => {
                let oldest = recent.events.front().map_or(recent.next + 1, |event| event.id);
                (after + 1 >= oldest)
                    .then(|| recent.events.iter().filter(|event| event.id > after).cloned().collect())
            }
        };
        (missed, receiver, recent.next)
    }

    /// Ends every stream, so that the server can stop.
    pub(crate) fn close(&self) {
        self.shared.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
