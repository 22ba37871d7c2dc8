//! The columns of a run, defined once: what is selected, inserted, updated, written and read derives from [`COLUMNS`].

use super::sql_value::SqlValue;
use rusqlite::{
    Row,
    types::{FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef},
};
use std::sync::LazyLock;
use turnscope_model::{Costs, ErrorFact, RunId, TraceGroupId, Usage};
use turnscope_query::{Run, SpanLink, Waiting};

/// A run as the table `runs` keeps it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunRow {
    /// The run, but for what stands below.
    run: Run,
    total_tokens: Option<u64>,
    waiting_since: Option<i64>,
    error_type: Option<String>,
    error_message: Option<String>,
    lists: Lists,
    /// Says which prices its costs were computed with; `None`: never priced.
    price_key: Option<i64>,
}

/// The lists of a run that are shown and not filtered by: JSON in one column.
#[derive(serde::Serialize, serde::Deserialize, Default, Clone, Debug, PartialEq)]
#[serde(default)]
struct Lists {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trace_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    providers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metadata: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    risk_tiers: Vec<String>,
    /// The spans that it links to, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<(String, Option<String>)>,
    /// What it waits for, but for the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Asked>,
}

/// What a person is asked.
#[derive(serde::Serialize, serde::Deserialize, Default, Clone, Debug, PartialEq)]
#[serde(default)]
struct Asked {
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
}

impl SqlValue for Lists {
    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Text(serde_json::to_string(self).unwrap_or_default()))
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map_err(FromSqlError::other)
    }
}

struct Column {
    name: &'static str,
    write: for<'a> fn(&'a RunRow) -> ToSqlOutput<'a>,
    read: fn(&mut RunRow, ValueRef<'_>) -> FromSqlResult<()>,
}

macro_rules! column {
    ($name:literal, |$row:ident| $place:expr) => {
        Column {
            name: $name,
            write: |$row| SqlValue::write(&$place),
            read: |$row, value| {
                $place = SqlValue::read(value)?;
                Ok(())
            },
        }
    };
}

/// Every column of `runs` but `id`.
const COLUMNS: &[Column] = &[
    column!("run_id", |row| row.run.run_id),
    column!("trace_group", |row| row.run.group),
    column!("parent_run_id", |row| row.run.parent_run_id),
    column!("root_run_id", |row| row.run.root_run_id),
    column!("trace_id", |row| row.run.trace_id),
    column!("span_id", |row| row.run.span_id),
    column!("native_run_id", |row| row.run.native_run_id),
    column!("name", |row| row.run.name),
    column!("agent_name", |row| row.run.agent_name),
    column!("service_name", |row| row.run.service_name),
    column!("dialect", |row| row.run.dialect),
    column!("started_at", |row| row.run.start),
    column!("ended_at", |row| row.run.end),
    column!("last_seen_at", |row| row.run.last_seen),
    column!("duration", |row| row.run.duration),
    column!("received_at", |row| row.run.received_at),
    column!("failed", |row| row.run.failed),
    column!("waiting_since", |row| row.waiting_since),
    column!("continued_by", |row| row.run.continued_by),
    column!("turn_count", |row| row.run.turn_count),
    column!("llm_call_count", |row| row.run.llm_call_count),
    column!("tool_call_count", |row| row.run.tool_call_count),
    column!("error_count", |row| row.run.error_count),
    column!("input_tokens", |row| row.run.usage.input_tokens),
    column!("output_tokens", |row| row.run.usage.output_tokens),
    column!("cache_read_tokens", |row| row.run.usage.cache_read_tokens),
    column!("cache_write_tokens", |row| row.run.usage.cache_write_tokens),
    column!("reasoning_tokens", |row| row.run.usage.reasoning_tokens),
    column!("total_tokens", |row| row.total_tokens),
    column!("cost", |row| row.run.costs.cost),
    column!("computed_cost", |row| row.run.costs.computed),
    column!("reported_cost", |row| row.run.costs.reported),
    column!("unpriced_calls", |row| row.run.costs.unpriced_calls),
    column!("price_key", |row| row.price_key),
    column!("session_id", |row| row.run.session_id),
    column!("user_id", |row| row.run.user_id),
    column!("user_role", |row| row.run.user_role),
    column!("trigger_type", |row| row.run.trigger_type),
    column!("allow_count", |row| row.run.verdicts[0]),
    column!("deny_count", |row| row.run.verdicts[1]),
    column!("hitl_count", |row| row.run.verdicts[2]),
    column!("error_type", |row| row.error_type),
    column!("error_message", |row| row.error_message),
    column!("input_preview", |row| row.run.input_preview),
    column!("output_preview", |row| row.run.output_preview),
    column!("prompt_id", |row| row.run.prompt_id),
    column!("prompt_version", |row| row.run.prompt_version),
    column!("experiment_id", |row| row.run.experiment_id),
    column!("experiment_variant", |row| row.run.experiment_variant),
    column!("lists", |row| row.lists),
];

