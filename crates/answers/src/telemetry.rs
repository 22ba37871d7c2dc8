//! What steps were sent with, and the content that is in it.

use crate::{AnswerError, Result, external::Fetched};
use opentelemetry_proto::tonic::{
    logs::v1::LogRecord,
    trace::v1::{ResourceSpans, Span},
};
use serde_json::Value as Json;
use std::collections::HashMap;
use turnscope_model::{Message, Part, RecordId};
use turnscope_otlp::{
    cut,
    messages::{self, Content},
};
use turnscope_project::{RecordFacts, StepView, TraceGroup};
use turnscope_store::{Reader, StoredBody, Unreadable};

/// Everything that a step was sent with.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) span: Option<Span>,
    pub(crate) logs: Vec<LogRecord>,
    pub(crate) origin: Option<ResourceSpans>,
}

/// Later calls in which the result of a tool is looked for; the first one mostly has it.
const LATER: usize = 16;

/// Reads the telemetry of a trace group's steps, each record once.
pub(crate) struct Telemetry<'a> {
    reader: &'a mut dyn Reader,
    group: &'a TraceGroup,
    fetched: &'a Fetched,
    bodies: HashMap<RecordId, std::result::Result<StoredBody, Unreadable>>,
}

impl<'a> Telemetry<'a> {
    pub(crate) fn new(reader: &'a mut dyn Reader, group: &'a TraceGroup, fetched: &'a Fetched) -> Self {
        Self { reader, group, fetched, bodies: HashMap::new() }
    }

    /// Reads what these steps were sent with, all at once.
    pub(crate) fn load(&mut self, steps: impl IntoIterator<Item = usize>) -> Result<()> {
        let mut wanted = Vec::new();
        for step in steps {
            for record in self.group.records_of_step(step) {
                if !self.bodies.contains_key(&record.id) && !wanted.contains(&record.id) {
                    wanted.push(record.id);
                }
            }
        }
        if !wanted.is_empty() {
            let bodies = self.reader.bodies(&wanted)?;
            self.bodies.extend(wanted.into_iter().zip(bodies));
        }
        Ok(())
    }

    /// The body of a record.
    pub(crate) fn body(&mut self, record: &RecordFacts) -> Result<&StoredBody> {
        if !self.bodies.contains_key(&record.id) {
            let bodies = self.reader.bodies(&[record.id])?;
            self.bodies.extend(std::iter::once(record.id).zip(bodies));
        }
        match self.bodies.get(&record.id) {
            Some(Ok(body)) => Ok(body),
            Some(Err(unreadable)) => Err(unreadable.clone().into()),
            None => Err(Unreadable::Gone.into()),
        }
    }

    /// What a step was sent with.
    fn sent(&mut self, step: usize) -> Result<Sent> {
        self.load([step])?;
        let mut sent = Sent::default();
        let own = self.group.projection.steps[step].record;
        let own = own.map(|record| self.group.records[record].id);
        let group = self.group;
        for record in group.records_of_step(step) {
            let stored = self.body(record)?;
            let is_own = sent.span.is_none() && Some(record.id) == own;
            if is_own || !cut::is_span(&stored.body, &record.role) {
                match restore(record, stored)? {
                    Restored::Span(span) => sent.span = Some(span),
                    Restored::Log(log) => sent.logs.push(log),
                }
            }
            if sent.origin.is_none() {
                sent.origin = prost::Message::decode(&stored.origin[..]).ok();
            }
        }
        Ok(sent)
    }

    /// The canonical content of a step.
    pub(crate) fn content(&mut self, step: usize) -> Result<Content> {
        Ok(self.sent_with_content(step)?.1)
    }

    /// What a step was sent with (nothing, for one that only messages tell of), and its content.
    pub(crate) fn sent_with_content(&mut self, index: usize) -> Result<(Sent, Content)> {
        let step = &self.group.projection.steps[index];
        if step.record.is_none() {
            return Ok((Sent::default(), self.said_in_messages(index)?));
        }
        let sent = self.sent(index)?;
        let content = self.content_of(&sent, step);
        let content = self.completed(index, content)?;
        Ok((sent, content))
    }

