//! Everything that a span says in content: messages, tools, arguments, results, documents, parameters.

use super::{
    cut_again, definition, json,
    json::first,
    of_source, parse, part,
    preview::best,
    printed,
    source::{Record, Sent, Source},
    stream,
};
use crate::cut;
use opentelemetry_proto::tonic::{common::v1::any_value, logs::v1::LogRecord, trace::v1::Span};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use turnscope_model::{Kind, Message, Part, Purpose, ToolDefinition, Value};

/// The content of one span and the log records joined to it, in canonical form.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Content {
    /// The system prompt, where it is separate from the messages.
    pub system: Vec<Part>,
    /// The messages that the call was sent.
    pub input: Vec<Message>,
    /// What came out.
    pub output: Vec<Message>,
    /// The tools that the model was offered.
    pub tool_definitions: Vec<ToolDefinition>,
    /// A tool call's arguments.
    pub arguments: Option<Json>,
    /// A tool call's result.
    pub result: Option<Json>,
    /// The input of an agent, a chain or a retrieval that is not a list of messages.
    pub input_value: Option<Json>,
    /// The output that is not a list of messages.
    pub output_value: Option<Json>,
    /// The documents that were retrieved.
    pub documents: Vec<Json>,
    /// The request's parameters (`temperature`, `max_tokens`, …).
    pub parameters: Map<String, Json>,
}

impl Content {
    /// The content of a span. `joined_logs` are the log records that name it, in the order of their times.
    pub fn of_span(span: &Span, joined_logs: &[LogRecord], kind: Kind) -> Self {
        let (span, values) = cut_again(span, kind);
        let logs: Vec<(LogRecord, String, Vec<Value>)> =
            joined_logs.iter().map(|log| cut_log(log, kind)).collect();
        let record = Record::of_span(&span, &values, kind);
        let mut sources = record.sources();
        for (log, event, values) in &logs {
            sources.extend(Record::of_log(log, values, kind, event).sources());
        }
        let mut content = Self::of_sources(&sources, kind);
        content.read_attributes(record, &sources);
        content
    }

    /// The content of a log record on its own.
    pub fn of_log(log: &LogRecord, kind: Kind) -> Self {
        let (log, event, values) = cut_log(log, kind);
        let record = Record::of_log(&log, &values, kind, &event);
        let sources = record.sources();
        let mut content = Self::of_sources(&sources, kind);
        content.read_attributes(record, &sources);
        content
    }

    fn of_sources(sources: &[Source<'_>], kind: Kind) -> Self {
        let mut content = Self::default();
        let inputs = best(sources, Purpose::Input);
        let outputs = best(sources, Purpose::Output);
        let is_call = kind == Kind::Llm;
        (content.input, content.input_value) = in_or_out(&inputs, "user", is_call);
        (content.output, content.output_value) = in_or_out(&outputs, "assistant", is_call);
        content.output = stream::joined(content.output);
        // A framework may print its documents as the output, and send them under keys of their own too.
        let lists = sources.iter().filter(|source| source.purpose == Purpose::Output).map(documents);
        content.documents = lists.into_iter().find(|documents| !documents.is_empty()).unwrap_or_default();
        // Parts of one answer (text, reasoning, tool calls) under keys of their own are one message.
        if outputs.len() > 1 && outputs.iter().all(|source| source.key.starts_with("ai.re")) {
            content.output = one_answer(std::mem::take(&mut content.output));
        }
        for source in best(sources, Purpose::System) {
            content.system.extend(match source.sent.json() {
                Json::Object(map) => parse::assemble(&map, "system").parts,
                other => part::parts(&other),
            });
        }
        for source in best(sources, Purpose::Definitions) {
            content.tool_definitions.extend(definition::definitions(&source.sent.json()));
        }
        content.arguments = tool_value(sources, Purpose::Arguments);
        content.result = tool_value(sources, Purpose::Result);
        content
    }

    fn read_attributes(&mut self, record: Record<'_>, sources: &[Source<'_>]) {
        let inputs = best(sources, Purpose::Input);
        let split = record.get("pydantic_ai.all_messages").or_else(|| record.get("all_messages_events"));
        if split.is_some() && self.output.is_empty() {
            self.split_off_answer();
        }
        for source in &inputs {
            self.read_request(&source.sent);
        }
        if let Some(raw) = record.get("input.value").or_else(|| record.get("request_data")) {
            self.read_request(&raw);
        }
        for kv in record.attributes {
            if let Some(name) = parameter(&kv.key) {
                self.parameters.insert(name.to_owned(), kv.value.as_ref().map_or(Json::Null, json::of_any));
            }
        }
        for key in PARAMETER_MAPS {
            if let Some(Json::Object(map)) = record.get(key).map(Sent::json) {
                let own =
                    |name: &str| !matches!(name, "tools" | "messages" | "input" | "instructions" | "model");
                self.parameters.extend(map.into_iter().filter(|(name, _)| own(name)));
            }
        }
    }

