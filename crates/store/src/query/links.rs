//! Which runs a run links to, and which link to it: by span links, whose spans are looked up when asked.

use super::{Reader, Run};
use crate::{
    StoreError,
    projector::field,
    query::run::{COLUMNS, from_row},
};
use turnscope_model::RunId;

/// Another run that a span link leads to, or comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLink {
    /// The other run.
    pub run_id: RunId,
    /// What the producer says of the link, such as `regenerated`.
    pub why: Option<String>,
    /// Whether this run points at the other one, which came before it; otherwise the other one points here.
    pub is_before: bool,
}

impl Reader {
    /// The runs before and after this one, by span links; spans that were never received lead nowhere.
    pub fn links(&mut self, run: &Run) -> Result<Vec<RunLink>, StoreError> {
        let mut links = Vec::new();
        for (span, why) in &run.links {
            let Ok(span) = span.parse() else { continue };
            if let Some(other) = self.run(span)? {
                add(&mut links, run, other.run_id, why.clone(), true);
            }
        }
        for trace in &run.trace_ids {
            for (other, why) in self.links_into(run, trace)? {
                add(&mut links, run, other, why, false);
            }
        }
        Ok(links)
    }

    /// The runs that point at a span of `run` in this trace.
    fn links_into(&mut self, run: &Run, trace: &str) -> Result<Vec<(RunId, Option<String>)>, StoreError> {
        // Spans are written `<trace>-<span>`, and '.' comes after '-'.
        let pointing: Vec<(Run, String)> = self
            .db
            .prepare_cached(&format!(
                "SELECT {COLUMNS}, v.value FROM run_values v JOIN runs r ON r.id = v.run
                 WHERE v.field = ?1 AND v.value > ?2 || '-' AND v.value < ?2 || '.'
                 ORDER BY r.started_at, r.id LIMIT 100"
            ))?
            .query_map((field::LINK, trace), |row| Ok((from_row(row)?, row.get("value")?)))?
            .collect::<Result<_, _>>()?;
        let mut found = Vec::new();
        for (other, span) in pointing {
            let Ok(id) = span.parse::<RunId>() else { continue };
            if other.run_id != run.run_id
                && (id == run.run_id || self.run(id)?.is_some_and(|target| target.run_id == run.run_id))
            {
                let why = other.links.iter().find(|(to, _)| *to == span).and_then(|(_, why)| why.clone());
                found.push((other.run_id, why));
            }
        }
        Ok(found)
    }
}

/// A run's links within itself lead nowhere; several to the same run are one.
fn add(links: &mut Vec<RunLink>, run: &Run, other: RunId, why: Option<String>, is_before: bool) {
    let known = links.iter().any(|link| (link.run_id, link.is_before) == (other, is_before));
    if other != run.run_id && !known {
        links.push(RunLink { run_id: other, why, is_before });
    }
}