    /// A tool's span may be silent about its arguments or its result, or print them: then they are taken from the
    /// messages, as for a call without a span.
    fn completed(&mut self, index: usize, mut content: Content) -> Result<Content> {
        let is_structured = content
            .arguments
            .as_ref()
            .is_some_and(|json| (json.is_object() || json.is_array()) && !is_empty(json));
        let has_result = content.result.as_ref().is_some_and(|json| !is_empty(json));
        let is_complete = is_structured && has_result;
        if self.group.projection.steps[index].requested_by.is_some() && !is_complete {
            let said = self.said_in_messages(index)?;
            if !is_structured {
                content.arguments = said.arguments.or(content.arguments);
            }
            if !has_result {
                content.result = said.result.or(content.result);
            }
        }
        Ok(content)
    }

    fn content_of(&self, sent: &Sent, step: &StepView) -> Content {
        match (&sent.span, sent.logs.split_first()) {
            (Some(span), _) => {
                let complete = messages::fetched(span, step.kind, |address| self.fetched.get(address));
                Content::of_span(complete.as_ref().unwrap_or(span), &sent.logs, step.kind)
            }
            (None, Some((first, rest))) => {
                let mut content = Content::of_log(first, step.kind);
                for log in rest {
                    let more = Content::of_log(log, step.kind);
                    content.system.extend(more.system);
                    content.input.extend(more.input);
                    content.output.extend(more.output);
                    content.arguments = content.arguments.or(more.arguments);
                    content.result = content.result.or(more.result);
                    content.input_value = content.input_value.or(more.input_value);
                    content.output_value = content.output_value.or(more.output_value);
                }
                content
            }
            (None, None) => Content::default(),
        }
    }

    /// A tool call as messages tell of it: its arguments stand in the answer that asked for it, its result in a later
    /// call's messages.
    fn said_in_messages(&mut self, index: usize) -> Result<Content> {
        let steps = &self.group.projection.steps;
        let step = &steps[index];
        let mut said = Content::default();
        let Some(asked) = step.requested_by else { return Ok(said) };
        let (id, name) = (step.tool_call_id.as_deref(), step.tool_name.as_deref());
        for message in &self.content(asked)?.output {
            for part in &message.parts {
                if let Part::ToolCall { id: this, name: tool, arguments } = part
                    && match (id, this) {
                        (Some(id), Some(this)) => id == this,
                        _ => Some(tool.as_str()) == name,
                    }
                {
                    said.arguments.clone_from(arguments);
                }
            }
        }
        let Some(id) = id else { return Ok(said) };
        let later = (asked + 1..steps.len())
            .filter(|later| steps[*later].record.is_some() && steps[*later].kind.is_model_call())
            .take(LATER);
        for later in later {
            if let Some(found) = response_to(&self.content(later)?.input, id) {
                said.result = Some(found);
                break;
            }
        }
        Ok(said)
    }
}

/// Whether a value is nothing, which may be all that a span says of something that messages tell in full.
fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// A record as it was sent.
pub(crate) enum Restored {
    Span(Span),
    Log(LogRecord),
}

/// Restores a stored record.
pub(crate) fn restore(record: &RecordFacts, stored: &StoredBody) -> Result<Restored> {
    let header = cut::Header {
        trace_id: record.trace_id,
        span_id: record.span_id,
        parent_span_id: record.parent_span_id,
        start: record.start,
        end: record.end,
    };
    if cut::is_span(&stored.body, &record.role) {
        cut::restore_span(&stored.body, &header).map(Restored::Span).map_err(AnswerError::damaged)
    } else {
        cut::restore_log(&stored.body, &header).map(Restored::Log).map_err(AnswerError::damaged)
    }
}

/// What a tool answered to this call, as a later message says. Some models count their calls anew in each turn: of several
/// answers to an id the last one is meant, in the messages of the call that came next.
fn response_to(messages: &[Message], call: &str) -> Option<Json> {
    messages.iter().rev().flat_map(|message| message.parts.iter().rev()).find_map(|part| match part {
        Part::ToolCallResponse { id, response } if id.as_deref() == Some(call) => Some(response.clone()),
        _ => None,
    })
}
