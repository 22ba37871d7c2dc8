//! OTLP/JSON, leniently: the reader of objects and of single values.
//!
//! Accepted beyond the letter: ids in any case, 64-bit integers as numbers or strings, enums by number or name,
//! `NaN` and `Infinity` as strings, `null` for anything, unknown keys, `snake_case` keys (old files have them).
//! Errors carry the path of keys; `serde_json` adds line and column, and limits the depth.

use super::{DecodeError, budget::Budget, schema::held};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// A message that can be read from a JSON object, key by key.
pub(super) trait FromJson: Default {
    /// What such a message is called in errors.
    const NAME: &'static str;
    /// What one of many takes in memory, in bytes, without what it holds.
    const SIZE: usize;
    /// Reads the value of one key; false where the key is unknown and its value has not been read.
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut Fields<'_, A>)
    -> Result<bool, A::Error>;
}

/// The fields of an object that is being read, and the memory that they may take.
pub(super) struct Fields<'b, A> {
    map: A,
    budget: &'b Budget<'b>,
}

/// Reads one message from a body.
pub(super) fn parse<M: FromJson>(body: &[u8], budget: &Budget<'_>) -> Result<M, DecodeError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = Object(budget, PhantomData).deserialize(&mut deserializer).and_then(|message| {
        deserializer.end()?;
        Ok(message)
    });
    read.map_err(|error| if budget.is_exceeded() { DecodeError::Memory } else { error.into() })
}

/// Takes memory, inside a reader whose errors are `serde`'s.
fn take<E: Error>(budget: &Budget<'_>, bytes: usize) -> Result<(), E> {
    budget.take(bytes).map_err(E::custom)
}

/// Reads a message, or `null` for an empty one.
struct Object<'b, M>(&'b Budget<'b>, PhantomData<M>);

impl<'de, M: FromJson> DeserializeSeed<'de> for Object<'_, M> {
    type Value = M;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<M, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, M: FromJson> Visitor<'de> for Object<'_, M> {
    type Value = M;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as an object", M::NAME)
    }
    fn visit_unit<E: Error>(self) -> Result<M, E> {
        Ok(M::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<M, A::Error> {
        let mut message = M::default();
        let mut fields = Fields { map, budget: self.0 };
        while let Some(Key(key)) = fields.map.next_key()? {
            let known = message.field(&key, &mut fields).map_err(|error| at(&key, &error))?;
            if !known {
                fields.map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(message)
    }
}

/// Reads a message, or `null` for none.
struct Optional<'b, M>(&'b Budget<'b>, PhantomData<M>);

impl<'de, M: FromJson> DeserializeSeed<'de> for Optional<'_, M> {
    type Value = Option<M>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<M>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, M: FromJson> Visitor<'de> for Optional<'_, M> {
    type Value = Option<M>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as an object", M::NAME)
    }
    fn visit_none<E: Error>(self) -> Result<Option<M>, E> {
        Ok(None)
    }
    fn visit_unit<E: Error>(self) -> Result<Option<M>, E> {
        Ok(None)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<M>, D::Error> {
        Object(self.0, PhantomData).deserialize(deserializer).map(Some)
    }
}

/// Puts a step of the path before an error. `serde_json` finds line and column in the text again.
fn at<E: Error>(step: &str, error: &E) -> E {
    let said = error.to_string();
    let separator = if said.starts_with('[') || said.starts_with('.') { "" } else { ": " };
    E::custom(format!(".{step}{separator}{said}"))
}

/// How one element of a list is read.
trait Element<'de>: Sized {
    /// What it becomes.
    type Value;
    /// What it takes in memory, in bytes.
    const SIZE: usize;
    /// Reads the next element.
    fn next<A: SeqAccess<'de>>(seq: &mut A, budget: &Budget<'_>) -> Result<Option<Self::Value>, A::Error>;
}

impl<'de, M: FromJson> Element<'de> for Object<'_, M> {
    type Value = M;
    const SIZE: usize = M::SIZE;
    fn next<A: SeqAccess<'de>>(seq: &mut A, budget: &Budget<'_>) -> Result<Option<M>, A::Error> {
        seq.next_element_seed(Object(budget, PhantomData))
    }
}

impl<'de, S: Single> Element<'de> for One<S> {
    type Value = S::Value;
    const SIZE: usize = held::<S::Value>();
    fn next<A: SeqAccess<'de>>(seq: &mut A, _: &Budget<'_>) -> Result<Option<S::Value>, A::Error> {
        Ok(seq.next_element::<One<S>>()?.map(|one| one.0))
    }
}

/// Reads a list, or `null` for an empty one.
struct List<'b, T>(&'b Budget<'b>, PhantomData<T>);

impl<'de, T: Element<'de>> DeserializeSeed<'de> for List<'_, T> {
    type Value = Vec<T::Value>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Element<'de>> Visitor<'de> for List<'_, T> {
    type Value = Vec<T::Value>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        loop {
            let next = T::next(&mut seq, self.0).map_err(|error| {
                let said = error.to_string();
                let separator = if said.starts_with('.') { "" } else { ": " };
                A::Error::custom(format!("[{}]{separator}{said}", out.len()))
            })?;
            let Some(element) = next else { return Ok(out) };
            take(self.0, T::SIZE)?;
            out.push(element);
        }
    }
}

/// Reads a list of single values.
pub(super) fn values<'de, A: MapAccess<'de>, S: Single>(
    fields: &mut Fields<'_, A>,
) -> Result<Vec<S::Value>, A::Error> {
    fields.map.next_value_seed(List::<One<S>>(fields.budget, PhantomData))
}

