//! The words in which people are asked, and answer.
//!
//! Not here: where such words stand (`dialects::approvals`, `messages::approvals`).

use serde_json::{Map, Value as Json};
use turnscope_model::{Approval, Resolution};

/// Words that say yes.
pub(crate) const YES: &[&str] = &[
    "allow",
    "allowed",
    "accept",
    "accepted",
    "approve",
    "approved",
    "approved_for_session",
    "auto_accept",
    "modify",
    "permit",
    "pass",
    "yes",
    "y",
    "true",
    "ok",
    "confirm",
    "confirmed",
    "grant",
    "granted",
    "continue",
    "proceed",
    "always",
    "edit",
    "edited",
];
/// Words that say no.
pub(crate) const NO: &[&str] = &[
    "deny",
    "denied",
    "reject",
    "rejected",
    "block",
    "blocked",
    "abort",
    "cancel",
    "fail",
    "no",
    "n",
    "false",
    "decline",
    "declined",
    "refuse",
    "refused",
    "disapprove",
    "disapproved",
    "never",
];

/// Whether a word for the state of some work says that it stopped for somebody.
pub(crate) fn says_stopped(word: &str) -> bool {
    const WORDS: [&str; 10] = [
        "suspended",
        "interrupted",
        "paused",
        "runstatus.paused",
        "waiting_for_approval",
        "pending_approval",
        "requires_approval",
        "requires_action",
        "input-required",
        "input_required",
    ];
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// What a person's answer decides: a word that says yes or no, alone or before what they add to it (`yes, send it`).
pub(crate) fn resolution_of(answer: &str) -> Option<Resolution> {
    let word = answer.trim().split([',', ';', '.', '!', ':', '\n']).next().unwrap_or_default().trim();
    let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    if is(YES) {
        Some(Resolution::Approved)
    } else if is(NO) {
        Some(Resolution::Rejected)
    } else {
        None
    }
}

/// The question in what a framework hands to a person.
pub(crate) fn question(asked: &Json) -> Option<String> {
    match asked {
        Json::String(text) => Some(cut_short(text)),
        Json::Object(map) => text_of(map)
            .or_else(|| map.get("value").and_then(question))
            .or_else(|| map.get("action_requests").and_then(question))
            .or_else(|| Some(cut_short(&asked.to_string()))),
        Json::Array(list) => list.first().and_then(question),
        _ => None,
    }
}

/// The question in an object that a framework hands to a person.
pub(crate) fn text_of(map: &Map<String, Json>) -> Option<String> {
    let said = |key: &&str| map.get(*key)?.as_str().filter(|text| !text.is_empty());
    ["question", "prompt", "description", "message", "reason"].iter().find_map(said).map(cut_short)
}

/// As much of a question or an answer as is kept.
pub(crate) fn cut_short(text: &str) -> String {
    text.chars().take(Approval::LONGEST).collect()
}
