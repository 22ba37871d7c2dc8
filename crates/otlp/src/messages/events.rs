//! Messages in events: one span event or log event is one message (`gen_ai.user.message`, `gen_ai.choice`, …).

use super::{json, parse, part, source::Source};
use crate::cut::event_role;
use serde_json::{Map, Value as Json};
use turnscope_model::{ContentHash, Message, Part};

/// The message that an event's content is.
pub(super) fn messages(source: &Source<'_>) -> Vec<Message> {
    let (content, id) = source.sent.item(0);
    let role = event_role(source.event).unwrap_or("user");
    let mut found = match &content {
        Json::Object(map) => vec![of_map(map, role)],
        Json::Array(list) if list.iter().all(Json::is_object) => {
            let parts: Vec<Part> = part::parts(&content);
            let only_other = parts.iter().all(|part| matches!(part, Part::Other { .. }));
            if only_other { parse::messages_or_text(&content, role) } else { vec![of_parts(parts, role)] }
        }
        _ => parse::messages_or_text(&content, role),
    };
    if let ([message], Some(id)) = (&mut found[..], id) {
        message.id = Some(id.to_string());
    }
    found
}

fn of_map(map: &Map<String, Json>, role: &str) -> Message {
    if let Some(found) = parse::message(map, role) {
        return found;
    }
    let mut message = parse::assemble(map, role);
    if role == "tool" && !matches!(message.parts[..], [Part::ToolCallResponse { .. }]) {
        let response = json::first(map, &["content", "result"]).map(part::answer).unwrap_or_default();
        message.parts = vec![Part::ToolCallResponse { id: json::first_text(map, &["id"]), response }];
    }
    message
}

fn of_parts(parts: Vec<Part>, role: &str) -> Message {
    // A tool's results are sent to the model as a user's message.
    let results = parts.iter().all(|part| matches!(part, Part::ToolCallResponse { .. }));
    let role = if results { "tool" } else { role };
    Message { role: role.to_owned(), parts, ..Message::default() }
}

/// The id of a message: the hash of what was sent, else of its canonical form.
pub(super) fn id(message: &Message, item: Option<ContentHash>) -> Option<String> {
    item.map(|hash| hash.to_string()).or_else(|| {
        let bytes = serde_json::to_vec(message).ok()?;
        Some(ContentHash::of(turnscope_model::Form::Text, &bytes).to_string())
    })
}
