//! What a person is asked, and what they answered, in the messages and values of a record.
//!
//! Recognised by structure, whoever wrote it: parts whose type is an approval's request or response, a result that says
//! that it is suspended, a command that resumes, a list of decisions. Not here: attributes and exceptions that say the
//! same (`crate::dialects`).

use super::{
    json::{self, first_text},
    part, signs,
    source::Source,
};
use crate::person::{cut_short, question, resolution_of, says_stopped, text_of};
use serde_json::{Map, Value as Json};
use std::collections::VecDeque;
use turnscope_model::{Approval, Part, Purpose, Resolution};

/// New parts are at the end of a list; earlier ones were at the end of an earlier record's.
const NEWEST: usize = 8;
/// Names of a call's id beside its result.
const RESULTS_OF: [&str; 6] = ["id", "tool_call_id", "toolCallId", "call_id", "callId", "ref"];
/// Where somebody says why.
const REASONS: [&str; 5] = ["reason", "feedback", "message", "confirmation_note", "note"];
/// How deep such parts lie at most.
const DEEPEST: usize = 12;
/// The questions in a record's outputs that no answer follows, and the answers in its inputs.
pub(super) fn approvals(sources: &[Source<'_>]) -> (Vec<Approval>, Vec<Approval>) {
    let (mut asks, mut answers) = (Vec::new(), Vec::new());
    for source in sources {
        match source.purpose {
            Purpose::Output | Purpose::Result => {
                let mut found = Found::default();
                found.look_through(source);
                let open = found.asks.into_iter().filter(|ask| {
                    !found.answers.iter().any(|answer| answer.tool_call_id == ask.tool_call_id)
                });
                open.for_each(|ask| add(&mut asks, ask));
            }
            Purpose::Input | Purpose::Arguments => {
                let mut found = Found::default();
                found.look_through(source);
                found.settled().into_iter().for_each(|answer| add(&mut answers, answer));
            }
            _ => {}
        }
    }
    (asks, answers)
}

/// The same question may stand under several keys.
fn add(list: &mut Vec<Approval>, new: Approval) {
    let known = list
        .iter()
        .any(|known| known.tool_call_id.is_some() && known.tool_call_id == new.tool_call_id || *known == new);
    if !known && list.len() < Approval::MAX {
        list.push(new);
    }
}

#[derive(Default)]
struct Found {
    asks: Vec<Approval>,
    answers: Vec<Approval>,
    /// Tool calls so far about which nobody has been asked.
    calls: VecDeque<Approval>,
    /// The numbers of requests, each with the tool call that it is about.
    requests: VecDeque<(Option<String>, Approval)>,
    /// What results of tool calls say of a person's decision.
    decided: Vec<Approval>,
}

impl Found {
    fn look_through(&mut self, source: &Source<'_>) {
        let sent = source.sent;
        let len = sent.len();
        let asks = sent.is_list_of("approvals");
        for n in len.saturating_sub(NEWEST)..len {
            if asks {
                self.of_each_call(&[sent.item(n).0]);
                continue;
            }
            if signs::of_item(sent, n).approval {
                let (json, _) = sent.item(n);
                let json = match &json {
                    Json::String(text) if signs::of_bytes(text.as_bytes()).approval => {
                        json::of_structure(text).unwrap_or(json)
                    }
                    _ => json,
                };
                self.top(&json);
                self.parts(&json, 0);
            }
        }
    }

    /// What only the whole value of an agent or a workflow can say.
    fn top(&mut self, json: &Json) {
        let Json::Object(map) = json else { return };
        // The whole value may stand under the name of the parameter.
        if let (1, Some(inner)) = (map.len(), map.get("input").or_else(|| map.get("inputs"))) {
            return self.top(inner);
        }
        if is_suspended(map) {
            self.asks.push(Approval { text: text_of(map), ..about(map) });
        }
        if let Some(answer) = map.get("resume").filter(|_| is_command(map)) {
            self.resumed(answer);
        } else if let Some(Json::Bool(approved)) = map.get("approved") {
            self.answers.push(Approval { resolution: Some(resolved(*approved)), ..about(map) });
        }
    }

    /// What a command carries that lets a graph go on.
    fn resumed(&mut self, answer: &Json) {
        match answer {
            Json::Null => {}
            Json::Object(map) => match map.get("decisions") {
                Some(Json::Array(decisions)) => self.answers.extend(decisions.iter().map(decided)),
                _ => self.answers.push(decided(answer)),
            },
            Json::Array(list) => self.answers.extend(list.iter().map(decided)),
            other => self.answers.push(decided(other)),
        }
    }

    fn parts(&mut self, json: &Json, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match json {
            Json::Array(list) => list.iter().for_each(|item| self.parts(item, depth + 1)),
            Json::Object(map) => {
                self.part(map);
                map.values().for_each(|inner| self.parts(inner, depth + 1));
            }
            _ => {}
        }
    }

    /// The answers, each about the tool call that its request was about, with what was decided.
    fn settled(self) -> Vec<Approval> {
        let Self { mut answers, mut requests, decided, .. } = self;
        for answer in &mut answers {
            let number = answer.tool_call_id.clone();
            let place = match &number {
                Some(number) => requests.iter().position(|(known, _)| known.as_ref() == Some(number)),
                None if answer.tool_name.is_none() => requests.iter().position(|(known, _)| known.is_none()),
                None => None,
            };
            if let Some((_, call)) = place.and_then(|place| requests.remove(place)) {
                answer.tool_call_id = call.tool_call_id.or(number);
                answer.tool_name = answer.tool_name.take().or(call.tool_name);
            }
        }
        for result in decided {
            let known = answers
                .iter_mut()
                .find(|a| a.tool_call_id.is_some() && a.tool_call_id == result.tool_call_id);
            match known {
                Some(answer) => {
                    answer.resolution = answer.resolution.or(result.resolution);
                    answer.text = answer.text.take().or(result.text);
                }
                None => answers.push(result),
            }
        }
        answers
    }

    /// Keeps what a later request, answer or result refers to.
    fn keep_call(&mut self, map: &Map<String, Json>) {
        let kind = map.get("type").and_then(Json::as_str).unwrap_or_default();
        if matches!(kind, "tool_call" | "tool-call" | "tool_use" | "function_call") {
            if let Some(Part::ToolCall { id: Some(id), name, .. }) = part::tool_call(map) {
                let call = Approval { tool_call_id: Some(id), tool_name: Some(name), ..Approval::default() };
                self.calls.push_back(call);
            }
            return;
        }
        let result =
            ["response", "result", "output", "content"].iter().find_map(|key| map.get(*key)?.as_object());
        let Some(said) = result else { return };
        let of_type = said.get("type").and_then(Json::as_str);
        let denied = said.get("denied") == Some(&Json::Bool(true)) || of_type == Some("execution-denied");
        let decided = said.get("confirmed").and_then(Json::as_bool).or(denied.then_some(false));
        if let (Some(approved), Some(id)) = (decided, first_text(map, &RESULTS_OF)) {
            self.decided.push(Approval {
                resolution: Some(resolved(approved)),
                text: first_text(said, &REASONS).map(|text| cut_short(&text)),
                tool_call_id: Some(id),
                tool_name: first_text(map, &["name", "toolName", "tool_name"]),
                ..Approval::default()
            });
        }
    }

    /// The tool call that a request is about, whether it says so or only stands after it.
    fn request(&mut self, map: &Map<String, Json>) {
        let number = first_text(map, &["approvalId", "approval_request_id", "approval_id", "id"]);
        let mut call = about(map);
        if call.tool_call_id.is_none() && call.tool_name.is_none() {
            call = self.calls.pop_front().unwrap_or_default();
        } else {
            self.calls.retain(|known| known.tool_call_id != call.tool_call_id);
        }
        self.requests.push_back((number, call.clone()));
        self.asks.push(call);
    }

    fn part(&mut self, map: &Map<String, Json>) {
        self.keep_call(map);
        if let Some(kind) = map.get("type").and_then(Json::as_str).filter(|kind| kind.contains("pproval")) {
            if kind.ends_with("request") {
                self.request(map);
            } else if kind.ends_with("response") {
                let approved = ["approved", "approve"].iter().find_map(|key| map.get(*key)?.as_bool());
                let reason = first_text(map, &["reason", "feedback"]);
                self.answers.push(Approval {
                    resolution: approved.map(resolved),
                    text: reason.map(|text| cut_short(&text)),
                    ..about(map)
                });
            }
        }
        if let Some(interrupt) = map.get("metadata").and_then(|metadata| metadata.get("interrupt"))
            && map.contains_key("toolRequest")
        {
            self.asks.push(Approval { text: question(interrupt), ..about(map) });
        }
        if let Some(Json::Array(interrupts)) = map.get("__interrupt__") {
            self.asks.extend(
                interrupts
                    .iter()
                    .map(|interrupt| Approval { text: question(interrupt), ..Approval::default() }),
            );
        }
        for key in ["approvals", "_approvals"] {
            match map.get(key) {
                Some(Json::Object(tools)) => self.of_each_tool(tools),
                Some(Json::Array(calls)) => self.of_each_call(calls),
                _ => {}
            }
        }
    }

    /// The tool calls that wait to be approved, as an agent hands them out instead of an answer.
    fn of_each_call(&mut self, calls: &[Json]) {
        let asked = calls.iter().filter_map(Json::as_object).map(about);
        self.asks.extend(asked.filter(|ask| ask.tool_call_id.is_some() && ask.tool_name.is_some()));
    }

    /// A list of answers for each tool: `{"refund": {"approved": ["call_1"], "rejected": []}}`. The OpenAI Agents SDK puts the
    /// agent before the tool: `prefix:["agent","refund"]`.
    fn of_each_tool(&mut self, tools: &Map<String, Json>) {
        for (tool, said) in tools {
            for (key, resolution) in [("approved", Resolution::Approved), ("rejected", Resolution::Rejected)]
            {
                let Some(Json::Array(ids)) = said.get(key) else { continue };
                self.answers.extend(ids.iter().filter_map(Json::as_str).map(|id| Approval {
                    resolution: Some(resolution),
                    tool_name: Some(last_of_list(tool).unwrap_or_else(|| tool.clone())),
                    tool_call_id: Some(id.to_owned()),
                    ..Approval::default()
                }));
            }
        }
    }
}

fn last_of_list(key: &str) -> Option<String> {
    let (_, list) = key.split_once(":[")?;
    serde_json::from_str::<Vec<String>>(&format!("[{list}")).ok()?.pop()
}

fn resolved(approved: bool) -> Resolution {
    if approved { Resolution::Approved } else { Resolution::Rejected }
}

/// A result that says in its own status that the work stopped for somebody.
fn is_suspended(map: &Map<String, Json>) -> bool {
    ["status", "state", "finishReason"].iter().filter_map(|key| map.get(*key)?.as_str()).any(says_stopped)
}

/// A graph's command is known by what it may do besides: go somewhere, or update the state.
fn is_command(map: &Map<String, Json>) -> bool {
    map.len() == 1 || map.contains_key("goto") || map.contains_key("update")
}

/// The tool call that a part is about.
fn about(map: &Map<String, Json>) -> Approval {
    const CALLS: [&str; 6] =
        ["function_call", "functionCall", "tool_call", "toolCall", "toolRequest", "function"];
    const IDS: [&str; 5] = ["call_id", "tool_call_id", "toolCallId", "callId", "ref"];
    const NAMES: [&str; 4] = ["toolName", "tool_name", "tool", "name"];
    let inner = CALLS.iter().find_map(|key| map.get(*key)?.as_object());
    let id = inner.and_then(|call| first_text(call, &IDS).or_else(|| first_text(call, &["id"])));
    let name = inner.and_then(|call| first_text(call, &NAMES));
    Approval {
        tool_call_id: id.or_else(|| first_text(map, &IDS)).or_else(|| {
            let reference = ["approval_request_id", "approvalId", "id"];
            first_text(map, &reference).filter(|_| inner.is_none())
        }),
        tool_name: name.or_else(|| first_text(map, &NAMES)),
        ..Approval::default()
    }
}

/// One decision: `{"type": "reject", "message": "not today"}`, `"yes"`, `true`.
fn decided(decision: &Json) -> Approval {
    let word = match decision {
        Json::Object(map) => {
            let said = ["approved", "type", "action", "decision", "answer", "response"]
                .iter()
                .find_map(|key| map.get(*key).filter(|value| value.is_string() || value.is_boolean()));
            said.map(plain)
        }
        other => Some(plain(other)),
    };
    let resolution = word.as_deref().and_then(resolution_of);
    let said = match decision {
        Json::Object(map) => first_text(map, &["message", "reason", "feedback", "comment"]).or(word),
        _ => word,
    };
    Approval { text: said.map(|text| cut_short(&text)), resolution, ..Approval::default() }
}

fn plain(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}
