//! Takes secrets out before anything is stored.
//!
//! Two kinds of rules: names of keys whose values are secret, and shapes that are secret wherever they stand. Each
//! redaction leaves the marker `[redacted:RULE]`, keeps JSON valid, and is counted. What is stored, hashed and shown
//! is what is left. Here: the rules and the walk over a record. In the files below: what is secret by default
//! (`rules`), the names of keys (`keys`), their values in a text (`pairs`), shapes (`shape`), a text (`text`), what could
//! be secret (`suspects`), which items are known to be clean (`clean`).

mod clean;
mod keys;
mod pairs;
mod rules;
mod shape;
mod suspects;
mod text;

use crate::decode::ORIGINAL_BYTES;
use clean::Clean;
use keys::Keys;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, KeyValueList, any_value::Value as Any};
use pairs::Pairs;
use prost::Message as _;
use regex::Regex;
use shape::Shape;
use std::sync::LazyLock;
use suspects::Suspects;
use turnscope_model::{ContentHash, Form, Value};

/// Nothing shorter is a key and its value: `"a":1`.
const SHORTEST_PAIR: usize = 5;

/// Why extra rules are refused.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A pattern is not a valid regular expression.
    #[error("redaction pattern {pattern:?} is not a valid regular expression: {source}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        source: Box<regex::Error>,
    },
    /// A pattern matches the empty text, so it would match everywhere.
    #[error("redaction pattern {0:?} matches the empty text")]
    Empty(String),
    /// A key without letters or digits.
    #[error("redaction key {0:?} has no letters or digits")]
    Key(String),
    /// The rules are too many or too large together.
    #[error("the redaction rules cannot be compiled: {0}")]
    Size(String),
}

/// The rules by which values are redacted at receipt.
#[derive(Debug)]
pub struct Redactor {
    /// `None`: nothing is redacted.
    rules: Option<Rules>,
}

#[derive(Debug)]
struct Rules {
    keys: Keys,
    /// The shapes of a user's patterns.
    own_shapes: Vec<Shape>,
    compiled: &'static Compiled,
    /// Finds what could be secret, fast.
    suspects: Suspects,
    /// Finds what could be a secret key.
    key_words: Suspects,
    /// Extra patterns say nothing of what they begin with: every text is searched.
    search_all: bool,
    clean: Clean,
}

/// The expressions that every redactor has. They take some milliseconds to compile.
#[derive(Debug)]
struct Compiled {
    pairs: Pairs,
    shapes: Vec<Shape>,
}

static COMPILED: LazyLock<Result<Compiled, String>> = LazyLock::new(|| {
    let shapes = rules::SHAPES.iter().map(|shape| Shape::new(shape.name, shape.literals, shape.pattern));
    let shapes = shapes.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    Ok(Compiled { pairs: Pairs::new().map_err(|error| error.to_string())?, shapes })
});

impl Default for Redactor {
    /// The default rules. They are part of this program and always compile; were it otherwise, nothing would be
    /// redacted, which a test excludes.
    fn default() -> Self {
        Self::with(&[], &[]).unwrap_or_else(|_| Self::off())
    }
}

impl Redactor {
    /// Redacts nothing.
    pub fn off() -> Self {
        Self { rules: None }
    }

    /// The default rules, and these: names of keys, and regular expressions.
    pub fn with(keys: &[&str], patterns: &[&str]) -> Result<Self, RuleError> {
        let keys = Keys::new(keys)?;
        let size = |error: &dyn std::fmt::Display| RuleError::Size(error.to_string());
        let mut own_shapes = Vec::new();
        for (n, pattern) in (1..).zip(patterns) {
            let regex = Regex::new(pattern).map_err(|source| RuleError::Pattern {
                pattern: (*pattern).to_owned(),
                source: Box::new(source),
            })?;
            if regex.is_match("") {
                return Err(RuleError::Empty((*pattern).to_owned()));
            }
            own_shapes.push(Shape::of_user(format!("pattern-{n}"), regex));
        }
        let literals =
            rules::SHAPES.iter().flat_map(|shape| shape.literals).map(|literal| (*literal).to_owned());
        let words: Vec<String> = keys.words().collect();
        let all: Vec<String> = literals.chain(words.iter().cloned()).collect();
        Ok(Self {
            rules: Some(Rules {
                keys,
                own_shapes,
                compiled: COMPILED.as_ref().map_err(|error| RuleError::Size(error.clone()))?,
                suspects: Suspects::new(&all).map_err(|error| size(&error))?,
                key_words: Suspects::new(&words).map_err(|error| size(&error))?,
                search_all: !patterns.is_empty(),
                clean: Clean::default(),
            }),
        })
    }

