//! OTLP's messages as tables: which fields hold texts, which hold messages, and what each element takes in memory.
//!
//! Two walks over encoded bodies read them: one adds up the memory that decoding will take (`weigh`), one repairs texts
//! that are not UTF-8 (`utf8`). Fields that concern neither are left out.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, EntityRef, KeyValue},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, summary_data_point::ValueAtQuantile,
    },
    trace::v1::{
        ResourceSpans, ScopeSpans, Span,
        span::{Event, Link},
    },
};
use turnscope_model::{Item, Origin, Record};

use Field::{Many, Numbers, One, Text, Texts};

/// How deep messages may be nested, as in prost.
pub(super) const DEEPEST: usize = 100;

/// The fields of a message that matter here.
pub(crate) struct Schema {
    /// What one of many takes in memory, in bytes, without what it holds.
    pub(super) size: usize,
    /// Each field's number and what it holds.
    fields: &'static [(u32, Field)],
    /// The field for attributes, where the message is a record.
    pub(super) attributes: Option<u32>,
}

impl Schema {
    /// What the field of this number holds.
    pub(super) fn field(&self, number: u32) -> Option<&'static Field> {
        self.fields.iter().find(|(known, _)| *known == number).map(|(_, field)| field)
    }
}

/// What a field holds.
pub(super) enum Field {
    /// A text.
    Text,
    /// One of many texts.
    Texts,
    /// The only message of the field.
    One(&'static Schema),
    /// One of many messages.
    Many(&'static Schema),
    /// Numbers of eight bytes, which may take one each on the wire.
    Numbers,
}

/// What an element of a growing list takes: a list that grows by doubling has room to spare.
pub(super) const fn held<T>() -> usize {
    size_of::<T>() * 3 / 2
}

/// An element that makes a record of the store.
pub(super) const fn held_as_record<T>() -> usize {
    held::<T>() + held::<Record>()
}

/// A value in an array, which may be cut out as an item.
pub(super) const ANY_SIZE: usize = held::<AnyValue>() + held::<Item>();
/// An exemplar, which may name a run.
pub(super) const EXEMPLAR_SIZE: usize = held_as_record::<Exemplar>();
/// A metric, encoded again for the store.
pub(super) const METRIC_SIZE: usize = held::<Metric>() + held::<crate::metric::MetricRecord>();
/// A data point, and what it says of runs.
pub(super) const fn held_as_point<T>() -> usize {
    held::<T>() + held::<crate::normalise::MetricFact>()
}
/// The records of one scope, which have an origin of their own.
pub(super) const fn held_as_scope<T>() -> usize {
    held::<T>() + size_of::<Origin>()
}

const fn plain(size: usize, fields: &'static [(u32, Field)]) -> Schema {
    Schema { size, fields, attributes: None }
}
const fn record(size: usize, fields: &'static [(u32, Field)], attributes: u32) -> Schema {
    Schema { size, fields, attributes: Some(attributes) }
}

static ANY: Schema = plain(ANY_SIZE, &[(1, Text), (5, One(&ARRAY)), (6, One(&PAIRS))]);
static ARRAY: Schema = plain(0, &[(1, Many(&ANY))]);
static PAIR: Schema = plain(held::<KeyValue>(), &[(1, Text), (2, One(&ANY))]);
static PAIRS: Schema = plain(0, &[(1, Many(&PAIR))]);
static ENTITY: Schema = plain(held::<EntityRef>(), &[(1, Text), (2, Text), (3, Texts), (4, Texts)]);
static RESOURCE: Schema = record(0, &[(1, Many(&PAIR)), (3, Many(&ENTITY))], 1);
static SCOPE: Schema = record(0, &[(1, Text), (2, Text), (3, Many(&PAIR))], 3);

static EVENT: Schema = plain(held::<Event>(), &[(2, Text), (3, Many(&PAIR))]);
static LINK: Schema = plain(held::<Link>(), &[(3, Text), (4, Many(&PAIR))]);
static STATUS: Schema = plain(0, &[(2, Text)]);
pub(super) static SPAN: Schema = record(
    held_as_record::<Span>(),
    &[(3, Text), (5, Text), (9, Many(&PAIR)), (11, Many(&EVENT)), (13, Many(&LINK)), (15, One(&STATUS))],
    9,
);
static SCOPE_SPANS: Schema =
    plain(held_as_scope::<ScopeSpans>(), &[(1, One(&SCOPE)), (2, Many(&SPAN)), (3, Text)]);
static RESOURCE_SPANS: Schema =
    plain(held::<ResourceSpans>(), &[(1, One(&RESOURCE)), (2, Many(&SCOPE_SPANS)), (3, Text)]);
pub(super) static TRACES: Schema = plain(0, &[(1, Many(&RESOURCE_SPANS))]);

pub(super) static LOG: Schema =
    record(held_as_record::<LogRecord>(), &[(3, Text), (5, One(&ANY)), (6, Many(&PAIR)), (12, Text)], 6);
static SCOPE_LOGS: Schema =
    plain(held_as_scope::<ScopeLogs>(), &[(1, One(&SCOPE)), (2, Many(&LOG)), (3, Text)]);
static RESOURCE_LOGS: Schema =
    plain(held::<ResourceLogs>(), &[(1, One(&RESOURCE)), (2, Many(&SCOPE_LOGS)), (3, Text)]);
pub(super) static LOGS: Schema = plain(0, &[(1, Many(&RESOURCE_LOGS))]);

static EXEMPLAR: Schema = plain(EXEMPLAR_SIZE, &[(7, Many(&PAIR))]);
static QUANTILE: Schema = plain(held::<ValueAtQuantile>(), &[]);
/// A data point of a gauge, a sum or a summary: they share their fields' numbers.
static NUMBER: Schema = plain(
    held_as_point::<NumberDataPoint>(),
    &[(5, Many(&EXEMPLAR)), (6, Many(&QUANTILE)), (7, Many(&PAIR))],
);
static NUMBERS: Schema = plain(0, &[(1, Many(&NUMBER))]);
static HISTOGRAM_POINT: Schema = plain(
    held_as_point::<HistogramDataPoint>(),
    &[(6, Numbers), (7, Numbers), (8, Many(&EXEMPLAR)), (9, Many(&PAIR))],
);
static HISTOGRAM: Schema = plain(0, &[(1, Many(&HISTOGRAM_POINT))]);
static BUCKETS: Schema = plain(0, &[(2, Numbers)]);
static EXPONENTIAL_POINT: Schema = plain(
    held_as_point::<ExponentialHistogramDataPoint>(),
    &[(1, Many(&PAIR)), (8, One(&BUCKETS)), (9, One(&BUCKETS)), (11, Many(&EXEMPLAR))],
);
static EXPONENTIAL: Schema = plain(0, &[(1, Many(&EXPONENTIAL_POINT))]);
pub(super) static METRIC: Schema = record(
    METRIC_SIZE,
    &[
        (1, Text),
        (2, Text),
        (3, Text),
        (5, One(&NUMBERS)),
        (7, One(&NUMBERS)),
        (9, One(&HISTOGRAM)),
        (10, One(&EXPONENTIAL)),
        (11, One(&NUMBERS)),
        (12, Many(&PAIR)),
    ],
    12,
);
static SCOPE_METRICS: Schema =
    plain(held_as_scope::<ScopeMetrics>(), &[(1, One(&SCOPE)), (2, Many(&METRIC)), (3, Text)]);
static RESOURCE_METRICS: Schema =
    plain(held::<ResourceMetrics>(), &[(1, One(&RESOURCE)), (2, Many(&SCOPE_METRICS)), (3, Text)]);
pub(super) static METRICS: Schema = plain(0, &[(1, Many(&RESOURCE_METRICS))]);
