//! OTLP/JSON, leniently: the reader of objects and of single values.
//!
//! Accepted beyond the letter: ids in any case, 64-bit integers as numbers or strings, enums by number or name, base64
//! of either alphabet with or without padding, `NaN` and `Infinity` as strings, `null` for anything, unknown keys,
//! `snake_case` keys (old files have them). A value that is none of that is left out alone (`left_out`). Only text that is
//! no JSON is an error, to which `serde_json` adds line and column; it limits the depth too.

use super::{DecodeError, budget::Budget, left_out::LeftOut, schema::held};
use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, cell::RefCell, fmt, marker::PhantomData};

/// A message that can be read from a JSON object, key by key.
pub(super) trait FromJson: Default {
    /// What such a message is called in errors.
    const NAME: &'static str;
    /// What one of many takes in memory, in bytes, without what it holds.
    const SIZE: usize;
    /// Whether one of many is left out with any value in it that cannot be read: without that value it would be wrong.
    const IS_WHOLE: bool = false;
    /// Reads the value of one key; false where the key is unknown and its value has not been read.
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut Fields<'_, A>)
    -> Result<bool, A::Error>;
}

/// The fields of an object that is being read, and what its reader has at hand.
pub(super) struct Fields<'b, A> {
    map: A,
    reading: &'b Reading<'b>,
}

/// What one body is read with: the memory that it may take, and the account of what was left out of it.
struct Reading<'b> {
    budget: &'b Budget<'b>,
    left_out: RefCell<LeftOut>,
}

impl Reading<'_> {
    /// Takes memory, inside a reader whose errors are `serde`'s.
    fn take<E: Error>(&self, bytes: usize) -> Result<(), E> {
        self.budget.take(bytes).map_err(E::custom)
    }

    /// How many values were left out so far.
    fn count(&self) -> u64 {
        self.left_out.borrow().values
    }

    fn leave_out(&self, expected: &str, found: &dyn fmt::Display) {
        self.left_out.borrow_mut().add(expected, found);
    }

    /// Puts a step of the path before the reason of the first value, where that was met since `before`.
    fn at(&self, before: u64, step: impl fmt::Display) {
        if before == 0 && self.count() > 0 {
            self.left_out.borrow_mut().within(step);
        }
    }
}

/// Reads one message from a body.
pub(super) fn parse<M: FromJson>(body: &[u8], budget: &Budget<'_>) -> Result<(M, LeftOut), DecodeError> {
    let reading = Reading { budget, left_out: RefCell::default() };
    let body = body.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(body);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = Object(&reading, PhantomData).deserialize(&mut deserializer).and_then(|message| {
        deserializer.end()?;
        Ok(message)
    });
    let read = read.map_err(|error| if budget.is_exceeded() { DecodeError::Memory } else { error.into() });
    read.map(|message| (message, reading.left_out.into_inner()))
}

/// The ways in which a value can be of another type than is expected.
macro_rules! otherwise {
    ($(bool $bool:tt)? $(number $number:tt)? $(text $text:tt)? $(list $list:tt)? $(map $map:tt)?) => {
        $(otherwise!(@ $bool visit_bool: bool);)?
        $(otherwise!(@ $number visit_i64: i64, visit_u64: u64, visit_f64: f64);)?
        $(otherwise!(@ $text visit_str: &str);)?
        $(otherwise!(@list $list);)?
        $(otherwise!(@map $map);)?
    };
    (@ _ $($visit:ident: $type:ty),+) => {
        $(fn $visit<E: Error>(self, found: $type) -> Result<Self::Value, E> {
            Ok(self.leave_out(&found))
        })+
    };
    (@list _) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(self.leave_out(&"a list"))
        }
    };
    (@map _) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(self.leave_out(&"an object"))
        }
    };
}

/// Reads a message, or `null` for an empty one.
struct Object<'b, M>(&'b Reading<'b>, PhantomData<M>);

impl<M: FromJson> Object<'_, M> {
    fn leave_out(&self, found: &dyn fmt::Display) -> M {
        self.0.leave_out(&format!("{} as an object", M::NAME), found);
        M::default()
    }
}

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
        let mut fields = Fields { map, reading: self.0 };
        while let Some(Key(key)) = fields.map.next_key()? {
            let before = self.0.count();
            if message.field(&key, &mut fields)? {
                self.0.at(before, format_args!(".{key}"));
            } else {
                fields.map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(message)
    }
    otherwise!(bool _ number _ text _ list _);
}

