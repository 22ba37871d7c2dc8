//! Flushing and ending an installation, and what was lost.

use super::{Installation, installed, parts};
use crate::{Lost, Recorder, log::LogLevel, pipeline::FLUSH_TIMEOUT, set_default_recorder};
use std::{
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// How long [`shutdown`] takes at most.
pub(super) const SHUTDOWN_TIMEOUT: Duration = FLUSH_TIMEOUT;

/// What the last installation that ended had lost.
static DROPPED_BEFORE: AtomicU64 = AtomicU64::new(0);

/// Stands for what was set up. Dropping it exports what has been recorded until then, within five seconds, and
/// logs what is lost. Recording goes on: another set-up or [`shutdown`] ends it.
///
/// ```
/// use turnscope::{Setup, setup};
///
/// let _recording = setup(Setup::new("helpdesk"))?;
/// turnscope::run("helpdesk").end();
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it exports what has been recorded: keep it until the end of `main`"]
pub struct Recording {
    /// The number of the installation; `None` if nothing was set up or the guard is detached.
    number: Option<u64>,
}

impl Recording {
    pub(super) fn of(number: u64) -> Self {
        Self { number: Some(number) }
    }

    /// Stands for nothing.
    pub(super) fn nothing() -> Self {
        Self { number: None }
    }

    /// Stands for what is set up already, if anything is.
    pub(super) fn current() -> Self {
        Self { number: installed().as_ref().map(|installation| installation.number) }
    }

    /// Whether anything was set up.
    pub fn is_set_up(&self) -> bool {
        self.number.is_some()
    }

    /// Keeps the set-up without exporting anything now. Call [`flush`] or [`shutdown`] before the process ends.
    pub fn detach(mut self) {
        self.number = None;
    }

    /// See [`flush`].
    ///
    /// # Errors
    /// When spans were lost, or not everything was exported in time.
    pub fn flush(&self, timeout: Duration) -> Result<(), Lost> {
        if self.is_current() { flush(timeout) } else { Ok(()) }
    }

    /// See [`shutdown`]. Does nothing if something else has been set up meanwhile.
    ///
    /// # Errors
    /// When spans were lost since the set-up.
    pub fn shutdown(mut self) -> Result<(), Lost> {
        let is_current = self.is_current();
        self.number = None;
        if is_current { shutdown() } else { Ok(()) }
    }

    fn is_current(&self) -> bool {
        let current = installed().as_ref().map(|installation| installation.number);
        self.number.is_some() && self.number == current
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Err(lost) = self.flush(FLUSH_TIMEOUT) {
            let log = installed().as_ref().map(|installation| installation.log.clone());
            log.unwrap_or_default().write(LogLevel::Warning, || lost.to_string());
        }
    }
}

impl Installation {
    /// Exports what is left, ends the threads, and logs what was lost since the set-up.
    pub(super) fn end(self, timeout: Duration) -> Result<(), Lost> {
        if self.pipeline.is_forked() {
            let lost = self.pipeline.close(Duration::ZERO);
            // Its threads do not exist in this process, and dropping it would wait for them.
            std::mem::forget(self);
            return lost.into_result();
        }
        // In parallel, so that the whole takes no longer than the slowest part.
        let begun = Instant::now();
        let others = [
            self.meters.clone().map(|meters| in_background(move || drop(meters.shutdown()))),
            self.loggers.clone().map(|loggers| in_background(move || drop(loggers.shutdown()))),
        ];
        let lost = self.pipeline.close(timeout);
        let _ = self.provider.shutdown(); // nothing is left to wait for
        wait_for(others, timeout.saturating_sub(begun.elapsed()));
        DROPPED_BEFORE.store(lost.spans, Ordering::Relaxed);
        let lost = lost.into_result();
        match &lost {
            Ok(()) => self.log.write(LogLevel::Info, || "recording has ended; no span was lost".to_owned()),
            Err(lost) => self.log.write(LogLevel::Warning, || format!("recording has ended: {lost}")),
        }
        lost
    }
}

/// Number of spans lost since the last set-up, because a queue was full or an exporter failed. After
/// [`shutdown`] it stays what it was at the end.
pub fn dropped() -> u64 {
    parts().map_or_else(|| DROPPED_BEFORE.load(Ordering::Relaxed), |(pipeline, _)| pipeline.dropped())
}

/// Waits until all ended spans are exported, and logs and metrics with them.
///
/// ```
/// use std::time::Duration;
/// turnscope::run("helpdesk").end();
/// turnscope::flush(Duration::from_secs(5))?;
/// # Ok::<(), turnscope::Lost>(())
/// ```
///
/// # Errors
/// When spans were lost since the last flush, or some are not exported in time.
pub fn flush(timeout: Duration) -> Result<(), Lost> {
    let Some((pipeline, _)) = parts() else { return Ok(()) };
    if pipeline.is_forked() {
        return pipeline.flush(Duration::ZERO);
    }
    let (meters, loggers) = match installed().as_ref() {
        Some(installation) => (installation.meters.clone(), installation.loggers.clone()),
        None => (None, None),
    };
    let begun = Instant::now();
    // The SDK reports an empty export as an error, so the results mean nothing.
    let others = [
        meters.map(|meters| in_background(move || drop(meters.force_flush()))),
        loggers.map(|loggers| in_background(move || drop(loggers.force_flush()))),
    ];
    let lost = pipeline.flush(timeout);
    wait_for(others, timeout.saturating_sub(begun.elapsed()));
    lost
}

/// Does work that has no time limit of its own on another thread. The receiver fails when it is done.
fn in_background(work: impl FnOnce() + Send + 'static) -> mpsc::Receiver<()> {
    let (done, waits) = mpsc::channel::<()>();
    let thread = thread::Builder::new().name("turnscope-flush".into());
    // If no thread can be started, `done` is dropped and nobody waits.
    let _ = thread.spawn(move || {
        work();
        drop(done);
    });
    waits
}

fn wait_for(others: [Option<mpsc::Receiver<()>>; 2], timeout: Duration) {
    let begun = Instant::now();
    for waits in others.into_iter().flatten() {
        let _ = waits.recv_timeout(timeout.saturating_sub(begun.elapsed()));
    }
}

/// Exports what is left, ends the threads and closes the files. Takes at most five seconds. Afterwards nothing
/// is recorded until something is set up again. A second call does nothing.
///
/// # Errors
/// When spans were lost since the set-up. What is not exported in time is lost.
pub fn shutdown() -> Result<(), Lost> {
    shutdown_within(SHUTDOWN_TIMEOUT)
}

/// Like [`shutdown`], within another time.
///
/// # Errors
/// When spans were lost since the set-up.
pub fn shutdown_within(timeout: Duration) -> Result<(), Lost> {
    let before = installed().take();
    match before {
        Some(before) => {
            set_default_recorder(Recorder::disabled());
            before.end(timeout)
        }
        None => Ok(()),
    }
}
