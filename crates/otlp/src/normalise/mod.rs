//! Protobuf types to records: facts are found, large values cut out, secrets redacted; nothing else is changed.
//!
//! Here: one request to its records. In the files below: resource and scope (`origin`), metrics (`metrics`),
//! times that cannot be (`times`), stored records (`again`).
//! Not here: which attribute is which fact (`dialects`), what messages say (`messages`).

mod again;
mod metrics;
mod origin;
mod times;

pub use crate::metric::{MetricFact, MetricRecord};
pub use again::{AgainError, RULES, again};
pub use metrics::{NormalisedMetrics, metrics};
use origin::Source;
pub(crate) use origin::service_name;

use crate::{
    cut::{self, Contents, Header},
    decode::{self, Budget, DecodeError, EncodedRecord, LeftOut, encoded},
    dialects::{self, Found, Signal, View},
    messages::{self, Previews},
    redact::Redactor,
};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value},
    logs::v1::LogRecord,
    resource::v1::Resource,
    trace::v1::{Span, span::Link},
};
use std::sync::Arc;
use turnscope_model::{Body, Facts, Kind, LinkFact, Origin, Record, SpanId, Status, TraceId};

/// The records of one request, and what had to be left out.
#[derive(Debug, Default)]
pub struct Normalised {
    /// What is to be stored.
    pub records: Vec<Record>,
    /// How many spans or log records were left out.
    pub rejected: u64,
    /// What was left out and why: the first of the records, and the first of the single values.
    pub rejection: Option<String>,
    /// How many secrets were taken out of the resources and scopes. Those of a record stand with its facts.
    pub redacted_around: u64,
}

impl Normalised {
    /// Says that these values were left out of the request.
    #[must_use]
    pub fn without(mut self, left_out: &LeftOut) -> Self {
        if !left_out.is_empty() {
            let records = self.rejection.map_or_else(String::new, |why| format!("{why}; "));
            self.rejection = Some(format!("{records}left out of what was sent: {left_out}"));
        }
        self
    }
}

/// Makes records of a decoded export request for traces. Spans with invalid ids are left out and counted.
pub fn traces(request: ExportTraceServiceRequest, redactor: &Redactor) -> Normalised {
    let mut out = Collected::new(redactor);
    for of_resource in request.resource_spans {
        let mut resource = Source::of(of_resource.resource, of_resource.schema_url, redactor);
        for of_scope in of_resource.scope_spans {
            let origin = resource.origin(of_scope.scope, &of_scope.schema_url, redactor);
            of_scope.spans.into_iter().for_each(|span| out.span(span, &resource, &origin));
        }
        out.normalised.redacted_around += resource.redacted;
    }
    out.normalised
}

/// Makes records of a decoded export request for logs.
pub fn logs(request: ExportLogsServiceRequest, redactor: &Redactor) -> Normalised {
    let mut out = Collected::new(redactor);
    for of_resource in request.resource_logs {
        let mut resource = Source::of(of_resource.resource, of_resource.schema_url, redactor);
        for of_scope in of_resource.scope_logs {
            let origin = resource.origin(of_scope.scope, &of_scope.schema_url, redactor);
            of_scope.log_records.into_iter().for_each(|log| out.log(log, &resource, &origin));
        }
        out.normalised.redacted_around += resource.redacted;
    }
    out.normalised
}

/// As [`traces`], of spans that are still encoded: one at a time is decoded.
pub(crate) fn encoded_traces(
    request: encoded::Request,
    redactor: &Redactor,
    budget: &Budget<'_>,
) -> Result<Normalised, DecodeError> {
    each_encoded(request, redactor, budget, Collected::span)
}

/// As [`logs`], of log records that are still encoded: one at a time is decoded.
pub(crate) fn encoded_logs(
    request: encoded::Request,
    redactor: &Redactor,
    budget: &Budget<'_>,
) -> Result<Normalised, DecodeError> {
    each_encoded(request, redactor, budget, Collected::log)
}

