//! Figures that are kept: sums over the runs of each hour, for all of them and for each agent, service and model; and how many
//! runs have each value ([`value_counts`]).
//!
//! Triggers of the writer's connection keep them as differences between the old and the new rows of `runs` and
//! `run_models`, whoever writes these: so late data, other prices and deletions leave them exact. Here: what is kept, and how it
//! is written. How it is read: `read/rolled.rs`.

mod sketch;
mod value_counts;

pub(crate) use sketch::Sketch;

use crate::error::{Error, Result};
use rusqlite::{
    Connection, Transaction,
    functions::{Context, FunctionFlags},
};
use std::time::{Duration, Instant};

/// Nanoseconds in an hour.
pub(crate) const HOUR: i64 = 3_600_000_000_000;

/// `rollups.dimension`.
pub(crate) mod dimension {
    pub(crate) const ALL: u8 = 0;
    pub(crate) const AGENT: u8 = 1;
    pub(crate) const SERVICE: u8 = 2;
    pub(crate) const MODEL: u8 = 3;
}

/// Where a sum comes from.
#[derive(Clone, Copy)]
enum Of {
    /// An expression over the run.
    Run(&'static str),
    /// A column of the run, or one of the model's own where runs are summed by model.
    Own { run: &'static str, model: &'static str },
    /// How many of those are known.
    Known { run: &'static str, model: &'static str },
}

const fn own(column: &'static str) -> Of {
    Of::Own { run: column, model: column }
}

const fn known(column: &'static str) -> Of {
    Of::Known { run: column, model: column }
}

/// The sums of a row, in the order in which [`columns`] names them. `$` stands for the run's row.
const SUMS: [(&str, Of); 28] = [
    ("runs", Of::Run("1")),
    ("failed", Of::Run("$.failed <> 0")),
    (
        "open",
        Of::Run(
            "$.failed = 0 AND $.ended_at IS NULL AND NOT ($.waiting_since IS NOT NULL AND $.continued_by IS NULL)",
        ),
    ),
    ("turns", Of::Run("$.turn_count")),
    ("tool_calls", Of::Run("$.tool_call_count")),
    ("errors", Of::Run("$.error_count")),
    ("allowed", Of::Run("$.allow_count")),
    ("denied", Of::Run("$.deny_count")),
    ("asked", Of::Run("$.hitl_count")),
    ("llm_calls", Of::Own { run: "llm_call_count", model: "calls" }),
    ("unpriced_calls", own("unpriced_calls")),
    ("cost", own("cost")),
    ("cost_known", known("cost")),
    ("computed_cost", own("computed_cost")),
    ("computed_cost_known", known("computed_cost")),
    ("reported_cost", own("reported_cost")),
    ("reported_cost_known", known("reported_cost")),
    ("input_tokens", own("input_tokens")),
    ("input_tokens_known", known("input_tokens")),
    ("output_tokens", own("output_tokens")),
    ("output_tokens_known", known("output_tokens")),
    ("cache_read_tokens", own("cache_read_tokens")),
    ("cache_read_tokens_known", known("cache_read_tokens")),
    ("cache_write_tokens", own("cache_write_tokens")),
    ("cache_write_tokens_known", known("cache_write_tokens")),
    ("reasoning_tokens", own("reasoning_tokens")),
    ("reasoning_tokens_known", known("reasoning_tokens")),
    ("waiting", Of::Run("$.failed = 0 AND $.waiting_since IS NOT NULL AND $.continued_by IS NULL")),
];

/// How many sums a row has.
pub(crate) const COUNT: usize = SUMS.len();

/// The names of the sums, with commas between them.
pub(crate) fn columns() -> String {
    SUMS.map(|(name, _)| name).join(", ")
}

/// What is kept: each holds the runs above a number in `state`, which is 0 when all are in it.
#[derive(Clone, Copy)]
pub(crate) enum Kept {
    /// The sums of each hour.
    Figures,
    /// How many runs have each value.
    Values,
}

impl Kept {
    const fn key(self) -> &'static str {
        match self {
            Self::Figures => "rollups_above",
            Self::Values => "value_counts_above",
        }
    }

    /// The number, in SQL.
    fn above(self) -> String {
        format!("(SELECT value FROM state WHERE key = '{}')", self.key())
    }

    /// Whether all runs are in it.
    pub(crate) fn is_whole(self, db: &Connection) -> Result<bool> {
        Ok(db
            .prepare_cached("SELECT value = 0 FROM state WHERE key = ?1")?
            .query_row([self.key()], |row| row.get(0))?)
    }

