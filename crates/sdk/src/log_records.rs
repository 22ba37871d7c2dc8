//! Exports log records: redacts them and sends them on a background thread.
//!
//! Not here: who creates them. `step` announces started steps; application events come from the `tracing`
//! layer or any other bridge to the logger provider.

use crate::{
    Redaction,
    export_queue::{Consumer, ExportQueue, QueueLimits, Queued},
    log::{Log, RateLimitedWarning},
};
use opentelemetry::{
    Context, InstrumentationScope, Key,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    logs::{LogProcessor, SdkLogRecord, SdkLogger, SdkLoggerProvider},
};
use std::{io, sync::Arc, time::Duration};

type LogItem = (SdkLogRecord, InstrumentationScope);

impl Queued for LogItem {
    fn bytes(&self) -> usize {
        let (record, _) = self;
        let attributes = record.attributes_iter().map(|(key, value)| key.as_str().len() + value_bytes(value));
        size_of::<Self>() + record.body().map_or(0, value_bytes) + attributes.sum::<usize>()
    }
}

fn value_bytes(value: &AnyValue) -> usize {
    let inside = match value {
        AnyValue::String(text) => text.as_str().len(),
        AnyValue::Bytes(bytes) => bytes.len(),
        AnyValue::ListAny(items) => items.iter().map(value_bytes).sum(),
        AnyValue::Map(entries) => {
            entries.iter().map(|(key, value)| key.as_str().len() + value_bytes(value)).sum()
        }
        _ => 0,
    };
    size_of::<AnyValue>() + inside
}

/// Exports redacted log records, on a background thread.
pub(crate) trait LogExporter: Send + 'static {
    fn export(
        &mut self,
        records: &[(&SdkLogRecord, &InstrumentationScope)],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// Builds a logger provider that sends its records to `exporter`.
pub(crate) fn provider(
    limits: QueueLimits,
    redaction: Redaction,
    exporter: impl LogExporter,
    resource: Resource,
    log: &Log,
) -> io::Result<SdkLoggerProvider> {
    // Used only to create records: the SDK offers no other way.
    let record_factory = SdkLoggerProvider::builder().build().logger("turnscope");
    let queue = ExportQueue::start(
        limits,
        LogExport { redaction, record_factory, exporter, warning: RateLimitedWarning::new(log) },
    )?;
    Ok(SdkLoggerProvider::builder()
        .with_resource(resource)
        .with_log_processor(QueueProcessor(Arc::new(queue)))
        .build())
}

/// The log processor: puts records into the queue.
#[derive(Debug)]
struct QueueProcessor(Arc<ExportQueue<LogItem>>);

impl LogProcessor for QueueProcessor {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        self.0.push((record.clone(), scope.clone()));
    }

    fn force_flush(&self) -> OTelSdkResult {
        let timeout = Duration::from_secs(5);
        if self.0.flush(timeout) { Ok(()) } else { Err(OTelSdkError::Timeout(timeout)) }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        if self.0.close(timeout) { Ok(()) } else { Err(OTelSdkError::Timeout(timeout)) }
    }
}

/// The queue's consumer.
struct LogExport<E> {
    redaction: Redaction,
    record_factory: SdkLogger,
    exporter: E,
    warning: RateLimitedWarning,
}

impl<E: LogExporter> Consumer<LogItem> for LogExport<E> {
    fn take(&mut self, batch: &mut Vec<LogItem>, dropped: u64) {
        // Exporting must not record telemetry of its own.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let records: Vec<LogItem> =
            batch.drain(..).map(|(record, scope)| (self.redacted(&record), scope)).collect();
        let records: Vec<_> = records.iter().map(|(record, scope)| (record, scope)).collect();
        if let Err(error) = self.exporter.export(&records) {
            let error = error.to_string();
            self.warning.log(&error, || {
                format!("cannot export {} log records: {error}; {dropped} dropped so far", records.len())
            });
        }
    }
}