fn each_encoded<'a, R: EncodedRecord>(
    request: encoded::Request,
    redactor: &'a Redactor,
    budget: &Budget<'_>,
    take: impl Fn(&mut Collected<'a>, R, &Source, &Arc<Origin>),
) -> Result<Normalised, DecodeError> {
    let mut out = Collected::new(redactor);
    let mut first_error = None;
    for of_resource in request.resources {
        let mut resource = Source::of(of_resource.resource, of_resource.schema_url, redactor);
        for of_scope in of_resource.scopes {
            let origin = resource.origin(of_scope.scope, &of_scope.schema_url, redactor);
            for record in of_scope.records {
                match decode::record(&record, budget) {
                    Ok(record) => take(&mut out, record, &resource, &origin),
                    Err(DecodeError::Protobuf(error)) => {
                        out.reject(format!(
                            "a {} is not valid protobuf: {}",
                            R::NAME,
                            decode::reason(&error)
                        ));
                        first_error.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        out.normalised.redacted_around += resource.redacted;
    }
    match first_error {
        // Where nothing is left the body is something else.
        Some(error) if out.normalised.records.is_empty() => Err(error.into()),
        _ => Ok(out.normalised),
    }
}

/// The records of one request so far.
struct Collected<'a> {
    normalised: Normalised,
    contents: Contents,
    redactor: &'a Redactor,
}

impl<'a> Collected<'a> {
    fn new(redactor: &'a Redactor) -> Self {
        Self { normalised: Normalised::default(), contents: Contents::default(), redactor }
    }

    /// Counts a record that is left out.
    fn reject(&mut self, why: String) {
        self.normalised.rejected += 1;
        self.normalised.rejection.get_or_insert(why);
    }

    fn span(&mut self, span: Span, source: &Source, origin: &Arc<Origin>) {
        match span_record(span, source.resource.as_ref(), origin, self.redactor, &mut self.contents) {
            Ok(record) => self.normalised.records.push(record),
            Err(why) => {
                self.reject(why);
            }
        }
    }

    fn log(&mut self, log: LogRecord, source: &Source, origin: &Arc<Origin>) {
        let record = log_record(log, source.resource.as_ref(), origin, self.redactor, &mut self.contents);
        self.normalised.records.push(record);
    }
}

fn span_record(
    mut span: Span,
    resource: Option<&Resource>,
    origin: &Arc<Origin>,
    redactor: &Redactor,
    contents: &mut Contents,
) -> Result<Record, String> {
    let refused =
        |what, error| format!("span {:?} was left out: its {what} is invalid: {error}", short(&span.name));
    let trace_id = TraceId::try_from(&span.trace_id[..]).map_err(|error| refused("trace id", error))?;
    let span_id = SpanId::try_from(&span.span_id[..]).map_err(|error| refused("span id", error))?;
    let ids = (trace_id, span_id);

    redactor.original_bytes(&mut span.attributes);
    let mut redacted = redact_span_fields(&mut span, redactor);
    let mut found = dialects::find(&span_view(&span, resource, origin, ids));
    let mut values = cut::span_values(&mut span, found.facts.kind, contents);
    let in_content = redactor.values(&mut values) + redact_span_texts(&mut span, redactor);
    if in_content > 0 {
        // The facts may have repeated a secret: they are found again in what is left.
        if let Ok(span) = cut::uncut_span(&span, &values) {
            found = dialects::find(&span_view(&span, resource, origin, ids));
        }
    }
    redacted += in_content;

    let facts = &mut found.facts;
    take_previews(facts, messages::span_previews(&span, &values, facts.kind));
    facts.context = cut::context(&values);
    facts.arguments = cut::arguments(&values);
    facts.redacted = redacted;
    facts.invalid_utf8 |= is_repaired(&span.attributes);
    facts.clamped |= span.end_time_unix_nano != 0 && span.end_time_unix_nano < span.start_time_unix_nano;
    facts.dropped = dropped(&span);
    facts.links = links(&span);
    let status = status_of(&span);
    let mut record = record(found, Some(trace_id), status, origin);
    record.remote_parent = span.flags & 0x300 == 0x300;
    record.body = cut::span_body(span, values, &Header::from(&record));
    cut::mark(&mut record.body, true, &record.role);
    Ok(record)
}

fn log_record(
    mut log: LogRecord,
    resource: Option<&Resource>,
    origin: &Arc<Origin>,
    redactor: &Redactor,
    contents: &mut Contents,
) -> Record {
    redactor.original_bytes(&mut log.attributes);
    let mut redacted = redactor.keys(&mut log.attributes)
        + redactor.body_keys(log.body.as_mut())
        + redactor.text(&mut log.event_name)
        + redactor.text(&mut log.severity_text);
    let mut found = dialects::find(&log_view(&log, resource, origin));
    let event = messages::event_name(&log).to_owned();
    let mut values = cut::log_values(&mut log, &event, found.facts.kind, contents);
    let in_content = redactor.values(&mut values)
        + redactor.texts(&mut log.attributes)
        + log.body.as_mut().map_or(0, |body| redactor.any(body));
    if in_content > 0
        && let Ok(log) = cut::uncut_log(&log, &values)
    {
        found = dialects::find(&log_view(&log, resource, origin));
    }
    redacted += in_content;

    let facts = &mut found.facts;
    take_previews(facts, messages::log_previews(&log, &values, facts.kind, &event));
    facts.context = cut::context(&values);
    facts.redacted = redacted;
    facts.invalid_utf8 |= is_repaired(&log.attributes);
    facts.dropped = log.dropped_attributes_count;
    let trace_id = TraceId::try_from(&log.trace_id[..]).ok();
    let mut record = record(found, trace_id, Status::Unset, origin);
    record.body = cut::log_body(log, values, &Header::from(&record));
    cut::mark(&mut record.body, false, &record.role);
    record
}

/// A record without its body. Its end is never before its start.
fn record(found: Found, trace_id: Option<TraceId>, status: Status, origin: &Arc<Origin>) -> Record {
    Record {
        role: found.role,
        trace_id,
        span_id: found.span_id,
        parent_span_id: found.parent_span_id,
        remote_parent: false,
        group: found.group,
        start: found.start,
        end: found.end.map(|end| end.max(found.start)),
        status,
        facts: found.facts,
        body: Body::default(),
        origin: Arc::clone(origin),
    }
}

pub(crate) fn span_view<'a>(
    span: &'a Span,
    resource: Option<&'a Resource>,
    origin: &'a Origin,
    (trace_id, span_id): (TraceId, SpanId),
) -> View<'a> {
    View {
        signal: Signal::Span,
        name: &span.name,
        span_kind: span.kind,
        attributes: &span.attributes,
        events: &span.events,
        links: &span.links,
        body: None,
        status: status_of(span),
        status_message: span.status.as_ref().map_or("", |status| &status.message),
        resource: resource.map_or(&[], |resource| &resource.attributes),
        service_name: &origin.service_name,
        scope_name: &origin.scope_name,
        trace_id: Some(trace_id),
        span_id: Some(span_id),
        parent_span_id: SpanId::try_from(&span.parent_span_id[..]).ok(),
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        trace: None,
    }
}

pub(crate) fn log_view<'a>(
    log: &'a LogRecord,
    resource: Option<&'a Resource>,
    origin: &'a Origin,
) -> View<'a> {
    let time = if log.time_unix_nano == 0 { log.observed_time_unix_nano } else { log.time_unix_nano };
    View {
        signal: Signal::Log,
        name: messages::event_name(log),
        span_kind: 0,
        attributes: &log.attributes,
        events: &[],
        links: &[],
        body: log.body.as_ref(),
        status: Status::Unset,
        status_message: "",
        resource: resource.map_or(&[], |resource| &resource.attributes),
        service_name: &origin.service_name,
        scope_name: &origin.scope_name,
        trace_id: TraceId::try_from(&log.trace_id[..]).ok(),
        span_id: SpanId::try_from(&log.span_id[..]).ok(),
        parent_span_id: None,
        start: time,
        end: time,
        trace: None,
    }
}

