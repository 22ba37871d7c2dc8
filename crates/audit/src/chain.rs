//! What a MAC covers, byte for byte: every part with its length, so that no two different records read the same.

use crate::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use sha2::Sha256;
use std::fmt;

/// An HMAC-SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mac([u8; 32]);

/// What a MAC is for, so that it can stand for nothing else.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// What the first record of a trail is chained to.
    Genesis,
    /// Proof that a key belongs to a trail.
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

/// The MAC of these values under this key. A value is its type, its length in eight bytes and its bytes.
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
    // HMAC takes keys of every length; this one is 32 bytes.
    Hmac::new_from_slice(key.bytes()).unwrap_or_else(|_| unreachable!("HMAC takes every length of key"))
}

impl Mac {
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok().map(|()| Self(bytes))
    }

    /// A MAC as it stands in the database; `None` when it is something else.
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