/// Reads a message, or `null` for none.
struct Optional<'b, M>(&'b Reading<'b>, PhantomData<M>);

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
        let before = self.0.count();
        let message = Object(self.0, PhantomData).deserialize(deserializer)?;
        let is_left_out = M::IS_WHOLE && self.0.count() > before;
        Ok((!is_left_out).then_some(message))
    }
}

/// How one element of a list is read.
trait Element<'de>: Sized {
    /// What it becomes.
    type Value;
    /// What it takes in memory, in bytes.
    const SIZE: usize;
    /// Whether it is left out with any value in it that cannot be read.
    const IS_WHOLE: bool;
    /// Reads the next element.
    fn next<A: SeqAccess<'de>>(seq: &mut A, reading: &Reading<'_>) -> Result<Option<Self::Value>, A::Error>;
}

impl<'de, M: FromJson> Element<'de> for Object<'_, M> {
    type Value = M;
    const SIZE: usize = M::SIZE;
    const IS_WHOLE: bool = M::IS_WHOLE;
    fn next<A: SeqAccess<'de>>(seq: &mut A, reading: &Reading<'_>) -> Result<Option<M>, A::Error> {
        seq.next_element_seed(Object(reading, PhantomData))
    }
}

impl<'de, S: Single> Element<'de> for One<'_, S> {
    type Value = S::Value;
    const SIZE: usize = held::<S::Value>();
    const IS_WHOLE: bool = false;
    fn next<A: SeqAccess<'de>>(seq: &mut A, reading: &Reading<'_>) -> Result<Option<S::Value>, A::Error> {
        Ok(seq.next_element_seed(One::<S>(reading, PhantomData))?.map(Result::unwrap_or_default))
    }
}

/// Reads a list, or `null` for an empty one.
struct List<'b, T>(&'b Reading<'b>, PhantomData<T>);

impl<T> List<'_, T> {
    fn leave_out<V>(&self, found: &dyn fmt::Display) -> Vec<V> {
        self.0.leave_out("a list", found);
        Vec::new()
    }
}

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
        for n in 0_usize.. {
            let before = self.0.count();
            let Some(element) = T::next(&mut seq, self.0)? else { break };
            self.0.at(before, format_args!("[{n}]"));
            if T::IS_WHOLE && self.0.count() > before {
                self.0.left_out.borrow_mut().points += 1;
                continue;
            }
            self.0.take(T::SIZE)?;
            out.push(element);
        }
        Ok(out)
    }
    otherwise!(bool _ number _ text _ map _);
}

