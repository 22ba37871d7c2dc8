//! From a span's end to the exporters: a lane that shapes spans and keeps them here, and one for each slow exporter, so that
//! none waits for another.

use crate::{
    Exporter,
    export::Ring,
    lane::{Consumer, Lane, Limits},
    log::{Complaint, Log, LogLevel},
    sample::weight,
    shape::{LargeContents, Shape},
};
use opentelemetry::{Context, SpanId, Value};
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{Span, SpanData, SpanProcessor},
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How many spans wait until they are shaped, which needs no large batches.
const WAKE: usize = 256;

/// How many spans are shaped at once.
const CHUNK: usize = 16;

/// How long a flush may take that nobody gave a time.
const FLUSH: Duration = Duration::from_secs(5);

/// The span processor of this crate.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    first: Lane<SpanData>,
    slow: Arc<Vec<ExportLane>>,
    large: Option<Arc<dyn LargeContents>>,
    /// How long the end of a run may wait until its spans are exported.
    run_end: Option<Duration>,
}

impl Pipeline {
    pub(crate) fn start(
        limits: Limits,
        shape: Shape,
        ring: Ring,
        exporters: Vec<Box<dyn Exporter>>,
        run_end: Option<Duration>,
        log: &Log,
    ) -> io::Result<Self> {
        let slow = exporters.into_iter().map(|exporter| ExportLane::start(limits, exporter, log));
        let slow = Arc::new(slow.collect::<Result<Vec<_>, _>>()?);
        let large = shape.large.clone();
        let onward = Onward { shape, ring, lanes: Arc::clone(&slow), lost: 0, complaint: Complaint::to(log) };
        let first = Lane::start(Limits { batch: limits.batch.min(WAKE), chunk: CHUNK, ..limits }, onward)?;
        Ok(Self(Arc::new(Inner { first, slow, large, run_end })))
    }

    /// Spans that were lost because a queue was full or closed; a span that two exporters lost counts twice.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.first.dropped() + self.0.slow.iter().map(ExportLane::dropped).sum::<u64>()
    }

    /// Waits until what has ended stands in the ring.
    pub(crate) fn settle(&self) -> bool {
        self.0.first.flush(FLUSH)
    }

    /// Waits until what has ended is exported.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let until = after(timeout);
        let first = self.0.first.flush(timeout);
        let large = self.0.large.as_ref().is_none_or(|large| large.flush(left(until)));
        first & large & self.0.slow.iter().all(|slow| slow.lane.flush(left(until)))
    }

    /// Exports what is there and ends the threads; at once when that was done before.
    pub(crate) fn close(&self, timeout: Duration) -> bool {
        let until = after(timeout);
        let first = self.0.first.close(timeout);
        self.0.slow.iter().for_each(|slow| slow.lane.stop()); // all of them work while one is waited for
        let done = self.0.slow.iter().fold(first, |done, slow| slow.lane.close(left(until)) & done);
        self.0.large.as_ref().is_none_or(|large| large.close(left(until))) & done
    }
}