    fn take_in_between(self, tx: &Transaction<'_>, above: i64, to: i64) -> Result<()> {
        match self {
            Self::Figures => take_in_between(tx, above, to),
            Self::Values => value_counts::take_in_between(tx, above, to),
        }
    }
}

/// Columns of `runs` that the roll-ups depend on.
const WATCHED: &str = "started_at, ended_at, duration, failed, turn_count, tool_call_count, error_count, allow_count, deny_count,
     hitl_count, llm_call_count, unpriced_calls, cost, computed_cost, reported_cost, input_tokens, output_tokens,
     cache_read_tokens, cache_write_tokens, reasoning_tokens, agent_name, service_name, waiting_since, continued_by";

/// What one run adds to each sum, and how long it lasted: of the run `run`, and where runs are summed by model of its row
/// `model`.
fn sums(run: &str, model: Option<&str>) -> (Vec<String>, String) {
    let column = |of_run: &str, of_model: &str| match model {
        Some(model) => format!("{model}.{of_model}"),
        None => format!("{run}.{of_run}"),
    };
    let one = |(_, of): (&str, Of)| match of {
        Of::Run(expression) => format!("({})", expression.replace('$', run)),
        Of::Own { run, model } => format!("coalesce({}, 0)", column(run, model)),
        Of::Known { run, model } => format!("({} IS NOT NULL)", column(run, model)),
    };
    (SUMS.map(one).to_vec(), format!("CASE WHEN {run}.ended_at IS NOT NULL THEN {run}.duration END"))
}

/// A statement that adds rows to the roll-ups: `select` gives the key, the sums, and a sketch.
fn add(select: &str) -> String {
    let set = SUMS.map(|(name, _)| format!("{name} = {name} + excluded.{name}")).join(", ");
    format!(
        "INSERT INTO rollups (dimension, value, hour, {}, durations) {select}
         ON CONFLICT (dimension, value, hour) DO UPDATE SET {set},
             durations = sketch_sum(durations, excluded.durations);",
        columns()
    )
}

/// What is added to the roll-ups of a run: its sums, and a sketch of how long it lasted.
struct Addend {
    sums: Vec<String>,
    sketch: String,
}

impl Addend {
    /// The run whole, or the run taken away.
    fn whole(sign: &str, run: &str, model: Option<&str>) -> Self {
        let (sums, duration) = sums(run, model);
        Self {
            sums: sums.iter().map(|sum| format!("{sign}{sum}")).collect(),
            sketch: format!("sketch({duration}, {sign}1)"),
        }
    }

    /// The difference between the old and the new row of a run.
    fn difference(model: Option<&str>) -> Self {
        let ((new, lasts), (old, lasted)) = (sums("NEW", model), sums("OLD", model));
        Self {
            sums: new.iter().zip(&old).map(|(new, old)| format!("{new} - {old}")).collect(),
            sketch: format!("sketch_sum(sketch({lasts}, 1), sketch({lasted}, -1))"),
        }
    }

    /// Adds to the figures of all, of the run's agent and of its service. `rest` says which runs.
    fn to_runs(&self, run: &str, rest: &str) -> String {
        let (all, agent, service) = (dimension::ALL, dimension::AGENT, dimension::SERVICE);
        add(&format!(
            "SELECT d.dimension, CASE d.dimension WHEN {all} THEN '' WHEN {agent} THEN coalesce({run}.agent_name, '')
                 ELSE {run}.service_name END, {run}.started_at / {HOUR}, {}, {}
             FROM (SELECT {all} AS dimension UNION ALL SELECT {agent} UNION ALL SELECT {service}) d {rest}",
            self.sums.join(", "),
            self.sketch,
        ))
    }

    /// Adds to the figures of the models that the run called: rows `model` in `from`.
    fn to_models(&self, run: &str, model: &str, from: &str) -> String {
        add(&format!(
            "SELECT {}, {model}.model, {run}.started_at / {HOUR}, {}, {} FROM {from}",
            dimension::MODEL,
            self.sums.join(", "),
            self.sketch,
        ))
    }
}

