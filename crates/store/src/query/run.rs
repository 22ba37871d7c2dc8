//! One run as the store knows it, and the ways to find it.

use super::Reader;
use crate::{
    StoreError,
    projector::{RunLists, group_of},
};
use rusqlite::{OptionalExtension as _, Row};
use turnscope_model::{Costs, ErrorFact, RunId, RunStatus, SpanId, TraceId, Usage};

/// One run's summary, kept up to date as spans arrive. Its own figures leave its child runs out.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub(crate) row: i64,
    pub(crate) unit: i64,
    /// See the fields of the same name in the design; times in nanoseconds.
    pub run_id: RunId,
    /// The run above it.
    pub parent_run_id: Option<RunId>,
    /// The topmost run above it, or itself.
    pub root_run_id: RunId,
    /// The one trace it lies in.
    pub trace_id: Option<TraceId>,
    /// All traces it lies in.
    pub trace_ids: Vec<String>,
    /// The root's span.
    pub span_id: Option<SpanId>,
    /// The application's own id.
    pub native_run_id: Option<String>,
    /// The name to show.
    pub name: String,
    /// The agent.
    pub agent_name: Option<String>,
    /// The service.
    pub service_name: String,
    /// The dialect.
    pub dialect: String,
    /// Nanoseconds since the epoch.
    pub start: i64,
    /// Nanoseconds since the epoch; `None` while the root has not ended.
    pub end: Option<i64>,
    /// Nanoseconds, to the end or to what was last seen.
    pub duration: i64,
    /// Milliseconds since the epoch: the latest receipt.
    pub received_at: i64,
    /// The root ended with an error.
    pub failed: bool,
    /// Turns.
    pub turn_count: u64,
    /// Model and embedding calls.
    pub llm_call_count: u64,
    /// Tool calls.
    pub tool_call_count: u64,
    /// Failed steps.
    pub error_count: u64,
    /// Tokens.
    pub usage: Usage,
    /// What it cost, in billionths of a dollar.
    pub costs: Costs,
    /// Models, sorted.
    pub models: Vec<String>,
    /// Providers, sorted.
    pub providers: Vec<String>,
    /// Tools, sorted.
    pub tools: Vec<String>,
    /// Tags, those given by API too, sorted.
    pub tags: Vec<String>,
    /// Metadata.
    pub metadata: Vec<(String, String)>,
    /// Tiers of risk.
    pub risk_tiers: Vec<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The user's role.
    pub user_role: Option<String>,
    /// What set it off.
    pub trigger_type: Option<String>,
    /// Verdicts: allowed, denied, sent to a human.
    pub verdicts: [u64; 3],
    /// The first error.
    pub error: Option<ErrorFact>,
    /// The question.
    pub input_preview: Option<String>,
    /// The answer.
    pub output_preview: Option<String>,
    /// The prompt.
    pub prompt_id: Option<String>,
    /// Its version.
    pub prompt_version: Option<String>,
    /// The experiment.
    pub experiment_id: Option<String>,
    /// Its arm.
    pub experiment_variant: Option<String>,
    /// The spans that it links to, and why; see [`Reader::links`].
    pub(crate) links: Vec<(String, Option<String>)>,
}

impl Run {
    /// Where the run stands now, and why: a root that has not come within `silence_ms` makes it incomplete.
    pub fn status(&self, now_ms: i64, silence_ms: i64) -> (RunStatus, Option<String>) {
        if self.failed {
            (RunStatus::Failed, None)
        } else if self.end.is_some() {
            (RunStatus::Completed, None)
        } else if now_ms.saturating_sub(self.received_at) > silence_ms {
            let reason = format!("its root has not ended, and nothing came for {} s", silence_ms / 1000);
            (RunStatus::Incomplete, Some(reason))
        } else {
            (RunStatus::Running, None)
        }
    }
}

/// The columns of a run, in the order in which [`from_row`] reads them.
pub(crate) const COLUMNS: &str = "r.id, r.unit, r.run_id, r.parent_run_id, r.root_run_id, r.trace_id, r.span_id, \
     r.native_run_id, r.name, r.agent_name, r.service_name, r.dialect, r.started_at, r.ended_at, r.duration, \
     r.received_at, r.failed, r.turn_count, r.llm_call_count, r.tool_call_count, r.error_count, r.input_tokens, \
     r.output_tokens, r.cache_read_tokens, r.cache_write_tokens, r.reasoning_tokens, r.reported_cost, r.session_id, \
     r.user_id, r.user_role, r.trigger_type, r.allow_count, r.deny_count, r.hitl_count, r.error_type, \
     r.error_message, r.input_preview, r.output_preview, r.prompt_id, r.prompt_version, r.experiment_id, \
     r.experiment_variant, r.lists, r.cost, r.computed_cost, r.unpriced_calls";

