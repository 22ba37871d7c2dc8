//! What every producer's users, models and tools said is found again in its captures.
//!
//! The truth is each producer's `expected.json`; what the bytes do not hold (`observable.json`) is not asked for.

use crate::corpus::{self, Request};
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
};
use turnscope_model::{Facts, Kind, Message, Part, Role};
use turnscope_otlp::{messages::Content, normalise, redact::Redactor};

/// Producers whose content is not yet read in full, with the number of texts, calls and results that are missed.
///
/// The numbers are exact, so that a rule that reads more of one of them has to lower its number here.
const MISSED: &[(&str, usize)] = &[
    ("claude-code-cli", 26),
    ("codex-cli", 20),
    // A run that waits for a person ends with `null`, which is no answer.
    ("genkit-js", 2),
    ("mastra-1", 13),
    // Asked for by models whose answers are not exported; the ids are on the tools' spans.
    ("spring-ai", 16),
    ("voltagent", 16),
];

/// What was found in all records of one producer.
#[derive(Default)]
struct Found {
    questions: HashSet<String>,
    answers: HashSet<String>,
    calls: HashSet<(String, String)>,
    results: HashSet<String>,
    input_texts: HashSet<String>,
    output_texts: HashSet<String>,
    asked: HashSet<String>,
}

