//! The facts that are found in messages when a record arrives: the two preview texts and the tools that were asked for.
//!
//! Lists are read from the end, and only items that can matter are parsed, to keep it cheap.

use super::{
    approvals::approvals,
    failures, parse,
    plain_text::{TEXT_KEYS, is_a_repr, plain_text, text_of},
    signs,
    source::{Record, Sent, Source},
    stream,
    typed::typed,
};
use crate::{
    cut::{self, event_role},
    memo::{self, Memo},
};
use serde_json::Value as Json;
use std::sync::LazyLock;
use turnscope_model::{Approval, Kind, Message, Part, Purpose, RequestedTool};

/// How many characters a preview has.
const PREVIEW: usize = 500;
/// How many items are parsed in search of a user's message.
const MOST_PARSED: usize = 64;

/// What a record's messages say at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Previews {
    /// The text of the last user message, or the plain input.
    pub input_text: Option<String>,
    /// The text of the answer, or the plain output.
    pub output_text: Option<String>,
    /// Why the model stopped, where its answer says so.
    pub finish_reason: Option<String>,
    /// The tool calls that a model asked for, in order.
    pub requested_tools: Vec<RequestedTool>,
    /// The ids of the tool calls whose results a model was sent as failed.
    pub failed_results: Vec<String>,
    /// What a person is asked.
    pub asks: Vec<Approval>,
    /// What a person answered.
    pub answers: Vec<Approval>,
    /// A tool's arguments are there, and no result is.
    pub gave_nothing: bool,
}

/// Finds the previews of a record that has been cut.
pub(crate) fn previews(record: Record<'_>) -> Previews {
    let is_log = !record.event.is_empty() || record.body.is_some();
    if record.kind == Kind::Tool && !is_log {
        let sources = record.sources();
        let (asks, answers) = approvals(&sources);
        let has = |purpose| sources.iter().any(|source| source.purpose == purpose);
        let gave_nothing = has(Purpose::Arguments) && !has(Purpose::Result);
        return Previews { asks, answers, gave_nothing, ..Previews::default() };
    }
    if !is_log
        && !matches!(record.kind, Kind::Llm | Kind::Embedding | Kind::Run | Kind::Turn | Kind::Workflow)
    {
        return Previews::default();
    }
    let sources = record.sources();
    if record.kind == Kind::Embedding {
        let first = best(&sources, Purpose::Input).iter().find_map(embedded_text);
        return Previews { input_text: first.and_then(cut_short), ..Previews::default() };
    }
    let inputs = best(&sources, Purpose::Input);
    let outputs = best(&sources, Purpose::Output);
    let mut answers: Vec<Message> = outputs
        .iter()
        .filter(|source| !source.sent.is_interrupt())
        .flat_map(|source| super::of_source(source, "assistant"))
        .collect();
    if answers.is_empty() && outputs.is_empty() {
        // pydantic-ai's agent span: the answer is the end of the only list. Events are one message each.
        let list = inputs.last().filter(|source| source.event.is_empty());
        answers = list.map(|source| trailing_answer(source.sent)).unwrap_or_default();
    }
    let is_call = record.kind == Kind::Llm || is_log;
    answers = stream::joined(answers);
    let (asks, given) = if is_log { (Vec::new(), Vec::new()) } else { approvals(&sources) };
    let told = outputs.first().filter(|_| !is_call).and_then(told_beside_a_list);
    Previews {
        input_text: inputs.iter().rev().find_map(user_text).and_then(cut_short),
        output_text: told.or_else(|| answer_text(&answers)).and_then(cut_short),
        finish_reason: answers
            .iter()
            .filter(|_| is_call)
            .find_map(|message| message.finish_reason.clone())
            .filter(|reason| !reason.is_empty()),
        requested_tools: match record.kind {
            _ if is_call => requested(&answers, outputs.len() == 1),
            Kind::Run => left_open(&answers),
            _ => Vec::new(),
        },
        failed_results: if is_call { failures::failed_results(&sources) } else { Vec::new() },
        asks,
        answers: given,
        gave_nothing: false,
    }
}

/// The sources for this purpose under the best key there is. A list is there whole: where a log event repeats that
/// of its span, it counts once. Messages that are events of their own all count.
pub(crate) fn best<'a>(sources: &[Source<'a>], purpose: Purpose) -> Vec<Source<'a>> {
    let rank = sources.iter().filter(|source| source.purpose == purpose).map(|source| source.rank).min();
    let mut found: Vec<Source<'a>> = Vec::new();
    for source in sources.iter().filter(|source| source.purpose == purpose && Some(source.rank) == rank) {
        if cut::is_guess(source.rank) && !found.is_empty() {
            break;
        }
        let whole = source.rank != cut::EVENT_RANK;
        if !(whole && found.iter().any(|known| known.key == source.key && known.event != source.event)) {
            found.push(*source);
        }
    }
    found
}

