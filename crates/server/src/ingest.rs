//! The receiving path, one function for each signal: bytes → decode → normalise → commit → ack.
//!
//! `async` stops here: decoding and normalising run on blocking threads, the store has a thread of its own. Memory is
//! reserved from a request's first byte until its commit has ended, whether or not the client still waits.

use crate::{
    body::{self, Limits},
    clock,
    refusal::{Measured, Refusal},
    reservation::{DecodingMemory, Pending, Reservation},
    spanmetrics::SpanMetrics,
};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::{Semaphore, oneshot};
use turnscope_model::{Body, Facts, GroupKey, Item, Origin, Record, Role, Status};
use turnscope_otlp::{
    decode::{Budget, DecodeError, Format},
    normalise::{MetricFact, Normalised},
    receive,
    redact::Redactor,
};
use turnscope_store::{Batch, CommitError, CommitToken, Committed, MetricRow, Store};

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

/// What was left out of a request that was accepted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) rejected: u64,
    pub(crate) message: String,
}

/// A request that was taken: everything in it, but what was left out, is durable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) partial: Partial,
    /// Names its commit.
    pub(crate) token: CommitToken,
}

/// A request's body as it came over the wire.
pub(crate) struct Payload {
    pub(crate) signal: Signal,
    pub(crate) format: Format,
    /// Its `content-encoding`, or a gRPC message's `grpc-encoding`.
    pub(crate) encoding: Option<String>,
    pub(crate) bytes: Bytes,
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
    limits: Limits,
    pub(crate) pending: Pending,
    /// Bodies decoded at once: more than cores only costs memory.
    decoders: Arc<Semaphore>,
    decoding: DecodingMemory,
    pub(crate) stopping: AtomicBool,
    pub(crate) counters: Arc<[SignalCounters; 3]>,
    pub(crate) refused: RefusedCounters,
    pub(crate) redacted: AtomicU64,
    pub(crate) span_metrics: SpanMetrics,
}

impl Ingest {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        redactor: Redactor,
        limits: Limits,
        pending_bytes: usize,
        span_metrics: SpanMetrics,
    ) -> Self {
        let pending = Pending::new(pending_bytes);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            store,
            redactor: Arc::new(redactor),
            limits,
            decoders: Arc::new(Semaphore::new(cores)),
            decoding: DecodingMemory::new(pending.limit(), cores),
            pending,
            stopping: AtomicBool::new(false),
            counters: Arc::default(),
            refused: RefusedCounters::default(),
            redacted: AtomicU64::new(0),
            span_metrics,
        }
    }

    /// Collects a request's body, and reserves memory for it.
    pub(crate) async fn collect(
        &self,
        headers: &http::HeaderMap,
        body: axum::body::Body,
        limits: Limits,
    ) -> Result<(Bytes, Reservation), Refusal> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(Refusal::Stopping);
        }
        body::collect(&self.pending, headers, body, limits).await
    }

    /// Bytes of pending requests, and their limit.
    pub(crate) fn queue(&self) -> (u64, u64) {
        (self.pending.used() as u64, self.pending.limit() as u64)
    }

    /// Takes one request. When this returns `Ok`, everything in it is durable.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        payload: Payload,
        reservation: Reservation,
    ) -> Result<Accepted, Refusal> {
        let permit = Arc::clone(&self.decoders).acquire_owned().await.map_err(|_| Refusal::Stopping)?;
        let this = Arc::clone(self);
        let (reply, outcome) = oneshot::channel();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            this.decode_and_commit(payload, reservation, reply);
        });
        outcome.await.map_err(|_| Refusal::Stopping)?
    }

    /// Hands a request to the store. The reservation goes along, and so does the counting: both end with the commit,
    /// however early the client has gone.
    fn decode_and_commit(&self, payload: Payload, mut reservation: Reservation, reply: Reply) {
        if reply.is_closed() {
            // The client has gone, and nothing was done for it yet.
            return;
        }
        let signal = payload.signal;
        let decoded = refuse_panics(&payload.bytes, || {
            let (batch, partial, unpacked) =
                self.decode(&payload, &mut reservation, &|| reply.is_closed())?;
            let bytes = held_bytes(&batch, unpacked);
            reservation.grow(bytes)?;
            reservation.shrink(bytes);
            Ok((batch, partial))
        });
        drop(payload);
        let (batch, partial) = match decoded {
            Ok(decoded) => decoded,
            Err(refusal) => {
                let _ = reply.send(Err(refusal));
                return;
            }
        };
        let received = batch.records.len() as u64 + batch.metrics.len() as u64 + partial.rejected;
        let counters = Arc::clone(&self.counters);
        let committed = move |outcome: Result<Committed, CommitError>| {
            let outcome = outcome.map_err(Refusal::from).map(|Committed { stored, token }| {
                let kept = stored.records + stored.metrics + stored.quarantined;
                let counters = &counters[signal as usize];
                counters.received.fetch_add(received, Ordering::Relaxed);
                counters.stored.fetch_add(kept, Ordering::Relaxed);
                counters.rejected.fetch_add(partial.rejected, Ordering::Relaxed);
                let duplicates = received.saturating_sub(partial.rejected + kept);
                counters.duplicates.fetch_add(duplicates, Ordering::Relaxed);
                Accepted { partial, token }
            });
            drop(reservation);
            let _ = reply.send(outcome);
        };
        self.store.commit(batch, Box::new(committed));
    }

    /// Decompresses and decodes a request, and normalises what it holds. Gives the size of the body too.
    fn decode(
        &self,
        payload: &Payload,
        reservation: &mut Reservation,
        is_abandoned: &dyn Fn() -> bool,
    ) -> Result<(Batch, Partial, usize), Refusal> {
        let Payload { signal, format, encoding, bytes } = payload;
        let body =
            body::decompress(encoding.as_deref(), bytes.clone(), self.limits, reservation, is_abandoned)?;
        let counters = &self.counters[*signal as usize];
        counters.requests.fetch_add(1, Ordering::Relaxed);
        counters.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        let memory = self.decoding.for_body(body.len());
        let grant = |bytes| memory.grant(bytes);
        let budget = Budget::new(&grant);
        let decoded = self.normalise(*signal, *format, &body, &budget);
        let (batch, partial) = decoded.map_err(|error| match error {
            DecodeError::Memory => Refusal::TooLarge { limit: memory.limit, measured: Measured::Decoded },
            malformed => Refusal::Malformed(malformed.to_string()),
        })?;
        Ok((batch, partial, body.len()))
    }

    fn normalise(
        &self,
        signal: Signal,
        format: Format,
        body: &Bytes,
        budget: &Budget<'_>,
    ) -> Result<(Batch, Partial), DecodeError> {
        let mut batch = Batch::default();
        let now = clock::now_ns();
        let normalised = match signal {
            Signal::Traces => receive::traces(body, format, &self.redactor, budget)?,
            Signal::Logs => receive::logs(body, format, &self.redactor, budget)?,
            Signal::Metrics => {
                let metrics = receive::metrics(body, format, &self.redactor, budget)?.received_at(now);
                let mut named = Normalised { rejected: metrics.left_out.points, ..Normalised::default() }
                    .without(&metrics.left_out);
                for metric in metrics.records {
                    named
                        .records
                        .extend(metric.facts.iter().flat_map(|fact| run_facts(fact, &metric.origin)));
                    batch.metrics.push(MetricRow {
                        name: metric.name,
                        origin: metric.origin,
                        start: metric.start,
                        end: metric.end,
                        points: metric.points,
                        bytes: metric.bytes,
                    });
                }
                named
            }
        }
        .received_at(now);
        let redacted: u64 = normalised.records.iter().map(|record| u64::from(record.facts.redacted)).sum();
        self.redacted.fetch_add(redacted, Ordering::Relaxed);
        self.span_metrics.count(&normalised.records);
        batch.records = normalised.records;
        let message = normalised.rejection.unwrap_or_default();
        Ok((batch, Partial { rejected: normalised.rejected, message }))
    }
}