    /// What is left of a text, and how many secrets it held.
    ///
    /// ```
    /// let (left, count) = turnscope_otlp::redact::Redactor::default().redacted("Cookie: a=b; c=d");
    /// assert_eq!((left.as_str(), count), ("Cookie: [redacted:cookie]", 1));
    /// ```
    pub fn redacted(&self, text: &str) -> (String, u32) {
        let mut left = text.to_owned();
        let count = self.text(&mut left);
        (left, count)
    }

    /// Redacts the values whose keys are secret; gives how many.
    pub(crate) fn keys(&self, attributes: &mut [KeyValue]) -> u32 {
        self.rules.as_ref().map_or(0, |rules| attributes.iter_mut().map(|kv| rules.key(kv)).sum())
    }

    /// Redacts the values of a log's body whose keys are secret.
    pub(crate) fn body_keys(&self, body: Option<&mut AnyValue>) -> u32 {
        body.zip(self.rules.as_ref()).map_or(0, |(body, rules)| rules.keys_within(body))
    }

    /// Original bytes cannot be redacted: where they may hold a secret they go.
    pub(crate) fn original_bytes(&self, attributes: &mut [KeyValue]) {
        let Some(rules) = &self.rules else { return };
        let kept =
            attributes.last_mut().filter(|kv| kv.key == ORIGINAL_BYTES).and_then(|kv| kv.value.as_mut());
        if let Some(Any::BytesValue(bytes)) = kept.and_then(|any| any.value.as_mut())
            && rules.is_suspect(bytes)
        {
            bytes.clear();
        }
    }

    /// Redacts the texts of attributes.
    pub(crate) fn texts(&self, attributes: &mut [KeyValue]) -> u32 {
        let Some(rules) = &self.rules else { return 0 };
        attributes.iter_mut().filter_map(|kv| kv.value.as_mut()).map(|any| rules.any(any)).sum()
    }

    /// Redacts attributes wholly: by key and by shape.
    pub(crate) fn attributes(&self, attributes: &mut [KeyValue]) -> u32 {
        self.keys(attributes) + self.texts(attributes)
    }

    /// Redacts one value by shape.
    pub(crate) fn any(&self, any: &mut AnyValue) -> u32 {
        self.rules.as_ref().map_or(0, |rules| rules.any(any))
    }

    /// Redacts a text by shape.
    pub(crate) fn text(&self, text: &mut String) -> u32 {
        self.rules.as_ref().map_or(0, |rules| rules.text(text))
    }

    /// Redacts values that have been cut, and hashes again what has changed.
    pub(crate) fn values(&self, values: &mut [Value]) -> u32 {
        self.rules.as_ref().map_or(0, |rules| values.iter_mut().map(|value| rules.value(value)).sum())
    }
}

impl Rules {
    /// Redacts an attribute whose key is secret, the secret keys of a map in it, and secrets that stand in a key.
    fn key(&self, kv: &mut KeyValue) -> u32 {
        let count = kv.value.as_mut().map_or(0, |any| match self.keys.secret(&kv.key) {
            Some(name) => replace(any, &name),
            None => self.keys_within(any),
        });
        if self.search_all || !is_plain_name(&kv.key) { count + self.text(&mut kv.key) } else { count }
    }

    fn keys_within(&self, any: &mut AnyValue) -> u32 {
        match &mut any.value {
            Some(Any::KvlistValue(list)) => {
                let named = self.named_secret(list);
                list.values
                    .iter_mut()
                    .map(|kv| match (&named, &mut kv.value) {
                        (Some(name), Some(any)) if is_one_of(&kv.key, &["value", "val"]) => {
                            replace(any, name)
                        }
                        _ => self.key(kv),
                    })
                    .sum()
            }
            Some(Any::ArrayValue(array)) => array.values.iter_mut().map(|any| self.keys_within(any)).sum(),
            _ => 0,
        }
    }

    /// The secret key that a map with a name and a value names.
    fn named_secret(&self, list: &KeyValueList) -> Option<String> {
        list.values.iter().filter(|kv| is_one_of(&kv.key, &["name", "key", "header"])).find_map(|kv| match kv
            .value
            .as_ref()?
            .value
            .as_ref()?
        {
            Any::StringValue(name) => self.keys.secret(name),
            _ => None,
        })
    }

    fn any(&self, any: &mut AnyValue) -> u32 {
        match &mut any.value {
            Some(Any::StringValue(text)) => self.text(text),
            Some(Any::BytesValue(bytes)) if self.is_suspect(bytes) => match self.bytes(bytes) {
                Some((left, count)) => {
                    *bytes = left;
                    count
                }
                None => 0,
            },
            Some(Any::ArrayValue(array)) => array.values.iter_mut().map(|any| self.any(any)).sum(),
            Some(Any::KvlistValue(list)) => {
                list.values.iter_mut().filter_map(|kv| kv.value.as_mut()).map(|any| self.any(any)).sum()
            }
            _ => 0,
        }
    }