fn user_text(source: &Source<'_>) -> Option<String> {
    if event_role(source.event).is_some_and(|role| role != "user") {
        return None;
    }
    let many = source.sent.len() > 1;
    if source.sent.len() == 2 {
        // The list that was cut may be a single message, written as a pair of role and text.
        let pair = Json::Array(vec![source.sent.item(0).0, source.sent.item(1).0]);
        let said = parse::messages(&pair, "user");
        if let [message] = &said[..]
            && message.role == "user"
            && pair[0].is_string()
        {
            return Some(text_of(message));
        }
    }
    let mut parsed = 0;
    for n in (0..source.sent.len()).rev() {
        // Every call of a run carries the same question.
        let key =
            source.sent.hash(n).filter(|_| many && source.event.is_empty()).map(|hash| memo::key(&hash));
        match key.and_then(|key| USER_TEXTS.get(key)) {
            Some(None) => continue,
            Some(text) => return text,
            None => {}
        }
        if many && !signs::of_item(source.sent, n).user {
            if let Some(key) = key {
                USER_TEXTS.put(key, None);
            }
            continue;
        }
        parsed += 1;
        if parsed > MOST_PARSED {
            return None;
        }
        let (json, _) = source.sent.item(n);
        let found = if source.event.is_empty() {
            parse::messages(&json, "user")
        } else {
            super::of_source(source, "user")
        };
        let text = found
            .iter()
            .rev()
            .filter(|message| message.role == "user")
            .map(|message| typed(&text_of(message)).to_owned())
            .find(|text| !text.is_empty());
        if let Some(key) = key {
            USER_TEXTS.put(key, text.clone().and_then(cut_short));
        }
        if text.is_some() {
            return text;
        }
        if found.is_empty() && !many {
            return Some(plain_text(&json)).filter(|text| !text.is_empty());
        }
    }
    None
}

/// The first of the texts that were embedded.
fn embedded_text(source: &Source<'_>) -> Option<String> {
    let (json, _) = source.sent.item(0);
    if let Some(message) = parse::messages(&json, "user").first() {
        return Some(text_of(message)).filter(|text| !text.is_empty());
    }
    let json = match &json {
        Json::String(text) => super::json::of_structure(text).unwrap_or(json),
        _ => json,
    };
    let input = match &json {
        Json::Object(map) => super::json::first(map, &["input", "inputs", "text", "texts"])?,
        other => other,
    };
    match input {
        Json::Array(list) => list.first().and_then(Json::as_str).map(str::to_owned),
        Json::String(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| text.clone())),
        _ => None,
    }
}

/// The text of an output that also holds a list, by which it was cut: `{"raw": …, "tasks_output": […]}`.
fn told_beside_a_list(source: &Source<'_>) -> Option<String> {
    if source.sent.len() < 2 {
        return None;
    }
    let Json::Object(map) = source.sent.json() else { return None };
    if map.contains_key("messages") {
        return None;
    }
    let text = TEXT_KEYS.iter().find_map(|key| map.get(*key).and_then(Json::as_str))?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// The text of list items that are user messages.
static USER_TEXTS: LazyLock<Memo<Option<String>>> = LazyLock::new(|| Memo::new(8192));

fn trailing_answer(sent: Sent<'_>) -> Vec<Message> {
    let Some(last) = sent.len().checked_sub(1) else { return Vec::new() };
    let found = parse::messages(&sent.item(last).0, "assistant");
    found.into_iter().next_back().filter(|message| message.role == "assistant").into_iter().collect()
}

fn answer_text(messages: &[Message]) -> Option<String> {
    messages
        .iter()
        .rev()
        .filter(|message| message.role == "assistant")
        .map(text_of)
        .find(|text| !text.is_empty())
        .or_else(|| messages.last().filter(|m| m.role != "user" && m.role != "system").map(text_of))
        .filter(|text| !text.is_empty() && !is_a_repr(text))
}

/// The tools that were asked for. `in_order` says that the parts stand in the order in which the model wrote them.
fn requested(messages: &[Message], in_order: bool) -> Vec<RequestedTool> {
    let stops_for_tools =
        messages.iter().filter_map(|message| message.finish_reason.as_deref()).any(|reason| {
            reason.to_ascii_lowercase().contains("tool") || reason.eq_ignore_ascii_case("function_call")
        });
    let mut found: Vec<RequestedTool> = Vec::new();
    for part in
        messages.iter().filter(|message| message.role == "assistant").flat_map(|message| &message.parts)
    {
        match part {
            Part::ToolCall { id, name, .. } => {
                found.push(RequestedTool { id: id.clone(), name: name.clone(), ran: false });
            }
            // A model that goes on has what it asked for.
            Part::Text { content } if in_order && !stops_for_tools && !content.trim().is_empty() => {
                for tool in &mut found {
                    tool.ran = true;
                }
            }
            Part::ToolCallResponse { id: Some(id), .. } => {
                let answered = found.iter_mut().filter(|tool| tool.id.as_ref() == Some(id));
                for tool in answered {
                    tool.ran = true;
                }
            }
            _ => {}
        }
    }
    found
}

/// The tools that an agent hands out instead of an answer: somebody else is to run or to allow them.
fn left_open(messages: &[Message]) -> Vec<RequestedTool> {
    let last = messages.last().filter(|last| last.role == "assistant" && text_of(last).trim().is_empty());
    requested(last.map_or(&[], std::slice::from_ref), false)
}

fn cut_short(text: String) -> Option<String> {
    let end = text.char_indices().nth(PREVIEW).map_or(text.len(), |(at, _)| at);
    let mut text = text;
    text.truncate(end);
    (!text.trim().is_empty()).then_some(text)
}
