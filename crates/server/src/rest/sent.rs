//! What a step was sent with, and the content that is in it.

use crate::content_stores::ContentStores;
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span};
use serde_json::Value as Json;
use turnscope_model::{Message, Part};
use turnscope_otlp::{
    cut,
    messages::{self, Content},
};
use turnscope_store::{
    Reader, StoreError,
    project::{Node, StepView},
    query::UnitView,
};

/// Everything that a step was sent with.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) span: Option<Span>,
    pub(crate) logs: Vec<LogRecord>,
    pub(crate) origin: Option<opentelemetry_proto::tonic::trace::v1::ResourceSpans>,
}

/// Reads what a step was sent with.
fn sent(reader: &mut Reader, view: &UnitView, step: &StepView) -> Result<Sent, StoreError> {
    let mut out = Sent::default();
    for &index in step.node.iter().chain(&step.joined) {
        let node = &view.nodes[index];
        let body = reader.body(node.row)?;
        let known = known(node);
        let damaged = |error: cut::RestoreError| StoreError::Damaged(error.to_string());
        if !cut::is_span(&body, &node.role) {
            out.logs.push(cut::restore_log(&body, &known).map_err(damaged)?);
        } else if out.span.is_none() && Some(index) == step.node {
            out.span = Some(cut::restore_span(&body, &known).map_err(damaged)?);
        }
        if out.origin.is_none() {
            let bytes = reader.origin(node.row)?;
            out.origin = prost::Message::decode(&bytes[..]).ok();
        }
    }
    Ok(out)
}

/// What restoring a body needs to know of its record.
pub(crate) fn known(node: &Node) -> cut::Header {
    cut::Header {
        trace_id: node.trace_id,
        span_id: node.span_id,
        parent_span_id: node.parent_span_id,
        start: node.start,
        end: node.end,
    }
}

/// The canonical content of a step.
pub(crate) fn content(
    reader: &mut Reader,
    view: &UnitView,
    places: &ContentStores,
    index: usize,
) -> Result<Content, StoreError> {
    Ok(with_content(reader, view, places, index)?.1)
}

/// What a step was sent with (nothing, for one that only messages tell of), and its content.
pub(crate) fn with_content(
    reader: &mut Reader,
    view: &UnitView,
    places: &ContentStores,
    index: usize,
) -> Result<(Sent, Content), StoreError> {
    let step = &view.projection.steps[index];
    if step.node.is_none() {
        return Ok((Sent::default(), synthesised(reader, view, places, index)?));
    }
    let sent = sent(reader, view, step)?;
    let content = completed(reader, view, places, index, content_of(&sent, places, step))?;
    Ok((sent, content))
}

/// A tool's span may be silent about its arguments or its result, or print them: then they are taken from the
/// messages, as for a call without a span.
fn completed(
    reader: &mut Reader,
    view: &UnitView,
    places: &ContentStores,
    index: usize,
    mut content: Content,
) -> Result<Content, StoreError> {
    let is_structured = content.arguments.as_ref().is_some_and(|json| json.is_object() || json.is_array());
    if view.projection.steps[index].requested_by.is_some() && !(is_structured && content.result.is_some()) {
        let said = synthesised(reader, view, places, index)?;
        if !is_structured {
            content.arguments = said.arguments.or(content.arguments);
        }
        content.result = content.result.or(said.result);
    }
    Ok(content)
}

fn content_of(sent: &Sent, places: &ContentStores, step: &StepView) -> Content {
    match (&sent.span, sent.logs.split_first()) {
        (Some(span), _) => {
            let fetched = messages::fetched(span, step.kind, |address| places.fetch(address));
            Content::of_span(fetched.as_ref().unwrap_or(span), &sent.logs, step.kind)
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

/// In so many later calls the result of a tool is looked for: the next one should tell it.
const LATER: usize = 16;

/// A tool call without a span: its arguments stand in the answer that asked for it, its result in a later call's messages.
fn synthesised(
    reader: &mut Reader,
    view: &UnitView,
    places: &ContentStores,
    index: usize,
) -> Result<Content, StoreError> {
    let steps = &view.projection.steps;
    let step = &steps[index];
    let mut out = Content::default();
    let Some(asked) = step.requested_by else { return Ok(out) };
    let (id, name) = (step.tool_call_id.as_deref(), step.tool_name.as_deref());
    for message in &content(reader, view, places, asked)?.output {
        for part in &message.parts {
            if let Part::ToolCall { id: this, name: tool, arguments } = part
                && match (id, this) {
                    (Some(id), Some(this)) => id == this,
                    _ => Some(tool.as_str()) == name,
                }
            {
                out.arguments.clone_from(arguments);
            }
        }
    }
    let Some(id) = id else { return Ok(out) };
    let later = (asked + 1..steps.len())
        .filter(|later| steps[*later].node.is_some() && steps[*later].kind.is_model_call())
        .take(LATER);
    for later in later {
        if let Some(found) = response_to(&content(reader, view, places, later)?.input, id) {
            out.result = Some(found);
            return Ok(out);
        }
    }
    Ok(out)
}

/// What a tool answered to this call, as a later message says.
fn response_to(messages: &[Message], call: &str) -> Option<Json> {
    messages.iter().flat_map(|message| &message.parts).find_map(|part| match part {
        Part::ToolCallResponse { id, response } if id.as_deref() == Some(call) => Some(response.clone()),
        _ => None,
    })
}
