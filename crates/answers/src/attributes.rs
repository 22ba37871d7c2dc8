//! The filter `attr.KEY=VALUE`: any attribute of a run's root span or of its resource.
//!
//! Attributes are not indexed: the runs that the other filters leave are looked through, in the order of the list, up to a
//! bound.

use crate::{AnswerError, Result, json};
use opentelemetry_proto::tonic::{common::v1::KeyValue, trace::v1::ResourceSpans};
use serde_json::Value as Json;
use turnscope_model::{RecordId, SpanId, TraceId};
use turnscope_otlp::cut;
use turnscope_query::{ListedRun, Moment, RunFilter, RunPage, RunPageQuery};
use turnscope_store::{Reader, StoredBody};

/// Runs looked through for one page.
const LOOKED_THROUGH: usize = 20_000;
/// Runs read at once.
const AT_ONCE: u32 = 200;

/// Attributes that a run must have, each with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeFilter(pub Vec<(String, String)>);

impl AttributeFilter {
    /// Whether every run matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn matches(&self, stored: &StoredBody) -> Result<bool> {
        // Only attributes are looked at: ids and times may be anything.
        let span = cut::restore_span(&stored.body, &cut::Header::default()).map_err(AnswerError::damaged)?;
        let origin: ResourceSpans = prost::Message::decode(&stored.origin[..]).unwrap_or_default();
        let resource = origin.resource.unwrap_or_default();
        let has = |(key, value): &(String, String)| {
            has(&span.attributes, key, value) || has(&resource.attributes, key, value)
        };
        Ok(self.0.iter().all(has))
    }
}

/// One page of the runs that match the filter and have all these attributes. The total is not known.
pub(crate) fn page(
    reader: &mut dyn Reader,
    filter: &RunFilter,
    wanted: &RunPageQuery,
    moment: Moment,
    attributes: &AttributeFilter,
) -> Result<RunPage> {
    let mut at = RunPageQuery { limit: AT_ONCE, offset: 0, ..wanted.clone() };
    let mut skip = wanted.offset;
    let mut found = RunPage::default();
    let mut looked = 0;
    loop {
        let step = reader.runs(filter, &at, moment)?;
        found.unreadable.extend(step.unreadable);
        let matches = matching(reader, &step.runs, attributes)?;
        for (run, matches) in step.runs.into_iter().zip(matches) {
            looked += 1;
            if !matches {
                if looked >= LOOKED_THROUGH {
                    found.next = Some(run.cursor);
                    return Ok(found);
                }
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            found.next = Some(run.cursor.clone());
            found.runs.push(run);
            if found.runs.len() == wanted.limit as usize {
                return Ok(found);
            }
        }
        found.next = None;
        match step.next {
            Some(next) => at.after = Some(next),
            None => return Ok(found),
        }
    }
}

/// Which of these runs have the attributes, by their root spans.
fn matching(reader: &mut dyn Reader, runs: &[ListedRun], attributes: &AttributeFilter) -> Result<Vec<bool>> {
    let roots: Vec<Option<(TraceId, SpanId)>> =
        runs.iter().map(|listed| listed.run.trace_id.zip(listed.run.span_id)).collect();
    let spans: Vec<(TraceId, SpanId)> = roots.iter().flatten().copied().collect();
    let mut records = reader.spans(&spans)?.into_iter();
    let records: Vec<Option<RecordId>> =
        roots.iter().map(|root| root.and_then(|_| records.next().flatten())).collect();
    let known: Vec<RecordId> = records.iter().flatten().copied().collect();
    let mut bodies = reader.bodies(&known)?.into_iter();
    let mut matches = Vec::with_capacity(runs.len());
    for record in records {
        let body = record.and_then(|_| bodies.next());
        matches.push(match body {
            Some(Ok(body)) => attributes.matches(&body)?,
            Some(Err(_)) | None => false,
        });
    }
    Ok(matches)
}

fn has(attributes: &[KeyValue], key: &str, wanted: &str) -> bool {
    attributes.iter().filter(|kv| kv.key == key).filter_map(|kv| kv.value.as_ref()).any(|value| {
        match json::value(value) {
            Json::String(text) => text == wanted,
            // Numbers, truth values and structures are compared by their JSON text.
            other => {
                let text = other.to_string();
                text == wanted
            }
        }
    })
}
