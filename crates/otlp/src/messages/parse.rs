//! JSON to messages: each format is recognised by its structure, so that messages of unknown producers are read too.
//!
//! In: one item of a list as it was sent, or a whole value (a list, a request or answer that holds one, a text).
//! Out: canonical messages. Not here: single parts (`part`), which attribute to look at (`source`).

use super::{
    json::{first, first_text, of_structure},
    part::{self, is_part, parts},
    plain_text::plain_text,
    printed,
};
use crate::cut::event_role;
use serde_json::{Map, Value as Json};
use turnscope_model::{Message, Part};

/// How deep messages may be wrapped.
const DEEPEST: usize = 8;
/// Keys that hold the messages of a request, an answer, or a state; the first that is there is taken.
const WRAPPERS: [&str; 22] = [
    "messages",
    "contents",
    "choices",
    "candidates",
    "generations",
    "replies",
    "all_messages",
    "outputs",
    "inputs",
    "output",
    "input",
    "input_messages",
    "message",
    "chat_history",
    "response",
    "request",
    "args",
    "kwargs",
    "data",
    "result",
    "value",
    "update",
];

/// The messages that this value holds by its structure; empty where it holds none (a plain text is none).
pub(crate) fn messages(json: &Json, role: &str) -> Vec<Message> {
    within(json, role, DEEPEST)
}

/// The messages that this value holds; what has no structure of messages is one message of this role.
pub(crate) fn messages_or_text(json: &Json, role: &str) -> Vec<Message> {
    let found = messages(json, role);
    if !found.is_empty() {
        return found;
    }
    let content = plain_text(json);
    if content.is_empty() { Vec::new() } else { vec![Message::text(role, content)] }
}

fn within(json: &Json, role: &str, depth: usize) -> Vec<Message> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    match json {
        Json::String(text) => {
            if let Some(message) = printed::message(text) {
                return vec![message];
            }
            of_structure(text).map_or_else(Vec::new, |inner| within(&inner, role, depth))
        }
        Json::Array(list) => {
            if !list.is_empty() && list.iter().all(|item| item.as_object().is_some_and(is_list_part)) {
                let parts = list.iter().flat_map(parts).collect();
                return vec![Message { role: role.to_owned(), parts, ..Message::default() }];
            }
            if let [Json::String(role), Json::String(text)] = &list[..]
                && let Some(role) = pair_role(role)
            {
                return vec![Message::text(role, text.clone())];
            }
            list.iter().flat_map(|item| within(item, role, depth)).collect()
        }
        Json::Object(map) => {
            if let Some(message) = message(map, role) {
                return vec![message];
            }
            if let Some(messages) = by_kind_of_part(map) {
                return messages;
            }
            WRAPPERS
                .iter()
                .filter_map(|key| map.get(*key))
                .map(|inner| within(inner, role, depth))
                .find(|found| !found.is_empty())
                .unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// pydantic-ai's own objects: a request or a response, in which each part's kind gives the role.
fn by_kind_of_part(map: &Map<String, Json>) -> Option<Vec<Message>> {
    let list = map.get("parts").and_then(Json::as_array)?;
    let mut found: Vec<Message> = Vec::new();
    for part in list {
        let role = match part.get("part_kind")?.as_str()? {
            "system-prompt" => "system",
            "user-prompt" => "user",
            "tool-return" | "retry-prompt" => "tool",
            _ => "assistant",
        };
        match found.last_mut().filter(|last| last.role == role) {
            Some(last) => last.parts.extend(parts(part)),
            None => found.push(Message { role: role.to_owned(), parts: parts(part), ..Message::default() }),
        }
    }
    if let Some(last) = found.last_mut() {
        last.finish_reason = finish_reason(map);
    }
    Some(found)
}

/// LangChain's short way of writing a message: a pair of role and text.
fn pair_role(word: &str) -> Option<&'static str> {
    match word {
        "user" | "human" => Some("user"),
        "assistant" | "ai" => Some("assistant"),
        "system" => Some("system"),
        _ => None,
    }
}

/// A list of parts that is one message. Items of OpenAI's responses look like parts, but are messages.
fn is_list_part(map: &Map<String, Json>) -> bool {
    let kind = map.get("type").and_then(Json::as_str).unwrap_or("");
    is_part(map)
        && !matches!(kind, "function_call" | "function_call_output" | "function_call_result" | "reasoning")
        && (!kind.ends_with("_call") || kind.ends_with("tool_call"))
}

/// The message that this object is, if it is one.
pub(crate) fn message(map: &Map<String, Json>, role: &str) -> Option<Message> {
    langchain(map)
        .or_else(|| wrapped(map, role))
        .or_else(|| response_item(map))
        .or_else(|| with_role(map, role))
}

/// LangChain's three ways: serialised constructors, `{type, data}`, and a dump of the message's own fields.
fn langchain(map: &Map<String, Json>) -> Option<Message> {
    let class = match map.get("id") {
        Some(Json::Array(path)) if map.contains_key("kwargs") => path.last().and_then(Json::as_str),
        _ => map.get("type").and_then(Json::as_str),
    }?;
    let role = langchain_role(class)?;
    let fields = first(map, &["kwargs", "data"]).and_then(Json::as_object).unwrap_or(map);
    if !fields.contains_key("content") {
        return None;
    }
    let finish = fields.get("response_metadata").and_then(Json::as_object);
    let mut message = assemble(fields, role);
    message.finish_reason = message
        .finish_reason
        .or_else(|| finish.and_then(|map| first_text(map, &["finish_reason", "stop_reason"])));
    Some(message)
}

fn langchain_role(class: &str) -> Option<&'static str> {
    let class = class.strip_suffix("Chunk").unwrap_or(class);
    match class.strip_suffix("Message").unwrap_or(class) {
        "human" | "Human" => Some("user"),
        "ai" | "AI" => Some("assistant"),
        "system" | "System" => Some("system"),
        "tool" | "Tool" | "Function" => Some("tool"),
        _ => None,
    }
}

