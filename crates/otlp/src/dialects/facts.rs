//! From the values that one pass found to the facts of a record.
//!
//! Here: which value becomes which fact, and the names that say something (`invoke_agent triage`). Not here: where the
//! values stand (the tables), tokens, errors, verdicts and scores (files of their own).

use super::{
    approvals, errors,
    field::Field,
    fields::{WEAK_AGENTS, WEAK_SESSIONS},
    general::INVOKING_CALL,
    kind_names::{self, Name},
    kinds, metadata, printed, providers, recognise, scores,
    select::Selection,
    trace::Place,
    usage,
    value::RawValue,
    verdicts,
    view::{Signal, View},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use turnscope_model::{Facts, Kind, NanoUsd};

const NANO: f64 = 1e9;

/// The kind of a span, by its attributes and its name.
pub(super) fn kind_of(view: &View<'_>, selection: &Selection<'_>) -> Kind {
    let is_log_line = selection.cow(Field::SpanType).as_deref() == Some("log");
    let marked = selection.kind.filter(|(rank, _, key)| {
        (!is_log_line || *rank < kinds::EXPLICIT_RANKS)
            && !(*key == kinds::MODEL_ASKED_FOR && is_a_function(view))
    });
    let by_name = || {
        (!is_log_line)
            .then(|| {
                kind_names::BY_NAME.iter().find(|(name, _)| name.matches(view.name)).map(|(_, kind)| *kind)
            })
            .flatten()
    };
    let marked_first = marked.filter(|(rank, ..)| *rank < kinds::BY_NAME_RANK);
    let kind = if let Some((_, kind, key)) = marked_first {
        view.note("kind", Place::attribute(key), "the attribute says what kind of work it is");
        kind
    } else if let Some(kind) = by_name() {
        view.note("kind", Place::Name, "frameworks name such work so");
        kind
    } else if let Some((_, kind, key)) = marked {
        view.note("kind", Place::attribute(key), "such work carries this attribute");
        kind
    } else if let Some((kind, event)) = by_event(view) {
        view.looks_for_event(event);
        view.note("kind", Place::event_of(event, None), "the event tells of such work");
        kind
    } else {
        view.note("kind", Place::Name, "no attribute says it; the name is all there is");
        plain_kind(view.name)
    };
    let detail = kind_names::DETAILS.iter().find(|(from, name, _)| *from == kind && name.matches(view.name));
    if detail.is_some() {
        view.note("kind", Place::Name, "the framework's own marker is too coarse for work of this name");
    }
    detail.map_or(kind, |(_, _, to)| *to)
}

/// A gateway writes the model that a request asks for on the span of each function that handles it.
fn is_a_function(view: &View<'_>) -> bool {
    let has = |wanted: fn(&str) -> bool| view.attributes.iter().any(|attribute| wanted(&attribute.key));
    has(|key| matches!(key, "code.function.name" | "code.function"))
        && !has(|key| key.starts_with("gen_ai.") && key != kinds::MODEL_ASKED_FOR)
}

/// So many events of a span are asked what they tell of.
const MOST_ASKED: usize = 16;

/// What the events of a span that says nothing else tell of: frameworks name them after the work that begins or ends.
fn by_event<'a>(view: &View<'a>) -> Option<(Kind, &'a str)> {
    let tells = |name: &&str| {
        ["StartEvent", "EndEvent", ".start", ".end", ".input", ".output"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    let names = view.events.iter().take(MOST_ASKED).map(|event| event.name.as_str());
    names.filter(tells).find_map(|name| Some((kinds::by_words(name)?, name)))
}

fn plain_kind(name: &str) -> Kind {
    if Name::Numbered("Step ").matches(name) || Name::Numbered("step ").matches(name) {
        return Kind::Turn;
    }
    if kind_names::HTTP_VERBS.iter().any(|verb| name.starts_with(verb)) { Kind::Http } else { Kind::Other }
}

/// The facts of a record of this kind.
pub(super) fn build(view: &View<'_>, selection: &Selection<'_>, kind: Kind) -> Facts {
    let system = selection.cow(Field::Provider);
    let attribute = selection.dialect.map(|(rank, _)| rank);
    let framework = framework_name(view, system.is_none());
    let mut facts = Facts {
        name: readable_name(view, selection),
        kind,
        dialect: recognised(view, attribute, framework).to_owned(),
        ..Facts::default()
    };
    facts.clamped = view.end != 0 && view.end < view.start;
    identities(&mut facts, selection);
    names(&mut facts, view, selection);
    if kind != Kind::Http {
        model(&mut facts, view, selection);
        usage::fill(&mut facts, selection, view);
        facts.cache_write_1h_tokens = selection.count(Field::CacheWrite1h);
        let fast = selection.text(Field::Speed).filter(|speed| speed == "fast");
        if fast.is_some() {
            view.note_field("service_tier", Field::Speed, selection, "the fast mode has prices of its own");
        }
        facts.service_tier = fast.or_else(|| selection.text(Field::ServiceTier));
        facts.reported_cost = cost(view, selection);
    }
    tool(&mut facts, view, selection);
    verdicts::fill(&mut facts, selection, view);
    approvals::fill(&mut facts, selection, view);
    if view.signal == Signal::Span || view.name.starts_with("gen_ai.") {
        errors::fill(&mut facts, selection, view);
    }
    scores::fill(&mut facts, selection, view);
    if !selection.families.is_empty() {
        view.note("metadata", Place::Rule, "attributes of free names under the prefixes for metadata");
    }
    for (family, rest, raw_value) in &selection.families {
        metadata::collect(*family, rest, *raw_value, &mut facts.metadata);
    }
    facts
}

/// The dialect's name.
fn recognised(view: &View<'_>, attribute: Option<u8>, framework: &str) -> &'static str {
    let Some((name, by)) = recognise::dialect(view.scope_name, view.name, attribute, framework) else {
        return "";
    };
    match by {
        recognise::By::Scope => view.note("dialect", Place::Scope, "the scope is this framework's"),
        recognise::By::Name => view.note("dialect", Place::Name, "only this framework names its work so"),
        recognise::By::System => {
            let place = Place::attribute("gen_ai.system");
            view.note("dialect", place, "the framework's name stands in the provider's place");
        }
        recognise::By::Attribute(key) => {
            view.note("dialect", Place::attribute(key), "it carries the dialect's attributes");
        }
    }
    name
}

/// A client's object that was printed where its model's name belongs names none.
fn is_a_name(model: &str) -> bool {
    !model.starts_with(['{', '[', '<'])
}

/// A framework's name in the provider's attribute is not a provider; it still identifies the dialect.
fn framework_name<'a>(view: &View<'a>, no_provider: bool) -> &'a str {
    if !no_provider {
        return "";
    }
    view.attributes
        .iter()
        .find(|attribute| matches!(attribute.key.as_str(), "gen_ai.system" | "gen_ai.provider.name"))
        .and_then(|attribute| match attribute.value.as_ref()?.value.as_ref()? {
            opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue(text) => {
                Some(text.as_str())
            }
            _ => None,
        })
        .unwrap_or("")
}

/// Logfire's span names are templates; the filled-in text is in an attribute.
fn readable_name(view: &View<'_>, selection: &Selection<'_>) -> String {
    if view.name.contains('{')
        && let Some(name) = selection.text(Field::ReadableName)
    {
        view.note_field("name", Field::ReadableName, selection, "the span's name is a template");
        return name;
    }
    view.name.to_owned()
}

fn identities(facts: &mut Facts, selection: &Selection<'_>) {
    facts.agent_name = selection.text(Field::AgentName);
    facts.agent_name_is_weak =
        selection.get(Field::AgentName).is_some_and(|selected| WEAK_AGENTS.contains(&selected.key()));
    facts.agent_id = selection.text(Field::AgentId);
    facts.workflow_name = selection.text(Field::WorkflowName);
    facts.native_run_id = selection.text(Field::NativeRunId);
    facts.session_id = selection.text(Field::SessionId);
    facts.session_is_weak =
        selection.get(Field::SessionId).is_some_and(|selected| WEAK_SESSIONS.contains(&selected.key()));
    facts.user_id = selection.text(Field::UserId);
    facts.user_role = selection.text(Field::UserRole);
    facts.trigger_type = selection.text(Field::TriggerType);
    facts.tags = selection.get(Field::Tags).map(|selected| selected.raw_value.list()).unwrap_or_default();
    facts.prompt_id = selection.text(Field::PromptId);
    facts.prompt_version = selection.text(Field::PromptVersion);
    facts.experiment_id = selection.text(Field::ExperimentId);
    facts.experiment_variant = selection.text(Field::ExperimentVariant);
    facts.turn_index = selection
        .get(Field::TurnIndex)
        .filter(|selected| selected.key().contains('.') || facts.kind == Kind::Turn)
        .and_then(|selected| selected.raw_value.count());
}

/// What precedes and follows an agent's name in span names.
const AROUND_AGENTS: &[(&str, &str)] = &[
    ("subagent:", ""),
    ("invoke_agent ", ""),
    ("agent_run [", "]"),
    ("", "._execute_core"),
    ("", ".kickoff"),
    ("", ".run"),
    ("", ".agent"),
];
/// Markers under which an agent's span is named after the agent.
const NAMED_AFTER_AGENT: &[&str] = &["mlflow.spanType", "langfuse.observation.type"];
/// What precedes and follows a tool's name in span names.
const AROUND_TOOLS: &[(&str, &str)] = &[
    ("execute_tool ", ""),
    ("running tool: ", ""),
    ("running output function: ", ""),
    ("MCP send tools/call ", ""),
    ("tools/call ", ""),
    ("tool.execute.", ""),
    ("tool.execution:", ""),
    ("langchain4j.tools.", ""),
    ("", ".__call__"),
    ("", ".acall"),
    ("", ".run"),
    ("", ".tool"),
];

/// Agent names and turn numbers in a span's own name.
fn names(facts: &mut Facts, view: &View<'_>, selection: &Selection<'_>) {
    if facts.kind == Kind::Run && facts.agent_name.is_none() {
        let marker = selection.kind.map_or("", |(_, _, key)| key);
        // A method's name (`Runner.run`) is not an agent's, and a span's name may be either.
        let is_named = NAMED_AFTER_AGENT.contains(&marker);
        facts.agent_name_is_weak = !is_named || view.name.contains('.');
        view.note("agent_name", Place::Name, "no attribute names the agent");
        facts.agent_name = if is_named {
            Some(view.name.to_owned())
        } else {
            inner(AROUND_AGENTS, view.name)
                .filter(|name| !matches!(*name, "agent" | "initrunner.agent"))
                .map(str::to_owned)
        };
    }
    if facts.kind == Kind::Turn && facts.turn_index.is_none() {
        view.note("turn", Place::Name, "the number in the name");
        facts.turn_index = view
            .name
            .strip_prefix("Step ")
            .or_else(|| view.name.strip_prefix("step "))
            .and_then(|number| number.parse().ok());
    }
}

fn inner<'a>(around: &[(&str, &str)], name: &'a str) -> Option<&'a str> {
    around
        .iter()
        .find_map(|(before, after)| name.strip_prefix(before)?.strip_suffix(after))
        .filter(|inner| !inner.is_empty())
}