/// What is selected of `runs r` to read runs: the row's id, then every column.
pub(crate) static SELECT: LazyLock<String> =
    LazyLock::new(|| COLUMNS.iter().fold("r.id".to_owned(), |all, column| all + ", r." + column.name));

/// Writes one run, in the place of the one with its id if there is one, and returns its row. `?1` is that row, or null.
pub(crate) static WRITE: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let values: Vec<String> = (0..=names.len()).map(|i| format!("?{}", i + 1)).collect();
    let set: Vec<String> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO runs (id, {}) VALUES ({}) ON CONFLICT (run_id) DO UPDATE SET {} RETURNING id",
        names.join(", "),
        values.join(", "),
        set.join(", ")
    )
});

/// Columns that hardly ever change once a run is written, and in which most indexes lie. A write that leaves them alone leaves
/// those indexes alone.
const STABLE: [&str; 12] = [
    "run_id",
    "trace_group",
    "parent_run_id",
    "root_run_id",
    "trace_id",
    "native_run_id",
    "agent_name",
    "service_name",
    "started_at",
    "session_id",
    "user_id",
    "name",
];

fn is_stable(column: &Column) -> bool {
    STABLE.contains(&column.name)
}

/// Gives a row if the stable columns of row `?1` are what they would become.
pub(crate) static HAS_SAME_STABLE: LazyLock<String> = LazyLock::new(|| {
    let stable = (2..).zip(COLUMNS.iter().filter(|column| is_stable(column)));
    stable.fold("SELECT 1 FROM runs WHERE id = ?1".to_owned(), |all, (n, column)| {
        format!("{all} AND {} IS ?{n}", column.name)
    })
});

/// Writes the other columns of row `?1`.
pub(crate) static WRITE_UNSTABLE: LazyLock<String> = LazyLock::new(|| {
    let unstable = (2..).zip(COLUMNS.iter().filter(|column| !is_stable(column)));
    let set: Vec<String> = unstable.map(|(n, column)| format!("{} = ?{n}", column.name)).collect();
    format!("UPDATE runs SET {} WHERE id = ?1", set.join(", "))
});

impl RunRow {
    pub(crate) fn new(mut run: Run, price_key: Option<i64>) -> Self {
        let (error_type, error_message) = match run.error.take() {
            Some(error) => (Some(error.r#type), error.message),
            None => (None, None),
        };
        let lists = Lists {
            trace_ids: std::mem::take(&mut run.trace_ids),
            models: std::mem::take(&mut run.models),
            providers: std::mem::take(&mut run.providers),
            tools: std::mem::take(&mut run.tools),
            tags: std::mem::take(&mut run.tags),
            metadata: std::mem::take(&mut run.metadata),
            risk_tiers: std::mem::take(&mut run.risk_tiers),
            links: run.span_links.drain(..).map(|link| (link.span, link.why)).collect(),
            waiting: None,
        };
        let waiting = run.waiting.take();
        let waiting_since = waiting.as_ref().map(|waiting| waiting.since);
        let lists = Lists {
            waiting: waiting.map(|Waiting { question, who, tool_name, tool_call_id, .. }| Asked {
                question,
                who,
                tool_name,
                tool_call_id,
            }),
            ..lists
        };
        Self {
            waiting_since,
            total_tokens: run.usage.total_tokens(),
            run,
            error_type,
            error_message,
            lists,
            price_key,
        }
    }

    /// The run that this row keeps.
    pub(crate) fn into_run(self) -> Run {
        let message = self.error_message;
        let asked = self.lists.waiting.unwrap_or_default();
        Run {
            error: self.error_type.map(|r#type| ErrorFact { r#type, message }),
            trace_ids: self.lists.trace_ids,
            models: self.lists.models,
            providers: self.lists.providers,
            tools: self.lists.tools,
            tags: self.lists.tags,
            metadata: self.lists.metadata,
            risk_tiers: self.lists.risk_tiers,
            waiting: self.waiting_since.map(|since| Waiting {
                since,
                question: asked.question,
                who: asked.who,
                tool_name: asked.tool_name,
                tool_call_id: asked.tool_call_id,
            }),
            span_links: self.lists.links.into_iter().map(|(span, why)| SpanLink { span, why }).collect(),
            ..self.run
        }
    }

    /// The values for [`WRITE`].
    pub(crate) fn values(&self, known: Option<i64>) -> impl Iterator<Item = ToSqlOutput<'_>> {
        let id = ToSqlOutput::Owned(known.map_or(Value::Null, Value::Integer));
        std::iter::once(id).chain(COLUMNS.iter().map(|column| (column.write)(self)))
    }

    /// The values for [`HAS_SAME_STABLE`].
    pub(crate) fn stable_values(&self, id: i64) -> impl Iterator<Item = ToSqlOutput<'_>> {
        self.values_of(id, is_stable)
    }

    /// The values for [`WRITE_UNSTABLE`].
    pub(crate) fn unstable_values(&self, id: i64) -> impl Iterator<Item = ToSqlOutput<'_>> {
        self.values_of(id, |column| !is_stable(column))
    }

