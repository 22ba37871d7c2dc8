//! The writer as a serialiser. It writes what `serde_json` writes.

use super::{Stop, Writer};
use serde::{
    Serialize,
    ser::{self, SerializeMap, SerializeSeq, SerializeStruct, Serializer},
};
use std::fmt;

/// How `serde_json` marks a value whose text is JSON already.
const RAW: [&str; 2] = ["$serde_json::private::RawValue", "$serde_json::private::Number"];

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("there is no room for more"),
            Self::Failed(error) => f.write_str(error),
        }
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Failed(message.to_string())
    }
}

/// A list, an object, or what looks like one in Rust.
pub(super) struct Compound<'a> {
    to: &'a mut Writer,
    /// Number of brackets to close at its end.
    brackets: u8,
    /// Whether its only field is the JSON itself.
    is_raw: bool,
    /// The key whose value comes next.
    key: String,
}

impl Writer {
    fn compound(&mut self, variant: Option<&str>, is_object: bool) -> Result<Compound<'_>, Stop> {
        if let Some(variant) = variant {
            self.begin(true);
            self.key(variant)?;
        }
        self.begin(is_object);
        let brackets = 1 + u8::from(variant.is_some());
        Ok(Compound { to: self, brackets, is_raw: false, key: String::new() })
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), Stop> {
        let json = serde_json::to_string(value).map_err(|error| Stop::Failed(error.to_string()))?;
        self.raw(&json);
        Ok(())
    }
}

macro_rules! small {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), Stop> {
            self.json(&value)
        })*
    };
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    small!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_f32: f32, serialize_f64: f64, serialize_char: char
    );

    fn serialize_str(self, text: &str) -> Result<(), Stop> {
        self.text(text);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Stop> {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> Result<(), Stop> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        self.raw("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stop> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        self.begin(true);
        self.key(variant)?;
        value.serialize(&mut *self)?;
        self.end();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Stop> {
        self.compound(None, false)
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Stop> {
        self.compound(None, false)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Stop> {
        self.compound(None, false)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Stop> {
        self.compound(Some(variant), false)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Stop> {
        self.compound(None, true)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Stop> {
        if RAW.contains(&name) {
            return Ok(Compound { to: self, brackets: 0, is_raw: true, key: String::new() });
        }
        self.compound(None, true)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Stop> {
        self.compound(Some(variant), true)
    }
}

impl SerializeSeq for Compound<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.to.item()?;
        value.serialize(&mut *self.to)
    }

    fn end(self) -> Result<(), Stop> {
        for _ in 0..self.brackets {
            self.to.end();
        }
        Ok(())
    }
}

macro_rules! like_a_list {
    ($($trait:ident: $method:ident),*) => {
        $(impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = Stop;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
                SerializeSeq::serialize_element(self, value)
            }

            fn end(self) -> Result<(), Stop> {
                SerializeSeq::end(self)
            }
        })*
    };
}

like_a_list!(
    SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field
);

impl SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        // A key that is no text becomes one, as with `serde_json`.
        self.key = match serde_json::to_value(key) {
            Ok(serde_json::Value::String(text)) => text,
            Ok(other) => other.to_string(),
            Err(error) => return Err(Stop::Failed(error.to_string())),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        let key = std::mem::take(&mut self.key);
        self.to.key(&key)?;
        value.serialize(&mut *self.to)
    }

    fn end(self) -> Result<(), Stop> {
        SerializeSeq::end(self)
    }
}

impl SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
        if self.is_raw {
            let text = serde_json::to_value(value).map_err(|error| Stop::Failed(error.to_string()))?;
            let text = text.as_str().unwrap_or_default();
            if text.len() <= self.to.limit {
                self.to.raw(text);
                return Ok(());
            }
            return super::copy::copy(text, self.to);
        }
        self.to.key(key)?;
        value.serialize(&mut *self.to)
    }

    fn end(self) -> Result<(), Stop> {
        SerializeSeq::end(self)
    }
}

impl ser::SerializeStructVariant for Compound<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
        SerializeStruct::serialize_field(self, key, value)
    }

    fn end(self) -> Result<(), Stop> {
        SerializeSeq::end(self)
    }
}
