//! Finds runs: by id, by what else a client may call them, and below others.

use super::SqliteReader;
use crate::{
    error::Result,
    groups::leader,
    schema::columns::{RunRow, SELECT},
};
use rusqlite::OptionalExtension as _;
use std::collections::{HashMap, HashSet};
use turnscope_model::{RecordId, RunId, SpanId, TraceGroupId, TraceId};
use turnscope_query::{Found, Run};

/// Runs listed when a name means several.
const SEVERAL: u32 = 20;
/// Characters of a run id that a prefix must have.
const SHORTEST_PREFIX: usize = 4;

impl SqliteReader<'_> {
    /// The run of this id, or the run that the span of this id now belongs to.
    pub(super) fn find_by_id(&mut self, id: RunId) -> Result<Option<Run>> {
        if let Some(run) = self.exact_runs(&[id])?.pop() {
            return Ok(Some(run));
        }
        let Some((group, record)) = self.span_record(id.trace_part(), id.span_part())? else {
            return Ok(None);
        };
        let group = self.load_group(group)?;
        let Some(index) = group.run_of_record(record) else { return Ok(None) };
        Ok(self.exact_runs(&[group.projection.runs[index].run_id])?.pop())
    }

    /// The run that a text means.
    pub(super) fn find_by_text(&mut self, text: &str, prefixes: bool) -> Result<Found> {
        if let Ok(id) = text.parse::<RunId>() {
            return Ok(self.find_by_id(id)?.map_or(Found::None, |run| Found::One(Box::new(run))));
        }
        if let Ok(trace) = text.parse::<TraceId>() {
            let runs = self.runs_where(
                "r.trace_id = ?1 AND r.trace_group IN
                     (SELECT coalesce(leader, id) FROM trace_groups WHERE key = ?1) AND r.parent_run_id IS NULL
                 ORDER BY r.started_at, r.id",
                [trace.bytes().to_vec()],
            )?;
            if !runs.is_empty() {
                return Ok(one_or_several(runs));
            }
        }
        let native = format!("r.native_run_id = ?1 ORDER BY r.started_at LIMIT {SEVERAL}");
        let runs = self.runs_where(&native, [text])?;
        if runs.is_empty() && prefixes {
            return Ok(one_or_several(self.runs_by_prefix(text)?));
        }
        Ok(one_or_several(runs))
    }

    /// The runs whose ids begin like this. Of a run and its children in one trace, the beginning of the trace id means
    /// the run.
    fn runs_by_prefix(&mut self, prefix: &str) -> Result<Vec<Run>> {
        let digits = prefix.replace('-', "").to_ascii_lowercase();
        if digits.len() < SHORTEST_PREFIX || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        let even = &digits[..digits.len() & !1];
        let above = format!("{even}{}", "ff".repeat(25_usize.saturating_sub(even.len() / 2)));
        let runs = self.runs_where(
            &format!(
                "r.run_id >= unhex(?1) AND r.run_id < unhex(?2) AND lower(hex(r.run_id)) LIKE ?3 LIMIT {SEVERAL}"
            ),
            [even.to_owned(), above, format!("{digits}%")],
        )?;
        let roots: Vec<&Run> = runs.iter().filter(|run| run.parent_run_id.is_none()).collect();
        Ok(match roots[..] {
            [root] => vec![root.clone()],
            _ => runs,
        })
    }

    /// The runs with exactly these ids.
    pub(super) fn exact_runs(&mut self, ids: &[RunId]) -> Result<Vec<Run>> {
        if let [id] = ids {
            return self.runs_where("r.run_id = ?1", [id.bytes().to_vec()]);
        }
        self.runs_where("r.run_id IN (SELECT unhex(value) FROM json_each(?1))", [json_ids(ids)])
    }

    /// The runs below this one, all levels, by start.
    pub(super) fn runs_below(&mut self, run: &Run) -> Result<Vec<Run>> {
        let family = self.families(&[run.root_run_id])?;
        Ok(below(&family, run.run_id).cloned().collect())
    }

    /// All runs of these families (a topmost run and all runs below it), by start.
    pub(super) fn families(&mut self, roots: &[RunId]) -> Result<Vec<Run>> {
        self.runs_where(
            "r.id IN (
                 SELECT id FROM runs WHERE run_id IN (SELECT unhex(value) FROM json_each(?1))
                 UNION ALL SELECT id FROM runs INDEXED BY runs_below
                     WHERE parent_run_id IS NOT NULL AND root_run_id IN (SELECT unhex(value) FROM json_each(?1))
             ) ORDER BY r.started_at, r.id",
            [json_ids(roots)],
        )
    }

    /// The runs for which a condition on `runs r` holds, with their tags. A row that is damaged fails the question; lists
    /// use `run_page`, which goes on.
    pub(super) fn runs_where(&mut self, condition: &str, params: impl rusqlite::Params) -> Result<Vec<Run>> {
        let sql = format!("SELECT {} FROM runs r WHERE {condition}", *SELECT);
        let rows: Vec<(i64, Run)> = self
            .db()?
            .prepare_cached(&sql)?
            .query_map(params, RunRow::read)?
            .collect::<rusqlite::Result<_>>()?;
        let mut runs: Vec<Run> = rows.into_iter().map(|(_, run)| run).collect();
        self.add_tags(runs.iter_mut())?;
        Ok(runs)
    }

    /// Adds the tags that were given by API.
    pub(super) fn add_tags<'a>(&mut self, runs: impl Iterator<Item = &'a mut Run>) -> Result<()> {
        let mut tags =
            self.db()?.prepare_cached("SELECT tag FROM tags WHERE trace_group = ?1 AND run_id = ?2")?;
        for run in runs {
            for tag in tags.query_map((run.group.0, run.run_id.bytes()), |row| row.get::<_, String>(0))? {
                run.tags.push(tag?);
            }
            run.tags.sort();
            run.tags.dedup();
        }
        Ok(())
    }

    /// The record of a span, and the trace group that it is projected with.
    pub(super) fn span_record(
        &mut self,
        trace: TraceId,
        span: SpanId,
    ) -> Result<Option<(TraceGroupId, RecordId)>> {
        let db = self.db()?;
        let found: Option<(i64, i64)> = db
            .prepare_cached(
                "SELECT r.trace_group, r.id FROM records r JOIN trace_groups t ON t.id = r.trace
                 WHERE t.key = ?1 AND r.span = ?2 AND r.role & 15 < 2",
            )?
            .query_row((trace.bytes(), span.as_i64()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        found.map(|(group, record)| Ok((leader(db, TraceGroupId(group))?, RecordId(record)))).transpose()
    }

    /// The records of these spans, in the same order.
    pub(super) fn records_of_spans(&mut self, spans: &[(TraceId, SpanId)]) -> Result<Vec<Option<RecordId>>> {
        spans
            .iter()
            .map(|(trace, span)| Ok(self.span_record(*trace, *span)?.map(|(_, record)| record)))
            .collect()
    }
}

/// Run ids as a JSON array of hex, for `json_each` and `unhex`.
pub(super) fn json_ids(ids: &[RunId]) -> String {
    let hex: Vec<String> = ids.iter().map(|id| id.to_string().replace('-', "")).collect();
    serde_json::to_string(&hex).unwrap_or_default()
}

/// The members of a family that lie below a run, in their order.
pub(super) fn below(family: &[Run], run: RunId) -> impl Iterator<Item = &Run> {
    let mut children: HashMap<RunId, Vec<RunId>> = HashMap::new();
    for member in family {
        if let Some(parent) = member.parent_run_id {
            children.entry(parent).or_default().push(member.run_id);
        }
    }
    let mut found = HashSet::new();
    let mut todo = vec![run];
    while let Some(next) = todo.pop() {
        for child in children.get(&next).into_iter().flatten() {
            if *child != run && found.insert(*child) {
                todo.push(*child);
            }
        }
    }
    family.iter().filter(move |member| found.contains(&member.run_id))
}

fn one_or_several(mut runs: Vec<Run>) -> Found {
    match runs.len() {
        0 => Found::None,
        1 => Found::One(Box::new(runs.remove(0))),
        _ => Found::Several(runs),
    }
}
