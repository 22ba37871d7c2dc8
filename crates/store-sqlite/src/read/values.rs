//! The values that filters can take.

use super::{SqliteReader, figures::column_and_join};
use crate::{
    error::{Error, Result, StoreError},
    schema::stored::field,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
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
            None => self.db()?.query_row("SELECT coalesce(max(id), 0) FROM runs", [], |row| row.get(0))?,
        };
        let (column, row, from) = source(of);
        let sql = format!(
            "SELECT {column} AS value, count(*) AS runs, sum({row} <= ?3) AS known FROM {from}
             {column} <> '' AND substr({column}, 1, length(?1)) = ?1 COLLATE NOCASE
             GROUP BY {column}
             HAVING known > 0 AND (?4 IS NULL OR known < ?4 OR (known = ?4 AND {column} > ?5))
             ORDER BY known DESC, {column} LIMIT ?2"
        );
        let mut statement = self.db()?.prepare_cached(&sql)?;
        let (runs, value) =
            (after.as_ref().map(|place| place.runs), after.as_ref().map(|place| &place.value));
        let rows = statement.query_map((prefix, u64::from(limit) + 1, last_row, runs, value), |row| {
            let place = Place { value: row.get(0)?, runs: row.get(2)?, last_row };
            Ok((place, row.get::<_, u64>(1)?))
        })?;
        let (mut page, mut last) = (ValuePage::default(), None::<Place>);
        for (n, row) in (0..).zip(rows) {
            if n == limit {
                page.next = last.as_ref().map(|place| place.cursor(of));
                break;
            }
            let (place, runs) = row?;
            page.values.push((place.value.clone(), runs));
            last = Some(place);
        }
        Ok(page)
    }
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