/// Where a request's outcome is sent.
type Reply = oneshot::Sender<Result<Accepted, Refusal>>;

/// What a batch takes in memory while it waits for its commit. Contents are counted up to the size of the body that they
/// came in: a content that a request repeats is held once.
fn held_bytes(batch: &Batch, body: usize) -> usize {
    let of_records = batch.records.iter().map(|record| {
        let values = &record.body.values;
        let of_values =
            values.iter().map(|value| value.envelope.len() + value.items.len() * size_of::<Item>());
        size_of::<Record>() + record.body.bytes.len() + of_values.sum::<usize>()
    });
    let of_metrics = batch.metrics.iter().map(|metric| size_of::<MetricRow>() + metric.bytes.len());
    let contents = batch.records.iter().flat_map(|record| &record.body.values).flat_map(|value| &value.items);
    let contents: usize = contents.map(|item| item.bytes.len()).sum();
    of_records.sum::<usize>() + of_metrics.sum::<usize>() + contents.min(body)
}

/// Runs a request's decoding; a panic makes it bad input, which is not to be sent again. The log names the body by its
/// hash, so that a report can be matched with what a client sent.
fn refuse_panics<T>(body: &[u8], decode: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|panic| {
        let sha256 = hex::encode(Sha256::digest(body));
        let why = panic_message(&*panic);
        tracing::error!(sha256, bytes = body.len(), why, "decoding a request panicked; it was refused");
        Err(Refusal::Malformed(format!(
            "the body could not be decoded, which is a fault of the server; its log names the body by the SHA-256 {sha256}"
        )))
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// What a data point says about the runs that it names, as log records without content: some producers send session and
/// user nowhere else.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_whose_decoding_panics_is_bad_input_and_not_sent_again() {
        let refused = refuse_panics(b"body", || -> Result<(), Refusal> { panic!("out of bounds") });
        let refused = refused.expect_err("it is refused");
        let wire = refused.wire();
        assert_eq!((wire.http, wire.grpc), (http::StatusCode::BAD_REQUEST, tonic::Code::InvalidArgument));
        assert_eq!(wire.retry_after, None);
        let sha256 = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5";
        assert!(refused.to_string().contains(sha256), "{refused}");
        assert_eq!(refuse_panics(b"", || Ok(1)).ok(), Some(1));
    }
}
