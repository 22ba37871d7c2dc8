//! A batch as bytes, for the quarantine: protobuf, so that a later version can read it.

use super::facts_row::{self, Companions};
use bytes::Bytes;
use prost::Message as _;
use std::sync::Arc;
use turnscope_model::{
    Body, ContentHash, Form, GroupKey, Item, Kind, Origin, Purpose, Record, Role, RunId, SpanId, Status,
    TraceId, Value,
};
use turnscope_store::{Batch, MetricRow};

#[derive(Clone, PartialEq, prost::Message)]
struct BatchDump {
    #[prost(message, repeated, tag = "1")]
    records: Vec<RecordDump>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<MetricDump>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RecordDump {
    /// 0 span, 1 open span, 2 log record, 3 event.
    #[prost(uint32, tag = "1")]
    role: u32,
    #[prost(bytes = "vec", optional, tag = "2")]
    trace_id: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "3")]
    span_id: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "4")]
    parent_span_id: Option<Vec<u8>>,
    #[prost(bool, tag = "5")]
    remote_parent: bool,
    /// 16 bytes of a trace, 24 of an assembled run, or nothing.
    #[prost(bytes = "vec", tag = "6")]
    group: Vec<u8>,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, optional, tag = "8")]
    end: Option<u64>,
    #[prost(uint32, tag = "9")]
    status: u32,
    #[prost(uint32, tag = "10")]
    kind: u32,
    /// As `records.facts` keeps them.
    #[prost(bytes = "vec", tag = "11")]
    facts: Vec<u8>,
    #[prost(string, optional, tag = "12")]
    input_text: Option<String>,
    #[prost(string, optional, tag = "13")]
    output_text: Option<String>,
    #[prost(bytes = "vec", tag = "14")]
    body: Vec<u8>,
    #[prost(message, repeated, tag = "15")]
    values: Vec<ValueDump>,
    #[prost(message, optional, tag = "16")]
    origin: Option<OriginDump>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ValueDump {
    #[prost(uint32, tag = "1")]
    form: u32,
    #[prost(uint32, tag = "2")]
    purpose: u32,
    #[prost(bytes = "vec", tag = "3")]
    envelope: Vec<u8>,
    #[prost(message, repeated, tag = "4")]
    items: Vec<ItemDump>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ItemDump {
    #[prost(uint64, tag = "1")]
    at: u64,
    #[prost(bytes = "vec", tag = "2")]
    bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct OriginDump {
    #[prost(string, tag = "1")]
    service_name: String,
    #[prost(string, tag = "2")]
    scope_name: String,
    #[prost(bytes = "vec", tag = "3")]
    hash: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct MetricDump {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    origin: Option<OriginDump>,
    #[prost(fixed64, tag = "3")]
    start: u64,
    #[prost(fixed64, tag = "4")]
    end: u64,
    #[prost(uint64, tag = "5")]
    points: u64,
    #[prost(bytes = "vec", tag = "6")]
    bytes: Vec<u8>,
}

/// Writes a batch.
pub(crate) fn encode(batch: &Batch) -> Vec<u8> {
    let records = batch.records.iter().map(record_dump).collect();
    let metrics = batch.metrics.iter().map(metric_dump).collect();
    BatchDump { records, metrics }.encode_to_vec()
}

/// Reads a batch; `None` when it is damaged.
pub(crate) fn decode(bytes: &[u8]) -> Option<Batch> {
    let dump = BatchDump::decode(bytes).ok()?;
    Some(Batch {
        records: dump.records.into_iter().map(record).collect::<Option<_>>()?,
        metrics: dump.metrics.into_iter().map(metric).collect::<Option<_>>()?,
    })
}

fn record_dump(record: &Record) -> RecordDump {
    let (role, event) = match &record.role {
        Role::Span => (0, None),
        Role::Open => (1, None),
        Role::Log => (2, None),
        Role::Event { key, parent } => (3, Some((key.clone(), parent.clone()))),
    };
    RecordDump {
        role,
        trace_id: record.trace_id.map(|id| id.bytes().to_vec()),
        span_id: record.span_id.map(|id| id.bytes().to_vec()),
        parent_span_id: record.parent_span_id.map(|id| id.bytes().to_vec()),
        remote_parent: record.remote_parent,
        group: match record.group {
            GroupKey::Trace(trace) => trace.bytes().to_vec(),
            GroupKey::Assembled(run) => run.bytes().to_vec(),
            GroupKey::None => Vec::new(),
        },
        start: record.start,
        end: record.end,
        status: record.status as u32,
        kind: record.facts.kind as u32,
        facts: facts_row::encode(&record.facts, Companions { event, ..Companions::default() }),
        input_text: record.facts.input_text.clone(),
        output_text: record.facts.output_text.clone(),
        body: record.body.bytes.clone(),
        values: record.body.values.iter().map(value_dump).collect(),
        origin: Some(origin_dump(&record.origin)),
    }
}

fn record(dump: RecordDump) -> Option<Record> {
    let kind = Kind::ALL.get(usize::try_from(dump.kind).ok()?).copied()?;
    let (mut facts, companions) = facts_row::decode(&dump.facts, kind).ok()?;
    (facts.input_text, facts.output_text) = (dump.input_text, dump.output_text);
    let span = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| SpanId::try_from(&bytes[..]).ok());
    Some(Record {
        role: match dump.role {
            0 => Role::Span,
            1 => Role::Open,
            2 => Role::Log,
            _ => {
                let (key, parent) = companions.event?;
                Role::Event { key, parent }
            }
        },
        trace_id: dump.trace_id.and_then(|bytes| TraceId::try_from(&bytes[..]).ok()),
        span_id: span(dump.span_id),
        parent_span_id: span(dump.parent_span_id),
        remote_parent: dump.remote_parent,
        group: match dump.group.len() {
            0 => GroupKey::None,
            16 => GroupKey::Trace(TraceId::try_from(&dump.group[..]).ok()?),
            _ => GroupKey::Assembled(RunId::from_bytes(&dump.group).ok()?),
        },
        start: dump.start,
        end: dump.end,
        status: match dump.status {
            1 => Status::Ok,
            2 => Status::Error,
            _ => Status::Unset,
        },
        facts,
        body: Body { bytes: dump.body, values: dump.values.into_iter().map(value).collect::<Option<_>>()? },
        origin: Arc::new(origin(dump.origin?)?),
    })
}

fn value_dump(value: &Value) -> ValueDump {
    let item = |item: &Item| ItemDump { at: item.at as u64, bytes: item.bytes.to_vec() };
    ValueDump {
        form: value.form as u32,
        purpose: value.purpose as u32,
        envelope: value.envelope.clone(),
        items: value.items.iter().map(item).collect(),
    }
}

fn value(dump: ValueDump) -> Option<Value> {
    let form = Form::from_u8(u8::try_from(dump.form).ok()?)?;
    let item = |item: ItemDump| {
        let bytes = Bytes::from(item.bytes);
        Some(Item { at: usize::try_from(item.at).ok()?, hash: ContentHash::of(form, &bytes), bytes })
    };
    Some(Value {
        form,
        purpose: Purpose::from_u8(u8::try_from(dump.purpose).ok()?)?,
        envelope: dump.envelope,
        items: dump.items.into_iter().map(item).collect::<Option<_>>()?,
    })
}

fn origin_dump(origin: &Origin) -> OriginDump {
    OriginDump {
        service_name: origin.service_name.clone(),
        scope_name: origin.scope_name.clone(),
        hash: origin.hash.bytes().to_vec(),
        bytes: origin.bytes.clone(),
    }
}

fn origin(dump: OriginDump) -> Option<Origin> {
    Some(Origin {
        service_name: dump.service_name,
        scope_name: dump.scope_name,
        hash: ContentHash::from_bytes(&dump.hash)?,
        bytes: dump.bytes,
    })
}

fn metric_dump(metric: &MetricRow) -> MetricDump {
    MetricDump {
        name: metric.name.clone(),
        origin: Some(origin_dump(&metric.origin)),
        start: metric.start,
        end: metric.end,
        points: metric.points,
        bytes: metric.bytes.clone(),
    }
}

fn metric(dump: MetricDump) -> Option<MetricRow> {
    Some(MetricRow {
        name: dump.name,
        origin: Arc::new(origin(dump.origin?)?),
        start: dump.start,
        end: dump.end,
        points: dump.points,
        bytes: dump.bytes,
    })
}
