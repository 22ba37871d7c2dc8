//! Values as SQLite keeps them. Integers are checked both ways: SQLite knows only `i64`, and what is out of range there
//! is unknown here, never something else.

use rusqlite::types::{FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};
use turnscope_model::{MAX_COUNT, RunId, SpanId, TraceGroupId, TraceId};

/// A count as SQLite keeps it; larger ones are kept as the largest.
pub(crate) fn count(value: u64) -> i64 {
    i64::try_from(value.min(MAX_COUNT)).unwrap_or(i64::MAX)
}

/// A time in nanoseconds as SQLite keeps it. Times past the year 2262 are kept as the latest possible; the record's body
/// has what was sent.
pub(crate) fn nanos(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

/// A time that SQLite kept.
pub(crate) fn unix_nanos(time: i64) -> u64 {
    u64::try_from(time).unwrap_or(0)
}

/// A value of one column, written and read.
pub(crate) trait SqlValue: Sized {
    fn write(&self) -> ToSqlOutput<'_>;
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self>;
}

impl<T: SqlValue> SqlValue for Option<T> {
    fn write(&self) -> ToSqlOutput<'_> {
        match self {
            Some(value) => value.write(),
            None => ToSqlOutput::Owned(Value::Null),
        }
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        if value == ValueRef::Null { Ok(None) } else { T::read(value).map(Some) }
    }
}

impl SqlValue for String {
    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Text(self.as_bytes()))
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl SqlValue for i64 {
    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Integer(*self))
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64()
    }
}

/// A count. What older versions wrote beyond its range is read as the nearest count.
impl SqlValue for u64 {
    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Integer(count(*self)))
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self::try_from(value.as_i64()?).unwrap_or(0).min(MAX_COUNT))
    }
}

impl SqlValue for bool {
    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Integer(i64::from(*self)))
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(value.as_i64()? != 0)
    }
}

impl SqlValue for TraceGroupId {
    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Integer(self.0))
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

fn blob(bytes: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Blob(bytes))
}

impl SqlValue for RunId {
    fn write(&self) -> ToSqlOutput<'_> {
        blob(self.bytes())
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_bytes(value.as_blob()?).map_err(FromSqlError::other)
    }
}

impl SqlValue for TraceId {
    fn write(&self) -> ToSqlOutput<'_> {
        blob(self.bytes())
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::try_from(value.as_blob()?).map_err(FromSqlError::other)
    }
}

impl SqlValue for SpanId {
    fn write(&self) -> ToSqlOutput<'_> {
        blob(self.bytes())
    }
    fn read(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::try_from(value.as_blob()?).map_err(FromSqlError::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_out_of_range_is_never_read_as_another_number() {
        let written = |value: u64| match value.write() {
            ToSqlOutput::Owned(Value::Integer(number)) => number,
            _ => panic!("no integer"),
        };
        assert_eq!(written(7), 7);
        assert_eq!(written(u64::MAX), 1 << 53);
        assert_eq!(u64::read(ValueRef::Integer(-1)).unwrap(), 0);
        assert_eq!(u64::read(ValueRef::Integer(i64::MAX)).unwrap(), MAX_COUNT);
        assert_eq!(Option::<u64>::read(ValueRef::Null).unwrap(), None);
        assert!(u64::read(ValueRef::Text(b"7")).is_err());
    }

    #[test]
    fn text_that_is_not_utf8_is_an_error_of_its_row() {
        assert!(String::read(ValueRef::Text(b"\xff\x80")).is_err());
    }
}