/// Tokens in five columns, beginning with this one.
pub(crate) fn usage_from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Usage> {
    Ok(Usage {
        input_tokens: row.get(first)?,
        output_tokens: row.get(first + 1)?,
        cache_read_tokens: row.get(first + 2)?,
        cache_write_tokens: row.get(first + 3)?,
        reasoning_tokens: row.get(first + 4)?,
    })
}

pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Run> {
    let id = |column: usize| -> rusqlite::Result<Option<RunId>> {
        Ok(row.get::<_, Option<Vec<u8>>>(column)?.and_then(|bytes| RunId::from_bytes(&bytes).ok()))
    };
    let wrong = |column: usize| {
        rusqlite::Error::InvalidColumnType(column, "run_id".into(), rusqlite::types::Type::Blob)
    };
    let lists: RunLists = serde_json::from_str(row.get_ref(42)?.as_str()?).unwrap_or_default();
    Ok(Run {
        row: row.get(0)?,
        unit: row.get(1)?,
        run_id: id(2)?.ok_or_else(|| wrong(2))?,
        parent_run_id: id(3)?,
        root_run_id: id(4)?.ok_or_else(|| wrong(4))?,
        trace_id: row.get::<_, Option<Vec<u8>>>(5)?.and_then(|bytes| TraceId::try_from(&bytes[..]).ok()),
        trace_ids: lists.trace_ids,
        span_id: row.get::<_, Option<Vec<u8>>>(6)?.and_then(|bytes| SpanId::try_from(&bytes[..]).ok()),
        native_run_id: row.get(7)?,
        name: row.get(8)?,
        agent_name: row.get(9)?,
        service_name: row.get(10)?,
        dialect: row.get(11)?,
        start: row.get(12)?,
        end: row.get(13)?,
        duration: row.get(14)?,
        received_at: row.get(15)?,
        failed: row.get(16)?,
        turn_count: row.get(17)?,
        llm_call_count: row.get(18)?,
        tool_call_count: row.get(19)?,
        error_count: row.get(20)?,
        usage: usage_from_row(row, 21)?,
        costs: Costs {
            cost: row.get(43)?,
            computed: row.get(44)?,
            reported: row.get(26)?,
            unpriced_calls: row.get(45)?,
        },
        models: lists.models,
        providers: lists.providers,
        tools: lists.tools,
        tags: lists.tags,
        metadata: lists.metadata,
        risk_tiers: lists.risk_tiers,
        session_id: row.get(27)?,
        user_id: row.get(28)?,
        user_role: row.get(29)?,
        trigger_type: row.get(30)?,
        verdicts: [row.get(31)?, row.get(32)?, row.get(33)?],
        error: row
            .get::<_, Option<String>>(34)?
            .map(|r#type| Ok::<_, rusqlite::Error>(ErrorFact { r#type, message: row.get(35)? }))
            .transpose()?,
        input_preview: row.get(36)?,
        output_preview: row.get(37)?,
        prompt_id: row.get(38)?,
        prompt_version: row.get(39)?,
        experiment_id: row.get(40)?,
        experiment_variant: row.get(41)?,
        links: lists.links,
    })
}

/// What an id that a client gave stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Exactly one run.
    One(Box<Run>),
    /// Several: a bare trace id of a trace with several top-level runs, or an ambiguous prefix.
    Several(Vec<Run>),
    /// None.
    None,
}

impl Reader {
    /// The run of this id; the `<trace>-<span>` of any span means the run that the span now belongs to.
    pub fn run(&mut self, id: RunId) -> Result<Option<Run>, StoreError> {
        if let Some(run) = self.run_exactly(id)? {
            return Ok(Some(run));
        }
        let Some((unit, record)) = self.span_record(id.trace_part(), id.span_part())? else {
            return Ok(None);
        };
        let seen = self.unit(unit)?;
        let Some(index) = seen.run_of_row(record) else { return Ok(None) };
        self.run_exactly(seen.projection.runs[index].run_id)
    }

    /// Whether the span that a run id of the form `<trace>-<span>` names was received.
    pub fn holds_span_of(&mut self, id: RunId) -> Result<bool, StoreError> {
        Ok(self.span_record(id.trace_part(), id.span_part())?.is_some())
    }

