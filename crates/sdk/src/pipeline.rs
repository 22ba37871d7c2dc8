//! From a span's end to the exporters: one queue to process spans, then a queue for each exporter, so that no
//! exporter waits for another.

use crate::{
    Exporter, LossReason, Lost,
    export::RingBuffer,
    export_queue::{Consumer, ExportQueue, QueueLimits, Queued, Rank},
    log::{Log, LogLevel, RateLimitedWarning},
    lost::FailedExports,
    processors::{LargeContents, Processors},
    span_data::{estimated_bytes, is_local_root, is_run, is_turn},
};
use opentelemetry::Context;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{Span, SpanData, SpanProcessor},
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Maximum batch size of the processing queue; larger batches have no benefit there.
const PROCESSING_BATCH: usize = 256;

/// The number of spans processed at once.
const PROCESSING_CHUNK: usize = 16;

/// The longest time that a span waits to be processed. Short, since the end of a run is to be in a file soon.
const PROCESSING_DELAY: Duration = Duration::from_millis(50);

/// Timeout of a flush for which the caller gave none.
pub(crate) const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the end of a run waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunEnd {
    /// How long the caller may wait until it is exported.
    pub(crate) block: Option<Duration>,
    /// The longest time until it is passed to an exporter that sends to another process.
    pub(crate) delay: Duration,
}

/// This crate's span processor.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline(Arc<Stages>);

#[derive(Debug)]
struct Stages {
    processing: ExportQueue<SpanData>,
    exporters: Arc<Vec<ExporterQueue>>,
    large: Option<Arc<dyn LargeContents>>,
    run_end: RunEnd,
    /// What the last flush reported.
    reported: Mutex<Lost>,
}

impl Pipeline {
    pub(crate) fn start(
        limits: QueueLimits,
        processors: Processors,
        ring: RingBuffer,
        exporters: Vec<Box<dyn Exporter>>,
        run_end: RunEnd,
        log: &Log,
    ) -> io::Result<Self> {
        let exporters = exporters.into_iter().map(|exporter| ExporterQueue::start(limits, exporter, log));
        let exporters = Arc::new(exporters.collect::<Result<Vec<_>, _>>()?);
        let large = processors.large.clone();
        let processing = Processing {
            processors,
            ring,
            queues: Arc::clone(&exporters),
            run_end: run_end.delay,
            lost: 0,
            warning: RateLimitedWarning::new(log),
        };
        let limits = QueueLimits {
            batch: limits.batch.min(PROCESSING_BATCH),
            chunk: PROCESSING_CHUNK,
            delay: limits.delay.min(PROCESSING_DELAY),
            ..limits
        };
        let processing = ExportQueue::start(limits, processing)?;
        Ok(Self(Arc::new(Stages { processing, exporters, large, run_end, reported: Mutex::default() })))
    }

    /// What was lost since the set-up.
    pub(crate) fn lost(&self) -> Lost {
        let queues = || self.queues();
        let counted = [
            (LossReason::QueueFull, queues().map(ExportQueue::dropped).sum()),
            (LossReason::Panic, queues().map(ExportQueue::panicked).sum()),
        ];
        let failed = self.0.exporters.iter().flat_map(|exporter| exporter.failed.reasons());
        Lost::of(counted.into_iter().chain(failed))
    }

    /// The same as a number.
    pub(crate) fn dropped(&self) -> u64 {
        let failed: u64 = self.0.exporters.iter().map(|exporter| exporter.failed.spans()).sum();
        self.queues().map(|queue| queue.dropped() + queue.panicked()).sum::<u64>() + failed
    }

    fn queues(&self) -> impl Iterator<Item = &ExportQueue<SpanData>> {
        std::iter::once(&self.0.processing).chain(self.0.exporters.iter().map(|exporter| &exporter.queue))
    }

    fn unfinished(&self) -> u64 {
        self.queues().map(ExportQueue::unfinished).sum()
    }

    /// Waits until the spans that have ended are in the ring buffer.
    pub(crate) fn flush_processing(&self) -> bool {
        self.0.processing.flush(FLUSH_TIMEOUT)
    }

    /// Whether this process is a fork of the one that exports.
    pub(crate) fn is_forked(&self) -> bool {
        self.0.processing.is_forked()
    }

