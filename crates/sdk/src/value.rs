//! What can be the value of an attribute.

use opentelemetry::{Array, StringValue, Value};
use serde_json::Value as Json;
use std::{borrow::Cow, sync::Arc};

/// A value that an attribute can have: numbers, texts, booleans, lists of these, JSON, and an `Option` of any of
/// them; `None` sets nothing. A text is a literal, which is not copied, or a `String` or `&String`.
///
/// ```
/// let run = turnscope::run("helpdesk");
/// let (rows, note, name): (u64, Option<f64>, String) = (3, None, "ada".into());
/// run.set("rows", rows).set("note", note).set("name", &name).set("ids", [1, 2]);
/// run.set("found", serde_json::json!({"order": 17}));
/// ```
pub trait AttributeValue {
    /// The value, if there is one.
    #[doc(hidden)]
    fn into_value(self) -> Option<Value>;
}

/// An item of a list.
pub trait ListItem: Sized {
    #[doc(hidden)]
    fn list(items: impl Iterator<Item = Self>) -> Array;
}

macro_rules! numbers {
    ($to:ty: $($from:ty),*) => {
        $(impl AttributeValue for $from {
            #[inline]
            fn into_value(self) -> Option<Value> {
                Some(Value::from(<$to>::from(self)))
            }
        }

        impl ListItem for $from {
            fn list(items: impl Iterator<Item = Self>) -> Array {
                Array::from(items.map(<$to>::from).collect::<Vec<$to>>())
            }
        })*
    };
}

numbers!(i64: i8, i16, i32, i64, u8, u16, u32);
numbers!(f64: f32, f64);
numbers!(bool: bool);

/// OpenTelemetry's integers are signed and have 64 bits.
macro_rules! large_numbers {
    ($($from:ty),*) => {
        $(impl AttributeValue for $from {
            #[inline]
            fn into_value(self) -> Option<Value> {
                Some(i64::try_from(self).unwrap_or(i64::MAX).into())
            }
        }

        impl ListItem for $from {
            fn list(items: impl Iterator<Item = Self>) -> Array {
                Array::from(items.map(|item| i64::try_from(item).unwrap_or(i64::MAX)).collect::<Vec<i64>>())
            }
        })*
    };
}

large_numbers!(u64, usize, isize, u128);

macro_rules! texts {
    ($($from:ty => |$text:ident| $value:expr),* $(,)?) => {
        $(impl AttributeValue for $from {
            #[inline]
            fn into_value(self) -> Option<Value> {
                let $text = self;
                Some(Value::String($value))
            }
        }

        impl ListItem for $from {
            fn list(items: impl Iterator<Item = Self>) -> Array {
                Array::String(items.map(|$text| $value).collect())
            }
        })*
    };
}

texts!(
    &'static str => |text| text.into(),
    String => |text| text.into(),
    &String => |text| text.clone().into(),
    Cow<'_, str> => |text| text.into_owned().into(),
    Box<str> => |text| text.into_string().into(),
    Arc<str> => |text| text.into(),
    StringValue => |text| text,
    char => |text| text.to_string().into(),
);

impl AttributeValue for Value {
    #[inline]
    fn into_value(self) -> Option<Value> {
        Some(self)
    }
}

/// Objects and lists of mixed types become their JSON.
impl AttributeValue for &Json {
    fn into_value(self) -> Option<Value> {
        match self {
            Json::Null => None,
            Json::Bool(value) => Some((*value).into()),
            Json::String(text) => Some(text.clone().into()),
            Json::Number(number) => {
                number.as_i64().map(Value::from).or_else(|| number.as_f64().map(Value::from))
            }
            Json::Array(_) | Json::Object(_) => Some(self.to_string().into()),
        }
    }
}

impl AttributeValue for Json {
    fn into_value(self) -> Option<Value> {
        match self {
            Self::String(text) => Some(text.into()),
            other => (&other).into_value(),
        }
    }
}

impl<T: AttributeValue> AttributeValue for Option<T> {
    #[inline]
    fn into_value(self) -> Option<Value> {
        self.and_then(T::into_value)
    }
}

impl<T: ListItem> AttributeValue for Vec<T> {
    fn into_value(self) -> Option<Value> {
        Some(Value::Array(T::list(self.into_iter())))
    }
}

impl<T: ListItem, const N: usize> AttributeValue for [T; N] {
    fn into_value(self) -> Option<Value> {
        Some(Value::Array(T::list(self.into_iter())))
    }
}

impl<T: ListItem + Clone> AttributeValue for &[T] {
    fn into_value(self) -> Option<Value> {
        Some(Value::Array(T::list(self.iter().cloned())))
    }
}

impl<T: ListItem + Clone> AttributeValue for &Vec<T> {
    fn into_value(self) -> Option<Value> {
        self.as_slice().into_value()
    }
}

impl<T: ListItem + Clone, const N: usize> AttributeValue for &[T; N] {
    fn into_value(self) -> Option<Value> {
        self.as_slice().into_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(value: impl AttributeValue) -> String {
        value.into_value().map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"))
    }

    #[test]
    fn every_kind_of_value_keeps_its_type() {
        let (owned, floats, json_float) = ("a".to_owned(), vec![0.5], json!(2.5));
        assert_eq!(shown(1), "I64(1)");
        assert_eq!(shown(u64::MAX), format!("I64({})", i64::MAX));
        assert_eq!(shown(0.5_f32), "F64(0.5)");
        assert_eq!(shown(true), "Bool(true)");
        for text in [shown("a"), shown("a".to_owned()), shown(&owned), shown('a'), shown(json!("a"))] {
            assert!(text.contains("String(") && text.contains('a'), "{text}");
        }
        assert_eq!(shown(Some(7_usize)), "I64(7)");
        assert_eq!(shown(None::<&str>), "nothing");
        assert_eq!(shown([1, 2]), "Array(I64([1, 2]))");
        assert_eq!(shown(&floats), "Array(F64([0.5]))");
        assert_eq!(shown(&[true][..]), "Array(Bool([true]))");
        assert!(shown(vec!["a"]).starts_with("Array(String("));
        assert_eq!(
            (shown(json!(null)), shown(json!(2)), shown(&json_float)),
            ("nothing".into(), "I64(2)".into(), "F64(2.5)".into())
        );
        assert!(shown(json!({"a": [1]})).contains(r#"{\"a\":[1]}"#));
    }
}