/// Reads a single value; `null` gives the default.
pub(super) fn one<'de, A: MapAccess<'de>, S: Single>(
    fields: &mut Fields<'_, A>,
) -> Result<S::Value, A::Error> {
    fields.map.next_value::<One<S>>().map(|one| one.0)
}

/// Reads a message that may be missing: `null` gives none.
pub(super) fn option<'de, A: MapAccess<'de>, M: FromJson>(
    fields: &mut Fields<'_, A>,
) -> Result<Option<M>, A::Error> {
    fields.map.next_value_seed(Optional(fields.budget, PhantomData))
}

/// Reads a list of messages.
pub(super) fn list<'de, A: MapAccess<'de>, M: FromJson>(
    fields: &mut Fields<'_, A>,
) -> Result<Vec<M>, A::Error> {
    fields.map.next_value_seed(List::<Object<'_, M>>(fields.budget, PhantomData))
}

/// A single value in one of the ways that JSON allows.
pub(super) trait Single {
    /// What it becomes.
    type Value: Default;
    /// What is expected, for errors.
    const EXPECTED: &'static str;
    /// From a text.
    fn text(text: &str) -> Option<Self::Value>;
    /// From an integer.
    fn integer(_: i128) -> Option<Self::Value> {
        None
    }
    /// From a number with a fraction.
    fn float(_: f64) -> Option<Self::Value> {
        None
    }
    /// From a truth value.
    fn flag(_: bool) -> Option<Self::Value> {
        None
    }
}

struct One<S: Single>(S::Value);

impl<'de, S: Single> Deserialize<'de> for One<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<S>(PhantomData<S>);
        fn found<S: Single, E: Error>(value: Option<S::Value>, said: impl fmt::Display) -> Result<One<S>, E> {
            let said = said.to_string();
            let short: String = said.chars().take(60).collect();
            value.map(One).ok_or_else(|| E::custom(format!("expected {}, found {short:?}", S::EXPECTED)))
        }
        impl<S: Single> Visitor<'_> for Reader<S> {
            type Value = One<S>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(S::EXPECTED)
            }
            fn visit_unit<E: Error>(self) -> Result<One<S>, E> {
                Ok(One(S::Value::default()))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<One<S>, E> {
                found(S::text(text), text)
            }
            fn visit_bool<E: Error>(self, flag: bool) -> Result<One<S>, E> {
                found(S::flag(flag), flag)
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<One<S>, E> {
                found(S::integer(number.into()), number)
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<One<S>, E> {
                found(S::integer(number.into()), number)
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<One<S>, E> {
                found(S::float(number), number)
            }
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// Makes a way to read a single value.
macro_rules! single {
    ($(#[$doc:meta])* $name:ident -> $value:ty, $expected:literal, $($function:ident($argument:ident: $type:ty) $body:block)+) => {
        $(#[$doc])*
        pub(super) struct $name;
        impl Single for $name {
            type Value = $value;
            const EXPECTED: &'static str = $expected;
            $(fn $function($argument: $type) -> Option<$value> $body)+
        }
    };
}

single!(Text -> String, "a text",
    text(text: &str) { Some(text.to_owned()) }
    integer(number: i128) { Some(number.to_string()) }
    float(number: f64) { Some(number.to_string()) }
    flag(flag: bool) { Some(flag.to_string()) });
single!(Hex -> Vec<u8>, "an id in hex digits",
    text(text: &str) { hex::decode(text).ok() });
single!(Base64 -> Vec<u8>, "bytes in base64",
    text(text: &str) { STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok() });
single!(U64 -> u64, "an unsigned integer",
    text(text: &str) { text.parse().ok() }
    integer(number: i128) { number.try_into().ok() }
    float(number: f64) { whole(number)?.try_into().ok() });
single!(U32 -> u32, "an unsigned integer of 32 bits",
    text(text: &str) { text.parse().ok() }
    integer(number: i128) { number.try_into().ok() }
    float(number: f64) { whole(number)?.try_into().ok() });
single!(I64 -> i64, "an integer",
    text(text: &str) { text.parse().ok() }
    integer(number: i128) { number.try_into().ok() }
    float(number: f64) { whole(number)?.try_into().ok() });
single!(I32 -> i32, "an integer of 32 bits",
    text(text: &str) { text.parse().ok() }
    integer(number: i128) { number.try_into().ok() }
    float(number: f64) { whole(number)?.try_into().ok() });
single!(F64 -> f64, "a number",
    text(text: &str) { text.parse().ok() }
    integer(number: i128) { Some(number as f64) }
    float(number: f64) { Some(number) });
single!(Flag -> bool, "true or false",
    text(text: &str) { text.to_ascii_lowercase().parse().ok() }
    flag(flag: bool) { Some(flag) });

/// A number that was written with a fraction of zero.
fn whole(number: f64) -> Option<i128> {
    (number.fract() == 0.0 && number.abs() < 2_f64.powi(64)).then_some(number as i128)
}

/// A key, borrowed where it can be.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }
            fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// Reads a number where there is one: `null` gives none.
pub(super) fn optional<'de, A: MapAccess<'de>, S: Single>(
    fields: &mut Fields<'_, A>,
) -> Result<Option<S::Value>, A::Error> {
    fields.map.next_value::<Option<One<S>>>().map(|one| one.map(|one| one.0))
}
