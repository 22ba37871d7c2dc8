//! What filled the context window of each model call of a run.

use crate::{
    Answers, Result, cost,
    wire::{at_ms, usd},
};
use std::collections::{HashMap, HashSet};
use turnscope_api::{CallContext, CarriedMessage, ContextSegment, RunContext};
use turnscope_insight::{
    context::{Call, Entry, What, Window, carried, window},
    cost::PriceList,
};
use turnscope_model::{ContentId, Kind, Message, Part, Purpose, RecordId};
use turnscope_otlp::messages::item_messages;
use turnscope_project::{StepView, TraceGroup};
use turnscope_store::{ContextList, Reader};

/// Contents read at once.
const AT_ONCE: usize = 256;
/// Messages that are listed at most.
const LISTED: usize = 100;
/// The length of a preview, characters.
const PREVIEW: usize = 160;

impl Answers {
    /// The context windows of a run's model calls, and how each differs from the one before.
    pub fn context(&self, run: &str) -> Result<RunContext> {
        self.about_run(run, |reader, found| windows(reader, &found.group, &self.prices, found.index))
    }
}

fn windows(
    reader: &mut dyn Reader,
    group: &TraceGroup,
    prices: &PriceList,
    run: usize,
) -> Result<RunContext> {
    let is_call = |step: &StepView| step.run == Some(run) && step.kind == Kind::Llm && step.counted;
    let calls: Vec<(usize, &StepView)> =
        group.projection.steps.iter().enumerate().filter(|(_, step)| is_call(step)).collect();
    let records_of = |step: usize| group.records_of_step(step).map(|record| record.id);
    let records: Vec<RecordId> = calls.iter().flat_map(|(index, _)| records_of(*index)).collect();
    let lists = reader.contexts(&records)?;
    let known = contents(reader, &lists)?;
    let mut by_record: HashMap<RecordId, Vec<&ContextList>> = HashMap::new();
    for list in &lists {
        by_record.entry(list.record).or_default().push(list);
    }
    let mut sent: Vec<(&StepView, Vec<Entry>)> = Vec::new();
    let mut context =
        RunContext { run_id: group.projection.runs[run].run_id.to_string(), ..RunContext::default() };
    for (index, step) in calls {
        let own: Vec<&ContextList> =
            records_of(index).filter_map(|record| by_record.get(&record)).flatten().copied().collect();
        let now = entries(&own, &known);
        if now.is_empty() {
            context.unknown_count += 1;
            continue;
        }
        let before = sent.last().map_or(&[][..], |(_, entries)| entries);
        context.calls.push(shown(step, &window(before, &now, step.usage.input_tokens)));
        sent.push((step, now));
    }
    let calls: Vec<Call<'_>> = sent
        .iter()
        .map(|(step, entries)| Call {
            entries,
            input_tokens: step.usage.input_tokens,
            input_cost: cost::of_input(step, prices),
        })
        .collect();
    let messages = carried(&calls);
    context.message_count = messages.len();
    for one in messages.iter().take(LISTED) {
        let first = sent[one.first].0;
        context.messages.push(CarriedMessage {
            what: one.entry.what.as_str().to_owned(),
            preview: known.get(&one.entry.id).map(|content| content.preview.clone()).unwrap_or_default(),
            step_id: first.step_id.to_string(),
            turn: first.turn,
            bytes: one.entry.bytes,
            calls: one.calls,
            tokens: one.tokens,
            cost_usd: one.cost.map(usd),
        });
    }
    Ok(context)
}

/// A content: what it is, how large, and how it begins.
struct Content {
    what: What,
    bytes: u64,
    preview: String,
}

type Known = HashMap<ContentId, Content>;