fn model(facts: &mut Facts, view: &View<'_>, selection: &Selection<'_>) {
    facts.request_model = selection.text(Field::RequestModel).filter(|model| is_a_name(model));
    facts.response_model = selection.text(Field::ResponseModel).filter(|model| is_a_name(model));
    if facts.kind.is_model_call() && facts.request_model.is_none() && facts.response_model.is_none() {
        facts.request_model = model_in_events(view);
    }
    if let Some(routed) = selection.cow(Field::RoutedModel) {
        prefer_routed(facts, &routed, view, selection);
    }
    if let Some(name) = selection.cow(Field::Provider) {
        let provider = providers::canonical(&name);
        if provider != name {
            view.note_field(
                "provider",
                Field::Provider,
                selection,
                "under the GenAI conventions' name for it",
            );
        }
        facts.provider = Some(provider);
    }
    if facts.provider.is_none() && facts.kind.is_model_call() {
        let model = facts.request_model.as_deref().or(facts.response_model.as_deref());
        facts.provider = selection.cow(Field::ServerAddress).and_then(|address| providers::of_host(&address));
        if facts.provider.is_some() {
            view.note_field("provider", Field::ServerAddress, selection, "the host is this provider's");
        } else if let Some(model) = model {
            view.note("provider", Place::Rule, "the only provider of models of this name");
            facts.provider = providers::of_model(model);
        }
    }
    facts.response_id = selection.text(Field::ResponseId);
    facts.finish_reason =
        selection.get(Field::FinishReason).and_then(|selected| selected.raw_value.list().into_iter().next());
    facts.time_to_first_chunk_ns = first_chunk(facts, view, selection);
    facts.streaming = selection.truth(Field::Streaming);
    if facts.streaming.is_none() && facts.time_to_first_chunk_ns.is_some() {
        view.note("streaming", Place::Rule, "there is a time to the first chunk");
        facts.streaming = Some(true);
    }
}

