//! Facts that a framework only prints: Python objects as text in an output or a log line, and names in span names.
//!
//! The last resort, after every table: nothing that is sent under a key of its own is touched. Not here: messages in
//! such prints (`crate::messages`).

use super::{
    json,
    select::Selection,
    trace::Place,
    value::{self, RawValue},
    view::{Found, View},
};
use crate::messages;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use std::borrow::Cow;
use turnscope_model::{Facts, Usage};

/// How many events of a span are read.
const MOST_EVENTS: usize = 8;

/// The method under which a framework's modules run, after the module's name.
const METHODS: [&str; 2] = [".forward", ".kickoff"];

/// Completes a span's facts.
pub(super) fn adjust(view: &View<'_>, _: &Selection<'_>, found: &mut Found) {
    let facts = &mut found.facts;
    if facts.kind.is_model_call() {
        if !facts.usage.is_unknown()
            && facts.usage.cache_read_tokens.is_none()
            && let Some(output) = view.text("output.value")
        {
            complete(&mut facts.usage, &output, view, Place::attribute("output.value"));
        }
    } else {
        if facts.workflow_name.is_none() {
            view.note("workflow_name", Place::Name, "the module whose method runs");
            let module = METHODS.iter().find_map(|method| view.name.strip_suffix(method));
            facts.workflow_name = module.filter(|name| !name.is_empty()).map(str::to_owned);
        }
        if facts.agent_name.is_none() {
            let texts =
                ["input.value", "output.value", "llamaindex.step.input_summary"].map(|key| view.text(key));
            view.note("agent_name", Place::attribute("input.value"), "printed there, or in `output.value`");
            let told = view
                .events
                .iter()
                .take(MOST_EVENTS)
                .filter_map(|event| value::get_text(&event.attributes, "output"));
            facts.agent_name = texts.into_iter().flatten().chain(told).find_map(|text| agent_in(&text));
        }
    }
}

/// Completes a log record's facts: a line that prints the usage of the call whose span it names, or the agent.
pub(super) fn adjust_log(view: &View<'_>, found: &mut Found) {
    if found.facts.agent_name.is_none() {
        view.note("agent_name", Place::Body, "named in the line");
        found.facts.agent_name = view.body.and_then(|body| agent_in_list(body.value.as_ref()?));
    }
    if let Some(Any::StringValue(line)) = view.body.and_then(|body| body.value.as_ref())
        && line.contains("prompt_tokens=")
        && found.facts.usage.is_unknown()
    {
        complete(&mut found.facts.usage, line, view, Place::Body);
    }
}

/// The call's id in a message with a tool's result that was printed whole: `content='Rain' tool_call_id='call_1'`.
pub(super) fn call_id(view: &View<'_>) -> Option<String> {
    const ID: &str = "tool_call_id='";
    view.attributes.iter().find_map(|attribute| {
        let Some(Any::StringValue(text)) = attribute.value.as_ref()?.value.as_ref() else { return None };
        let at = text.rfind(ID).filter(|_| text.starts_with("content="))? + ID.len();
        let id = text[at..].split('\'').next().filter(|id| !id.is_empty())?;
        view.note_key("tool_call_id", &attribute.key, "it stands in an object that was printed as text");
        Some(id.to_owned())
    })
}

/// The call that a tool's step has only as a printed object: `ToolCall(tool_name='get_weather', tool_id='call_1')`.
pub(super) fn tool_call(view: &View<'_>, facts: &mut Facts) {
    let printed = view.attributes.iter().find_map(|attribute| {
        let Some(Any::StringValue(text)) = attribute.value.as_ref()?.value.as_ref() else { return None };
        let fields = messages::printed_fields(text).filter(|_| text.contains("tool_name='"))?;
        let said =
            |keys: [&str; 2]| keys.iter().find_map(|key| fields.get(*key)?.as_str().map(str::to_owned));
        Some((attribute.key.as_str(), said(["tool_name", "name"])?, said(["tool_call_id", "tool_id"])))
    });
    let Some((key, name, id)) = printed else { return };
    for fact in ["tool_name", "tool_call_id"] {
        view.note_key(fact, key, "it stands in an object that was printed as text");
    }
    facts.tool_name = Some(name);
    facts.tool_call_id = facts.tool_call_id.take().or(id);
}

/// Only details: how many tokens there were in all, every producer sends under a key.
fn complete(usage: &mut Usage, text: &str, view: &View<'_>, place: Place) {
    view.note("cache_read_tokens", place.clone(), PRINTED);
    usage.cache_read_tokens = number_after(text, "cached_tokens");
    if usage.reasoning_tokens.is_none() {
        view.note("reasoning_tokens", place, PRINTED);
        usage.reasoning_tokens = number_after(text, "reasoning_tokens");
    }
}

const PRINTED: &str = "the number is in an object that was printed as text";

/// The number that directly follows a name: `cached_tokens=5`, `'cached_tokens': 5`, `\"cached_tokens\": 5`.
fn number_after(text: &str, name: &str) -> Option<u64> {
    let rest = &text[text.find(name)? + name.len()..];
    let digits = rest.trim_start_matches(['\'', '"', '\\', ':', '=', ' ']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// The agent that a log line of several values names in one of them: `["stream", "{…, \"agent\": \"build\"}"]`.
fn agent_in_list(body: &Any) -> Option<String> {
    let Any::ArrayValue(list) = body else { return None };
    list.values.iter().find_map(|item| match item.value.as_ref()? {
        Any::StringValue(text) if text.starts_with('{') => {
            RawValue::Json(json::at(text, &["agent"])?).text().map(Cow::into_owned)
        }
        _ => None,
    })
}

/// The agent that an event of LlamaIndex's agents is about.
fn agent_in(text: &str) -> Option<String> {
    let rest = &text[text.find("current_agent_name='")? + "current_agent_name='".len()..];
    let name = &rest[..rest.find('\'')?];
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue};

    #[test]
    fn a_number_is_found_in_every_spelling() {
        for text in ["x cached_tokens=5,", "{'cached_tokens': 5}", r#"{\"cached_tokens\": 5"#] {
            assert_eq!(number_after(text, "cached_tokens"), Some(5), "{text}");
        }
        assert_eq!(number_after("cached_tokens=None", "cached_tokens"), None);
    }

    #[test]
    fn an_agents_name_is_found_in_a_line_of_several_values() {
        let text = |text: &str| AnyValue { value: Some(Any::StringValue(text.to_owned())) };
        let line = |values| Any::ArrayValue(ArrayValue { values });
        let named = line(vec![text("stream"), text(r#"{"small": "false", "agent": "build"}"#)]);
        assert_eq!(agent_in_list(&named).as_deref(), Some("build"));
        assert_eq!(agent_in_list(&line(vec![text("agent"), text(r#"{"agent": {}}"#)])), None);
    }

    #[test]
    fn an_agents_name_is_found_in_a_print() {
        assert_eq!(agent_in("AgentInput(current_agent_name='bot')").as_deref(), Some("bot"));
        assert_eq!(agent_in("AgentInput(current_agent_name='')"), None);
    }
}
