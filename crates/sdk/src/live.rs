//! Announces a step when it starts: a log event that represents the step until its span arrives.

use opentelemetry::{
    KeyValue, Value,
    logs::{AnyValue, LogRecord as _, Logger as _, Severity},
    trace::SpanContext,
};
use opentelemetry_sdk::logs::SdkLogger;
use std::time::SystemTime;

/// Announces that the step `name` has started below `parent`, with the attributes known so far.
pub(crate) fn announce<'a>(
    to: &SdkLogger,
    name: &str,
    span: &SpanContext,
    parent: &SpanContext,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) {
    let mut record = to.create_log_record();
    record.set_event_name("turnscope.step.started");
    record.set_severity_number(Severity::Debug);
    record.set_timestamp(SystemTime::now());
    record.set_trace_context(span.trace_id(), span.span_id(), Some(span.trace_flags()));
    record.add_attribute("turnscope.step.name", name.to_owned());
    if parent.is_valid() {
        record.add_attribute("turnscope.step.parent_span_id", parent.span_id().to_string());
    }
    for attribute in attributes {
        record.add_attribute(attribute.key.clone(), any(&attribute.value));
    }
    to.emit(record);
}

fn any(value: &Value) -> AnyValue {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::I64(value) => (*value).into(),
        Value::F64(value) => (*value).into(),
        Value::String(text) => AnyValue::String(text.clone()),
        other => other.as_str().into_owned().into(),
    }
}