    /// Waits until the spans that have ended are exported. Returns what was lost since the last flush.
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), Lost> {
        let is_done = self.wait(timeout);
        // Counted under the lock: of two flushes at once, the one that counted later must report later.
        let mut reported = self.0.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = self.lost();
        let new = lost.since(&reported);
        *reported = lost;
        drop(reported);
        self.with_unfinished(new, is_done, timeout).into_result()
    }

    fn wait(&self, timeout: Duration) -> bool {
        let until = after(timeout);
        let processing = self.0.processing.flush(timeout);
        let large = self.0.large.as_ref().is_none_or(|large| large.flush(left(until)));
        processing & large & self.0.exporters.iter().all(|exporter| exporter.queue.flush(left(until)))
    }

    /// Exports what is left and ends the threads; at once if that has been done. Returns all that was lost since
    /// the set-up.
    pub(crate) fn close(&self, timeout: Duration) -> Lost {
        let until = after(timeout);
        let processing = self.0.processing.close(timeout);
        self.0.exporters.iter().for_each(|exporter| exporter.queue.stop()); // so that they finish in parallel
        let done = self
            .0
            .exporters
            .iter()
            .fold(processing, |done, exporter| exporter.queue.close(left(until)) & done);
        let is_done = self.0.large.as_ref().is_none_or(|large| large.close(left(until))) & done;
        self.with_unfinished(self.lost(), is_done, timeout)
    }

    fn with_unfinished(&self, mut lost: Lost, is_done: bool, timeout: Duration) -> Lost {
        if !is_done {
            let reason = if self.is_forked() { LossReason::Fork } else { LossReason::Deadline(timeout) };
            let unfinished = self.unfinished();
            lost.spans += unfinished;
            lost.reasons.push((reason, unfinished));
        }
        lost
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

impl Queued for SpanData {
    fn bytes(&self) -> usize {
        estimated_bytes(self)
    }

    /// A run without its steps is still a run; a step without its run makes a run of its own.
    fn rank(&self) -> Rank {
        if is_local_root(self) || is_run(self) {
            Rank::Root
        } else if is_turn(self) {
            Rank::Inner
        } else {
            Rank::Leaf
        }
    }
}

/// The processing queue's consumer: processes spans, keeps them in the ring buffer, and passes them to every
/// exporter's queue.
struct Processing {
    processors: Processors,
    ring: RingBuffer,
    queues: Arc<Vec<ExporterQueue>>,
    /// How soon the end of a run must be exported to another process.
    run_end: Duration,
    lost: u64,
    warning: RateLimitedWarning,
}

impl Processing {
    fn dispatch(&self, spans: &mut Vec<SpanData>) {
        for queue in &*self.queues {
            for span in &*spans {
                queue.queue.push(span.clone()); // the queue counts what it drops
            }
            if spans.iter().any(|span| span.rank() == Rank::Root) {
                queue.queue.hurry(if queue.is_local { Duration::ZERO } else { self.run_end });
            }
        }
        self.ring.add(spans);
    }
}

impl Consumer<SpanData> for Processing {
    fn take(&mut self, batch: &mut Vec<SpanData>, dropped: u64) {
        self.processors.process(batch);
        // A hung exporter cannot report what its queue drops, so this consumer does.
        let lost = dropped + self.queues.iter().map(|exporter| exporter.queue.dropped()).sum::<u64>();
        if lost > self.lost {
            self.lost = lost;
            self.warning.log("full", || format!("dropped {lost} finished spans so far: a queue was full"));
        }
        self.dispatch(batch);
    }

    fn end(&mut self) {
        let mut rest = self.processors.finish();
        self.dispatch(&mut rest);
    }
}

/// An exporter's queue.
#[derive(Debug)]
struct ExporterQueue {
    queue: ExportQueue<SpanData>,
    failed: Arc<FailedExports>,
    is_local: bool,
}

impl ExporterQueue {
    fn start(limits: QueueLimits, exporter: Box<dyn Exporter>, log: &Log) -> io::Result<Self> {
        let failed = Arc::<FailedExports>::default();
        let is_local = exporter.is_local();
        let export = ExportWorker {
            exporter,
            failed: Arc::clone(&failed),
            log: log.clone(),
            warning: RateLimitedWarning::new(log),
            exported: 0,
        };
        Ok(Self { queue: ExportQueue::start(limits, export)?, failed, is_local })
    }
}

/// An exporter queue's consumer.
struct ExportWorker {
    exporter: Box<dyn Exporter>,
    failed: Arc<FailedExports>,
    log: Log,
    warning: RateLimitedWarning,
    exported: usize,
}

impl Consumer<SpanData> for ExportWorker {
    fn take(&mut self, batch: &mut Vec<SpanData>, _: u64) {
        // Exporting must not record telemetry of its own.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let count = batch.len();
        match self.exporter.export(batch) {
            Ok(()) => {
                self.exported += count;
                self.log.write(LogLevel::Debug, || {
                    format!("exported {count} finished spans to {}", self.exporter.name())
                });
            }
            Err(error) => {
                let error = error.to_string();
                self.failed.count(&self.exporter.name(), &error, count as u64);
                self.warning.log(&error, || {
                    let (name, lost) = (self.exporter.name(), self.failed.spans());
                    format!("cannot export {count} finished spans to {name}: {error} ({lost} lost so far)")
                });
            }
        }
    }

    fn end(&mut self) {
        self.log.write(LogLevel::Info, || {
            format!("exported {} spans to {} in total", self.exported, self.exporter.name())
        });
    }
}

impl SpanProcessor for Pipeline {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        match self.0.run_end.block {
            Some(timeout) if is_run(&span) => {
                let until = after(timeout);
                self.0.processing.push_within(span, timeout);
                self.wait(left(until));
            }
            _ => {
                let _ = self.0.processing.push(span); // the queue counts what it drops
            }
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        if self.wait(FLUSH_TIMEOUT) { Ok(()) } else { Err(OTelSdkError::Timeout(FLUSH_TIMEOUT)) }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let lost = self.close(timeout);
        let is_late = lost.reasons.iter().any(|(reason, _)| matches!(reason, LossReason::Deadline(_)));
        if is_late { Err(OTelSdkError::Timeout(timeout)) } else { Ok(()) }
    }
}
