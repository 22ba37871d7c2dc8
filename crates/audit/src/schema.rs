//! The schema of the trail, and how a file's differs from it.

use crate::{AuditError, Finding, SchemaProblem};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// What creates a trail's tables, indexes and triggers, as of version 1.
pub(crate) const SQL: &str = include_str!("schema.sql");

/// What makes version 2 of it, in new files and old ones.
pub(crate) const VERSION_2: &str = include_str!("version_2.sql");

/// The version that this program writes.
pub(crate) const VERSION: i64 = 2;

/// The version of a file.
pub(crate) fn version(db: &Connection) -> Result<i64, AuditError> {
    Ok(db.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Each table, index, trigger and view, by kind and name, with the statement that created it.
type Schema = BTreeMap<(String, String), String>;

/// What differs from the schema that this program creates.
pub(crate) fn findings(db: &Connection) -> Result<Vec<Finding>, AuditError> {
    let own = Connection::open_in_memory()?;
    own.execute_batch(SQL)?;
    if version(db)? >= VERSION {
        own.execute_batch(VERSION_2)?;
    }
    let (own, found) = (schema(&own)?, schema(db)?);
    let finding = |(kind, name): &(String, String), problem| Finding::Schema {
        kind: kind.clone(),
        name: name.clone(),
        problem,
    };
    let in_the_file = found.iter().filter_map(|(part, sql)| match own.get(part) {
        None => Some(finding(part, SchemaProblem::Foreign)),
        Some(own) if own != sql => Some(finding(part, SchemaProblem::Changed)),
        Some(_) => None,
    });
    let missing = own.keys().filter(|part| !found.contains_key(*part));
    Ok(in_the_file.chain(missing.map(|part| finding(part, SchemaProblem::Missing))).collect())
}

fn schema(db: &Connection) -> Result<Schema, AuditError> {
    // SQLite's own tables and indexes have reserved names, which nothing else can take.
    let mut parts = db.prepare(
        "SELECT type, name, coalesce(sql, '') FROM sqlite_schema WHERE substr(name, 1, 7) <> 'sqlite_'",
    )?;
    let rows = parts.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, String>(2)?)))?;
    rows.map(|row| row.map(|(part, sql)| (part, without_comments(&sql))).map_err(AuditError::from)).collect()
}

/// A statement without comments and with single spaces: their wording differs between versions of this program.
fn without_comments(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            // What is quoted stays as it is.
            '\'' | '"' | '`' => rest[1..].find(c).map_or(rest.len(), |end| end + 2),
            _ => c.len_utf8(),
        };
        let (part, after) = rest.split_at(length);
        if part.starts_with("--") || part.starts_with("/*") || c.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            out.push_str(part);
        }
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_do_not_count_and_quoted_text_does() {
        assert_eq!(without_comments("a  -- x 'y\n  b /* c */ d"), "a b d");
        assert_eq!(without_comments("'a -- \n' \"--\" b"), "'a -- \n' \"--\" b");
        assert_ne!(without_comments("'--') WHERE 0; SELECT ('\nx')"), without_comments("'x')"));
    }
}
