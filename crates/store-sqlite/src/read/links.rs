//! Which runs a run links to, and which link to it: by span links, whose spans are looked up when asked.

use super::SqliteReader;
use crate::{
    error::Result,
    schema::{
        columns::{RunRow, SELECT},
        stored::field,
    },
};
use rusqlite::OptionalExtension as _;
use turnscope_model::RunId;
use turnscope_query::{Run, RunLink};

/// Said of a run that goes on after a person was asked.
const CONTINUES: &str = "continues";
/// Runs that point into one trace, looked at.
const POINTING: u32 = 100;

impl SqliteReader<'_> {
    /// The runs before and after this one. Spans that were never received lead nowhere.
    pub(super) fn links_of(&mut self, run: &Run) -> Result<Vec<RunLink>> {
        let mut links = Vec::new();
        for link in &run.span_links {
            let Ok(span) = link.span.parse() else { continue };
            if let Some(other) = self.find_by_id(span)? {
                add(&mut links, run, other.run_id, link.why.clone(), true);
            }
        }
        if let Some(later) = run.continued_by {
            add(&mut links, run, later, Some(CONTINUES.to_owned()), false);
        }
        for earlier in self.continued(run)? {
            add(&mut links, run, earlier, Some(CONTINUES.to_owned()), true);
        }
        for trace in &run.trace_ids {
            for (other, why) in self.links_into(run, trace)? {
                add(&mut links, run, other, why, false);
            }
        }
        Ok(links)
    }

    /// The runs that stopped for a person, and with which this one goes on.
    fn continued(&mut self, run: &Run) -> Result<Vec<RunId>> {
        let sql = format!(
            "SELECT run_id FROM runs WHERE continued_by = ?1 AND parent_run_id IS NULL
             ORDER BY started_at, id LIMIT {POINTING}"
        );
        let mut statement = self.db()?.prepare_cached(&sql)?;
        let ids = statement.query_map([run.run_id.bytes()], |row| row.get::<_, Vec<u8>>(0))?;
        let ids: Vec<Vec<u8>> = ids.collect::<rusqlite::Result<_>>()?;
        Ok(ids.iter().filter_map(|id| RunId::from_bytes(id).ok()).collect())
    }

    /// The runs that point at a span of `run` in this trace.
    fn links_into(&mut self, run: &Run, trace: &str) -> Result<Vec<(RunId, Option<String>)>> {
        // Spans are written `<trace>-<span>`, and '.' comes after '-'.
        let sql = format!(
            "SELECT run, value FROM run_values WHERE field = ?1 AND value > ?2 || '-' AND value < ?2 || '.'
             ORDER BY started_at, run LIMIT {POINTING}"
        );
        let pointing: Vec<(i64, String)> = self
            .db()?
            .prepare_cached(&sql)?
            .query_map((field::LINK, trace), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut found = Vec::new();
        for (row, span) in pointing {
            let (Ok(id), Some(other)) = (span.parse::<RunId>(), self.run_in_row(row)?) else { continue };
            if other.run_id != run.run_id
                && (id == run.run_id
                    || self.find_by_id(id)?.is_some_and(|target| target.run_id == run.run_id))
            {
                let why =
                    other.span_links.iter().find(|link| link.span == span).and_then(|link| link.why.clone());
                found.push((other.run_id, why));
            }
        }
        Ok(found)
    }

    fn run_in_row(&mut self, id: i64) -> Result<Option<Run>> {
        let sql = format!("SELECT {} FROM runs r WHERE r.id = ?1", *SELECT);
        let found = self.db()?.prepare_cached(&sql)?.query_row([id], |row| Ok(RunRow::read(row)?.1));
        Ok(found.optional()?)
    }
}

/// A run's links within itself lead nowhere; several to the same run are one.
fn add(links: &mut Vec<RunLink>, run: &Run, other: RunId, why: Option<String>, is_before: bool) {
    let known = links.iter().any(|link| (link.run_id, link.is_before) == (other, is_before));
    if other != run.run_id && !known {
        links.push(RunLink { run_id: other, why, is_before });
    }
}