/// Begins to keep the roll-ups on this connection, which is the only one that writes.
pub(crate) fn keep(db: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("sketch", 2, flags, |call| {
        let mut sketch = Sketch::default();
        if let Some(duration) = call.get::<Option<i64>>(0)? {
            sketch.add(duration, call.get(1)?);
        }
        Ok(sketch.encode())
    })?;
    db.create_scalar_function("sketch_sum", 2, flags, |call| {
        let mut sum = read(call, 0)?;
        sum.merge(&read(call, 1)?);
        Ok(sum.encode())
    })?;
    // What takes the place of a row is a deletion first.
    db.pragma_update(None, "recursive_triggers", true)?;
    let above = Kept::Figures.above();
    let models_of = |row: &str| format!("run_models m WHERE m.run = {row}.id");
    let run_of = |row: &str| format!("runs r WHERE r.id = {row}.run");
    let stays = format!(
        "NEW.started_at / {HOUR} = OLD.started_at / {HOUR} AND NEW.agent_name IS OLD.agent_name
             AND NEW.service_name = OLD.service_name"
    );
    db.execute_batch(&format!(
        "CREATE TEMP TRIGGER rolled_run_added AFTER INSERT ON main.runs WHEN NEW.id > {above} BEGIN {added} END;
         CREATE TEMP TRIGGER rolled_run_changed AFTER UPDATE OF {WATCHED} ON main.runs WHEN NEW.id > {above} AND {stays}
             BEGIN {changed} {models_changed} END;
         CREATE TEMP TRIGGER rolled_run_moved AFTER UPDATE OF {WATCHED} ON main.runs WHEN NEW.id > {above} AND NOT ({stays})
             BEGIN {removed} {models_removed} {added} {models_added} END;
         CREATE TEMP TRIGGER rolled_run_removed AFTER DELETE ON main.runs WHEN OLD.id > {above}
             BEGIN {removed} {models_removed} END;
         CREATE TEMP TRIGGER rolled_model_added AFTER INSERT ON main.run_models WHEN NEW.run > {above} BEGIN {model_added} END;
         CREATE TEMP TRIGGER rolled_model_removed AFTER DELETE ON main.run_models WHEN OLD.run > {above}
             BEGIN {model_removed} END;",
        added = Addend::whole("", "NEW", None).to_runs("NEW", "WHERE true"),
        removed = Addend::whole("-", "OLD", None).to_runs("OLD", "WHERE true"),
        changed = Addend::difference(None).to_runs("NEW", "WHERE true"),
        models_added = Addend::whole("", "NEW", Some("m")).to_models("NEW", "m", &models_of("NEW")),
        models_removed = Addend::whole("-", "OLD", Some("m")).to_models("OLD", "m", &models_of("OLD")),
        models_changed = Addend::difference(Some("m")).to_models("NEW", "m", &models_of("NEW")),
        model_added = Addend::whole("", "r", Some("NEW")).to_models("r", "NEW", &run_of("NEW")),
        model_removed = Addend::whole("-", "r", Some("OLD")).to_models("r", "OLD", &run_of("OLD")),
    ))?;
    value_counts::keep(db)
}

fn read(call: &Context<'_>, argument: usize) -> rusqlite::Result<Sketch> {
    let bytes = call.get_raw(argument).as_blob().unwrap_or_default();
    Sketch::decode(bytes).ok_or_else(|| rusqlite::Error::UserFunctionError("a damaged sketch".into()))
}

/// Runs taken in by one statement.
const AT_ONCE: i64 = 200;

/// Takes in runs that an earlier version wrote, the newest first, for at most about `budget`; gives whether none are left.
pub(crate) fn take_in(db: &mut Connection, budget: Duration) -> Result<bool> {
    let began = Instant::now();
    let tx = db.transaction()?;
    let mut is_whole = true;
    for kept in [Kept::Figures, Kept::Values] {
        let mut above: i64 =
            tx.query_row("SELECT value FROM state WHERE key = ?1", [kept.key()], |row| row.get(0))?;
        while above > 0 && began.elapsed() < budget {
            let from = (above - AT_ONCE).max(0);
            kept.take_in_between(&tx, from, above)?;
            above = from;
        }
        tx.execute("UPDATE state SET value = ?1 WHERE key = ?2", (above, kept.key()))?;
        is_whole &= above == 0;
    }
    tx.commit()?;
    Ok(is_whole)
}

fn take_in_between(tx: &Transaction<'_>, above: i64, to: i64) -> Result<()> {
    let runs = Addend::whole("", "r", None).to_runs("r", "CROSS JOIN runs r WHERE r.id > ?1 AND r.id <= ?2");
    let models = Addend::whole("", "r", Some("m")).to_models(
        "r",
        "m",
        "run_models m JOIN runs r ON r.id = m.run WHERE m.run > ?1 AND m.run <= ?2",
    );
    for statement in [runs, models] {
        tx.prepare_cached(statement.trim_end_matches(';'))?.execute((above, to)).map_err(Error::from)?;
    }
    Ok(())
}
