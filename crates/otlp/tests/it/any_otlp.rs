//! Random spans and log records: every type of attribute, nested, empty, twice under one key, flattened, JSON-like.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value},
    logs::v1::LogRecord,
    trace::v1::{
        Span, Status,
        span::{Event, Link},
    },
};
use proptest::{collection::vec, option, prelude::*};

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => ".{0,20}",
        1 => "[a-z \\n]{190,260}",
        2 => json(),
        1 => (json(), 0_usize..400).prop_map(|(text, at)| text.chars().take(at).collect()),
        1 => "[\\[\\]{}\"',:\\\\ a1]{0,60}",
    ]
}

fn json() -> impl Strategy<Value = String> {
    let message = ("[a-z\"\\\\\\n]{0,30}", "user|assistant|tool|system").prop_map(|(content, role)| {
        serde_json::json!({ "role": role, "content": content, "parts": [{ "type": "text", "content": content }] })
    });
    (vec(message, 0..6), 0..6).prop_map(|(messages, shape)| {
        match shape {
            0 => serde_json::json!(messages),
            1 => serde_json::json!({ "model": "m", "messages": messages }),
            2 => serde_json::json!({ "messages": [messages], "tools": [{ "name": "t" }] }),
            3 => serde_json::json!({ "a": { "b": { "c": { "d": messages } } } }),
            4 => return serde_json::to_string_pretty(&messages).unwrap_or_default(),
            _ => return serde_json::json!(messages).to_string().replace('"', "'"),
        }
        .to_string()
    })
}

pub(crate) fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        6 => text().prop_map(Value::StringValue),
        1 => any::<bool>().prop_map(Value::BoolValue),
        1 => any::<i64>().prop_map(Value::IntValue),
        1 => any::<f64>().prop_filter("NaN is never equal", |f| !f.is_nan()).prop_map(Value::DoubleValue),
        1 => vec(any::<u8>(), 0..250).prop_map(Value::BytesValue),
    ];
    let leaf = option::weighted(0.95, leaf).prop_map(|value| AnyValue { value });
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| Value::ArrayValue(ArrayValue { values })),
            vec((key(), option::of(inner)), 0..4).prop_map(|list| Value::KvlistValue(KeyValueList {
                values: list.into_iter().map(pair).collect()
            })),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
}

fn pair((key, value): (String, Option<AnyValue>)) -> KeyValue {
    KeyValue { key, value, key_strindex: 0 }
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[a-z.0-9]{0,8}",
        2 => prop::sample::select(vec![
            "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "input.value", "content",
            "output.value", "gen_ai.tool.definitions", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
            "ai.prompt.messages", "llm.input_messages", "message", "authorization",
        ]).prop_map(str::to_owned),
        3 => (
            prop::sample::select(vec!["llm.input_messages", "gen_ai.prompt", "x.y", "", "llm.tools.0"]),
            prop_oneof!["0|1|2|3|10|007|4294967295|99999999999", ""],
            prop::sample::select(vec![".message.role", ".message.content", ".", "", ".a.0.b"]),
        ).prop_map(|(prefix, index, rest)| format!("{prefix}.{index}{rest}")),
    ]
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec((key(), option::weighted(0.95, any_value())).prop_map(pair), 0..12)
}

fn id(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => vec(any::<u8>(), len), 1 => vec(Just(0), 0..=len), 1 => vec(any::<u8>(), 0..20)]
}

fn event_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z.]{0,10}",
        "gen_ai.user.message|gen_ai.choice|gen_ai.system.message|exception|tool.output"
    ]
}

pub(crate) fn span() -> impl Strategy<Value = Span> {
    let event = (any::<u64>(), event_name(), attributes(), any::<u32>()).prop_map(
        |(time, name, attributes, dropped)| Event {
            time_unix_nano: time,
            name,
            attributes,
            dropped_attributes_count: dropped,
        },
    );
    let link = (id(16), id(8), text(), attributes(), any::<u32>()).prop_map(
        |(trace, span, state, attributes, flags)| Link {
            trace_id: trace,
            span_id: span,
            trace_state: state,
            attributes,
            dropped_attributes_count: 1,
            flags,
        },
    );
    let status = option::of((text(), 0..4).prop_map(|(message, code)| Status { message, code }));
    let ids = (id(16), id(8), id(8));
    let times = (any::<u64>(), any::<u64>(), any::<u32>(), any::<i32>());
    (ids, text(), times, attributes(), vec(event, 0..3), vec(link, 0..2), status, text()).prop_map(
        |(
            (trace_id, span_id, parent_span_id),
            name,
            (start, end, count, kind),
            attributes,
            events,
            links,
            status,
            state,
        )| {
            Span {
                trace_id,
                span_id,
                parent_span_id,
                name,
                kind,
                flags: count,
                trace_state: state,
                start_time_unix_nano: start,
                end_time_unix_nano: end,
                attributes,
                dropped_attributes_count: count,
                events,
                dropped_events_count: count,
                links,
                dropped_links_count: count,
                status,
            }
        },
    )
}

pub(crate) fn log() -> impl Strategy<Value = LogRecord> {
    let times = (any::<u64>(), any::<u64>(), any::<u32>(), any::<i32>());
    (id(16), id(8), times, text(), option::of(any_value()), attributes(), event_name()).prop_map(
        |(
            trace_id,
            span_id,
            (time, observed, flags, severity),
            severity_text,
            body,
            attributes,
            event_name,
        )| LogRecord {
            time_unix_nano: time,
            observed_time_unix_nano: observed,
            severity_number: severity,
            severity_text,
            body,
            attributes,
            dropped_attributes_count: flags,
            flags,
            trace_id,
            span_id,
            event_name,
        },
    )
}