/// A message inside something that adds to it: a choice, a candidate, a flattened group, an old event.
fn wrapped(map: &Map<String, Json>, role: &str) -> Option<Message> {
    if let Some(Json::Object(inner)) = map.get("message") {
        let mut found = message(inner, role).unwrap_or_else(|| assemble(inner, role));
        found.finish_reason = found.finish_reason.or_else(|| finish_reason(map));
        let empty = found.parts.is_empty() && found.finish_reason.is_none();
        return (!empty || inner.contains_key("role")).then_some(found);
    }
    if let Some(Json::Object(inner)) = map.get("content")
        && inner.contains_key("parts")
    {
        let mut found = assemble(inner, "assistant");
        found.finish_reason = found.finish_reason.or_else(|| finish_reason(map));
        return Some(found);
    }
    if let Some(Json::Object(inner)) = first(map, &["prompt", "completion"])
        && let Some(text) = first_text(inner, &["text"])
    {
        return Some(Message::text(role, text));
    }
    // A text completion's choice.
    if map.contains_key("finish_reason")
        && let Some(Json::String(text)) = map.get("text")
    {
        let finish_reason = finish_reason(map);
        return Some(Message { finish_reason, ..Message::text("assistant", text.clone()) });
    }
    None
}

/// Items of OpenAI's responses that are not messages there.
fn response_item(map: &Map<String, Json>) -> Option<Message> {
    let (role, part) = match map.get("type").and_then(Json::as_str)? {
        "function_call" | "custom_tool_call" => ("assistant", part::tool_call(map)?),
        "function_call_output" | "function_call_result" | "custom_tool_call_output" => {
            ("tool", part::tool_response(map))
        }
        "reasoning" if !map.contains_key("role") => ("assistant", part::part(map)?),
        // Tools that the provider ran.
        kind if kind.ends_with("_call") && kind != "tool_call" && !map.contains_key("role") => {
            ("assistant", part::of_provider(kind, map)?)
        }
        _ => return None,
    };
    Some(Message { role: role.to_owned(), parts: vec![part], ..Message::default() })
}

