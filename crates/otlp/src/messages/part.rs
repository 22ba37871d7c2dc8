//! One part of a message, whoever wrote it: told apart by its structure, not by its producer.
//!
//! Known here: the GenAI conventions, OpenAI (chat and responses), Anthropic, Gemini, Bedrock, the Vercel AI SDK,
//! LangChain, OpenInference. A part of another kind is kept whole.

use super::json::{first, first_text, of_structure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value as Json};
use turnscope_model::Part;

/// The parts that some content holds: a text, a list of parts, or one part.
pub(super) fn parts(content: &Json) -> Vec<Part> {
    match content {
        Json::Null => Vec::new(),
        // An empty text, also one that was written as JSON.
        Json::String(text) if matches!(text.as_str(), "" | "\"\"") => Vec::new(),
        Json::String(text) => vec![Part::Text { content: text.clone() }],
        Json::Array(list) => list.iter().flat_map(parts).collect(),
        Json::Object(map) => part(map).into_iter().collect(),
        other => vec![Part::Text { content: other.to_string() }],
    }
}

/// Whether this object is a part rather than a message.
pub(super) fn is_part(map: &Map<String, Json>) -> bool {
    let could_be = !map.contains_key("role") && (map.contains_key("type") || !map.contains_key("content"));
    could_be && part(map).is_some_and(|part| !matches!(part, Part::Other { .. }))
}

/// The part that this object is; `None` where it says nothing.
pub(super) fn part(map: &Map<String, Json>) -> Option<Part> {
    if let Some(Json::Object(inner)) = first(map, &["message_content", "tool_call"]) {
        return part_of_wrapper(map, inner);
    }
    let kind = first(map, &["type", "part_kind"]).and_then(Json::as_str).unwrap_or("");
    match kind {
        "text" | "input_text" | "output_text" | "summary_text" | "text-delta" | "refusal" | "user-prompt"
        | "system-prompt" => Some(Part::Text { content: text_of(map, &["content", "text", "refusal"]) }),
        "reasoning" | "thinking" | "reasoning_text" | "redacted_thinking" => Some(Part::Reasoning {
            content: text_of(map, &["content", "text", "thinking", "reasoning", "summary"]),
        }),
        "tool_call" | "tool_use" | "tool-call" | "function" | "function_call" | "toolCall"
        | "custom_tool_call" => tool_call(map),
        "tool_call_response"
        | "tool_result"
        | "tool-result"
        | "tool-return"
        | "retry-prompt"
        | "function_call_output"
        | "function_call_result"
        | "custom_tool_call_output" => Some(tool_response(map)),
        "compaction" => Some(Part::Compaction { content: first_text(map, &["content"]) }),
        "blob" | "uri" | "file" | "file_data" | "image" | "image_url" | "input_image" | "input_audio"
        | "audio" | "document" | "input_file" | "video" => media(kind, map).or_else(|| other(map)),
        "" => untyped(map),
        _ => of_provider(kind, map).or_else(|| untyped(map)),
    }
}

/// A tool that the provider ran itself, and what it gave: OpenAI names the kind `web_search_call`, Anthropic
/// `server_tool_use` and `web_search_tool_result`, the conventions `server_tool_call`, pydantic-ai `builtin-tool-call`.
pub(super) fn of_provider(kind: &str, map: &Map<String, Json>) -> Option<Part> {
    if ["tool_result", "tool_call_response", "tool-return", "tool-result"]
        .iter()
        .any(|end| kind.ends_with(end))
    {
        return Some(tool_response(map));
    }
    if ["tool_use", "tool_call", "tool-call", "mcp_call"].iter().any(|end| kind.ends_with(end)) {
        return tool_call(map);
    }
    let name = kind.strip_suffix("_call").filter(|name| !name.is_empty())?;
    let arguments = first(map, &["action", "arguments", "input", "code", "queries", "query"]).map(parsed);
    Some(Part::ToolCall { id: first_text(map, &["call_id", "id"]), name: name.to_owned(), arguments })
}

fn part_of_wrapper(map: &Map<String, Json>, inner: &Map<String, Json>) -> Option<Part> {
    // OpenInference: a `tool_use` carries its call beside it.
    if inner.get("type").and_then(Json::as_str) == Some("tool_use") {
        return map
            .get("tool_call")
            .and_then(Json::as_object)
            .and_then(tool_call)
            .or_else(|| tool_call(inner));
    }
    if map.contains_key("tool_call") { tool_call(inner) } else { part(inner) }
}

