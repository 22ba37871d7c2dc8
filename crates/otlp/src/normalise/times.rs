//! Times that cannot be: 0, which OTLP means as unknown, and days that have not come yet.
//!
//! The records get times with which lists and figures make sense, and are flagged. Their bodies keep what was sent.

use super::{Normalised, NormalisedMetrics};
use crate::cut;
use std::collections::HashMap;
use turnscope_model::{Record, TraceId, UnixNanos};

/// Clocks of two machines may differ by this much, and time zones be mixed up.
const TOLERANCE: UnixNanos = 24 * 3_600_000_000_000;

impl Normalised {
    /// Corrects the records' times, where they cannot be, for a request that was received at `now`.
    ///
    /// - A start that is unknown becomes the end; where that is unknown too, the earliest start of the same trace in the
    ///   request, else `now`.
    /// - An end more than a day after `now` becomes `now`. A start as late as that stays, and what began then lasts a day
    ///   at most.
    #[must_use]
    pub fn received_at(mut self, now: UnixNanos) -> Self {
        let latest = now.saturating_add(TOLERANCE);
        let is_sound =
            |record: &Record| record.start != 0 && record.start.max(record.end.unwrap_or(0)) <= latest;
        if self.records.iter().all(is_sound) {
            return self;
        }
        let mut earliest: HashMap<TraceId, UnixNanos> = HashMap::new();
        for record in self.records.iter().filter(|record| record.start != 0) {
            if let Some(trace) = record.trace_id {
                let known = earliest.entry(trace).or_insert(record.start);
                *known = record.start.min(*known);
            }
        }
        for record in self.records.iter_mut().filter(|record| !is_sound(record)) {
            let known_end = record.end.filter(|end| *end != 0);
            let of_trace = || record.trace_id.and_then(|trace| earliest.get(&trace).copied());
            let start = match record.start {
                0 => known_end.or_else(of_trace).unwrap_or(now),
                start => start,
            };
            let end = record.end.map(|end| {
                let bounded = if start <= latest { now } else { start };
                if end > latest && end - start.min(end) > TOLERANCE { bounded } else { end }.max(start)
            });
            retime(record, start, end);
        }
        self
    }
}

impl NormalisedMetrics {
    /// As for records: unknown times become `now`, and an end more than a day later does too.
    #[must_use]
    pub fn received_at(mut self, now: UnixNanos) -> Self {
        let sound =
            |time: UnixNanos| if time == 0 || time > now.saturating_add(TOLERANCE) { now } else { time };
        for metric in &mut self.records {
            metric.start = sound(metric.start);
            metric.end = sound(metric.end);
            for fact in &mut metric.facts {
                fact.time = sound(fact.time);
            }
        }
        self
    }
}

/// Gives a record other times than it was sent with.
pub(super) fn retime(record: &mut Record, start: UnixNanos, end: Option<UnixNanos>) {
    let before = cut::Header::from(&*record);
    (record.start, record.end) = (start, end);
    record.facts.clamped = true;
    let after = cut::Header::from(&*record);
    cut::retime(&mut record.body, &record.role, &before, &after);
}