/// Reads a list of single values.
pub(super) fn values<'de, A: MapAccess<'de>, S: Single>(
    fields: &mut Fields<'_, A>,
) -> Result<Vec<S::Value>, A::Error> {
    fields.map.next_value_seed(List::<One<'_, S>>(fields.reading, PhantomData))
}

/// Reads a single value; `null` gives the default.
pub(super) fn one<'de, A: MapAccess<'de>, S: Single>(
    fields: &mut Fields<'_, A>,
) -> Result<S::Value, A::Error> {
    fields.map.next_value_seed(One::<S>(fields.reading, PhantomData)).map(Result::unwrap_or_default)
}

/// Reads a single value where there is one: `null` gives none.
pub(super) fn optional<'de, A: MapAccess<'de>, S: Single>(
    fields: &mut Fields<'_, A>,
) -> Result<Option<S::Value>, A::Error> {
    Ok(sent::<A, S>(fields)?.and_then(Result::ok))
}

/// Reads a single value where there is one, as what was expected or as what was sent instead.
pub(super) fn sent<'de, A: MapAccess<'de>, S: Single>(
    fields: &mut Fields<'_, A>,
) -> Result<Option<Result<S::Value, Unfit>>, A::Error> {
    fields.map.next_value_seed(OptionalOne::<S>(fields.reading, PhantomData))
}

/// Reads a message that may be missing: `null` gives none.
pub(super) fn option<'de, A: MapAccess<'de>, M: FromJson>(
    fields: &mut Fields<'_, A>,
) -> Result<Option<M>, A::Error> {
    fields.map.next_value_seed(Optional(fields.reading, PhantomData))
}

/// Reads a list of messages.
pub(super) fn list<'de, A: MapAccess<'de>, M: FromJson>(
    fields: &mut Fields<'_, A>,
) -> Result<Vec<M>, A::Error> {
    fields.map.next_value_seed(List::<Object<'_, M>>(fields.reading, PhantomData))
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

/// A value that is not what its field takes: its text, where it is no list and no object.
pub(super) struct Unfit(pub(super) Option<String>);

/// Reads a single value; `null` gives the default.
struct One<'b, S: Single>(&'b Reading<'b>, PhantomData<S>);

impl<S: Single> One<'_, S> {
    /// The value, or what it is instead.
    fn found(&self, value: Option<S::Value>, sent: impl fmt::Display) -> Result<S::Value, Unfit> {
        value.ok_or_else(|| {
            let text = sent.to_string();
            self.0.leave_out(S::EXPECTED, &format_args!("{:?}", &text[..text.floor_char_boundary(60)]));
            Unfit(Some(text))
        })
    }

    fn leave_out(&self, found: &dyn fmt::Display) -> Result<S::Value, Unfit> {
        self.0.leave_out(S::EXPECTED, found);
        Err(Unfit(None))
    }
}

impl<'de, S: Single> DeserializeSeed<'de> for One<'_, S> {
    type Value = Result<S::Value, Unfit>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Single> Visitor<'de> for One<'_, S> {
    type Value = Result<S::Value, Unfit>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(S::EXPECTED)
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Ok(S::Value::default()))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.found(S::text(text), text))
    }
    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(self.found(S::flag(flag), flag))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.found(S::integer(number.into()), number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.found(S::integer(number.into()), number))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(self.found(S::float(number), number))
    }
    otherwise!(list _ map _);
}

/// Reads a single value, or `null` for none.
struct OptionalOne<'b, S: Single>(&'b Reading<'b>, PhantomData<S>);

impl<'de, S: Single> DeserializeSeed<'de> for OptionalOne<'_, S> {
    type Value = Option<Result<S::Value, Unfit>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: Single> Visitor<'de> for OptionalOne<'_, S> {
    type Value = Option<Result<S::Value, Unfit>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(S::EXPECTED)
    }
    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        One::<S>(self.0, PhantomData).deserialize(deserializer).map(Some)
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

/// Both alphabets, with or without padding: the JSON mapping of protobuf takes all four.
const BASE64: [GeneralPurpose; 2] = {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [GeneralPurpose::new(&STANDARD, lenient), GeneralPurpose::new(&URL_SAFE, lenient)]
};

single!(Text -> String, "a text",
    text(text: &str) { Some(text.to_owned()) }
    integer(number: i128) { Some(number.to_string()) }
    float(number: f64) { Some(number.to_string()) }
    flag(flag: bool) { Some(flag.to_string()) });
single!(Hex -> Vec<u8>, "an id in hex digits",
    text(text: &str) { hex::decode(text).ok() });
single!(Base64 -> Vec<u8>, "bytes in base64",
    text(text: &str) { BASE64.iter().find_map(|engine| engine.decode(text).ok()) });
single!(U64 -> u64, "an unsigned integer",
    text(text: &str) { text.parse().ok().or_else(|| whole(text.parse().ok()?)?.try_into().ok()) }
    integer(number: i128) { number.try_into().ok() }
    float(number: f64) { whole(number)?.try_into().ok() });
single!(U32 -> u32, "an unsigned integer of 32 bits",
    text(text: &str) { text.parse().ok().or_else(|| whole(text.parse().ok()?)?.try_into().ok()) }
    integer(number: i128) { number.try_into().ok() }
    float(number: f64) { whole(number)?.try_into().ok() });
single!(I64 -> i64, "an integer",
    text(text: &str) { text.parse().ok().or_else(|| whole(text.parse().ok()?)?.try_into().ok()) }
    integer(number: i128) { number.try_into().ok() }
    float(number: f64) { whole(number)?.try_into().ok() });
single!(I32 -> i32, "an integer of 32 bits",
    text(text: &str) { text.parse().ok().or_else(|| whole(text.parse().ok()?)?.try_into().ok()) }
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
