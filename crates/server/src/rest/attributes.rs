//! The filter `attr.KEY=VALUE`: any attribute of a run's root span or of its resource.
//!
//! Attributes are not indexed: the runs that the other filters leave are looked through, newest first, up to a bound.

use super::json;
use opentelemetry_proto::tonic::{common::v1::KeyValue, trace::v1::ResourceSpans};
use turnscope_otlp::cut;
use turnscope_store::{
    Reader, StoreError,
    query::{Moment, Page, Run, RunFilter, Runs},
};

/// Runs looked through for one page.
const MOST: usize = 20_000;
/// Runs read at once.
const STEP: u32 = 200;

/// The attributes that a query string asks for.
pub(super) fn wanted(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .filter_map(|(key, value)| Some((key.strip_prefix("attr.")?.to_owned(), value.into_owned())))
        .collect()
}

/// As [`Reader::runs`], of the runs that have all these attributes. The total is not known.
pub(super) fn runs(
    reader: &mut Reader,
    filter: &RunFilter,
    page: &Page,
    moment: Moment,
    wanted: &[(String, String)],
) -> Result<Runs, StoreError> {
    let mut at = Page { limit: STEP, offset: 0, ..page.clone() };
    let mut skip = page.offset;
    let mut found = Runs { runs: Vec::new(), next: None, total: None };
    let mut looked = 0;
    loop {
        let step = reader.runs(filter, &at, moment)?;
        for run in step.runs {
            looked += 1;
            let position = run.position(page.order);
            if !has_all(reader, &run, wanted)? {
                if looked >= MOST {
                    found.next = Some(position);
                    return Ok(found);
                }
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            found.runs.push(run);
            if found.runs.len() == page.limit as usize {
                found.next = Some(position);
                return Ok(found);
            }
        }
        match step.next {
            Some(next) => at.after = Some(next),
            None => return Ok(found),
        }
    }
}

fn has_all(reader: &mut Reader, run: &Run, wanted: &[(String, String)]) -> Result<bool, StoreError> {
    let Some(row) = reader.root_row(run)? else { return Ok(false) };
    let body = reader.body(row)?;
    // Only attributes are looked at: ids and times may be anything.
    let span = cut::restore_span(&body, &cut::Header::default())
        .map_err(|error| StoreError::Damaged(error.to_string()))?;
    let origin: ResourceSpans = prost::Message::decode(&reader.origin(row)?[..]).unwrap_or_default();
    let resource = origin.resource.unwrap_or_default();
    Ok(wanted
        .iter()
        .all(|(key, value)| has(&span.attributes, key, value) || has(&resource.attributes, key, value)))
}

fn has(attributes: &[KeyValue], key: &str, wanted: &str) -> bool {
    attributes.iter().filter(|kv| kv.key == key).filter_map(|kv| kv.value.as_ref()).any(|value| {
        match json::value(value) {
            serde_json::Value::String(text) => text == wanted,
            other => {
                let text = other.to_string();
                text == wanted
            }
        }
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn attributes_are_taken_out_of_the_query_string() {
        let wanted = super::wanted("limit=3&attr.deployment.environment=prod%20eu&attr.n=5");
        assert_eq!(wanted, [("deployment.environment".into(), "prod eu".into()), ("n".into(), "5".into())]);
    }
}
