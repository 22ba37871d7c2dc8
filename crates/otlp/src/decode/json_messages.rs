//! OTLP/JSON: traces, logs and what they share, key by key.

use super::{
    json::{
        Base64, F64, Fields, Flag, FromJson, Hex, I32, I64, Single, Text, U32, U64, list, one, option, sent,
    },
    schema,
};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{
        AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
        any_value::Value as Any,
    },
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link, SpanKind},
        status::StatusCode,
    },
};
use serde::de::MapAccess;

/// Reads a message's fields: a table of keys, and how each one's value is read into which field. The size is what one of
/// many takes in memory: the message itself, where nothing else is said. `whole` messages are left out with any of their
/// values.
macro_rules! from_json {
    ($type:ty, $name:literal, $self:ident, $map:ident { $($($key:literal)|+ => $read:expr,)+ }) => {
        from_json!($type, $name, schema::held::<$type>(), $self, $map { $($($key)|+ => $read,)+ });
    };
    ($type:ty, $name:literal, $size:expr, $self:ident, $map:ident { $($($key:literal)|+ => $read:expr,)+ }) => {
        from_json!($type, $name, $size, false, $self, $map { $($($key)|+ => $read,)+ });
    };
    (whole $type:ty, $name:literal, $size:expr, $self:ident, $map:ident { $($($key:literal)|+ => $read:expr,)+ }) => {
        from_json!($type, $name, $size, true, $self, $map { $($($key)|+ => $read,)+ });
    };
    ($type:ty, $name:literal, $size:expr, $whole:literal, $self:ident, $map:ident { $($($key:literal)|+ => $read:expr,)+ }) => {
        impl FromJson for $type {
            const NAME: &'static str = $name;
            const SIZE: usize = $size;
            const IS_WHOLE: bool = $whole;
            fn field<'de, A: MapAccess<'de>>(
                &mut $self,
                key: &str,
                $map: &mut Fields<'_, A>,
            ) -> Result<bool, A::Error> {
                match key {
                    $($($key)|+ => $read,)+
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }
    };
}
pub(super) use from_json;

from_json!(ExportTraceServiceRequest, "a request for traces", self, map {
    "resourceSpans" | "resource_spans" => self.resource_spans = list(map)?,
});
from_json!(ResourceSpans, "resource spans", self, map {
    "resource" => self.resource = option(map)?,
    "scopeSpans" | "scope_spans" | "instrumentationLibrarySpans" => self.scope_spans = list(map)?,
    "schemaUrl" | "schema_url" => self.schema_url = one::<_, Text>(map)?,
});
from_json!(ScopeSpans, "scope spans", schema::held_as_scope::<Self>(), self, map {
    "scope" | "instrumentationLibrary" => self.scope = option(map)?,
    "spans" => self.spans = list(map)?,
    "schemaUrl" | "schema_url" => self.schema_url = one::<_, Text>(map)?,
});
from_json!(Span, "a span", schema::held_as_record::<Self>(), self, map {
    "traceId" | "trace_id" => self.trace_id = one::<_, Hex>(map)?,
    "spanId" | "span_id" => self.span_id = one::<_, Hex>(map)?,
    "traceState" | "trace_state" => self.trace_state = one::<_, Text>(map)?,
    "parentSpanId" | "parent_span_id" => self.parent_span_id = one::<_, Hex>(map)?,
    "flags" => self.flags = one::<_, U32>(map)?,
    "name" => self.name = one::<_, Text>(map)?,
    "kind" => self.kind = one::<_, Kind>(map)?,
    "startTimeUnixNano" | "start_time_unix_nano" => self.start_time_unix_nano = one::<_, U64>(map)?,
    "endTimeUnixNano" | "end_time_unix_nano" => self.end_time_unix_nano = one::<_, U64>(map)?,
    "attributes" => self.attributes = list(map)?,
    "droppedAttributesCount" | "dropped_attributes_count" => self.dropped_attributes_count = one::<_, U32>(map)?,
    "events" => self.events = list(map)?,
    "droppedEventsCount" | "dropped_events_count" => self.dropped_events_count = one::<_, U32>(map)?,
    "links" => self.links = list(map)?,
    "droppedLinksCount" | "dropped_links_count" => self.dropped_links_count = one::<_, U32>(map)?,
    "status" => self.status = option(map)?,
});
from_json!(Event, "an event", self, map {
    "timeUnixNano" | "time_unix_nano" => self.time_unix_nano = one::<_, U64>(map)?,
    "name" => self.name = one::<_, Text>(map)?,
    "attributes" => self.attributes = list(map)?,
    "droppedAttributesCount" | "dropped_attributes_count" => self.dropped_attributes_count = one::<_, U32>(map)?,
});
from_json!(Link, "a link", self, map {
    "traceId" | "trace_id" => self.trace_id = one::<_, Hex>(map)?,
    "spanId" | "span_id" => self.span_id = one::<_, Hex>(map)?,
    "traceState" | "trace_state" => self.trace_state = one::<_, Text>(map)?,
    "attributes" => self.attributes = list(map)?,
    "droppedAttributesCount" | "dropped_attributes_count" => self.dropped_attributes_count = one::<_, U32>(map)?,
    "flags" => self.flags = one::<_, U32>(map)?,
});
from_json!(Status, "a status", self, map {
    "message" => self.message = one::<_, Text>(map)?,
    "code" => self.code = one::<_, Code>(map)?,
});

from_json!(ExportLogsServiceRequest, "a request for logs", self, map {
    "resourceLogs" | "resource_logs" => self.resource_logs = list(map)?,
});
from_json!(ResourceLogs, "resource logs", self, map {
    "resource" => self.resource = option(map)?,
    "scopeLogs" | "scope_logs" | "instrumentationLibraryLogs" => self.scope_logs = list(map)?,
    "schemaUrl" | "schema_url" => self.schema_url = one::<_, Text>(map)?,
});
from_json!(ScopeLogs, "scope logs", schema::held_as_scope::<Self>(), self, map {
    "scope" | "instrumentationLibrary" => self.scope = option(map)?,
    "logRecords" | "log_records" => self.log_records = list(map)?,
    "schemaUrl" | "schema_url" => self.schema_url = one::<_, Text>(map)?,
});
from_json!(LogRecord, "a log record", schema::held_as_record::<Self>(), self, map {
    "timeUnixNano" | "time_unix_nano" => self.time_unix_nano = one::<_, U64>(map)?,
    "observedTimeUnixNano" | "observed_time_unix_nano" => self.observed_time_unix_nano = one::<_, U64>(map)?,
    "severityNumber" | "severity_number" => self.severity_number = one::<_, Severity>(map)?,
    "severityText" | "severity_text" => self.severity_text = one::<_, Text>(map)?,
    "body" => self.body = option(map)?,
    "attributes" => self.attributes = list(map)?,
    "droppedAttributesCount" | "dropped_attributes_count" => self.dropped_attributes_count = one::<_, U32>(map)?,
    "flags" => self.flags = one::<_, U32>(map)?,
    "traceId" | "trace_id" => self.trace_id = one::<_, Hex>(map)?,
    "spanId" | "span_id" => self.span_id = one::<_, Hex>(map)?,
    "eventName" | "event_name" => self.event_name = one::<_, Text>(map)?,
});

from_json!(Resource, "a resource", self, map {
    "attributes" => self.attributes = list(map)?,
    "droppedAttributesCount" | "dropped_attributes_count" => self.dropped_attributes_count = one::<_, U32>(map)?,
    "entityRefs" | "entity_refs" => self.entity_refs = list(map)?,
});
from_json!(EntityRef, "an entity", self, map {
    "schemaUrl" | "schema_url" => self.schema_url = one::<_, Text>(map)?,
    "type" => self.r#type = one::<_, Text>(map)?,
    "idKeys" | "id_keys" => self.id_keys = super::json::values::<_, Text>(map)?,
    "descriptionKeys" | "description_keys" => self.description_keys = super::json::values::<_, Text>(map)?,
});
from_json!(InstrumentationScope, "a scope", self, map {
    "name" => self.name = one::<_, Text>(map)?,
    "version" => self.version = one::<_, Text>(map)?,
    "attributes" => self.attributes = list(map)?,
    "droppedAttributesCount" | "dropped_attributes_count" => self.dropped_attributes_count = one::<_, U32>(map)?,
});
from_json!(KeyValue, "an attribute", self, map {
    "key" => self.key = one::<_, Text>(map)?,
    "value" => self.value = option(map)?,
    "keyStrindex" | "key_strindex" => self.key_strindex = one::<_, I32>(map)?,
});
from_json!(KeyValueList, "a map", self, map {
    "values" => self.values = list(map)?,
});
from_json!(ArrayValue, "an array", self, map {
    "values" => self.values = list(map)?,
});
from_json!(AnyValue, "a value", schema::ANY_SIZE, self, map {
    "stringValue" | "string_value" => set(self, single::<_, Text>(map, Any::StringValue)?),
    "boolValue" | "bool_value" => set(self, single::<_, Flag>(map, Any::BoolValue)?),
    "intValue" | "int_value" => set(self, single::<_, I64>(map, Any::IntValue)?),
    "doubleValue" | "double_value" => set(self, single::<_, F64>(map, Any::DoubleValue)?),
    "arrayValue" | "array_value" => set(self, option(map)?.map(Any::ArrayValue)),
    "kvlistValue" | "kvlist_value" => set(self, option(map)?.map(Any::KvlistValue)),
    "bytesValue" | "bytes_value" => set(self, single::<_, Base64>(map, Any::BytesValue)?),
    "stringValueStrindex" | "string_value_strindex" => {
        set(self, single::<_, I32>(map, Any::StringValueStrindex)?);
    },
});

fn set(any: &mut AnyValue, value: Option<Any>) {
    if value.is_some() {
        any.value = value;
    }
}

/// A single value. One that is not of the type that its key says (an integer of more than 64 bits) is kept as text.
fn single<'de, A: MapAccess<'de>, S: Single>(
    map: &mut Fields<'_, A>,
    value: impl FnOnce(S::Value) -> Any,
) -> Result<Option<Any>, A::Error> {
    Ok(sent::<A, S>(map)?.and_then(|sent| match sent {
        Ok(fit) => Some(value(fit)),
        Err(unfit) => unfit.0.map(Any::StringValue),
    }))
}

/// Makes a way to read an enum by number or name.
macro_rules! by_name {
    ($(#[$doc:meta])* $name:ident, $enum:ty, $expected:literal) => {
        $(#[$doc])*
        pub(super) struct $name;
        impl Single for $name {
            type Value = i32;
            const EXPECTED: &'static str = $expected;
            fn text(text: &str) -> Option<i32> {
                text.parse().ok().or_else(|| <$enum>::from_str_name(text).map(|found| found as i32))
            }
            fn integer(number: i128) -> Option<i32> {
                number.try_into().ok()
            }
            fn float(number: f64) -> Option<i32> {
                super::json::I32::float(number)
            }
        }
    };
}
pub(super) use by_name;

by_name!(Kind, SpanKind, "a span kind");
by_name!(Code, StatusCode, "a status code");
by_name!(Severity, SeverityNumber, "a severity");
