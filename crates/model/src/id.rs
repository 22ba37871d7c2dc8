//! Ids: parsed once at the edge, after which the type is the proof.
//!
//! Here: the ids of traces, spans, runs and steps, their one way of being written and read.
//! Not here: which span makes a run (the crate `project`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// Why a text or a byte string is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text or bytes have another length than the id has.
    #[error("{what} needs {wanted}, got {got}")]
    Length {
        /// What was being read.
        what: &'static str,
        /// What it needs.
        wanted: &'static str,
        /// How many bytes or characters there were.
        got: usize,
    },
    /// A character that is not a hexadecimal digit.
    #[error("{0} holds a character that is not a hexadecimal digit")]
    NotHex(&'static str),
    /// All bytes are zero, which OpenTelemetry calls invalid.
    #[error("{0} is all zeros")]
    Zero(&'static str),
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $len:literal, $what:literal, $bytes:literal, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $len]);

        impl $name {
            /// The raw bytes, most significant first.
            pub const fn bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }
        impl TryFrom<&[u8]> for $name {
            type Error = IdError;
            fn try_from(bytes: &[u8]) -> Result<Self, IdError> {
                let id: [u8; $len] = bytes
                    .try_into()
                    .map_err(|_| IdError::Length { what: $what, wanted: $bytes, got: bytes.len() })?;
                if id == [0; $len] { Err(IdError::Zero($what)) } else { Ok(Self(id)) }
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut id = [0; $len];
                if text.len() != $len * 2 {
                    return Err(IdError::Length { what: $what, wanted: $digits, got: text.len() });
                }
                hex::decode_to_slice(text, &mut id).map_err(|_| IdError::NotHex($what))?;
                Self::try_from(&id[..])
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }
        text_serde!($name);
    };
}

macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

byte_id!(
    /// The 16 bytes that name a trace, never all zero. Written as 32 lower-case hex digits.
    TraceId, 16, "a trace id", "16 bytes", "32 hexadecimal digits"
);
byte_id!(
    /// The 8 bytes that name a span within its trace, never all zero. Written as 16 lower-case hex digits.
    SpanId, 8, "a span id", "8 bytes", "16 hexadecimal digits"
);

impl SpanId {
    /// The id as the integer that the store keeps it as.
    pub const fn as_i64(self) -> i64 {
        i64::from_be_bytes(self.0)
    }
    /// The id kept as this integer; `None` for 0, which is not an id.
    pub const fn from_i64(value: i64) -> Option<Self> {
        if value == 0 { None } else { Some(Self(value.to_be_bytes())) }
    }
}

/// Names a run: opaque to clients, always written `<32 hex>-<16 hex>`.
///
/// For a run rooted in a span these are its trace and span id; for an assembled run they come
/// from [`RunId::assembled`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId([u8; 24]);

impl RunId {
    /// The run rooted in this span.
    pub fn of_span(trace: TraceId, span: SpanId) -> Self {
        let mut id = [0; 24];
        id[..16].copy_from_slice(&trace.0);
        id[16..].copy_from_slice(&span.0);
        Self(id)
    }

    /// The run that a producer scattered over traces, or over log events, but named itself: the first
    /// 24 bytes of SHA-256 of `dialect \0 service \0 native id`.
    pub fn assembled(dialect: &str, service: &str, native_id: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [dialect, "\0", service, "\0", native_id] {
            hash.update(part.as_bytes());
        }
        let mut id = [0; 24];
        id.copy_from_slice(&hash.finalize()[..24]);
        Self(id)
    }

    /// What names the records that are about a model's answer and about no span: by the provider's id of the answer.
    pub fn of_answer(response_id: &str) -> Self {
        Self::assembled("", "answer", response_id)
    }

