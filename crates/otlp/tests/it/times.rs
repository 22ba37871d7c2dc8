//! Times that cannot be: what a record gets instead, and that its body keeps what was sent.

use crate::any_otlp;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use proptest::prelude::*;
use turnscope_model::Record;
use turnscope_otlp::{
    cut::{self, Header},
    normalise,
    redact::Redactor,
};

const NOW: u64 = 1_800_000_000_000_000_000;
const DAY: u64 = 24 * 3_600_000_000_000;

fn span(id: u8, start: u64, end: u64) -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: vec![id; 8],
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        ..Span::default()
    }
}

fn received(spans: Vec<Span>) -> Vec<Record> {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    normalise::traces(ExportTraceServiceRequest { resource_spans }, &Redactor::off()).received_at(NOW).records
}

fn times(spans: Vec<Span>) -> Vec<(u64, Option<u64>, bool)> {
    received(spans).iter().map(|record| (record.start, record.end, record.facts.clamped)).collect()
}

#[test]
fn a_start_of_0_is_unknown_and_not_1970() {
    assert_eq!(times(vec![span(2, 0, NOW - 5)]), [(NOW - 5, Some(NOW - 5), true)]);
    assert_eq!(times(vec![span(2, 0, 0)]), [(NOW, None, true)]);
    let beside = times(vec![span(2, 0, 0), span(3, NOW - 9, NOW - 2), span(4, NOW - 8, NOW - 3)]);
    assert_eq!(beside[0], (NOW - 9, None, true), "its trace's earliest start is nearer to the truth");
    assert_eq!(beside[1], (NOW - 9, Some(NOW - 2), false));
}

#[test]
fn days_that_have_not_come_yet_are_bounded() {
    let century = 36_500 * DAY;
    assert_eq!(times(vec![span(2, NOW - 5, NOW + century)]), [(NOW - 5, Some(NOW), true)]);
    let later = NOW + century;
    assert_eq!(
        times(vec![span(2, later, later + 5)]),
        [(later, Some(later + 5), true)],
        "it is kept, and flagged"
    );
    assert_eq!(times(vec![span(2, later, later + century)]), [(later, Some(later), true)]);
    assert_eq!(
        times(vec![span(2, NOW + 5, NOW + DAY)]),
        [(NOW + 5, Some(NOW + DAY), false)],
        "clocks differ"
    );
    assert_eq!(times(vec![span(2, u64::MAX - 1, u64::MAX)]), [(u64::MAX - 1, Some(u64::MAX), true)]);
}

#[test]
fn a_log_record_without_any_time_came_when_it_was_received() {
    let log = |time: u64, observed: u64| LogRecord {
        time_unix_nano: time,
        observed_time_unix_nano: observed,
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: vec![log(0, 0), log(0, 7)], ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    let read = normalise::logs(ExportLogsServiceRequest { resource_logs }, &Redactor::off()).received_at(NOW);
    assert_eq!(read.records.iter().map(|record| record.start).collect::<Vec<_>>(), [NOW, 7]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_times_were_sent_are_restored(mut sent in any_otlp::span(), start in prop_oneof![Just(0), any::<u64>()], end in prop_oneof![Just(0), any::<u64>()]) {
        (sent.trace_id, sent.span_id) = (vec![1; 16], vec![2; 8]);
        (sent.start_time_unix_nano, sent.end_time_unix_nano) = (start, end);
        let records = received(vec![sent.clone()]);
        let restored = cut::restore_span(&records[0].body, &Header::from(&records[0])).expect("it is whole");
        prop_assert_eq!(format!("{restored:?}"), format!("{sent:?}"));
    }
}
