//! What filled the context window of each model call of a run.

use crate::{Answers, Result, wire::at_ms};
use std::collections::{HashMap, HashSet};
use turnscope_api::{CallContext, ContextSegment, RunContext};
use turnscope_insight::context::{Entry, What, Window, window};
use turnscope_model::{ContentId, Kind, Message, Part, Purpose, RecordId};
use turnscope_otlp::messages::item_messages;
use turnscope_project::{StepView, TraceGroup};
use turnscope_store::{ContextList, Reader};

/// Contents read at once.
const AT_ONCE: usize = 256;

impl Answers {
    /// The context windows of a run's model calls, and how each differs from the one before.
    pub fn context(&self, run: &str) -> Result<RunContext> {
        self.about_run(run, |reader, found| windows(reader, &found.group, found.index))
    }
}

fn windows(reader: &mut dyn Reader, group: &TraceGroup, run: usize) -> Result<RunContext> {
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
    let mut before: Vec<Entry> = Vec::new();
    let mut context = RunContext {
        run_id: group.projection.runs[run].run_id.to_string(),
        calls: Vec::new(),
        unknown_count: 0,
    };
    for (index, step) in calls {
        let own: Vec<&ContextList> =
            records_of(index).filter_map(|record| by_record.get(&record)).flatten().copied().collect();
        let now = entries(&own, &known);
        if now.is_empty() {
            context.unknown_count += 1;
            continue;
        }
        context.calls.push(shown(step, &window(&before, &now, step.usage.input_tokens)));
        before = now;
    }
    Ok(context)
}

/// What a content is, and how large.
type Known = HashMap<ContentId, (What, u64)>;

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
            let what = match purpose {
                Purpose::System => What::System,
                Purpose::Definitions => What::Tools,
                _ => what(&item_messages(content.form, &content.bytes)),
            };
            known.insert(*id, (what, content.bytes.len() as u64));
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
            if let Some(&(what, bytes)) = known.get(id) {
                entries.push(Entry { id: *id, what, bytes });
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
    } else {
        What::History
    }
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
