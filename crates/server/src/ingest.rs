//! The receiving path, one function for each signal: bytes → decode → normalise → commit → ack.
//!
//! `async` stops here: decoding and normalising run on blocking threads, the store has a thread of its own. What waits
//! is bounded in bytes; when the bound is reached a request is refused at once.

use crate::{refusal::Refusal, spanmetrics::SpanMetrics};
use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use turnscope_model::{Body, Facts, Origin, Record, Role, Status, GroupKey};
use turnscope_otlp::{
    decode::{self, Format},
    normalise::{self, MetricFact, Normalised},
    receive,
    redact::Redactor,
};
use turnscope_store::{Batch, MetricRow, RawRequest, Store};

/// Which service of OTLP a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Logs,
    Metrics,
}

impl Signal {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }
}

/// What was not taken out of a request that was.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) rejected: u64,
    pub(crate) message: String,
}

/// Figures of one signal since the start. They add up: received = stored + duplicates + rejected.
#[derive(Debug, Default)]
pub(crate) struct SignalCounters {
    pub(crate) requests: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) stored: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) rejected: AtomicU64,
}

/// The receiving path.
pub(crate) struct Ingest {
    store: Arc<dyn Store>,
    redactor: Arc<Redactor>,
    /// Bytes that may be in hand at once, in units of [`UNIT`].
    room: Arc<Semaphore>,
    room_units: u32,
    /// Bodies decoded at once: more than cores only costs memory.
    decoders: Arc<Semaphore>,
    pub(crate) stopping: AtomicBool,
    pub(crate) counters: [SignalCounters; 3],
    pub(crate) refused: RefusedCounters,
    pub(crate) redacted: AtomicU64,
    pub(crate) span_metrics: SpanMetrics,
}

/// Room is counted in units of this many bytes.
const UNIT: usize = 1024;

/// Bytes reserved for one request; given back when dropped.
pub(crate) struct Room {
    permit: OwnedSemaphorePermit,
    units: u32,
}

