//! Copies a text that is JSON, value by value. Numbers that need more than 64 bits become floating-point numbers.

use super::{Stop, Writer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

pub(super) fn copy(text: &str, to: &mut Writer) -> Result<(), Stop> {
    let mut stopped = None;
    let mut from = serde_json::Deserializer::from_str(text);
    let copied = Copy { to, stopped: &mut stopped }.deserialize(&mut from).and_then(|()| from.end());
    match (stopped, copied) {
        (Some(stop), _) => Err(stop),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => Err(Stop::Failed(error.to_string())),
    }
}

/// Copies one value. The reader has errors of its own, so a stop is kept beside them.
struct Copy<'a> {
    to: &'a mut Writer,
    stopped: &'a mut Option<Stop>,
}

impl Copy<'_> {
    fn again(&mut self) -> Copy<'_> {
        Copy { to: self.to, stopped: self.stopped }
    }

    fn or_stop<E: serde::de::Error>(&mut self, done: Result<(), Stop>) -> Result<(), E> {
        done.map_err(|stop| {
            *self.stopped = Some(stop);
            E::custom("stopped")
        })
    }
}

impl<'de> DeserializeSeed<'de> for Copy<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Copy<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.to.raw(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.to.raw(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.to.raw(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.to.raw(&serde_json::Value::from(value).to_string());
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.to.text(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.to.raw("null");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.to.begin(false);
        while list.next_element_seed(Item(self.again()))?.is_some() {}
        self.to.end();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        self.to.begin(true);
        while let Some(key) = object.next_key::<String>()? {
            let done = self.to.key(&key);
            self.or_stop(done)?;
            object.next_value_seed(self.again())?;
        }
        self.to.end();
        Ok(())
    }
}

/// An item of a list, after its comma.
struct Item<'a>(Copy<'a>);

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, from: D) -> Result<(), D::Error> {
        let done = self.0.to.item();
        self.0.or_stop(done)?;
        self.0.deserialize(from)
    }
}
