//! Bytes to protobuf types: strictly first, and once more leniently where only the encoding of a text is wrong.
//!
//! Here: the ways in, and what is refused. In the files below: requests whose records stay encoded (`encoded`), OTLP/JSON
//! (`json`, `json_messages`, `json_metrics`) and what is left out of it (`left_out`), texts that are not UTF-8 (`utf8`), and
//! the memory that a body may take (`budget`, `weigh`, `schema`). Not here: what the content means.

mod budget;
pub(crate) mod encoded;
mod json;
mod json_messages;
mod json_metrics;
mod left_out;
mod schema;
mod utf8;
mod weigh;

pub use budget::Budget;
pub use left_out::LeftOut;
pub use utf8::ORIGINAL_BYTES;

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::KeyValue,
    logs::v1::LogRecord,
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
    trace::v1::Span,
};
use prost::Message;

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/x-protobuf`, and gRPC.
    Protobuf,
    /// `application/json`.
    Json,
}

/// Why a body is refused whole.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not a valid protobuf message of the expected type.
    #[error("the body is not valid OTLP protobuf: {}", reason(.0))]
    Protobuf(#[from] prost::DecodeError),
    /// Not valid OTLP/JSON. The message says where: the path of keys, line and column.
    #[error("the body is not valid OTLP/JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// More elements than there is memory for: see [`Budget`].
    #[error("the body holds more elements than can be decoded at once")]
    Memory,
}

/// What is wrong with a message of protobuf. The library's own text begins by saying that something is.
pub(crate) fn reason(error: &prost::DecodeError) -> String {
    let text = error.to_string();
    text.strip_prefix("failed to decode Protobuf message: ").map(str::to_owned).unwrap_or(text)
}

/// Decodes a trusted export request for traces.
///
/// # Errors
/// The body is not what its format says.
pub fn traces(body: &[u8], format: Format) -> Result<ExportTraceServiceRequest, DecodeError> {
    Ok(traces_within(body, format, &Budget::unlimited())?.0)
}

/// Decodes a trusted export request for logs.
///
/// # Errors
/// As [`traces`].
pub fn logs(body: &[u8], format: Format) -> Result<ExportLogsServiceRequest, DecodeError> {
    Ok(logs_within(body, format, &Budget::unlimited())?.0)
}

/// Decodes a trusted export request for metrics.
///
/// # Errors
/// As [`traces`].
pub fn metrics(body: &[u8], format: Format) -> Result<ExportMetricsServiceRequest, DecodeError> {
    Ok(metrics_within(body, format, &Budget::unlimited())?.0)
}

pub(crate) fn traces_within(
    body: &[u8],
    format: Format,
    budget: &Budget<'_>,
) -> Result<(ExportTraceServiceRequest, LeftOut), DecodeError> {
    let (request, left_out) = match format {
        Format::Protobuf => protobuf(body, &schema::TRACES, budget).map(whole),
        Format::Json => json(body, budget, |request: &mut ExportTraceServiceRequest| {
            let scopes = request.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans);
            for span in scopes.flat_map(|scope| &mut scope.spans) {
                mark(span, |span| &mut span.attributes);
            }
        }),
    }?;
    let resources = request.resource_spans.iter();
    take_origins(budget, resources.map(|from| (from.resource.as_ref(), from.scope_spans.len())))?;
    let mut scopes = request.resource_spans.iter().flat_map(|from| &from.scope_spans);
    something_is_left(scopes.any(|scope| !scope.spans.is_empty()), &left_out)?;
    Ok((request, left_out))
}

pub(crate) fn logs_within(
    body: &[u8],
    format: Format,
    budget: &Budget<'_>,
) -> Result<(ExportLogsServiceRequest, LeftOut), DecodeError> {
    let (request, left_out) = match format {
        Format::Protobuf => protobuf(body, &schema::LOGS, budget).map(whole),
        Format::Json => json(body, budget, |request: &mut ExportLogsServiceRequest| {
            let scopes = request.resource_logs.iter_mut().flat_map(|resource| &mut resource.scope_logs);
            for log in scopes.flat_map(|scope| &mut scope.log_records) {
                mark(log, |log| &mut log.attributes);
            }
        }),
    }?;
    let resources = request.resource_logs.iter();
    take_origins(budget, resources.map(|from| (from.resource.as_ref(), from.scope_logs.len())))?;
    let mut scopes = request.resource_logs.iter().flat_map(|from| &from.scope_logs);
    something_is_left(scopes.any(|scope| !scope.log_records.is_empty()), &left_out)?;
    Ok((request, left_out))
}

pub(crate) fn metrics_within(
    body: &[u8],
    format: Format,
    budget: &Budget<'_>,
) -> Result<(ExportMetricsServiceRequest, LeftOut), DecodeError> {
    let (request, left_out) = match format {
        Format::Protobuf => match protobuf(body, &schema::METRICS, budget) {
            Err(DecodeError::Protobuf(_)) => return metric_by_metric(body, budget),
            request => request.map(whole),
        },
        Format::Json => json(body, budget, |_: &mut ExportMetricsServiceRequest| {}),
    }?;
    let resources = request.resource_metrics.iter();
    take_origins(budget, resources.map(|from| (from.resource.as_ref(), from.scope_metrics.len())))?;
    let mut scopes = request.resource_metrics.iter().flat_map(|from| &from.scope_metrics);
    something_is_left(scopes.any(|scope| !scope.metrics.is_empty()), &left_out)?;
    Ok((request, left_out))
}

/// Decodes metrics each for itself, after they could not be decoded together. Malformed ones are left out.
fn metric_by_metric(
    body: &[u8],
    budget: &Budget<'_>,
) -> Result<(ExportMetricsServiceRequest, LeftOut), DecodeError> {
    let encoded = opened(&bytes::Bytes::copy_from_slice(body), &schema::METRICS, budget)?;
    let mut request = ExportMetricsServiceRequest::default();
    let mut left_out = LeftOut::default();
    let (mut has_metrics, mut first_error) = (false, None);
    for of_resource in encoded.resources {
        let mut scope_metrics = Vec::with_capacity(of_resource.scopes.len());
        for of_scope in of_resource.scopes {
            let mut metrics = Vec::with_capacity(of_scope.records.len());
            for metric in of_scope.records {
                match record::<Metric>(&metric, budget) {
                    Ok(metric) => metrics.push(metric),
                    Err(DecodeError::Protobuf(error)) => {
                        left_out.malformed(Metric::NAME, &reason(&error));
                        // How many points it had cannot be told.
                        left_out.points += 1;
                        first_error.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            has_metrics |= !metrics.is_empty();
            let (scope, schema_url) = (of_scope.scope, of_scope.schema_url);
            scope_metrics.push(ScopeMetrics { scope, metrics, schema_url });
        }
        let (resource, schema_url) = (of_resource.resource, of_resource.schema_url);
        request.resource_metrics.push(ResourceMetrics { resource, scope_metrics, schema_url });
    }
    match first_error {
        // Where nothing is left the body is something else.
        Some(error) if !has_metrics => Err(error.into()),
        _ => Ok((request, left_out)),
    }
}

/// Decodes one record of an encoded request. Texts that are not UTF-8 are repaired.
///
/// # Errors
/// It is no valid message of its type; or the budget does not hold its repaired form.
pub(crate) fn record<R: EncodedRecord>(bytes: &bytes::Bytes, budget: &Budget<'_>) -> Result<R, DecodeError> {
    R::decode(&bytes[..]).or_else(|error| {
        // The repaired record, and its own bytes beside it.
        budget.take(bytes.len().saturating_mul(2))?;
        let repaired = utf8::repair(bytes, R::schema()).ok_or(error)?;
        Ok(R::decode(&repaired[..])?)
    })
}

/// A record that a request may hold encoded.
pub(crate) trait EncodedRecord: Message + Default {
    /// What it is called in a message to its sender.
    const NAME: &str;
    /// Its fields.
    fn schema() -> &'static schema::Schema;
}

impl EncodedRecord for Span {
    const NAME: &str = "span";
    fn schema() -> &'static schema::Schema {
        &schema::SPAN
    }
}

impl EncodedRecord for LogRecord {
    const NAME: &str = "log record";
    fn schema() -> &'static schema::Schema {
        &schema::LOG
    }
}

impl EncodedRecord for Metric {
    const NAME: &str = "metric";
    fn schema() -> &'static schema::Schema {
        &schema::METRIC
    }
}

/// Opens an encoded request for traces; its spans stay encoded.
pub(crate) fn open_traces(body: &bytes::Bytes, budget: &Budget<'_>) -> Result<encoded::Request, DecodeError> {
    open(body, &schema::TRACES, budget)
}

/// Opens an encoded request for logs; its log records stay encoded.
pub(crate) fn open_logs(body: &bytes::Bytes, budget: &Budget<'_>) -> Result<encoded::Request, DecodeError> {
    open(body, &schema::LOGS, budget)
}

fn open(
    body: &bytes::Bytes,
    schema: &'static schema::Schema,
    budget: &Budget<'_>,
) -> Result<encoded::Request, DecodeError> {
    weigh::weigh(body, schema, budget)?;
    opened(body, schema, budget)
}

/// Opens an encoded request that was weighed. Texts that are not UTF-8 are repaired where they are in the way.
fn opened(
    body: &bytes::Bytes,
    schema: &'static schema::Schema,
    budget: &Budget<'_>,
) -> Result<encoded::Request, DecodeError> {
    let request = encoded::Request::decode(body.clone()).or_else(|error| {
        // The repaired body, and each record's own bytes beside it.
        budget.take(body.len().saturating_mul(2))?;
        let repaired = utf8::repair(body, schema).ok_or(error)?;
        Ok::<_, DecodeError>(encoded::Request::decode(bytes::Bytes::from(repaired))?)
    })?;
    let resources = request.resources.iter();
    take_origins(budget, resources.map(|from| (from.resource.as_ref(), from.scopes.len())))?;
    Ok(request)
}

/// Each scope's records share an origin, which holds the resource encoded anew.
fn take_origins<'a>(
    budget: &Budget<'_>,
    mut resources: impl Iterator<Item = (Option<&'a Resource>, usize)>,
) -> Result<(), DecodeError> {
    resources.try_for_each(|(resource, scopes)| {
        budget.take(resource.map_or(0, Resource::encoded_len).saturating_mul(scopes))
    })
}

fn protobuf<M: Message + Default>(
    body: &[u8],
    schema: &'static schema::Schema,
    budget: &Budget<'_>,
) -> Result<M, DecodeError> {
    weigh::weigh(body, schema, budget)?;
    M::decode(body).or_else(|error| {
        // The repaired body, and each record's own bytes beside it.
        budget.take(body.len().saturating_mul(2))?;
        let repaired = utf8::repair(body, schema).ok_or(error)?;
        Ok(M::decode(&repaired[..])?)
    })
}

/// A request of which nothing was left out.
fn whole<M>(request: M) -> (M, LeftOut) {
    (request, LeftOut::default())
}

/// Refuses a request in which no record is left because of what was left out.
fn something_is_left(has_records: bool, left_out: &LeftOut) -> Result<(), DecodeError> {
    if has_records || left_out.is_empty() {
        return Ok(());
    }
    Err(DecodeError::Json(serde::de::Error::custom(left_out)))
}

fn json<M: json::FromJson>(
    body: &[u8],
    budget: &Budget<'_>,
    mark: impl FnOnce(&mut M),
) -> Result<(M, LeftOut), DecodeError> {
    json::parse(body, budget).or_else(|error| {
        if matches!(error, DecodeError::Memory) {
            return Err(error);
        }
        budget.take(body.len())?;
        let Some(repaired) = utf8::repair_json(body) else { return Err(error) };
        let (mut request, left_out) = json::parse(repaired.as_bytes(), budget)?;
        mark(&mut request);
        Ok((request, left_out))
    })
}

/// Marks a record whose text had to be repaired. Its own bytes are not kept: they cannot be separated from the rest of a JSON body.
fn mark<M: Message>(record: &mut M, attributes: impl Fn(&mut M) -> &mut Vec<KeyValue>) {
    let bytes = record.encode_to_vec();
    if memchr::memmem::find(&bytes, "\u{FFFD}".as_bytes()).is_some() {
        attributes(record).push(utf8::original(Vec::new()));
    }
}
