//! OTLP/JSON and exported runs, read from a stream: at most one record is held at once.

use super::{
    marks,
    piece::{Encoding, Signal},
    send::Sender,
    spool::Spool,
};
use crate::exit::{Failure, Outcome};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, error::Category, json, value::RawValue};
use std::{fmt, io::Read};

/// Reads the next object, or list of objects, and sends what is in it.
pub(super) fn object(input: impl Read, sender: &mut Sender<'_>) -> Outcome {
    let mut objects = Objects { sender, failure: None };
    let mut json = serde_json::Deserializer::from_reader(input);
    let read = objects.deserialize(&mut json);
    match (objects.failure, read) {
        (Some(failure), _) => Err(failure),
        (None, read) => read.map_err(|error| not_read(&error)),
    }
}

/// Reads the next object, or list of objects, and leaves it out.
pub(super) fn skip(input: impl Read) -> Outcome {
    use serde::Deserialize as _;
    let mut json = serde_json::Deserializer::from_reader(input);
    IgnoredAny::deserialize(&mut json).map(drop).map_err(|error| not_read(&error))
}

fn not_read(error: &serde_json::Error) -> Failure {
    match error.classify() {
        Category::Data => Failure::failed(format!("the object is not OTLP/JSON: {error}")),
        Category::Io | Category::Syntax | Category::Eof => {
            Failure::failed(format!("this is not valid JSON, or was cut off: {error}"))
        }
    }
}

/// Keeps a failure that is not the reader's, and stops the reader.
fn or_stop<T, E: Error>(failure: &mut Option<Failure>, done: Result<T, Failure>) -> Result<T, E> {
    done.map_err(|why| {
        *failure = Some(why);
        E::custom("stopped")
    })
}

/// What objects are read into.
struct Objects<'a, 's> {
    sender: &'a mut Sender<'s>,
    failure: Option<Failure>,
}

/// An object, or a list of them.
impl<'de> DeserializeSeed<'de> for &mut Objects<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Objects<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an exported run or OTLP/JSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        Each(self).visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut is_exported, mut is_telemetry) = (false, false);
        let (mut runs, mut scores, mut contents_deleted) = (Value::Null, Value::Null, Value::Null);
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), signal(&key)) {
                ("format", _) => {
                    let format = map.next_value()?;
                    or_stop(&mut self.failure, is_known(&format))?;
                    is_exported = true;
                }
                ("runs", _) => runs = map.next_value()?,
                ("scores", _) => scores = map.next_value()?,
                ("contents_deleted", _) => contents_deleted = map.next_value()?,
                ("otlp", _) => map.next_value_seed(Telemetry(self))?,
                (_, Some(signal)) => {
                    is_telemetry = true;
                    let mut resources = Resources { objects: self, signal };
                    map.next_value_seed(Each(&mut resources))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if is_exported {
            let given = marks::give(
                &json!({ "runs": runs, "scores": scores, "contents_deleted": contents_deleted }),
                self.sender,
            );
            return or_stop(&mut self.failure, given);
        }
        let told = if is_telemetry {
            Ok(())
        } else {
            Err(Failure::failed("this is neither an exported run nor OTLP/JSON")
                .hint("OTLP/JSON begins with resourceSpans, resourceLogs or resourceMetrics"))
        };
        or_stop(&mut self.failure, told)
    }
}

fn is_known(format: &Value) -> Outcome {
    if format == "turnscope/1" {
        return Ok(());
    }
    Err(Failure::failed(format!("the format is {format}"))
        .hint("this version supports turnscope/1: use a newer turnscope"))
}

/// The signal of this key of a request, in either spelling.
fn signal(key: &str) -> Option<Signal> {
    match key {
        "resourceSpans" | "resource_spans" => Some(Signal::Traces),
        "resourceLogs" | "resource_logs" => Some(Signal::Logs),
        "resourceMetrics" | "resource_metrics" => Some(Signal::Metrics),
        _ => None,
    }
}

/// The telemetry of an exported run, or null.
struct Telemetry<'r, 'a, 's>(&'r mut Objects<'a, 's>);

impl<'de> DeserializeSeed<'de> for Telemetry<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Telemetry<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OTLP/JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match signal(&key) {
                Some(signal) => {
                    let mut resources = Resources { objects: &mut *self.0, signal };
                    map.next_value_seed(Each(&mut resources))?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A list whose elements are read into this one after the other, or null.
struct Each<'e, T>(&'e mut T);

impl<'de, T> DeserializeSeed<'de> for Each<'_, T>
where
    for<'t> &'t mut T: DeserializeSeed<'de, Value = ()>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T> Visitor<'de> for Each<'_, T>
where
    for<'t> &'t mut T: DeserializeSeed<'de, Value = ()>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(&mut *self.0)?.is_some() {}
        Ok(())
    }
}

/// Resources of one signal. Each is sent when it has been read.
struct Resources<'r, 'a, 's> {
    objects: &'r mut Objects<'a, 's>,
    signal: Signal,
}

impl<'de> DeserializeSeed<'de> for &mut Resources<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Resources<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource with its scopes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Objects { sender, failure } = &mut *self.objects;
        let mut header = Vec::new();
        let mut spool = Spool::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "resource" => field(&mut header, "resource", &mut map)?,
                "schemaUrl" | "schema_url" => field(&mut header, "schemaUrl", &mut map)?,
                "scopeSpans"
                | "scope_spans"
                | "scopeLogs"
                | "scope_logs"
                | "scopeMetrics"
                | "scope_metrics"
                | "instrumentationLibrarySpans"
                | "instrumentationLibraryLogs"
                | "instrumentationLibraryMetrics" => {
                    map.next_value_seed(Each(&mut Scopes { spool: &mut spool, failure }))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let records = spool.end_resource(header, self.signal, Encoding::Json);
        let sent = records.and_then(|records| sender.resource(records));
        or_stop(failure, sent)
    }
}

/// Keeps the text of a field of a header.
fn field<'de, A: MapAccess<'de>>(header: &mut Vec<u8>, key: &str, map: &mut A) -> Result<(), A::Error> {
    let value: Box<RawValue> = map.next_value()?;
    header.extend_from_slice(format!("\"{key}\":{value},").as_bytes());
    Ok(())
}

/// Scopes of one resource.
struct Scopes<'r> {
    spool: &'r mut Spool,
    failure: &'r mut Option<Failure>,
}

impl<'de> DeserializeSeed<'de> for &mut Scopes<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Scopes<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scope with its records")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut header = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "scope" | "instrumentationLibrary" => field(&mut header, "scope", &mut map)?,
                "schemaUrl" | "schema_url" => field(&mut header, "schemaUrl", &mut map)?,
                "spans" | "logRecords" | "log_records" | "metrics" => {
                    let (spool, failure) = (&mut *self.spool, &mut *self.failure);
                    map.next_value_seed(Each(&mut Records { spool, failure }))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.spool.end_scope(header);
        Ok(())
    }
}

/// Records of one scope.
struct Records<'r> {
    spool: &'r mut Spool,
    failure: &'r mut Option<Failure>,
}

impl<'de> DeserializeSeed<'de> for &mut Records<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        use serde::Deserialize as _;
        let record = Box::<RawValue>::deserialize(json)?;
        or_stop(self.failure, self.spool.record(record.get().as_bytes()))
    }
}
