//! A record's exact content, with the large values cut out so that the store can keep each once.
//!
//! Here: the shape in which `otlp` hands content to `store`, and gets it back to restore what was sent.
//! Not here: where to cut (`otlp::cut`), how it is packed (`store`).

use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::fmt;

/// The first 16 bytes of SHA-256 over content: a message's `id`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; 16]);

impl ContentHash {
    /// The hash of this content. The form goes in too: the same bytes written in two forms are two messages.
    pub fn of(form: Form, bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update([form as u8]);
        hash.update(bytes);
        let mut out = [0; 16];
        out.copy_from_slice(&hash.finalize()[..16]);
        Self(out)
    }
    /// The raw bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
    /// The hash kept as these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
    /// The first 8 bytes as an integer, the store's index key.
    pub fn prefix(&self) -> i64 {
        i64::from_be_bytes([
            self.0[0], self.0[1], self.0[2], self.0[3], self.0[4], self.0[5], self.0[6], self.0[7],
        ])
    }
}
impl From<[u8; 16]> for ContentHash {
    /// The hash kept as these bytes.
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}
impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a cut value was written, so that it can be put back and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Form {
    /// A string attribute. One item: the whole text; or several: items of the largest array of the JSON text.
    Text = 0,
    /// A bytes attribute. One item.
    Bytes = 1,
    /// A structured attribute (array of values). Each item is an encoded `AnyValue`.
    Array = 2,
    /// Flattened keys (`llm.input_messages.0.message.role`, …). Each item is an encoded `KeyValueList` whose keys
    /// have lost prefix and index.
    Flat = 3,
}

impl Form {
    /// The form kept under this number.
    pub const fn from_u8(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::Text),
            1 => Some(Self::Bytes),
            2 => Some(Self::Array),
            3 => Some(Self::Flat),
            _ => None,
        }
    }
}

/// What a cut value is for, which decides whether it is indexed for search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// The messages that a model call was sent, or an agent's input.
    Input = 0,
    /// What came out.
    Output = 1,
    /// A system prompt.
    System = 2,
    /// Tool definitions.
    Definitions = 3,
    /// A tool call's arguments.
    Arguments = 4,
    /// A tool call's result.
    Result = 5,
    /// Anything else that is large.
    Other = 6,
    /// An error's message.
    Error = 7,
}

impl Purpose {
    /// The purpose kept under this number.
    pub const fn from_u8(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::Input),
            1 => Some(Self::Output),
            2 => Some(Self::System),
            3 => Some(Self::Definitions),
            4 => Some(Self::Arguments),
            5 => Some(Self::Result),
            6 => Some(Self::Other),
            7 => Some(Self::Error),
            _ => None,
        }
    }

    /// All purposes, with their names.
    const NAMES: [(Self, &'static str); 8] = [
        (Self::Input, "input"),
        (Self::Output, "output"),
        (Self::System, "system"),
        (Self::Definitions, "definitions"),
        (Self::Arguments, "arguments"),
        (Self::Result, "result"),
        (Self::Other, "other"),
        (Self::Error, "error"),
    ];

    /// Its name: `input`, `arguments`, …
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(purpose, _)| *purpose == self).map_or("other", |(_, name)| name)
    }

    /// The purpose of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(purpose, _)| *purpose)
    }

    /// Whether what is new in such a value is indexed for search.
    pub const fn is_searched(self) -> bool {
        matches!(
            self,
            Self::Input | Self::Output | Self::System | Self::Arguments | Self::Result | Self::Error
        )
    }
}

/// One entry of a cut value: a message, or the whole value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it belongs in [`Value::envelope`]: before the byte at this place.
    pub at: usize,
    /// Its bytes; items of one request with the same bytes share them.
    pub bytes: Bytes,
    /// The hash over form and bytes.
    pub hash: ContentHash,
}

/// One value that was cut out of a record. The bytes between the items (brackets, commas, the keys of an
/// enclosing object) belong to the value too, so that it can be put back exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// How it was written.
    pub form: Form,
    /// What it is for.
    pub purpose: Purpose,
    /// The bytes before, between and after the items.
    pub envelope: Vec<u8>,
    /// Its items, in order.
    pub items: Vec<Item>,
}

impl Value {
    /// A value kept as one piece.
    pub fn whole(form: Form, purpose: Purpose, data: Vec<u8>) -> Self {
        let hash = ContentHash::of(form, &data);
        Self { form, purpose, envelope: Vec::new(), items: vec![Item { at: 0, bytes: data.into(), hash }] }
    }

    /// The bytes of item `i`.
    pub fn item(&self, i: usize) -> &[u8] {
        &self.items[i].bytes
    }

    /// The bytes of the envelope before item `i`, or after the last one where `i` is their number.
    pub fn separator(&self, i: usize) -> &[u8] {
        let start = i.checked_sub(1).and_then(|before| self.items.get(before)).map_or(0, |item| item.at);
        let end = self.items.get(i).map_or(self.envelope.len(), |item| item.at);
        self.envelope.get(start..end).unwrap_or_default()
    }

    /// The value as it was written.
    pub fn joined(&self) -> Vec<u8> {
        let bytes: usize = self.items.iter().map(|item| item.bytes.len()).sum();
        let mut joined = Vec::with_capacity(self.envelope.len() + bytes);
        for (i, item) in self.items.iter().enumerate() {
            joined.extend_from_slice(self.separator(i));
            joined.extend_from_slice(&item.bytes);
        }
        joined.extend_from_slice(self.separator(self.items.len()));
        joined
    }
}

/// The exact content of a record: protobuf bytes with a slot in the place of each cut value.
///
/// The store keeps `bytes` as they are and fills `values` back in when it is asked for the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The protobuf message without its ids and times, which are in the record.
    pub bytes: Vec<u8>,
    /// What was cut out; slot `i` is the place of `values[i]`.
    pub values: Vec<Value>,
}