#[test]
fn everything_said_is_found() {
    let known: BTreeMap<&str, usize> = MISSED.iter().copied().collect();
    let mut report = Vec::new();
    for (producer, found) in found_by_producer() {
        let missing = missing(&producer, &found);
        let expected = known.get(producer.as_str()).copied().unwrap_or_default();
        if missing.len() != expected {
            report.push(format!("{producer}: {} missing, expected {expected}", missing.len()));
            report.extend(missing.into_iter().map(|missing| format!("  {missing}")));
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

fn found_by_producer() -> BTreeMap<String, Found> {
    let mut spans: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    let mut logs: BTreeMap<String, Vec<LogRecord>> = BTreeMap::new();
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let mut kinds = HashMap::new();
    for (producer, _, request) in corpus::requests() {
        let records = match &request {
            Request::Traces(request) => normalise::traces(request.clone(), &Redactor::off()).records,
            Request::Logs(request) => normalise::logs(request.clone(), &Redactor::off()).records,
            Request::Metrics(_) => Vec::new(),
        };
        for record in records.iter().filter(|record| record.role == Role::Span) {
            let (Some(trace), Some(span)) = (record.trace_id, record.span_id) else { continue };
            kinds.insert((trace.bytes().to_vec(), span.bytes().to_vec()), record.facts.kind);
        }
        let facts: Vec<Facts> = records.into_iter().map(|record| record.facts).collect();
        let of_producer = found.entry(producer.clone()).or_default();
        of_producer.input_texts.extend(facts.iter().filter_map(|facts| facts.input_text.clone()));
        of_producer
            .asked
            .extend(facts.iter().flat_map(|facts| &facts.requested_tools).map(|tool| tool.name.clone()));
        of_producer.output_texts.extend(facts.iter().filter_map(|facts| facts.output_text.clone()));
        match request {
            Request::Traces(request) => spans
                .entry(producer)
                .or_default()
                .extend(request.resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans)),
            Request::Logs(request) => logs.entry(producer).or_default().extend(
                request.resource_logs.into_iter().flat_map(|r| r.scope_logs).flat_map(|s| s.log_records),
            ),
            Request::Metrics(_) => {}
        }
    }
    for (producer, found) in &mut found {
        let logs = logs.remove(producer).unwrap_or_default();
        let mut joined: HashMap<(Vec<u8>, Vec<u8>), Vec<LogRecord>> = HashMap::new();
        for log in &logs {
            joined.entry((log.trace_id.clone(), log.span_id.clone())).or_default().push(log.clone());
            found.add(&Content::of_log(log, Kind::Other));
        }
        for span in spans.remove(producer).unwrap_or_default() {
            let key = (span.trace_id.clone(), span.span_id.clone());
            let logs = joined.get(&key).map_or(&[][..], |logs| &logs[..]);
            let kind = kinds.get(&key).copied().unwrap_or_default();
            found.add(&Content::of_span(&span, logs, kind));
        }
    }
    found
}

impl Found {
    fn add(&mut self, content: &Content) {
        for message in content.input.iter().chain(&content.output) {
            self.add_message(message);
        }
        self.questions.extend(content.input_value.iter().map(plain));
        self.answers.extend(content.output_value.iter().map(plain));
        self.results.extend(content.result.iter().flat_map(texts));
    }

    fn add_message(&mut self, message: &Message) {
        let said = if message.role == "user" { &mut self.questions } else { &mut self.answers };
        said.insert(message.joined_text());
        for part in &message.parts {
            match part {
                Part::ToolCall { name, arguments, .. } => {
                    let arguments = arguments.as_ref().map_or_else(|| "{}".to_owned(), plain);
                    self.calls.insert((name.clone(), arguments));
                }
                Part::ToolCallResponse { response, .. } => {
                    self.results.extend(texts(response));
                }
                _ => {}
            }
        }
    }
}

/// A value, and every text in it.
fn texts(json: &Json) -> Vec<String> {
    let inner = match json {
        Json::Array(list) => list.iter().flat_map(texts).collect(),
        Json::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    };
    [vec![plain(json)], inner].concat()
}

fn plain(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

fn missing(producer: &str, found: &Found) -> Vec<String> {
    let folder = corpus::folder().expect("there is a corpus");
    let expected: Json = serde_json::from_slice(
        &fs::read(folder.join(producer).join("expected.json")).expect("it can be read"),
    )
    .expect("it is JSON");
    let mut missing = Vec::new();
    for scenario in expected["scenarios"].as_array().into_iter().flatten() {
        if scenario["content"] == Json::Bool(false) {
            continue;
        }
        // Not messages: what is embedded.
        let embeds = scenario["name"].as_str().is_some_and(|name| name.starts_with("embed"));
        for turn in scenario["turns"].as_array().into_iter().flatten() {
            for (field, set, texts) in [
                ("user", &found.questions, &found.input_texts),
                ("final", &found.answers, &found.output_texts),
            ] {
                let Some(text) = turn[field].as_str().filter(|text| !text.is_empty()) else { continue };
                let start: String = text.chars().take(500).collect();
                if embeds || !corpus::holds(producer, text) {
                    continue;
                }
                if !set.iter().any(|said| said.contains(text)) {
                    missing.push(format!("{} {field} {text:?}", scenario["name"]));
                }
                if !texts.iter().any(|said| said.contains(&start)) {
                    missing.push(format!("{} {field} as preview: {text:?}", scenario["name"]));
                }
            }
        }
        // Claude Code sends no model's answer: its calls are seen as tool spans only.
        let calls =
            scenario["llm"]["tool_calls_requested"].as_array().filter(|_| producer != "claude-agent-sdk");
        for call in calls.into_iter().flatten() {
            let name = call["name"].as_str().unwrap_or_default();
            let id = call["id"].as_str().unwrap_or_default();
            if !found.calls.iter().any(|(found, _)| found.ends_with(name)) && corpus::holds(producer, id) {
                missing.push(format!("{} call {call}", scenario["name"]));
            }
            if !found.asked.iter().any(|found| found.ends_with(name)) && corpus::holds(producer, id) {
                missing.push(format!("{} requested tool {call}", scenario["name"]));
            }
        }
        // Haystack prints its tools' results into a raw request that better attributes stand beside.
        let tools = scenario["tools"].as_array().filter(|_| producer != "haystack-openinference");
        for tool in tools.into_iter().flatten() {
            let Some(result) = tool.get("result").filter(|result| !result.is_null()) else { continue };
            let result = plain(result);
            let parsed: Option<Json> = serde_json::from_str(&result).ok();
            let same = |found: &String| {
                *found == result
                    || parsed.is_some() && serde_json::from_str(found).ok() == parsed
                    || found.contains(&result)
            };
            if !found.results.iter().any(same) && corpus::holds(producer, &result) {
                missing.push(format!("{} result {result}", scenario["name"]));
            }
        }
    }
    missing
}