    fn values_of(&self, id: i64, which: fn(&Column) -> bool) -> impl Iterator<Item = ToSqlOutput<'_>> {
        let id = ToSqlOutput::Owned(Value::Integer(id));
        let columns = COLUMNS.iter().filter(move |column| which(column));
        std::iter::once(id).chain(columns.map(|column| (column.write)(self)))
    }

    /// The row's id and the run, from columns that [`SELECT`] gave.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Run)> {
        let mut read = Self::new(blank(), None);
        for (index, column) in (1..).zip(COLUMNS) {
            let value = row.get_ref(index)?;
            (column.read)(&mut read, value).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(index, value.data_type(), Box::new(error))
            })?;
        }
        Ok((row.get(0)?, read.into_run()))
    }
}

/// A run of which nothing has been read yet.
fn blank() -> Run {
    let id = RunId::assembled("", "", "");
    Run {
        group: TraceGroupId(0),
        run_id: id,
        parent_run_id: None,
        root_run_id: id,
        trace_id: None,
        trace_ids: Vec::new(),
        span_id: None,
        native_run_id: None,
        name: String::new(),
        agent_name: None,
        service_name: String::new(),
        dialect: String::new(),
        start: 0,
        end: None,
        last_seen: 0,
        duration: 0,
        received_at: 0,
        failed: false,
        waiting: None,
        continued_by: None,
        turn_count: 0,
        llm_call_count: 0,
        tool_call_count: 0,
        error_count: 0,
        usage: Usage::default(),
        costs: Costs::default(),
        models: Vec::new(),
        providers: Vec::new(),
        tools: Vec::new(),
        tags: Vec::new(),
        metadata: Vec::new(),
        risk_tiers: Vec::new(),
        session_id: None,
        user_id: None,
        user_role: None,
        trigger_type: None,
        verdicts: [0; 3],
        error: None,
        input_preview: None,
        output_preview: None,
        prompt_id: None,
        prompt_version: None,
        experiment_id: None,
        experiment_variant: None,
        span_links: Vec::new(),
    }
}

/// Tokens in five columns, beginning with this one. Values out of range are unknown.
pub(crate) fn usage(row: &Row<'_>, first: usize) -> rusqlite::Result<Usage> {
    let tokens = |column: usize| -> rusqlite::Result<Option<u64>> {
        Ok(row.get::<_, Option<i64>>(first + column)?.and_then(|tokens| u64::try_from(tokens).ok()))
    };
    Ok(Usage {
        input_tokens: tokens(0)?,
        output_tokens: tokens(1)?,
        cache_read_tokens: tokens(2)?,
        cache_write_tokens: tokens(3)?,
        reasoning_tokens: tokens(4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn every_column_of_the_table_is_defined_once() {
        let mut db = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut db).unwrap();
        let mut statement = db.prepare("SELECT name FROM pragma_table_info('runs')").unwrap();
        let mut table: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let mut defined: Vec<String> = COLUMNS.iter().map(|column| column.name.to_owned()).collect();
        defined.push("id".into());
        table.sort();
        defined.sort();
        assert_eq!(table, defined);
    }
}