/// The model that an event of the call names, where nothing else does.
fn model_in_events(view: &View<'_>) -> Option<String> {
    let attributes = view
        .events
        .iter()
        .take(MOST_ASKED)
        .flat_map(|event| event.attributes.iter().map(move |kv| (event, kv)));
    let named = |key: &str| matches!(key.rsplit('.').next(), Some("model_name" | "model"));
    attributes.filter(|(_, kv)| named(&kv.key)).find_map(|(event, kv)| {
        let model = RawValue::of(kv.value.as_ref())?.text().filter(|model| is_a_name(model))?;
        view.note(
            "request_model",
            Place::event_of(&event.name, Some(&kv.key)),
            "an event of the call names it",
        );
        Some(model.into_owned())
    })
}

/// The name that the caller used may be the gateway's own, which no price list knows.
fn prefer_routed(facts: &mut Facts, routed: &str, view: &View<'_>, selection: &Selection<'_>) {
    view.note_field("request_model", Field::RoutedModel, selection, "where the gateway sent the call");
    let model = routed.rsplit('/').next().unwrap_or(routed);
    let asked = facts.request_model.replace(model.to_owned());
    let Some(asked) = asked else { return };
    if routed.ends_with(asked.as_str()) {
        view.note_field("request_model", Field::RequestModel, selection, "the gateway sent the call there");
        facts.request_model = Some(asked);
    } else if facts.response_model.as_ref() == Some(&asked) {
        view.note_field(
            "response_model",
            Field::RoutedModel,
            selection,
            "what answers has the gateway's own name",
        );
        facts.response_model = Some(model.to_owned());
    }
}

