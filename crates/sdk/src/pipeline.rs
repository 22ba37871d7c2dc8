//! From a span's end to the exporters: a lane that shapes spans and keeps them here, and one for each slow exporter, so that
//! none waits for another.

use crate::{
    Exporter,
    export::Ring,
    lane::{Lane, Limits},
};
use opentelemetry::Context;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{Span, SpanData, SpanProcessor},
};
use std::{
    io::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a flush may take that nobody gave a time.
const FLUSH: Duration = Duration::from_secs(5);

/// What is done with a batch of finished spans before it is exported.
pub(crate) type Shape = Box<dyn FnMut(Vec<SpanData>) -> Vec<SpanData> + Send>;

/// The span processor of this crate.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    first: Lane<SpanData>,
    slow: Arc<Vec<Lane<SpanData>>>,
    closed: AtomicBool,
}

impl Pipeline {
    pub(crate) fn start(
        limits: Limits,
        mut shape: Shape,
        ring: Ring,
        exporters: Vec<Box<dyn Exporter>>,
    ) -> io::Result<Self> {
        let slow: Vec<_> =
            exporters.into_iter().map(|exporter| export_lane(limits, exporter)).collect::<Result<_, _>>()?;
        let slow = Arc::new(slow);
        let onward = Arc::clone(&slow);
        let (mut complaint, mut lost) = (Complaint::default(), 0);
        let first = Lane::start(limits, move |batch| {
            let batch = shape(batch);
            ring.add(&batch);
            let now = onward.iter().map(Lane::dropped).sum();
            if now > lost {
                lost = now;
                complaint
                    .say(|| format!("{now} finished spans were dropped so far: an exporter is too slow"));
            }
            for lane in onward.iter() {
                for span in &batch {
                    lane.push(span.clone());
                }
            }
        })?;
        Ok(Self(Arc::new(Inner { first, slow, closed: AtomicBool::new(false) })))
    }

    /// Spans that were lost because a queue was full or closed; a span that two exporters lost counts twice.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.first.dropped() + self.0.slow.iter().map(Lane::dropped).sum::<u64>()
    }

    /// Waits until what has ended stands in the ring.
    pub(crate) fn settle(&self) -> bool {
        self.0.first.flush(FLUSH)
    }

    /// Waits until what has ended is exported.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        self.0.first.flush(timeout)
            & self.0.slow.iter().all(|lane| lane.flush(until.saturating_duration_since(Instant::now())))
    }

    /// Exports what is there and ends the threads; at once when that was done before.
    pub(crate) fn close(&self, timeout: Duration) -> bool {
        self.0.closed.store(true, Ordering::Relaxed);
        let until = Instant::now() + timeout;
        let first = self.0.first.close(timeout);
        // Each lane is told before any is waited for.
        let left = || until.saturating_duration_since(Instant::now());
        self.0.slow.iter().fold(first, |done, lane| lane.close(left()) & done)
    }
}

fn export_lane(limits: Limits, mut exporter: Box<dyn Exporter>) -> io::Result<Lane<SpanData>> {
    let mut complaint = Complaint::default();
    Lane::start(limits, move |batch| {
        if let Err(error) = exporter.export(&batch) {
            complaint.say(|| format!("{} finished spans could not be exported: {error}", batch.len()));
        }
    })
}

/// Says on stderr what goes wrong, at most once a minute.
#[derive(Debug, Default)]
struct Complaint(Option<Instant>);

impl Complaint {
    fn say(&mut self, what: impl FnOnce() -> String) {
        if self.0.is_none_or(|at| at.elapsed() > Duration::from_secs(60)) {
            self.0 = Some(Instant::now());
            // Not `eprintln!`, which panics when nobody reads stderr any more.
            let _ = writeln!(io::stderr(), "turnscope: {}", what());
        }
    }
}

impl SpanProcessor for Pipeline {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.first.push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        if self.flush(FLUSH) { Ok(()) } else { Err(OTelSdkError::Timeout(FLUSH)) }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        if self.close(timeout) { Ok(()) } else { Err(OTelSdkError::Timeout(timeout)) }
    }
}