fn status_of(span: &Span) -> Status {
    match span.status.as_ref().map_or(0, |status| status.code) {
        1 => Status::Ok,
        2 => Status::Error,
        _ => Status::Unset,
    }
}

/// Before anything is read: secret keys, and texts outside attributes.
fn redact_span_fields(span: &mut Span, redactor: &Redactor) -> u32 {
    let mut count = redactor.keys(&mut span.attributes)
        + redactor.text(&mut span.name)
        + redactor.text(&mut span.trace_state);
    for event in &mut span.events {
        count += redactor.keys(&mut event.attributes) + redactor.text(&mut event.name);
    }
    for link in &mut span.links {
        count += redactor.keys(&mut link.attributes) + redactor.text(&mut link.trace_state);
    }
    count + span.status.as_mut().map_or(0, |status| redactor.text(&mut status.message))
}

/// What has not been cut out.
fn redact_span_texts(span: &mut Span, redactor: &Redactor) -> u32 {
    let events: u32 = span.events.iter_mut().map(|event| redactor.texts(&mut event.attributes)).sum();
    let links: u32 = span.links.iter_mut().map(|link| redactor.texts(&mut link.attributes)).sum();
    redactor.texts(&mut span.attributes) + events + links
}

/// How much the SDK says it dropped: attributes, events and links, also within events and links.
fn dropped(span: &Span) -> u32 {
    let events = span.events.iter().map(|event| event.dropped_attributes_count);
    let links = span.links.iter().map(|link| link.dropped_attributes_count);
    let own = [span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count];
    own.into_iter().chain(events).chain(links).fold(0, u32::saturating_add)
}