/// Strands sends milliseconds under a name that means seconds.
const MILLISECONDS: (&str, &str) = ("strands", "gen_ai.server.time_to_first_token");

/// The Vercel AI SDK's event.
const FIRST_CHUNK: &str = "ai.stream.firstChunk";

fn first_chunk(facts: &Facts, view: &View<'_>, selection: &Selection<'_>) -> Option<u64> {
    if let Some(seconds) = selection.number(Field::FirstChunk) {
        let sent = selection.get(Field::FirstChunk).map_or("", |selected| selected.key());
        let factor = if (facts.dialect.as_str(), sent) == MILLISECONDS { 1e-3 } else { 1.0 };
        return Some((seconds * factor * NANO) as u64);
    }
    view.looks_for_event(FIRST_CHUNK);
    let at = selection
        .cow(Field::FirstChunkAt)
        .and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok())
        .and_then(|time| u64::try_from(time.unix_timestamp_nanos()).ok());
    let at = if at.is_some() {
        view.note_field("time_to_first_chunk_ms", Field::FirstChunkAt, selection, "counted from the start");
        at
    } else {
        view.note(
            "time_to_first_chunk_ms",
            Place::event(FIRST_CHUNK),
            "the event's time, counted from the start",
        );
        view.events.iter().find(|event| event.name == FIRST_CHUNK).map(|event| event.time_unix_nano)
    }?;
    at.checked_sub(view.start).filter(|_| view.start != 0)
}

fn cost(view: &View<'_>, selection: &Selection<'_>) -> Option<NanoUsd> {
    let dollars = selection.number(Field::Cost).or_else(|| {
        for part in [Field::CostOut, Field::CostIn] {
            view.note_field(
                "reported_cost_usd",
                part,
                selection,
                "the sum of the input's and the output's cost",
            );
        }
        match (selection.number(Field::CostIn), selection.number(Field::CostOut)) {
            (None, None) => None,
            (input, output) => Some(input.unwrap_or(0.0) + output.unwrap_or(0.0)),
        }
    })?;
    Some((dollars * NANO).round() as NanoUsd)
}

/// On which steps a tool's name and a call's id are facts. Elsewhere they belong to a step above or below.
fn has_tool(kind: Kind, signal: Signal) -> bool {
    signal == Signal::Log
        || matches!(
            kind,
            Kind::Tool | Kind::Policy | Kind::Sanitizer | Kind::Mcp | Kind::Retrieval | Kind::Memory
        )
}

fn tool(facts: &mut Facts, view: &View<'_>, selection: &Selection<'_>) {
    if !has_tool(facts.kind, view.signal) {
        let invoked = selection.get(Field::ToolCallId).is_some_and(|held| held.key() == INVOKING_CALL);
        if facts.kind == Kind::Run && invoked {
            view.note_field("tool_call_id", Field::ToolCallId, selection, "the call that started the agent");
            facts.tool_call_id = selection.text(Field::ToolCallId);
        }
        return;
    }
    facts.tool_call_id = selection.text(Field::ToolCallId);
    if facts.tool_call_id.is_none() && facts.kind == Kind::Tool {
        facts.tool_call_id = printed::call_id(view);
    }
    facts.tool_name = selection.text(Field::ToolName);
    if facts.tool_name.is_none() && facts.kind == Kind::Tool {
        printed::tool_call(view, facts);
    }
    if facts.tool_name.is_none() {
        view.note("tool_name", Place::Name, "no attribute names the tool");
        facts.tool_name = match facts.kind {
            Kind::Tool => Some(inner(AROUND_TOOLS, view.name).unwrap_or(view.name).to_owned()),
            Kind::Mcp => inner(&AROUND_TOOLS[3..5], view.name).map(str::to_owned),
            _ => None,
        };
    }
}
