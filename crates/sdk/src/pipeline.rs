//! From a span's end to the exporters: one queue to process spans, then a queue for each exporter, so that no
//! exporter waits for another.

use crate::{
    Exporter,
    export::RingBuffer,
    export_queue::{Consumer, ExportQueue, QueueLimits},
    log::{Log, LogLevel, RateLimitedWarning},
    processors::{LargeContents, Processors},
    span_data::{estimated_bytes, is_run},
};
use opentelemetry::Context;
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

/// Maximum batch size of the processing queue; larger batches have no benefit there.
const PROCESSING_BATCH: usize = 256;

/// The number of spans processed at once.
const PROCESSING_CHUNK: usize = 16;

/// Timeout of a flush for which the caller gave none.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// This crate's span processor.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline(Arc<Stages>);

#[derive(Debug)]
struct Stages {
    processing: ExportQueue<SpanData>,
    exporters: Arc<Vec<ExporterQueue>>,
    large: Option<Arc<dyn LargeContents>>,
    /// How long the end of a run may block until its spans are exported.
    run_end: Option<Duration>,
}

impl Pipeline {
    pub(crate) fn start(
        limits: QueueLimits,
        processors: Processors,
        ring: RingBuffer,
        exporters: Vec<Box<dyn Exporter>>,
        run_end: Option<Duration>,
        log: &Log,
    ) -> io::Result<Self> {
        let exporters = exporters.into_iter().map(|exporter| ExporterQueue::start(limits, exporter, log));
        let exporters = Arc::new(exporters.collect::<Result<Vec<_>, _>>()?);
        let large = processors.large.clone();
        let processing = Processing {
            processors,
            ring,
            queues: Arc::clone(&exporters),
            lost: 0,
            warning: RateLimitedWarning::new(log),
        };
        let processing = ExportQueue::start(
            QueueLimits { batch: limits.batch.min(PROCESSING_BATCH), chunk: PROCESSING_CHUNK, ..limits },
            processing,
        )?;
        Ok(Self(Arc::new(Stages { processing, exporters, large, run_end })))
    }

    /// Number of spans lost because a queue was full or closed. A span that two exporters lost counts twice.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.processing.dropped() + self.0.exporters.iter().map(ExporterQueue::dropped).sum::<u64>()
    }

    /// Waits until the spans that have ended are in the ring buffer.
    pub(crate) fn flush_processing(&self) -> bool {
        self.0.processing.flush(FLUSH_TIMEOUT)
    }

    /// Waits until the spans that have ended are exported.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let until = after(timeout);
        let processing = self.0.processing.flush(timeout);
        let large = self.0.large.as_ref().is_none_or(|large| large.flush(left(until)));
        processing & large & self.0.exporters.iter().all(|exporter| exporter.queue.flush(left(until)))
    }

    /// Exports what is left and ends the threads. Returns at once if that has been done.
    pub(crate) fn close(&self, timeout: Duration) -> bool {
        let until = after(timeout);
        let processing = self.0.processing.close(timeout);
        self.0.exporters.iter().for_each(|exporter| exporter.queue.stop()); // so that they finish in parallel
        let done = self
            .0
            .exporters
            .iter()
            .fold(processing, |done, exporter| exporter.queue.close(left(until)) & done);
        self.0.large.as_ref().is_none_or(|large| large.close(left(until))) & done
    }
}