/// Each content of these lists, read once, however often it was sent.
fn contents(reader: &mut dyn Reader, lists: &[ContextList]) -> Result<Known> {
    let mut seen = HashSet::new();
    let mut wanted: Vec<(ContentId, Purpose)> = Vec::new();
    for purpose in PURPOSES {
        for list in lists.iter().filter(|list| list.purpose == purpose) {
            wanted.extend(list.contents.iter().filter(|id| seen.insert(**id)).map(|id| (*id, purpose)));
        }
    }
    let mut known = Known::new();
    for chunk in wanted.chunks(AT_ONCE) {
        let ids: Vec<ContentId> = chunk.iter().map(|(id, _)| *id).collect();
        for ((id, purpose), content) in chunk.iter().zip(reader.contents(&ids)?) {
            let content = content?;
            let messages = item_messages(content.form, &content.bytes);
            let what = match purpose {
                Purpose::System => What::System,
                Purpose::Definitions => What::Tools,
                _ => what(&messages),
            };
            let preview = match what {
                What::Tools => beginning(&String::from_utf8_lossy(&content.bytes)),
                _ => preview(&messages),
            };
            known.insert(*id, Content { what, bytes: content.bytes.len() as u64, preview });
        }
    }
    Ok(known)
}

/// The lists that fill a window, in order.
const PURPOSES: [Purpose; 3] = [Purpose::System, Purpose::Definitions, Purpose::Input];

fn entries(lists: &[&ContextList], known: &Known) -> Vec<Entry> {
    let mut entries = Vec::new();
    for purpose in PURPOSES {
        for id in lists.iter().filter(|list| list.purpose == purpose).flat_map(|list| &list.contents) {
            if let Some(content) = known.get(id) {
                entries.push(Entry { id: *id, what: content.what, bytes: content.bytes });
            }
        }
    }
    entries
}

fn what(messages: &[Message]) -> What {
    let is_result = |part: &Part| matches!(part, Part::ToolCallResponse { .. });
    if messages.iter().any(|message| matches!(message.role.as_str(), "system" | "developer")) {
        What::System
    } else if messages.iter().any(|message| message.role == "tool" || message.parts.iter().any(is_result)) {
        What::ToolResults
    } else if messages.iter().any(|message| message.role == "assistant") {
        What::Assistant
    } else {
        What::User
    }
}

/// How messages begin, in one line.
fn preview(messages: &[Message]) -> String {
    let mut text = String::new();
    for part in messages.iter().flat_map(|message| &message.parts) {
        match part {
            Part::Text { content } | Part::Reasoning { content } => text.push_str(content),
            Part::ToolCall { name, arguments, .. } => {
                text.push_str(name);
                text.extend(arguments.as_ref().map(|arguments| format!(" {arguments}")));
            }
            Part::ToolCallResponse { response, .. } => match response.as_str() {
                Some(response) => text.push_str(response),
                None => text.push_str(&response.to_string()),
            },
            Part::Blob { modality, .. } | Part::Uri { modality, .. } | Part::File { modality, .. } => {
                text.push_str(modality);
            }
            _ => {}
        }
        text.push(' ');
        if text.len() > PREVIEW * 4 {
            break;
        }
    }
    beginning(&text)
}

fn beginning(text: &str) -> String {
    // Only as many words as can be shown: a text may be of any length.
    let words = text.split_whitespace().take(PREVIEW);
    words.collect::<Vec<_>>().join(" ").chars().take(PREVIEW).collect()
}

fn shown(step: &StepView, window: &Window) -> CallContext {
    CallContext {
        step_id: step.step_id.to_string(),
        turn: step.turn,
        started_at: at_ms(step.start),
        model: step.facts.response_model.clone().or_else(|| step.facts.request_model.clone()),
        input_tokens: step.usage.input_tokens,
        bytes: window.bytes,
        segments: window
            .segments
            .iter()
            .map(|segment| ContextSegment {
                what: segment.what.as_str().to_owned(),
                new: segment.is_new,
                messages: segment.messages,
                bytes: segment.bytes,
                tokens: segment.tokens,
            })
            .collect(),
        resent_count: window.resent,
        dropped_count: window.dropped,
        rewritten_count: window.rewritten,
        compacted: window.is_compacted,
        change_at: window.change_at,
    }
}