/// The moment at the end of a time that may be as long as there is.
fn after(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or(now + Duration::from_secs(365 * 86_400))
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// What the first lane does: spans are shaped, remembered, and handed to every exporter's lane.
struct Onward {
    shape: Shape,
    ring: Ring,
    lanes: Arc<Vec<ExportLane>>,
    lost: u64,
    complaint: Complaint,
}

impl Onward {
    fn hand_on(&self, spans: &mut Vec<SpanData>) {
        for span in spans.iter().filter(|_| !self.lanes.is_empty()) {
            let bytes = weight(span);
            self.lanes.iter().for_each(|lane| lane.push(span, bytes));
        }
        self.ring.add(spans);
    }
}

impl Consumer<SpanData> for Onward {
    fn take(&mut self, batch: &mut Vec<SpanData>, dropped: u64) {
        self.shape.batch(batch);
        // An exporter that hangs cannot say what its lane loses, so this one does.
        let lost = dropped + self.lanes.iter().map(ExportLane::dropped).sum::<u64>();
        if lost > self.lost {
            self.lost = lost;
            self.complaint.say(|| format!("{lost} finished spans were dropped so far: a queue was full"));
        }
        self.hand_on(batch);
    }

    fn end(&mut self) {
        let mut rest = self.shape.rest();
        self.hand_on(&mut rest);
    }
}

/// An exporter's lane: bounded in bytes too, as spans may hold long conversations.
#[derive(Debug)]
struct ExportLane {
    lane: Lane<SpanData>,
    /// Bytes that wait.
    waiting: Arc<AtomicUsize>,
    room: usize,
}

impl ExportLane {
    fn start(limits: Limits, exporter: Box<dyn Exporter>, log: &Log) -> io::Result<Self> {
        let waiting = Arc::<AtomicUsize>::default();
        let export = Export {
            exporter,
            waiting: Arc::clone(&waiting),
            log: log.clone(),
            complaint: Complaint::to(log),
            exported: 0,
        };
        Ok(Self { lane: Lane::start(limits, export)?, waiting, room: limits.bytes })
    }

    /// Puts a span in that takes so many bytes, or counts it as dropped.
    fn push(&self, span: &SpanData, bytes: usize) {
        // Only one thread puts spans in, so there is no less room than this finds.
        if self.waiting.load(Ordering::Relaxed).saturating_add(bytes) > self.room {
            self.lane.drop_one();
        } else {
            self.waiting.fetch_add(bytes, Ordering::Relaxed);
            if !self.lane.push(span.clone()) {
                self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            }
        }
    }

    fn dropped(&self) -> u64 {
        self.lane.dropped()
    }
}

/// What an exporter's lane does.
struct Export {
    exporter: Box<dyn Exporter>,
    waiting: Arc<AtomicUsize>,
    log: Log,
    complaint: Complaint,
    exported: usize,
}

impl Consumer<SpanData> for Export {
    fn take(&mut self, batch: &mut Vec<SpanData>, _: u64) {
        // What exporting itself does must not be recorded in turn.
        let _quiet = Context::enter_telemetry_suppressed_scope();
        let count = batch.len();
        self.waiting.fetch_sub(batch.iter().map(weight).sum(), Ordering::Relaxed);
        match self.exporter.export(batch) {
            Ok(()) => {
                self.exported += count;
                self.log.say(LogLevel::Debug, || {
                    format!("{count} finished spans exported by {:?}", self.exporter)
                });
            }
            Err(error) => {
                self.complaint.say(|| format!("{count} finished spans could not be exported: {error}"));
            }
        }
    }

    fn end(&mut self) {
        self.log.say(LogLevel::Info, || format!("{} spans exported by {:?}", self.exported, self.exporter));
    }
}

impl SpanProcessor for Pipeline {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        match self.0.run_end {
            Some(timeout) if is_run(&span) => {
                let until = after(timeout);
                self.0.first.push_within(span, timeout);
                self.flush(left(until));
            }
            _ => {
                let _ = self.0.first.push(span); // the lane counts what it drops
            }
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        if self.flush(FLUSH) { Ok(()) } else { Err(OTelSdkError::Timeout(FLUSH)) }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        if self.close(timeout) { Ok(()) } else { Err(OTelSdkError::Timeout(timeout)) }
    }
}

/// Whether the span is a run's own.
pub(crate) fn is_run(span: &SpanData) -> bool {
    let is_agent = |value: &Value| value.as_str() == "invoke_agent";
    span.attributes
        .iter()
        .any(|attribute| attribute.key.as_str() == "gen_ai.operation.name" && is_agent(&attribute.value))
}

/// Whether the span is the first of its trace in this process.
pub(crate) fn is_local_root(span: &SpanData) -> bool {
    span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote
}