/// An object with a role of its own, or with an event's name that implies one.
fn with_role(map: &Map<String, Json>, role: &str) -> Option<Message> {
    if let Some(Json::String(event)) = map.get("event.name") {
        let role = event_role(event)?;
        return Some(assemble(map, role));
    }
    let has_content = ["content", "parts", "contents", "tool_calls", "text", "blocks"]
        .iter()
        .any(|key| map.contains_key(*key));
    let speaks = map.get("role").is_some_and(Json::is_string);
    let calls = (map.contains_key("tool_calls") && map.contains_key("content"))
        || (map.get("toolCalls").is_some_and(Json::is_array) && map.contains_key("text"));
    ((speaks && has_content) || calls).then(|| assemble(map, role))
}

/// Puts a message together from its fields.
pub(crate) fn assemble(map: &Map<String, Json>, default_role: &str) -> Message {
    let role =
        first_text(map, &["role"]).map_or_else(|| default_role.to_owned(), |role| canonical_role(&role));
    let content = first(map, &["parts", "contents", "blocks", "content", "text"]).unwrap_or(&Json::Null);
    let mut found = Vec::new();
    if let Some(text) = first_text(map, &["reasoning_content", "reasoning", "thinking"]) {
        found.push(Part::Reasoning { content: text });
    }
    let call_id = first_text(map, &["tool_call_id", "toolCallId"]);
    let answers = call_id.is_some() || (role == "tool" && map.get("id").is_some_and(Json::is_string));
    let mut parts = parts(content);
    let says_so =
        parts.iter().any(|part| matches!(part, Part::ToolCallResponse { .. } | Part::ToolCall { .. }));
    if (role == "tool" || call_id.is_some()) && answers && !says_so {
        let id = call_id.or_else(|| first_text(map, &["id"]));
        parts = vec![Part::ToolCallResponse { id, response: part::answer(content) }];
    } else if role == "tool" && !says_so && !parts.is_empty() {
        parts = vec![Part::ToolCallResponse { id: None, response: part::answer(content) }];
    }
    found.append(&mut parts);
    if let Some(refusal) = first_text(map, &["refusal"]) {
        found.push(Part::Text { content: refusal });
    }
    let more = map.get("additional_kwargs").and_then(Json::as_object);
    let calls = [map.get("tool_calls"), map.get("toolCalls"), more.and_then(|map| map.get("tool_calls"))];
    for call in calls.into_iter().flatten().filter_map(Json::as_array).flatten().filter_map(Json::as_object) {
        add_call(&mut found, part::tool_call(call));
    }
    if let Some(Json::Object(call)) = map.get("function_call") {
        add_call(&mut found, part::tool_call(call));
    }
    if let (Some(name), arguments) =
        (first_text(map, &["function_call_name"]), map.get("function_call_arguments_json").map(part::parsed))
    {
        add_call(&mut found, Some(Part::ToolCall { id: None, name, arguments }));
    }
    Message {
        id: None,
        role,
        parts: found,
        name: first_text(map, &["name"]),
        finish_reason: finish_reason(map),
        injected: Vec::new(),
    }
}

/// Adds a call unless it is there: some producers write each call twice in one message.
fn add_call(parts: &mut Vec<Part>, call: Option<Part>) {
    let Some(Part::ToolCall { id, name, arguments }) = call else { return };
    let same = |part: &Part| match part {
        Part::ToolCall { id: other, name: other_name, arguments: other_arguments } => {
            if id.is_some() && other.is_some() {
                *other == id
            } else {
                *other_name == name && *other_arguments == arguments
            }
        }
        _ => false,
    };
    if !parts.iter().any(same) {
        parts.push(Part::ToolCall { id, name, arguments });
    }
}

fn finish_reason(map: &Map<String, Json>) -> Option<String> {
    first_text(map, &["finish_reason", "stop_reason", "finishReason", "stopReason"])
}

/// The GenAI conventions' name of a role; a role of another kind stays as it is.
fn canonical_role(role: &str) -> String {
    let role = match role {
        "human" | "Human" | "HUMAN" | "USER" | "User" => "user",
        "ai" | "AI" | "model" | "ASSISTANT" | "Assistant" | "MODEL" => "assistant",
        "function" | "TOOL" | "tool-response" | "tool_response" => "tool",
        "SYSTEM" | "System" => "system",
        other => other,
    };
    role.to_owned()
}
