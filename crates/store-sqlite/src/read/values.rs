//! The values that filters can take.

use super::{SqliteReader, figures::column_and_join, filter_sql::Clause};
use crate::{
    error::{Error, Result, StoreError},
    rollups::Kept,
    schema::stored::field,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rusqlite::ToSql;
use std::collections::HashMap;
use turnscope_query::{GroupBy, ValueCursor, ValuePage};

/// Where a list of values goes on: after the value with this count. Runs that came after the first page leave the order
/// as it was.
struct Place {
    runs: u64,
    /// The last row of `runs` when the first page was read.
    last_row: i64,
    value: String,
}

impl Place {
    fn parse(cursor: &ValueCursor, of: GroupBy) -> Result<Self> {
        let read = |text: &str| {
            let (runs, rest) = text.strip_prefix(&list_name(of))?.split_once(',')?;
            let (last_row, value) = rest.split_once(',')?;
            Some(Self { runs: runs.parse().ok()?, last_row: last_row.parse().ok()?, value: value.to_owned() })
        };
        let text =
            URL_SAFE_NO_PAD.decode(cursor.as_str()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|text| read(&text)).ok_or(Error::Store(StoreError::BadCursor))
    }

    fn cursor(&self, of: GroupBy) -> ValueCursor {
        let text = format!("{}{},{},{}", list_name(of), self.runs, self.last_row, self.value);
        ValueCursor::new(URL_SAFE_NO_PAD.encode(text))
    }
}

/// Values, and how many runs have each.
pub(crate) type ValueCounts = Vec<(String, u64)>;

fn list_name(of: GroupBy) -> String {
    format!("values,{of:?},")
}

impl SqliteReader<'_> {
    /// The values that a grouping can take, most frequent first, with how many runs have each.
    pub(super) fn value_page(
        &mut self,
        of: GroupBy,
        prefix: &str,
        after: Option<&ValueCursor>,
        limit: u32,
    ) -> Result<ValuePage> {
        let after = after.map(|cursor| Place::parse(cursor, of)).transpose()?;
        let last_row: i64 = match &after {
            Some(place) => place.last_row,
            None => self.last_row()?,
        };
        let is_kept = after.is_none() && Kept::Values.is_whole(self.db()?)?;
        let sql = is_kept.then(|| kept_sql(of)).flatten().unwrap_or_else(|| counted_sql(of));
        let limit_and_one = u64::from(limit) + 1;
        let mut values = match self.values_of(&sql, prefix, after.as_ref(), last_row, limit_and_one) {
            Err(error) if error.is_damage() => {
                self.values_around_damage(of, prefix, after.as_ref(), last_row, limit_and_one)?
            }
            values => values?,
        };
        let has_more = values.len() > limit as usize;
        values.truncate(limit as usize);
        Ok(ValuePage {
            next: values.last().filter(|_| has_more).map(|(place, _)| place.cursor(of)),
            values: values.into_iter().map(|(place, runs)| (place.value, runs)).collect(),
        })
    }

    /// Values after a place, and how many runs have each.
    fn values_of(
        &mut self,
        sql: &str,
        prefix: &str,
        after: Option<&Place>,
        last_row: i64,
        limit: u64,
    ) -> Result<Vec<(Place, u64)>> {
        let mut statement = self.db()?.prepare_cached(sql)?;
        let values: [&dyn ToSql; 5] =
            [&prefix, &limit, &last_row, &after.map(|place| place.runs), &after.map(|place| &place.value)];
        let values = &values[..statement.parameter_count()];
        let rows = statement.query_map(values, |row| {
            let place = Place { value: row.get(0)?, runs: row.get(2)?, last_row };
            Ok((place, row.get::<_, u64>(1)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The values of those runs that can be read: slow, and only for a table that is damaged.
    fn values_around_damage(
        &mut self,
        of: GroupBy,
        prefix: &str,
        after: Option<&Place>,
        last_row: i64,
        limit: u64,
    ) -> Result<Vec<(Place, u64)>> {
        let (column, join) = column_and_join(of);
        let mut counts: HashMap<String, u64> = HashMap::new();
        let prefix = prefix.to_ascii_lowercase();
        let select = format!("SELECT {column}, r.id FROM runs r{join}");
        self.each_row_around_damage(&select, &Clause::of_all(), |row| {
            if let Some(value) = row.get::<_, Option<String>>(0)?
                && row.get::<_, i64>(1)? <= last_row
                && !value.is_empty()
                && value.to_ascii_lowercase().starts_with(&prefix)
            {
                *counts.entry(value).or_default() += 1;
            }
            Ok(())
        })?;
        let mut values: Vec<(String, u64)> = counts.into_iter().collect();
        values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let is_beyond = |(value, runs): &(String, u64)| {
            after.is_none_or(|after| {
                *runs < after.runs || *runs == after.runs && value.as_str() > after.value.as_str()
            })
        };
        let beyond = values.into_iter().filter(is_beyond).take(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(beyond.map(|(value, runs)| (Place { runs, last_row, value }, runs)).collect())
    }

    /// All values, from the counts that are kept and by counting; `None` where none are kept. For tests that compare the two.
    pub(crate) fn values_both_ways(&mut self, of: GroupBy) -> Result<Option<[ValueCounts; 2]>> {
        let is_whole = Kept::Values.is_whole(self.db()?)?;
        let Some(kept) = kept_sql(of).filter(|_| is_whole) else { return Ok(None) };
        let mut read = |sql: &str| -> Result<ValueCounts> {
            let values = self.values_of(sql, "", None, i64::MAX, u64::from(u32::MAX))?;
            Ok(values.into_iter().map(|(place, runs)| (place.value, runs)).collect())
        };
        Ok(Some([read(&kept)?, read(&counted_sql(of))?]))
    }
}

/// Begins with the text `?1`, whatever the case of its letters.
fn begins(column: &str) -> String {
    format!("substr({column}, 1, length(?1)) = ?1 COLLATE NOCASE")
}

/// A page of values as the runs up to row `?3` have them, after the value `?5` with `?4` runs.
fn counted_sql(of: GroupBy) -> String {
    let (column, row, from) = source(of);
    format!(
        "SELECT {column} AS value, count(*) AS runs, sum({row} <= ?3) AS known FROM {from}
         {column} <> '' AND {}
         GROUP BY {column}
         HAVING known > 0 AND (?4 IS NULL OR known < ?4 OR (known = ?4 AND {column} > ?5))
         ORDER BY known DESC, {column} LIMIT ?2",
        begins(column)
    )
}

/// The first page, from the counts that are kept; `None` where they are not kept.
fn kept_sql(of: GroupBy) -> Option<String> {
    let field = match of {
        GroupBy::Agent => field::AGENT,
        GroupBy::Model => field::MODEL,
        GroupBy::Provider => field::PROVIDER,
        GroupBy::Tool => field::TOOL,
        GroupBy::Tag => field::TAG,
        GroupBy::Service => field::SERVICE,
        GroupBy::User => field::USER,
        GroupBy::Dialect => field::DIALECT,
        GroupBy::Prompt => field::PROMPT,
        GroupBy::PromptVersion => field::PROMPT_VERSION,
        GroupBy::Experiment => field::EXPERIMENT,
        GroupBy::ExperimentVariant => field::EXPERIMENT_VARIANT,
        GroupBy::UserRole => field::USER_ROLE,
        GroupBy::RiskTier => field::RISK_TIER,
        GroupBy::Trigger => field::TRIGGER,
        // There are nearly as many as runs.
        GroupBy::Session => return None,
    };
    // Those given by API to runs that do not have them from telemetry.
    let given = match of {
        GroupBy::Tag => format!(
            "UNION ALL SELECT t.tag, 1 FROM tags t
                 JOIN runs r ON r.run_id = t.run_id AND r.trace_group = t.trace_group
                 WHERE NOT EXISTS (SELECT 1 FROM run_values v WHERE v.field = {field} AND v.value = t.tag
                     AND v.started_at = r.started_at AND v.run = r.id)"
        ),
        _ => String::new(),
    };
    let counts = format!("SELECT value, runs FROM value_counts WHERE field = {field} {given}");
    Some(format!(
        "SELECT value, sum(runs), sum(runs) AS known FROM ({counts}) WHERE value <> '' AND {}
         GROUP BY value HAVING known > 0 ORDER BY known DESC, value LIMIT ?2",
        begins("value")
    ))
}

/// Where the values of a grouping are: the value, the run that has it, and the rest of a statement up to the first condition.
/// A run stands there once for each of its values. Only indexes are read.
fn source(of: GroupBy) -> (&'static str, &'static str, String) {
    let listed = |field: u8| ("v.value", "v.run", format!("run_values v WHERE v.field = {field} AND"));
    match of {
        GroupBy::Model => listed(field::MODEL),
        GroupBy::Provider => listed(field::PROVIDER),
        GroupBy::Tool => listed(field::TOOL),
        GroupBy::RiskTier => listed(field::RISK_TIER),
        // Those that came with telemetry, and those given by API.
        GroupBy::Tag => (
            "v.value",
            "v.run",
            format!(
                "(SELECT value, run FROM run_values WHERE field = {}
                     UNION SELECT t.tag, r.id FROM tags t JOIN runs r ON r.run_id = t.run_id AND r.trace_group = t.trace_group) v
                 WHERE",
                field::TAG
            ),
        ),
        of_column => (column_and_join(of_column).0, "r.id", "runs r WHERE".into()),
    }
}