/// Gemini and Bedrock name a part by the key that holds it.
fn untyped(map: &Map<String, Json>) -> Option<Part> {
    if let Some(Json::Object(call)) = first(map, &["function_call", "functionCall", "toolUse", "toolRequest"])
    {
        return tool_call(call);
    }
    if let Some(Json::Object(code)) = first(map, &["executable_code", "executableCode"]) {
        let arguments = Some(Json::Object(code.clone()));
        return Some(Part::ToolCall {
            id: first_text(code, &["id"]),
            name: "code_execution".to_owned(),
            arguments,
        });
    }
    if let Some(Json::Object(result)) = first(map, &["code_execution_result", "codeExecutionResult"]) {
        return Some(tool_response(result));
    }
    if let Some(Json::Object(response)) = first(
        map,
        &["function_response", "functionResponse", "toolResult", "toolResponse", "tool_call_result"],
    ) {
        return Some(tool_response(response));
    }
    if let Some(Json::Object(data)) = first(map, &["inline_data", "inlineData", "media"]) {
        return media("blob", data);
    }
    if let Some(Json::Object(data)) = first(map, &["file_data", "fileData"]) {
        return media("file_data", data);
    }
    for kind in ["image", "audio", "video", "document"] {
        if let Some(Json::Object(data)) = map.get(kind) {
            return media(kind, data).or_else(|| other(map));
        }
    }
    if let (Some(Json::String(content)), 1 | 2) = (map.get("reasoning"), map.len()) {
        return Some(Part::Reasoning { content: content.clone() });
    }
    if let Some(Json::Object(reasoning)) = first(map, &["reasoningContent", "reasoning_content"]) {
        let text = first(reasoning, &["reasoningText"]).and_then(Json::as_object).unwrap_or(reasoning);
        return Some(Part::Reasoning { content: text_of(text, &["text"]) });
    }
    if let Some(Json::String(text)) = map.get("text") {
        let content = text.clone();
        let thought = map.get("thought").and_then(Json::as_bool) == Some(true);
        return Some(if thought { Part::Reasoning { content } } else { Part::Text { content } });
    }
    if map.contains_key("function") || (map.contains_key("name") && map.contains_key("arguments")) {
        return tool_call(map);
    }
    if map.contains_key("name") && map.contains_key("args") && map.contains_key("id") {
        return tool_call(map);
    }
    if map.contains_key("toolCallId") && map.contains_key("toolName") {
        return tool_call(map);
    }
    other(map)
}

/// A tool call, under any of the names that are in use.
pub(super) fn tool_call(map: &Map<String, Json>) -> Option<Part> {
    let map = map.get("tool_call").and_then(Json::as_object).unwrap_or(map);
    let function = map.get("function").and_then(Json::as_object).unwrap_or(map);
    let name = first_text(function, &["name", "toolName", "tool_name"])?;
    let arguments = first(
        function,
        &["arguments", "args", "input", "toolInput", "parsed_arguments", "partial_json", "server_tool_call"],
    );
    let ids = ["call_id", "callId", "id", "toolCallId", "toolUseId", "tool_call_id", "tool_use_id", "ref"];
    Some(Part::ToolCall { id: first_text(map, &ids), name, arguments: arguments.map(parsed) })
}

/// What a tool answered, under any of the names that are in use.
pub(super) fn tool_response(map: &Map<String, Json>) -> Part {
    let ids = ["tool_call_id", "tool_use_id", "toolCallId", "toolUseId", "call_id", "callId", "id", "ref"];
    let places = ["response", "result", "output", "content", "value", "server_tool_call_response"];
    let response = first(map, &places).cloned().unwrap_or_default();
    let asked = || first_text(map.get("origin")?.as_object()?, &["id"]);
    Part::ToolCallResponse { id: first_text(map, &ids).or_else(asked), response: answer(&response) }
}

/// An answer as JSON where it is, its own text where it is only wrapped in text parts.
pub(super) fn answer(response: &Json) -> Json {
    match response {
        Json::Array(list) if !list.is_empty() && list.iter().all(is_plain_text) => {
            let texts: Vec<&str> = list.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            parsed(&Json::String(texts.join("\n")))
        }
        Json::Object(map) if map.len() == 2 && map.contains_key("type") && map.contains_key("value") => {
            parsed(&map["value"])
        }
        Json::Object(map)
            if map.get("type").and_then(Json::as_str) == Some("text") && map.contains_key("text") =>
        {
            parsed(&map["text"])
        }
        other => parsed(other),
    }
}