/// Attributes that say what a link is for: ours first, then those that producers use.
const LINK_WHY: [&str; 3] = ["turnscope.link", "link.type", "link.relationship"];

/// The spans that this one links to. A link with invalid ids stays in the body only.
pub(crate) fn links(span: &Span) -> Vec<LinkFact> {
    let link = |link: &Link| {
        Some(LinkFact {
            trace_id: TraceId::try_from(&link.trace_id[..]).ok()?,
            span_id: SpanId::try_from(&link.span_id[..]).ok()?,
            why: LINK_WHY.iter().find_map(|key| text_attribute(&link.attributes, key)),
        })
    };
    span.links.iter().filter_map(link).take(LinkFact::MAX).collect()
}

fn text_attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|kv| kv.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) if !text.is_empty() => Some(short(text).to_owned()),
        _ => None,
    }
}

/// Whether decoding had to repair a text; see [`decode::ORIGINAL_BYTES`].
fn is_repaired(attributes: &[KeyValue]) -> bool {
    attributes.last().is_some_and(|kv| kv.key == decode::ORIGINAL_BYTES)
}

/// A value that a dialect's table found is kept.
pub(crate) fn take_previews(facts: &mut Facts, previews: Previews) {
    facts.input_text = facts.input_text.take().or(previews.input_text);
    // What an agent hands out when it stops for somebody is no answer.
    let stopped = facts.kind != Kind::Llm && facts.steered && !facts.asks.is_empty();
    facts.output_text = facts.output_text.take().or(previews.output_text.filter(|_| !stopped));
    facts.finish_reason = facts.finish_reason.take().or(previews.finish_reason);
    if facts.requested_tools.is_empty() {
        facts.requested_tools = previews.requested_tools;
    }
    facts.failed_results = previews.failed_results;
    facts.gave_nothing = previews.gave_nothing;
    facts.asks.extend(previews.asks);
    facts.answers.extend(previews.answers);
}

fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(100)]
}
