//! What was lost, and why: the tally of one set-up, and the error that tells of it.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Number of reasons kept apart; what comes with further ones is counted with the last.
const MAX_REASONS: usize = 16;

/// Finished spans that will not arrive, with the reasons. A span that two exporters lost counts twice.
///
/// ```
/// use std::time::Duration;
///
/// turnscope::run("helpdesk").end();
/// if let Err(lost) = turnscope::flush(Duration::from_secs(5)) {
///     eprintln!("{} spans are lost: {lost}", lost.spans);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// The number of spans.
    pub spans: u64,
    /// Why, with the number of spans for each reason.
    pub reasons: Vec<(LossReason, u64)>,
}

/// Why spans are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossReason {
    /// A queue was full: more was recorded than could be exported.
    QueueFull,
    /// They were not exported within the deadline. After [`flush`](crate::flush) they may still be.
    Deadline(Duration),
    /// An exporter failed.
    Export {
        /// The exporter, such as `OTLP http://localhost:4318/v1/traces`.
        exporter: String,
        /// What it said.
        error: String,
    },
    /// An exporter or a sampler panicked.
    Panic,
    /// This process was forked from the one that set recording up: set it up again in this one.
    Fork,
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull => f.write_str("a queue was full"),
            Self::Deadline(after) => write!(f, "not exported within {after:?}"),
            Self::Export { exporter, error } => write!(f, "{exporter}: {error}"),
            Self::Panic => f.write_str("an exporter or a sampler panicked"),
            Self::Fork => f.write_str("this process was forked after the set-up; set up again here"),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} finished spans lost", self.spans)?;
        for (index, (reason, spans)) in self.reasons.iter().enumerate() {
            let separator = if index == 0 { ": " } else { "; " };
            write!(f, "{separator}{spans} because {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Lost {}

impl Lost {
    pub(crate) fn of(reasons: impl IntoIterator<Item = (LossReason, u64)>) -> Self {
        let reasons: Vec<_> = reasons.into_iter().filter(|(_, spans)| *spans > 0).collect();
        Self { spans: reasons.iter().map(|(_, spans)| spans).sum(), reasons }
    }

    /// What is in this and not in `before`, which is an earlier state of the same tally.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let known = |reason: &LossReason| {
            before.reasons.iter().find(|(known, _)| known == reason).map_or(0, |(_, spans)| *spans)
        };
        Self::of(self.reasons.iter().map(|(reason, spans)| (reason.clone(), spans - known(reason))))
    }

    /// An error, unless nothing is lost.
    pub(crate) fn into_result(self) -> Result<(), Self> {
        // A fork loses what its parent still exports, so there may be nothing to count.
        if self.spans == 0 && self.reasons.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// Counts what exporters lose.
#[derive(Debug, Default)]
pub(crate) struct FailedExports {
    spans: AtomicU64,
    reasons: Mutex<Vec<(LossReason, u64)>>,
}

impl FailedExports {
    pub(crate) fn count(&self, exporter: &str, error: &str, spans: u64) {
        self.spans.fetch_add(spans, Ordering::Relaxed);
        let mut reasons = self.lock();
        let known = reasons.iter().position(|(reason, _)| {
            matches!(reason, LossReason::Export { exporter: of, error: known } if of == exporter && known == error)
        });
        let full = (reasons.len() >= MAX_REASONS).then(|| reasons.len() - 1);
        if let Some(index) = known.or(full) {
            reasons[index].1 += spans;
        } else {
            let reason = LossReason::Export { exporter: exporter.to_owned(), error: error.to_owned() };
            reasons.push((reason, spans));
        }
    }

    pub(crate) fn spans(&self) -> u64 {
        self.spans.load(Ordering::Relaxed)
    }

    pub(crate) fn reasons(&self) -> Vec<(LossReason, u64)> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(LossReason, u64)>> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_apart_and_bounded() {
        let failed = FailedExports::default();
        for n in 0..100 {
            failed.count("OTLP h", &format!("error {}", n % 40), 2);
        }
        assert_eq!((failed.spans(), failed.reasons().len()), (200, MAX_REASONS));
        assert_eq!(failed.reasons().iter().map(|(_, spans)| spans).sum::<u64>(), 200);
        assert_eq!(failed.reasons()[0].1, 6, "three times the same error");
    }

    #[test]
    fn a_later_state_tells_only_what_is_new() {
        let before = Lost::of([(LossReason::QueueFull, 3), (LossReason::Panic, 1)]);
        let after = Lost::of([(LossReason::QueueFull, 5), (LossReason::Panic, 1), (LossReason::Fork, 0)]);
        let new = after.since(&before);
        assert_eq!(new.reasons, [(LossReason::QueueFull, 2)]);
        assert_eq!(new.to_string(), "2 finished spans lost: 2 because a queue was full");
        assert!(before.since(&before).into_result().is_ok());
    }
}