fn is_plain_text(json: &Json) -> bool {
    json.get("text").is_some_and(Json::is_string)
        && json
            .get("type")
            .is_none_or(|kind| matches!(kind.as_str(), Some("text" | "input_text" | "output_text")))
}

/// A text that is a JSON object or list becomes it.
pub(super) fn parsed(json: &Json) -> Json {
    json.as_str().and_then(of_structure).unwrap_or_else(|| json.clone())
}

const MIME_TYPES: [&str; 5] = ["mime_type", "media_type", "mimeType", "mediaType", "contentType"];

fn media(kind: &str, map: &Map<String, Json>) -> Option<Part> {
    let inner = ["image", "image_url", "source", "input_audio", "audio", "file", "document", "video"];
    let mut place = map;
    while let Some(deeper @ Json::Object(map)) = first(place, &inner)
        && bytes_of(deeper).is_none()
    {
        place = map;
    }
    let mime_type = first_text(place, &MIME_TYPES)
        .or_else(|| first_text(map, &MIME_TYPES))
        .or_else(|| Some(format!("{kind}/{}", first_text(place, &["format"])?)));
    let modality = first_text(map, &["modality"]).unwrap_or_else(|| modality(kind, mime_type.as_deref()));
    if let Some(file_id) = first_text(place, &["file_id", "fileId"]) {
        return Some(Part::File { modality, mime_type, file_id });
    }
    let places = [
        "url",
        "uri",
        "image_url",
        "file_uri",
        "fileUri",
        "image",
        "file_url",
        "data",
        "content",
        "file_data",
    ];
    let content = first_text(place, &places)
        .or_else(|| first_text(place, &["bytes"]))
        .or_else(|| first(place, &["bytes", "data", "image"]).and_then(bytes_of))?;
    if let Some((mime, data)) = content.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        return Some(Part::Blob {
            modality,
            mime_type: mime_type.or(Some(mime.to_owned())),
            content: data.to_owned(),
        });
    }
    let is_address =
        content.len() < 4096 && (content.contains("://") || kind == "uri" || kind == "file_data");
    Some(if is_address {
        Part::Uri { modality, mime_type, uri: content }
    } else {
        Part::Blob { modality, mime_type, content }
    })
}

/// Bytes as base64, however they were written: a list of numbers, Node's `{"type": "Buffer", "data": […]}`, or a map of
/// index to byte (`{"0": 137, "1": 80, …}`).
fn bytes_of(json: &Json) -> Option<String> {
    let byte = |value: &Json| value.as_u64().and_then(|number| u8::try_from(number).ok());
    let bytes: Option<Vec<u8>> = match json {
        Json::Array(list) => list.iter().map(byte).collect(),
        Json::Object(map) if map.get("data").is_some_and(Json::is_array) => return bytes_of(&map["data"]),
        Json::Object(map) => {
            // Keys of a map are in the order of their digits, not of their numbers.
            let mut pairs: Vec<(usize, u8)> = map
                .iter()
                .map(|(index, value)| Some((index.parse().ok()?, byte(value)?)))
                .collect::<Option<_>>()?;
            pairs.sort_unstable();
            Some(pairs.into_iter().map(|(_, byte)| byte).collect())
        }
        _ => None,
    };
    bytes.filter(|bytes| !bytes.is_empty()).map(|bytes| STANDARD.encode(bytes))
}

fn modality(kind: &str, mime_type: Option<&str>) -> String {
    let by_mime = mime_type.and_then(|mime| mime.split('/').next()).unwrap_or("");
    let modality = match (by_mime, kind) {
        ("image" | "audio" | "video", _) => by_mime,
        (_, "image" | "image_url" | "input_image") => "image",
        (_, "audio" | "input_audio") => "audio",
        (_, "video") => "video",
        _ => "document",
    };
    modality.to_owned()
}

/// The text under the first of these keys; lists of texts are joined.
fn text_of(map: &Map<String, Json>, keys: &[&str]) -> String {
    first(map, keys).map(flat_text).unwrap_or_default()
}

fn flat_text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        Json::Array(list) => list.iter().map(flat_text).collect::<Vec<_>>().join("\n"),
        Json::Object(map) => text_of(map, &["text", "value", "content"]),
        _ => String::new(),
    }
}

fn other(map: &Map<String, Json>) -> Option<Part> {
    (!map.is_empty()).then(|| Part::Other { value: Json::Object(map.clone()) })
}