impl<E> LogExport<E> {
    fn redacted(&self, record: &SdkLogRecord) -> SdkLogRecord {
        let mut out = self.record_factory.create_log_record();
        if let Some(name) = record.event_name() {
            out.set_event_name(name);
        }
        if let Some(target) = record.target() {
            out.set_target(target.clone());
        }
        if let Some(time) = record.timestamp() {
            out.set_timestamp(time);
        }
        if let Some(time) = record.observed_timestamp() {
            out.set_observed_timestamp(time);
        }
        if let Some(text) = record.severity_text() {
            out.set_severity_text(text);
        }
        if let Some(number) = record.severity_number() {
            out.set_severity_number(number);
        }
        if let Some(trace) = record.trace_context() {
            out.set_trace_context(trace.trace_id, trace.span_id, trace.trace_flags);
        }
        if let Some(body) = record.body() {
            out.set_body(self.value("body", body));
        }
        for (key, value) in record.attributes_iter() {
            out.add_attribute(key.clone(), self.value(key.as_str(), value));
        }
        out
    }

    fn value(&self, key: &str, value: &AnyValue) -> AnyValue {
        match value {
            AnyValue::String(text) => match self.redaction.changed(key, text.as_str()) {
                Some(text) => text.into(),
                None => value.clone(),
            },
            AnyValue::ListAny(items) => {
                AnyValue::ListAny(Box::new(items.iter().map(|item| self.value(key, item)).collect()))
            }
            AnyValue::Map(entries) => {
                let entry = |(key, value): (&Key, &AnyValue)| (key.clone(), self.value(key.as_str(), value));
                AnyValue::Map(Box::new(entries.iter().map(entry).collect()))
            }
            _ => value.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::{SpanId, TraceFlags, TraceId, logs::Severity};
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Recording(Arc<Mutex<Vec<SdkLogRecord>>>);

    impl LogExporter for Recording {
        fn export(
            &mut self,
            records: &[(&SdkLogRecord, &InstrumentationScope)],
        ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            self.0.lock().unwrap().extend(records.iter().map(|(record, _)| (*record).clone()));
            Ok(())
        }
    }

    #[test]
    fn secrets_are_redacted_and_all_else_is_kept() {
        let recorded = Recording::default();
        let limits = QueueLimits {
            queue: 10,
            bytes: usize::MAX,
            batch: 10,
            chunk: 10,
            chunk_bytes: usize::MAX,
            delay: Duration::from_secs(60),
        };
        let resource = Resource::builder_empty().build();
        let provider =
            provider(limits, Redaction::default(), recorded.clone(), resource, &Log::default()).unwrap();
        let logger = provider.logger("app");
        let mut record = logger.create_log_record();
        record.set_event_name("mail.sent");
        record.set_severity_number(Severity::Warn);
        record.set_severity_text("WARN");
        record.set_target("app::mail");
        record.set_body("to ada@example.org".into());
        record.set_trace_context(TraceId::from(1), SpanId::from(2), Some(TraceFlags::SAMPLED));
        record.add_attribute("password", "x");
        record.add_attribute("count", 3);
        let nested = AnyValue::ListAny(Box::new(vec!["eve@example.org".into(), true.into()]));
        record.add_attribute("seen", nested);
        logger.emit(record);
        provider.shutdown().unwrap();

        let records = recorded.0.lock().unwrap();
        let record = &records[0];
        assert_eq!(record.body(), Some(&"to [redacted:email]".into()));
        let seen = AnyValue::ListAny(Box::new(vec!["[redacted:email]".into(), true.into()]));
        let attributes: Vec<_> =
            record.attributes_iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        assert_eq!(attributes, [("password", "[redacted:key]".into()), ("count", 3.into()), ("seen", seen)]);
        assert_eq!((record.event_name(), record.severity_text()), (Some("mail.sent"), Some("WARN")));
        assert_eq!(record.severity_number(), Some(Severity::Warn));
        assert_eq!(record.target().map(AsRef::as_ref), Some("app::mail"));
        let trace = record.trace_context().unwrap();
        assert_eq!((trace.trace_id, trace.span_id), (TraceId::from(1), SpanId::from(2)));
        assert!(record.observed_timestamp().is_some());
    }
}
