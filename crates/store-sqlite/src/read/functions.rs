//! SQL functions of this store's own: patterns are matched as `turnscope_query` defines them.

use rusqlite::{Connection, functions::FunctionFlags};
use turnscope_query::Pattern;

/// Adds `matches(text, pattern)` and `matches_lowercase(text, pattern)`. What is null or no text matches nothing.
pub(crate) fn add(db: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, lowers) in [("matches", false), ("matches_lowercase", true)] {
        db.create_scalar_function(name, 2, flags, move |call| {
            let pattern = call.get_or_create_aux(1, |value| -> rusqlite::Result<Pattern> {
                Ok(Pattern::parse(value.as_str()?))
            })?;
            let Ok(text) = call.get_raw(0).as_str() else { return Ok(false) };
            Ok(if lowers { pattern.matches(&text.to_lowercase()) } else { pattern.matches(text) })
        })?;
    }
    Ok(())
}