    /// The first half, which is the trace id for a run rooted in a span.
    pub fn trace_part(&self) -> TraceId {
        TraceId(self.0[..16].try_into().unwrap_or([1; 16]))
    }
    /// The second half, which is the span id for a run rooted in a span.
    pub fn span_part(&self) -> SpanId {
        SpanId(self.0[16..].try_into().unwrap_or([1; 8]))
    }
    /// All 24 bytes.
    pub const fn bytes(&self) -> &[u8; 24] {
        &self.0
    }
    /// The id kept as these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdError> {
        bytes.try_into().map(Self).map_err(|_| IdError::Length {
            what: "a run id",
            wanted: "24 bytes",
            got: bytes.len(),
        })
    }
}

impl FromStr for RunId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong =
            || IdError::Length { what: "a run id", wanted: "the form <32 hex>-<16 hex>", got: text.len() };
        let (trace, span) = text.split_once('-').ok_or_else(wrong)?;
        Ok(Self::of_span(trace.parse()?, span.parse()?))
    }
}
impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0[..16], f)?;
        f.write_str("-")?;
        write_hex(&self.0[16..], f)
    }
}
impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
text_serde!(RunId);

/// Names a step within its run: the span id within a run of one trace, `<trace>-<span>` elsewhere, and
/// 16 hashed hex digits for a synthesised step.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(String);

impl StepId {
    /// A span of a run that lies in one trace.
    pub fn of_span(span: SpanId) -> Self {
        Self(span.to_string())
    }
    /// A span of a run that is scattered over traces.
    pub fn of_trace_span(trace: TraceId, span: SpanId) -> Self {
        Self(format!("{trace}-{span}"))
    }
    /// A step without a span: hashed from what names it within its run.
    pub fn synthesised(run: &RunId, key: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(run.bytes());
        hash.update(key.as_bytes());
        let digest = hash.finalize();
        Self(hex::encode(&digest[..8]))
    }
    /// The id as it came from a client; any text is accepted, an unknown one is simply not found.
    pub fn from_client(text: &str) -> Self {
        Self(text.to_ascii_lowercase())
    }
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// A record within a store. Only the store that gave it knows what it means.
    RecordId
);
number_id!(
    /// A trace group within a store: records that are projected together.
    TraceGroupId
);
number_id!(
    /// A metric within a store.
    MetricId
);
number_id!(
    /// A piece of content within a store. Two ids are equal exactly when the contents are.
    ContentId
);

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_is_read_in_either_case_and_written_in_lower_case() {
        let id: TraceId = "5B8EFFF798038103D269B633813FC60C".parse().unwrap();
        assert_eq!(id.to_string(), "5b8efff798038103d269b633813fc60c");
    }

    #[test]
    fn wrong_ids_say_what_is_wrong() {
        assert_eq!(
            "00".parse::<TraceId>().unwrap_err().to_string(),
            "a trace id needs 32 hexadecimal digits, got 2"
        );
        assert_eq!("0000000000000000".parse::<SpanId>().unwrap_err(), IdError::Zero("a span id"));
        assert_eq!("000000000000000g".parse::<SpanId>().unwrap_err(), IdError::NotHex("a span id"));
        assert!("5b8efff798038103d269b633813fc60c".parse::<RunId>().is_err());
    }

    #[test]
    fn a_run_id_is_its_trace_and_span() {
        let text = "5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174";
        let id: RunId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.trace_part().to_string(), &text[..32]);
        assert_eq!(id.span_part().to_string(), &text[33..]);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    }

    #[test]
    fn an_assembled_run_id_is_the_hash_of_its_name() {
        // printf 'codex\0cli\0abc' | sha256sum
        let id = RunId::assembled("codex", "cli", "abc");
        assert_eq!(id, RunId::assembled("codex", "cli", "abc"));
        assert_ne!(id, RunId::assembled("codex", "cl", "iabc"));
        assert_eq!(id.to_string().len(), 49);
    }

    #[test]
    fn a_span_id_survives_its_integer_form() {
        let id: SpanId = "eee19b7ec3c1b174".parse().unwrap();
        assert_eq!(SpanId::from_i64(id.as_i64()), Some(id));
        assert_eq!(SpanId::from_i64(0), None);
    }
}