    /// A list that holds the whole conversation: what the agent said last is its output.
    fn split_off_answer(&mut self) {
        if self.input.last().is_some_and(|message| message.role == "assistant") {
            self.output.extend(self.input.pop());
        }
    }

    /// A raw request that holds the system prompt and the tools beside its messages.
    fn read_request(&mut self, sent: &Sent<'_>) {
        if !self.system.is_empty() && !self.tool_definitions.is_empty() {
            return;
        }
        let Json::Object(request) = sent.json() else { return };
        let config = request.get("config").and_then(Json::as_object);
        let place =
            |keys: &[&str]| first(&request, keys).or_else(|| config.and_then(|config| first(config, keys)));
        if self.system.is_empty()
            && let Some(system) =
                place(&["system", "system_instruction", "systemInstruction", "instructions"])
        {
            self.system = match system {
                Json::Object(map) if map.contains_key("parts") => part::parts(&map["parts"]),
                other => part::parts(other),
            };
        }
        if self.tool_definitions.is_empty()
            && let Some(tools) = place(&["tools", "functions"])
        {
            self.tool_definitions = definition::definitions(tools);
        }
    }
}

/// What the keys of request parameters begin with.
const PARAMETERS: [&str; 3] = ["gen_ai.request.", "ai.settings.", "llm.request."];
/// Attributes that hold all request parameters.
const PARAMETER_MAPS: [&str; 2] = ["llm.invocation_parameters", "langfuse.observation.model.parameters"];

/// The name of the request parameter that stands under this key.
fn parameter(key: &str) -> Option<&str> {
    let name = PARAMETERS.iter().find_map(|prefix| key.strip_prefix(prefix))?;
    (!matches!(name, "model" | "functions" | "type")).then_some(name)
}

/// Whether request parameters are read from this key.
pub(crate) fn is_parameter(key: &str) -> bool {
    parameter(key).is_some() || PARAMETER_MAPS.contains(&key)
}

/// A log record cut as on receipt, its event name, and what was cut out.
pub(super) fn cut_log(log: &LogRecord, kind: Kind) -> (LogRecord, String, Vec<Value>) {
    let mut log = log.clone();
    let event = event_name(&log).to_owned();
    let values = cut::log_values(&mut log, &event, kind, &mut cut::Contents::default());
    (log, event, values)
}

/// A log record's event name: the field, or the attribute of older SDKs.
pub(crate) fn event_name(log: &LogRecord) -> &str {
    // Some loggers put a source position into the record's own field, and the name into the attribute.
    let named = log.attributes.iter().find(|kv| kv.key == "event.name").and_then(|kv| kv.value.as_ref());
    match named.and_then(|any| any.value.as_ref()) {
        Some(any_value::Value::StringValue(name)) if !name.is_empty() => name,
        _ => &log.event_name,
    }
}

/// Messages where the values hold any, else the plain value (a model's input is a message even when it is plain).
fn in_or_out(sources: &[Source<'_>], role: &str, is_call: bool) -> (Vec<Message>, Option<Json>) {
    let events = sources.iter().any(|source| !source.event.is_empty());
    let structured = |source: &Source<'_>| {
        source.sent.len() > 1 || !parse::messages(&source.sent.item(0).0, role).is_empty()
    };
    let parts_of_answer = sources.iter().any(|source| source.key.starts_with("ai.re"));
    if is_call || events || parts_of_answer || sources.iter().any(structured) {
        let messages: Vec<Message> = sources.iter().flat_map(|source| of_source(source, role)).collect();
        let readable = messages.iter().any(|m| m.parts.iter().any(|p| !matches!(p, Part::Other { .. })));
        if readable || is_call {
            return (messages, None);
        }
    }
    (Vec::new(), sources.first().map(|source| source.sent.json()))
}