impl Ingest {
    pub(crate) fn new(
        store: Arc<dyn Store>, redactor: Redactor, room_bytes: usize, span_metrics: SpanMetrics) -> Self {
        let room_units = u32::try_from(room_bytes / UNIT).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            store,
            redactor: Arc::new(redactor),
            room: Arc::new(Semaphore::new(room_units as usize)),
            room_units,
            decoders: Arc::new(Semaphore::new(cores)),
            stopping: AtomicBool::new(false),
            counters: Default::default(),
            refused: RefusedCounters::default(),
            redacted: AtomicU64::new(0),
            span_metrics,
        }
    }

    /// Reserves room for a body of this size, or refuses at once. A body larger than all room gets all of it.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<Room, Refusal> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(Refusal::Stopping);
        }
        let units = self.units(bytes);
        let permit = Arc::clone(&self.room).try_acquire_many_owned(units).map_err(|_| Refusal::Busy)?;
        Ok(Room { permit, units })
    }

    /// Makes a reservation at least this large.
    pub(crate) fn grow(&self, room: &mut Room, bytes: usize) -> Result<(), Refusal> {
        let units = self.units(bytes);
        if units > room.units {
            let more = Arc::clone(&self.room)
                .try_acquire_many_owned(units - room.units)
                .map_err(|_| Refusal::Busy)?;
            room.permit.merge(more);
            room.units = units;
        }
        Ok(())
    }

    /// Bytes of requests in hand, and how many may be.
    pub(crate) fn queue(&self) -> (u64, u64) {
        let limit = u64::from(self.room_units);
        let free = self.room.available_permits() as u64;
        (limit.saturating_sub(free) * UNIT as u64, limit * UNIT as u64)
    }

    fn units(&self, bytes: usize) -> u32 {
        u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX).min(self.room_units)
    }

    /// Takes one request. When this returns `Ok`, everything in it is durable.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        signal: Signal,
        format: Format,
        body: Bytes,
        room: Room,
    ) -> Result<Partial, Refusal> {
        let counters = &self.counters[signal as usize];
        counters.requests.fetch_add(1, Ordering::Relaxed);
        counters.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        let turn = Arc::clone(&self.decoders).acquire_owned().await.map_err(|_| Refusal::Stopping)?;
        let this = Arc::clone(self);
        let (batch, partial) = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            this.understand(signal, format, &body)
        })
        .await
        .map_err(|error| Refusal::Store(format!("decoding panicked: {error}")))??;
        let received = batch.records.len() as u64 + batch.metrics.len() as u64 + partial.rejected;
        let (done, outcome) = oneshot::channel();
        self.store.commit(
            batch,
            Box::new(move |stored| {
                let _ = done.send(stored);
            }),
        );
        let stored = outcome.await.map_err(|_| Refusal::Stopping)??;
        drop(room);
        let kept = stored.records + stored.metrics;
        counters.received.fetch_add(received, Ordering::Relaxed);
        counters.stored.fetch_add(kept, Ordering::Relaxed);
        counters.rejected.fetch_add(partial.rejected, Ordering::Relaxed);
        counters.duplicates.fetch_add(received - partial.rejected - kept, Ordering::Relaxed);
        Ok(partial)
    }

    fn understand(&self, signal: Signal, format: Format, body: &Bytes) -> Result<(Batch, Partial), Refusal> {
        let mut batch = Batch::default();
        let normalised = match signal {
            Signal::Traces => receive::traces(body, format, &self.redactor)?,
            Signal::Logs => receive::logs(body, format, &self.redactor)?,
            Signal::Metrics => {
                let metrics = normalise::metrics(decode::metrics(body, format)?, &self.redactor);
                let mut said = Normalised::default();
                for metric in metrics.records {
                    said.records.extend(metric.facts.iter().flat_map(|fact| run_facts(fact, &metric.origin)));
                    batch.metrics.push(MetricRow {
                        name: metric.name,
                        origin: metric.origin,
                        start: metric.start,
                        end: metric.end,
                        points: metric.points,
                        bytes: metric.bytes,
                    });
                }
                said
            }
        };
        let redacted: u64 = normalised.records.iter().map(|record| u64::from(record.facts.redacted)).sum();
        self.redacted.fetch_add(redacted, Ordering::Relaxed);
        for record in &normalised.records {
            self.span_metrics.count(record);
        }
        batch.records = normalised.records;
        let message = normalised.rejection.unwrap_or_default();
        Ok((batch, Partial { rejected: normalised.rejected, message }))
    }
}

/// What a data point says of the runs that it names: some producers give session and user nowhere else. Kept as log
/// records without content.
fn run_facts(fact: &MetricFact, origin: &Arc<Origin>) -> Vec<Record> {
    if fact.session_id.is_none() && fact.user_id.is_none() {
        return Vec::new();
    }
    let facts = Facts {
        session_id: fact.session_id.clone(),
        user_id: fact.user_id.clone(),
        agent_name: fact.agent_name.clone(),
        ..Facts::default()
    };
    fact.traces
        .iter()
        .map(|(trace, span)| Record {
            role: Role::Log,
            trace_id: Some(*trace),
            span_id: *span,
            parent_span_id: None,
            remote_parent: false,
            group: GroupKey::Trace(*trace),
            start: fact.time,
            end: Some(fact.time),
            status: Status::Unset,
            facts: facts.clone(),
            body: Body::default(),
            origin: Arc::clone(origin),
        })
        .collect()
}

/// Refused requests by reason.
#[derive(Debug, Default)]
pub(crate) struct RefusedCounters(
    std::sync::Mutex<std::collections::BTreeMap<(&'static str, &'static str), u64>>,
);

impl RefusedCounters {
    pub(crate) fn count(&self, signal: Signal, refusal: &Refusal) {
        let key = (signal.as_str(), refusal.wire().reason);
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).entry(key).or_default() += 1;
    }

    /// (signal, reason, how many), sorted.
    pub(crate) fn all(&self) -> Vec<(&'static str, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        counts.iter().map(|((signal, reason), count)| (*signal, *reason, *count)).collect()
    }
}