/// The instant `timeout` from now; capped at a year, because `Duration::MAX` would overflow.
fn after(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or(now + Duration::from_secs(365 * 86_400))
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// The processing queue's consumer: processes spans, keeps them in the ring buffer, and passes them to every
/// exporter's queue.
struct Processing {
    processors: Processors,
    ring: RingBuffer,
    queues: Arc<Vec<ExporterQueue>>,
    lost: u64,
    warning: RateLimitedWarning,
}

impl Processing {
    fn dispatch(&self, spans: &mut Vec<SpanData>) {
        for span in spans.iter().filter(|_| !self.queues.is_empty()) {
            let bytes = estimated_bytes(span);
            self.queues.iter().for_each(|queue| queue.push(span, bytes));
        }
        self.ring.add(spans);
    }
}

impl Consumer<SpanData> for Processing {
    fn take(&mut self, batch: &mut Vec<SpanData>, dropped: u64) {
        self.processors.process(batch);
        // A hung exporter cannot report what its queue drops, so this consumer does.
        let lost = dropped + self.queues.iter().map(ExporterQueue::dropped).sum::<u64>();
        if lost > self.lost {
            self.lost = lost;
            self.warning.log(|| format!("dropped {lost} finished spans so far: a queue was full"));
        }
        self.dispatch(batch);
    }

    fn end(&mut self) {
        let mut rest = self.processors.finish();
        self.dispatch(&mut rest);
    }
}

/// An exporter's queue. Bounded in bytes as well, because spans may hold long conversations.
#[derive(Debug)]
struct ExporterQueue {
    queue: ExportQueue<SpanData>,
    /// Bytes in the queue.
    queued_bytes: Arc<AtomicUsize>,
    max_bytes: usize,
}

impl ExporterQueue {
    fn start(limits: QueueLimits, exporter: Box<dyn Exporter>, log: &Log) -> io::Result<Self> {
        let queued_bytes = Arc::<AtomicUsize>::default();
        let export = ExportWorker {
            exporter,
            queued_bytes: Arc::clone(&queued_bytes),
            log: log.clone(),
            warning: RateLimitedWarning::new(log),
            exported: 0,
        };
        Ok(Self { queue: ExportQueue::start(limits, export)?, queued_bytes, max_bytes: limits.bytes })
    }

    /// Queues a span of this size, or counts it as dropped.
    fn push(&self, span: &SpanData, bytes: usize) {
        // Only one thread pushes, so the room cannot shrink after this check.
        if self.queued_bytes.load(Ordering::Relaxed).saturating_add(bytes) > self.max_bytes {
            self.queue.count_dropped();
        } else {
            self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
            if !self.queue.push(span.clone()) {
                self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            }
        }
    }

    fn dropped(&self) -> u64 {
        self.queue.dropped()
    }
}

/// An exporter queue's consumer.
struct ExportWorker {
    exporter: Box<dyn Exporter>,
    queued_bytes: Arc<AtomicUsize>,
    log: Log,
    warning: RateLimitedWarning,
    exported: usize,
}

impl Consumer<SpanData> for ExportWorker {
    fn take(&mut self, batch: &mut Vec<SpanData>, _: u64) {
        // Exporting must not record telemetry of its own.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let count = batch.len();
        self.queued_bytes.fetch_sub(batch.iter().map(estimated_bytes).sum(), Ordering::Relaxed);
        match self.exporter.export(batch) {
            Ok(()) => {
                self.exported += count;
                self.log.write(LogLevel::Debug, || {
                    format!("exported {count} finished spans to {:?}", self.exporter)
                });
            }
            Err(error) => {
                self.warning.log(|| format!("cannot export {count} finished spans: {error}"));
            }
        }
    }

    fn end(&mut self) {
        self.log.write(LogLevel::Info, || {
            format!("exported {} spans to {:?} in total", self.exported, self.exporter)
        });
    }
}

impl SpanProcessor for Pipeline {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        match self.0.run_end {
            Some(timeout) if is_run(&span) => {
                let until = after(timeout);
                self.0.processing.push_within(span, timeout);
                self.flush(left(until));
            }
            _ => {
                let _ = self.0.processing.push(span); // the queue counts what it drops
            }
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        if self.flush(FLUSH_TIMEOUT) { Ok(()) } else { Err(OTelSdkError::Timeout(FLUSH_TIMEOUT)) }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        if self.close(timeout) { Ok(()) } else { Err(OTelSdkError::Timeout(timeout)) }
    }
}
