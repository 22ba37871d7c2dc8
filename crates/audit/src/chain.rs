//! The MACs of the trail. Every part of the input is preceded by its length, so that no two records have the
//! same input.

use crate::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq as _;

/// An HMAC-SHA-256. Comparison takes constant time.
#[derive(Clone, Copy)]
pub(crate) struct Mac([u8; 32]);

impl PartialEq for Mac {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Mac {}

/// The purpose of a MAC, part of its input, so that a MAC cannot be used for anything else.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The value that a trail's first record is chained to.
    Genesis,
    /// Proves that a key belongs to a trail.
    KeyCheck,
    /// A record.
    Record,
    /// A checkpoint.
    Checkpoint,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Genesis => "turnscope audit 1 genesis",
            Self::KeyCheck => "turnscope audit 1 key check",
            Self::Record => "turnscope audit 1 record",
            Self::Checkpoint => "turnscope audit 1 checkpoint",
        }
    }
}

/// The MAC of these values. Each value is encoded as its type, its length in eight bytes, and its bytes.
pub(crate) fn mac<'a>(key: &Key, purpose: Purpose, values: impl IntoIterator<Item = ValueRef<'a>>) -> Mac {
    let mut mac = keyed(key);
    part(&mut mac, b'p', purpose.label().as_bytes());
    for value in values {
        match value {
            ValueRef::Null => part(&mut mac, b'n', &[]),
            ValueRef::Integer(number) => part(&mut mac, b'i', &number.to_be_bytes()),
            ValueRef::Real(number) => part(&mut mac, b'r', &number.to_bits().to_be_bytes()),
            ValueRef::Text(text) => part(&mut mac, b't', text),
            ValueRef::Blob(bytes) => part(&mut mac, b'b', bytes),
        }
    }
    Mac(mac.finalize().into_bytes().into())
}

/// The signature of a checkpoint's columns, in order.
pub(crate) fn signature(key: &Key, row: &[Value]) -> Mac {
    mac(key, Purpose::Checkpoint, row.iter().map(ValueRef::from))
}

fn part(mac: &mut Hmac<Sha256>, kind: u8, bytes: &[u8]) {
    mac.update(&[kind]);
    mac.update(&(bytes.len() as u64).to_be_bytes());
    mac.update(bytes);
}

fn keyed(key: &Key) -> Hmac<Sha256> {
    // HMAC accepts keys of any length; this one has 32 bytes.
    Hmac::new_from_slice(key.bytes()).unwrap_or_else(|_| unreachable!("HMAC accepts keys of any length"))
}

impl Mac {
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok().map(|()| Self(bytes))
    }

    /// Reads a MAC from a database value; `None` if the value is not a MAC.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Self),
            _ => None,
        }
    }

    pub(crate) fn as_value(&self) -> ValueRef<'_> {
        ValueRef::Blob(&self.0)
    }
}

impl From<Mac> for Value {
    fn from(mac: Mac) -> Self {
        Self::Blob(mac.0.to_vec())
    }
}

impl ToSql for Mac {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.as_value()))
    }
}

impl rusqlite::types::FromSql for Mac {
    fn column_result(value: ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        rusqlite::types::FromSql::column_result(value).map(Self)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
