//! Writes JSON up to a size, and stops there: a value of any size costs the caller no more than what is kept.
//! What is written is valid JSON, with marks where something is missing.

mod copy;
mod serialize;

use crate::cut_text::cut_text;
use serde::Serialize;

/// The JSON of a value in about `limit` bytes. A value that cannot be serialised is replaced by an object with
/// the error.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T, limit: usize) -> String {
    let mut json = Writer::new(limit);
    match value.serialize(&mut json) {
        Ok(()) => json.out,
        Err(Stop::Full) => json.finish(),
        Err(Stop::Failed(error)) => serde_json::json!({"unserialisable": error}).to_string(),
    }
}

/// A text that is JSON, in about `limit` bytes. `None` if it is no JSON up to there.
pub(crate) fn shortened(text: &str, limit: usize) -> Option<String> {
    let mut json = Writer::new(limit);
    match copy::copy(text, &mut json) {
        Ok(()) => Some(json.out),
        Err(Stop::Full) => Some(json.finish()),
        Err(Stop::Failed(_)) => None,
    }
}

/// Why writing ends early.
#[derive(Debug)]
enum Stop {
    /// There is no room for more.
    Full,
    /// The value cannot be serialised, or the text is no JSON.
    Failed(String),
}

/// A list or an object that is being written.
#[derive(Clone, Copy)]
struct Open {
    is_object: bool,
    has_items: bool,
}

struct Writer {
    out: String,
    limit: usize,
    open: Vec<Open>,
}

impl Writer {
    fn new(limit: usize) -> Self {
        Self { out: String::new(), limit, open: Vec::new() }
    }

    fn begin(&mut self, is_object: bool) {
        self.out.push(if is_object { '{' } else { '[' });
        self.open.push(Open { is_object, has_items: false });
    }

    fn end(&mut self) {
        if let Some(open) = self.open.pop() {
            self.out.push(if open.is_object { '}' } else { ']' });
        }
    }

    /// To be called before each item of a list.
    fn item(&mut self) -> Result<(), Stop> {
        if self.out.len() >= self.limit {
            return Err(Stop::Full);
        }
        self.comma();
        Ok(())
    }

    /// To be called before each value of an object.
    fn key(&mut self, key: &str) -> Result<(), Stop> {
        self.item()?;
        self.text(key);
        self.out.push(':');
        Ok(())
    }

    fn comma(&mut self) {
        if let Some(open) = self.open.last_mut() {
            if open.has_items {
                self.out.push(',');
            }
            open.has_items = true;
        }
    }

    /// A string; a long one is cut.
    fn text(&mut self, text: &str) {
        match cut_text(text, self.limit) {
            Some(cut) => self.raw(&quoted(&cut)),
            None => self.raw(&quoted(text)),
        }
    }

    fn raw(&mut self, json: &str) {
        self.out.push_str(json);
    }

    /// Closes what is open, with a mark in the innermost list or object.
    fn finish(mut self) -> String {
        if let Some(innermost) = self.open.last().copied() {
            self.comma();
            self.raw(if innermost.is_object { r#""…":"[truncated]""# } else { r#""…[truncated]""# });
        }
        while !self.open.is_empty() {
            self.end();
        }
        self.out
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default() // a text is always JSON
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json, value::RawValue};
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    enum Kind {
        Unit,
        Newtype(u8),
        Tuple(i64, f64),
        Struct { a: Option<char>, b: () },
    }

    #[derive(Serialize)]
    struct Every<'a> {
        text: &'a str,
        bytes: &'a [u8],
        kinds: [Kind; 4],
        tuple: (f32, f64, bool, i128),
        map: BTreeMap<u32, Option<&'a str>>,
        raw: &'a RawValue,
        json: Json,
    }

    fn every() -> String {
        let raw = serde_json::value::to_raw_value(&json!({"x": [1, "y"]})).unwrap();
        let kinds =
            [Kind::Unit, Kind::Newtype(1), Kind::Tuple(-2, 0.5), Kind::Struct { a: Some('"'), b: () }];
        let map = BTreeMap::from([(1, Some("one")), (2, None)]);
        let json = json!({"nested": [{"deep": "\u{1}\n"}], "n": 1.5e300, "empty": [{}, []]});
        let tuple = (0.1, f64::NAN, true, i128::from(i64::MAX));
        let every = Every { text: "é\"", bytes: &[1, 2], kinds, tuple, map, raw: &raw, json };
        let plain = serde_json::to_string(&every).unwrap();
        assert_eq!(to_json(&every, usize::MAX), plain);
        plain
    }

    #[test]
    fn what_fits_is_written_as_serde_json_does() {
        let plain = every();
        assert_eq!(shortened(&plain, usize::MAX).unwrap(), plain);
        for text in ["x", "", "1", "true", "null"] {
            assert_eq!(to_json(text, 100), serde_json::to_string(text).unwrap());
        }
    }

    /// At every limit.
    #[test]
    fn what_does_not_fit_is_still_json_and_bounded() {
        let plain = every();
        for limit in 0..plain.len() {
            let short = shortened(&plain, limit).unwrap();
            assert!(serde_json::from_str::<Json>(&short).is_ok(), "{limit}: {short}");
            assert!(short.len() < 2 * limit + 200, "{limit}: {short}");
        }
    }

    #[test]
    fn a_long_text_in_an_object_is_cut_and_what_follows_is_left_out() {
        let short = to_json(&json!({"a": "x".repeat(5000), "b": [1, 2]}), 1000);
        let json: Json = serde_json::from_str(&short).unwrap();
        let text = json["a"].as_str().unwrap();
        assert!(text.ends_with("…[truncated from 5000 bytes]") && text.len() < 1100, "{text}");
        assert_eq!(json["…"], "[truncated]");
        assert!(json.get("b").is_none());
    }

    #[test]
    fn a_long_list_is_not_walked_to_its_end() {
        struct Endless;
        impl Serialize for Endless {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_seq(0_u64..)
            }
        }
        let short: Vec<Json> = serde_json::from_str(&to_json(&Endless, 100)).unwrap();
        assert_eq!(short.last().unwrap(), "…[truncated]");
    }

    #[test]
    fn what_cannot_be_serialised_says_so_and_other_text_is_no_json() {
        struct Fails;
        impl Serialize for Fails {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("intended"))
            }
        }
        assert_eq!(to_json(&Fails, 100), r#"{"unserialisable":"intended"}"#);
        for text in ["{", "[1", "{\"a\" 1}", "[1] x", "plain"] {
            assert_eq!(shortened(text, 100), None, "{text}");
        }
    }
}
