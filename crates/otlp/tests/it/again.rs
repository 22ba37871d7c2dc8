//! A stored record that is looked at again, by the rules that it was received by, is what it was.

use crate::any_otlp;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use proptest::{collection::vec, prelude::*};
use turnscope_model::Record;
use turnscope_otlp::{
    normalise::{self, again},
    redact::Redactor,
};

fn of_spans(spans: Vec<Span>, redactor: &Redactor) -> normalise::Normalised {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    normalise::traces(ExportTraceServiceRequest { resource_spans }, redactor)
}

fn of_logs(log_records: Vec<LogRecord>, redactor: &Redactor) -> normalise::Normalised {
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    normalise::logs(ExportLogsServiceRequest { resource_logs }, redactor)
}

pub(crate) fn check(records: &[Record]) {
    for record in records {
        let found = again(record).unwrap();
        assert_eq!(format!("{found:#?}"), format!("{record:#?}"));
    }
}

proptest! {
    #[test]
    fn a_record_that_is_looked_at_again_is_what_it_was(
        spans in vec(any_otlp::span(), 1..4),
        logs in vec(any_otlp::log(), 1..4),
        now in prop_oneof![Just(0), any::<u64>()],
        redacts in any::<bool>(),
    ) {
        let redactor = if redacts { Redactor::default() } else { Redactor::off() };
        check(&of_spans(spans, &redactor).received_at(now).records);
        check(&of_logs(logs, &redactor).received_at(now).records);
    }
}