    fn text(&self, text: &mut String) -> u32 {
        if !self.is_suspect(text.as_bytes()) {
            return 0;
        }
        let (found, count) = text::redact(self, text);
        if let Some(found) = found {
            *text = found;
        }
        count
    }

    /// What is left of bytes that are a text with secrets in it, and how many.
    fn bytes(&self, bytes: &[u8]) -> Option<(Vec<u8>, u32)> {
        let (left, count) = text::redact(self, std::str::from_utf8(bytes).ok()?);
        Some((left?.into_bytes(), count))
    }

    fn is_suspect(&self, bytes: &[u8]) -> bool {
        self.search_all || self.suspects.any_in(bytes)
    }

    fn value(&self, value: &mut Value) -> u32 {
        let mut count = self.envelope(value);
        for item in &mut value.items {
            if self.clean.holds(&item.hash) {
                continue;
            }
            match self.item(value.form, &item.bytes) {
                Some((bytes, found)) => {
                    item.hash = ContentHash::of(value.form, &bytes);
                    item.bytes = bytes.into();
                    count += found;
                }
                None => self.clean.add(&item.hash),
            }
        }
        count
    }

    /// Searches the bytes between the items, which are text only where the value is.
    fn envelope(&self, value: &mut Value) -> u32 {
        if value.form != Form::Text || value.envelope.len() < SHORTEST_PAIR {
            return 0;
        }
        let separators = 0..=value.items.len();
        let found: Vec<_> = separators.map(|i| self.item(Form::Text, value.separator(i))).collect();
        if found.iter().all(Option::is_none) {
            return 0;
        }
        let mut envelope = Vec::with_capacity(value.envelope.len());
        let mut places = Vec::with_capacity(found.len());
        let mut count = 0;
        for (i, found) in found.into_iter().enumerate() {
            match found {
                Some((bytes, n)) => {
                    envelope.extend_from_slice(&bytes);
                    count += n;
                }
                None => envelope.extend_from_slice(value.separator(i)),
            }
            places.push(envelope.len());
        }
        for (item, at) in value.items.iter_mut().zip(places) {
            item.at = at;
        }
        value.envelope = envelope;
        count
    }

    /// What is left of an item that holds secrets, and how many.
    fn item(&self, form: Form, bytes: &[u8]) -> Option<(Vec<u8>, u32)> {
        if !self.is_suspect(bytes) {
            return None;
        }
        let (left, count) = match form {
            Form::Bytes | Form::Text => self.bytes(bytes)?,
            Form::Array => {
                let mut any = AnyValue::decode(bytes).ok()?;
                let count = self.keys_within(&mut any) + self.any(&mut any);
                (any.encode_to_vec(), count)
            }
            Form::Flat => {
                let mut list = KeyValueList::decode(bytes).ok()?;
                let mut count = list.values.iter_mut().map(|kv| self.key(kv)).sum();
                for any in list.values.iter_mut().filter_map(|kv| kv.value.as_mut()) {
                    count += self.any(any);
                }
                (list.encode_to_vec(), count)
            }
        };
        (count > 0).then_some((left, count))
    }
}

/// Whether a key is written as names of attributes nearly always are. No secret is: it has digits, capitals or signs.
fn is_plain_name(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_'))
}

fn is_one_of(key: &str, names: &[&str]) -> bool {
    names.iter().any(|name| key.eq_ignore_ascii_case(name))
}

/// Replaces texts, bytes and numbers by the marker, also those in a list or map. Gives how many.
fn replace(any: &mut AnyValue, rule: &str) -> u32 {
    let is_secret = match &mut any.value {
        Some(Any::StringValue(text)) => !text.is_empty() && !text.starts_with("[redacted:"),
        Some(Any::BytesValue(bytes)) => !bytes.is_empty(),
        Some(Any::IntValue(_) | Any::DoubleValue(_)) => true,
        Some(Any::ArrayValue(array)) => {
            return array.values.iter_mut().map(|any| replace(any, rule)).sum();
        }
        Some(Any::KvlistValue(list)) => {
            return list
                .values
                .iter_mut()
                .filter_map(|kv| kv.value.as_mut())
                .map(|any| replace(any, rule))
                .sum();
        }
        _ => false,
    };
    if is_secret {
        any.value = Some(Any::StringValue(marker(rule)));
    }
    u32::from(is_secret)
}

/// The marker that replaces a secret.
fn marker(rule: &str) -> String {
    format!("[redacted:{rule}]")
}