fn tool_value(sources: &[Source<'_>], purpose: Purpose) -> Option<Json> {
    let source = *best(sources, purpose).first()?;
    let json = match source.sent.json() {
        // Of texts only objects and lists are read as JSON elsewhere.
        Json::String(text) if text.trim() == "null" => Json::Null,
        json => json,
    };
    // A list of one result, as span events carry it.
    if let (Json::Array(list), false) = (&json, source.event.is_empty())
        && let [Json::Object(only)] = &list[..]
    {
        return Some(match part::part(only) {
            Some(Part::ToolCallResponse { response, .. }) => response,
            Some(Part::Text { content }) => part::parsed(&Json::String(content)),
            _ => json,
        });
    }
    let places = if purpose == Purpose::Result { PRINTED_RESULTS } else { PRINTED_ARGUMENTS };
    let printed = json.as_str().and_then(printed::fields);
    Some(match printed.and_then(|fields| first(&fields, places).cloned()) {
        Some(result) => part::parsed(&result),
        None => without_envelope(&json, purpose).unwrap_or(json),
    })
}

/// Where a result stands in an object that was printed whole.
const PRINTED_RESULTS: &[&str] = &["content", "result", "output", "raw_output", "text", "error"];
/// Where arguments stand in a call that was printed whole.
const PRINTED_ARGUMENTS: &[&str] = &["tool_kwargs", "arguments", "tool_args", "kwargs", "args"];

/// Arguments or a result out of what a framework put around them: the record of a callback, which holds the call's
/// inputs beside its settings, or a function's arguments; the message in which a result goes back to the model.
fn without_envelope(json: &Json, purpose: Purpose) -> Option<Json> {
    let map = json.as_object()?;
    // What kind of value it is, and the value.
    let kind = map.get("type").and_then(Json::as_str);
    if let (2, Some("json" | "text" | "raw" | "error-text" | "error-json"), Some(value)) =
        (map.len(), kind, map.get("value"))
    {
        return Some(value.clone());
    }
    if purpose == Purpose::Arguments {
        let record = || map.get("inputs").filter(|_| map.contains_key("input_str"));
        let keywords = || {
            let alone =
                map.get("args").map_or(map.len() == 1, |args| args.as_array().is_some_and(Vec::is_empty));
            map.get("kwargs").filter(|_| alone)
        };
        return record().or_else(keywords).filter(|inputs| inputs.is_object()).cloned();
    }
    if let Some(raw) = map.get("raw_output").filter(|_| map.contains_key("tool_name")) {
        return Some(raw.clone());
    }
    let messages = parse::messages(json, "");
    let [Message { role, parts, .. }] = &messages[..] else { return None };
    match &parts[..] {
        [Part::ToolCallResponse { response, .. }] if role == "tool" => Some(response.clone()),
        _ => None,
    }
}

fn documents(source: &Source<'_>) -> Vec<Json> {
    if !source.key.contains("documents") && !source.key.contains("records") {
        return Vec::new();
    }
    let unwrap = |json: Json| match json {
        Json::Object(mut map) if map.len() == 1 && map.contains_key("document") => {
            map.remove("document").unwrap_or_default()
        }
        other => other,
    };
    match source.sent.json() {
        Json::Array(list) => list.into_iter().map(unwrap).collect(),
        other => vec![other],
    }
}

/// The Vercel AI SDK writes the parts of one answer under keys of their own.
pub(super) fn vercel_answer(source: &Source<'_>) -> Option<Message> {
    let part = source.key.strip_prefix("ai.response.").or_else(|| source.key.strip_prefix("ai.result."))?;
    let json = source.sent.json();
    let parts = match part {
        "text" => part::parts(&text_again(json, source.sent)),
        "object" => vec![Part::Text { content: text_again(json, source.sent).as_str()?.to_owned() }],
        "reasoning" => vec![Part::Reasoning { content: super::plain_text::plain_text(&json) }],
        "toolCalls" => part::parts(&json),
        _ => return None,
    };
    Some(Message { role: "assistant".to_owned(), parts, ..Message::default() })
}

/// A text stays a text, even where it looks like JSON.
fn text_again(json: Json, sent: Sent<'_>) -> Json {
    match (json, sent) {
        (Json::String(text), _) => Json::String(text),
        (_, Sent::Cut(value)) => Json::String(String::from_utf8_lossy(&value.joined()).into_owned()),
        (json, Sent::Inline(_)) => Json::String(json.to_string()),
    }
}

fn one_answer(messages: Vec<Message>) -> Vec<Message> {
    let parts: Vec<Part> = messages.into_iter().flat_map(|message| message.parts).collect();
    let mut message = Message { role: "assistant".to_owned(), parts, ..Message::default() };
    message.id = super::events::id(&message, None);
    vec![message]
}