    /// As [`Reader::run`], for text: a run id, a bare trace id, the application's own id or, with `prefixes`, an
    /// unambiguous beginning of a run id.
    pub fn find_run(&mut self, text: &str, prefixes: bool) -> Result<Found, StoreError> {
        if let Ok(id) = text.parse::<RunId>() {
            return Ok(self.run(id)?.map_or(Found::None, |run| Found::One(Box::new(run))));
        }
        if let Ok(trace) = text.parse::<TraceId>() {
            let sql = format!(
                "SELECT {COLUMNS} FROM runs r WHERE r.trace_id = ?1 AND r.unit IN
                     (SELECT coalesce(main, id) FROM units WHERE key = ?1) AND r.parent_run_id IS NULL
                 ORDER BY r.started_at, r.id"
            );
            let runs = self.runs_by(&sql, [trace.bytes().to_vec()])?;
            if !runs.is_empty() {
                return Ok(one_or_several(runs));
            }
        }
        let sql =
            format!("SELECT {COLUMNS} FROM runs r WHERE r.native_run_id = ?1 ORDER BY r.started_at LIMIT 20");
        let mut runs = self.runs_by(&sql, [text])?;
        if runs.is_empty() && prefixes && text.len() >= 4 {
            let digits = text.replace('-', "").to_ascii_lowercase();
            let sql = format!(
                "SELECT {COLUMNS} FROM runs r WHERE r.run_id >= unhex(?1) AND r.run_id < unhex(?2)
                     AND lower(hex(r.run_id)) LIKE ?3 LIMIT 20"
            );
            let even = &digits[..digits.len() & !1];
            let above = format!("{even}{}", "ff".repeat(25_usize.saturating_sub(even.len() / 2)));
            runs = self.runs_by(&sql, [even.to_owned(), above, format!("{digits}%")])?;
            // Of a run and its children in one trace, the beginning of the trace id means the run.
            if runs.len() > 1 {
                let roots: Vec<Run> =
                    runs.iter().filter(|run| run.parent_run_id.is_none()).cloned().collect();
                if roots.len() == 1 {
                    runs = roots;
                }
            }
        }
        Ok(one_or_several(runs))
    }

    pub(crate) fn run_exactly(&mut self, id: RunId) -> Result<Option<Run>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs r WHERE r.run_id = ?1");
        let mut runs = self.runs_by(&sql, [id.bytes().to_vec()])?;
        Ok(runs.pop())
    }

    /// The runs below this one, all levels, by start.
    pub fn descendants(&mut self, run: &Run) -> Result<Vec<Run>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM runs r WHERE r.root_run_id = ?1 ORDER BY r.started_at, r.id");
        let family = self.runs_by(&sql, [run.root_run_id.bytes().to_vec()])?;
        let mut below = std::collections::HashSet::from([run.run_id]);
        loop {
            let before = below.len();
            for member in &family {
                if member.parent_run_id.is_some_and(|parent| below.contains(&parent)) {
                    below.insert(member.run_id);
                }
            }
            if below.len() == before {
                break;
            }
        }
        Ok(family
            .into_iter()
            .filter(|member| member.run_id != run.run_id && below.contains(&member.run_id))
            .collect())
    }

    pub(crate) fn runs_by(
        &mut self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<Run>, StoreError> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut runs: Vec<Run> = statement.query_map(params, from_row)?.collect::<Result<_, _>>()?;
        let mut tags = self.db.prepare_cached("SELECT tag FROM tags WHERE unit = ?1 AND run_id = ?2")?;
        for run in &mut runs {
            for tag in tags.query_map((run.unit, run.run_id.bytes()), |row| row.get::<_, String>(0))? {
                run.tags.push(tag?);
            }
            run.tags.sort();
            run.tags.dedup();
        }
        Ok(runs)
    }

    /// The stored record of a span, and the unit it is projected with.
    pub(crate) fn span_record(
        &mut self,
        trace: TraceId,
        span: SpanId,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        let found: Option<(i64, i64)> = self
            .db
            .prepare_cached(
                "SELECT r.unit, r.id FROM records r JOIN units t ON t.id = r.trace
                 WHERE t.key = ?1 AND r.span = ?2 AND r.role & 15 < 2",
            )?
            .query_row((trace.bytes(), span.as_i64()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(match found {
            Some((unit, record)) => Some((group_of(&self.db, unit)?[0], record)),
            None => None,
        })
    }
}

fn one_or_several(mut runs: Vec<Run>) -> Found {
    match runs.len() {
        0 => Found::None,
        1 => Found::One(Box::new(runs.remove(0))),
        _ => Found::Several(runs),
    }
}
