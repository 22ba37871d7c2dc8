//! How many runs have each value of what lists are filtered by, so that nobody has to count them.

use super::Kept;
use crate::{error::Result, schema::stored::field};
use rusqlite::{Connection, Transaction};

/// Columns of `runs` whose values are counted, by the number of their field.
const COLUMNS: [(u8, &str); 10] = [
    (field::AGENT, "agent_name"),
    (field::SERVICE, "service_name"),
    (field::USER, "user_id"),
    (field::DIALECT, "dialect"),
    (field::PROMPT, "prompt_id"),
    (field::PROMPT_VERSION, "prompt_version"),
    (field::EXPERIMENT, "experiment_id"),
    (field::EXPERIMENT_VARIANT, "experiment_variant"),
    (field::USER_ROLE, "user_role"),
    (field::TRIGGER, "trigger_type"),
];

/// The columns of a row, with commas between them.
fn columns_of(row: &str) -> String {
    COLUMNS.map(|(_, column)| format!("{row}.{column}")).join(", ")
}

/// A statement that adds to the counts what `select` gives: field, value, how many.
fn add(select: &str) -> String {
    format!(
        "INSERT INTO value_counts (field, value, runs) {select}
         ON CONFLICT (field, value) DO UPDATE SET runs = runs + excluded.runs;"
    )
}

/// Adds to the counts of all values in the columns of a row.
fn add_run(row: &str, count: i8) -> String {
    let values = COLUMNS
        .map(|(field, column)| format!("SELECT {field} AS field, {row}.{column} AS value"))
        .join(" UNION ALL ");
    add(&format!("SELECT field, value, {count} FROM ({values}) WHERE value <> ''"))
}

/// Adds to the count of a row of `run_values`.
fn add_value(row: &str, count: i8) -> String {
    add(&format!("VALUES ({row}.field, {row}.value, {count})"))
}

/// Begins to keep the counts on this connection, which is the only one that writes.
pub(super) fn keep(db: &Connection) -> Result<()> {
    let (above, link) = (Kept::Values.above(), field::LINK);
    db.execute_batch(&format!(
        "CREATE TEMP TRIGGER counted_run_added AFTER INSERT ON main.runs WHEN NEW.id > {above} BEGIN {added} END;
         CREATE TEMP TRIGGER counted_run_changed AFTER UPDATE OF {columns} ON main.runs
             WHEN NEW.id > {above} AND ({old}) IS NOT ({new}) BEGIN {removed} {added} END;
         CREATE TEMP TRIGGER counted_run_removed AFTER DELETE ON main.runs WHEN OLD.id > {above} BEGIN {removed} END;
         CREATE TEMP TRIGGER counted_value_added AFTER INSERT ON main.run_values
             WHEN NEW.run > {above} AND NEW.field <> {link} BEGIN {value_added} END;
         CREATE TEMP TRIGGER counted_value_removed AFTER DELETE ON main.run_values
             WHEN OLD.run > {above} AND OLD.field <> {link} BEGIN {value_removed} END;",
        columns = COLUMNS.map(|(_, column)| column).join(", "),
        old = columns_of("OLD"),
        new = columns_of("NEW"),
        added = add_run("NEW", 1),
        removed = add_run("OLD", -1),
        value_added = add_value("NEW", 1),
        value_removed = add_value("OLD", -1),
    ))?;
    Ok(())
}

/// Counts the values of the runs above one number and up to another, which were not counted before.
pub(super) fn take_in_between(tx: &Transaction<'_>, above: i64, to: i64) -> Result<()> {
    let of_columns = COLUMNS.map(|(field, column)| {
        format!("SELECT {field} AS field, {column} AS value FROM runs WHERE id > ?1 AND id <= ?2")
    });
    let all = format!(
        "{} UNION ALL SELECT field, value FROM run_values INDEXED BY run_values_run
             WHERE run > ?1 AND run <= ?2 AND field <> {}",
        of_columns.join(" UNION ALL "),
        field::LINK
    );
    let counted =
        add(&format!("SELECT field, value, count(*) FROM ({all}) WHERE value <> '' GROUP BY field, value"));
    tx.prepare_cached(counted.trim_end_matches(';'))?.execute((above, to))?;
    Ok(())
}
