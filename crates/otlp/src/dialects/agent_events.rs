//! Coding agents that speak mostly in log events: Claude Code, Codex CLI, Gemini CLI, Qwen Code.
//!
//! Here: which of their events stand for a prompt, a model call or a tool call, and what names each step, so that a
//! record that comes twice, or late, or beside a real span, changes nothing. Not here: which run a step of a Codex
//! conversation belongs to (between two prompts, by time: the crate `project`).

use super::{
    errors, facts,
    field::Field,
    select,
    trace::Place,
    value::RawValue,
    verdicts,
    view::{Found, View},
};
use std::borrow::Cow;
use turnscope_model::{ErrorFact, GroupKey, Kind, Role, RunId, Usage};

/// One agent's way of speaking.
struct Agent {
    dialect: &'static str,
    /// What the events' names begin with.
    prefix: &'static str,
    /// Its instrumentation scope begins so; there events come without the prefix.
    scope: &'static str,
    /// The attribute that names the run: the prompt and all that follows from it.
    run: Option<&'static str>,
    /// The attribute that names what its events must be seen together with, where they carry no trace.
    unit: &'static str,
    /// Whether its events belong to their trace where they carry one.
    by_trace: bool,
    /// Whether the model that an answer's event names is the one that answered.
    names_answered: bool,
    events: &'static [Event],
}

/// An event that represents a step, or part of one.
struct Event {
    name: &'static str,
    /// Only where this attribute has this value.
    when: Option<(&'static str, &'static str)>,
    /// Only where this attribute is there.
    has: Option<&'static str>,
    kind: Kind,
    /// What the step's key begins with.
    key: &'static str,
    /// Attributes that name the step; without any the time does.
    ids: &'static [&'static str],
    /// Without a name it represents no step.
    needs_id: bool,
    /// It says that the step failed.
    fails: bool,
}

const fn event(name: &'static str, kind: Kind, key: &'static str, ids: &'static [&'static str]) -> Event {
    Event { name, when: None, has: None, kind, key, ids, needs_id: false, fails: false }
}

const fn failure(name: &'static str, key: &'static str, ids: &'static [&'static str]) -> Event {
    Event { fails: true, ..event(name, Kind::Llm, key, ids) }
}

const PROMPT: &str = "prompt";
const LLM: &str = "llm";
const TOOL: &str = "tool";

static AGENTS: &[Agent] = &[
    Agent {
        dialect: "claude-code",
        prefix: "claude_code.",
        scope: "com.anthropic.claude_code",
        run: Some("prompt.id"),
        unit: "prompt.id",
        by_trace: true,
        names_answered: true,
        events: &[
            event("user_prompt", Kind::Run, PROMPT, &["prompt.id"]),
            event("api_request", Kind::Llm, LLM, &["request_id"]),
            failure("api_error", LLM, &["request_id"]),
            failure("api_refusal", LLM, &["request_id"]),
            Event { needs_id: true, ..event("assistant_response", Kind::Llm, LLM, &["request_id"]) },
            event("tool_decision", Kind::Tool, TOOL, &["tool_use_id"]),
            event("tool_result", Kind::Tool, TOOL, &["tool_use_id"]),
        ],
    },
    Agent {
        dialect: "codex",
        prefix: "codex.",
        scope: "codex",
        run: None,
        unit: "conversation.id",
        by_trace: true,
        names_answered: false,
        events: &[
            event("user_prompt", Kind::Run, PROMPT, &[]),
            // The end of an answer comes twice, once without its tokens.
            Event {
                when: Some(("event.kind", "response.completed")),
                has: Some("input_token_count"),
                ..event("sse_event", Kind::Llm, LLM, &[])
            },
            Event { when: Some(("event.kind", "response.failed")), ..failure("sse_event", LLM, &[]) },
            Event {
                when: Some(("event.kind", "response.completed")),
                has: Some("input_token_count"),
                ..event("websocket_event", Kind::Llm, LLM, &[])
            },
            Event { when: Some(("event.kind", "response.failed")), ..failure("websocket_event", LLM, &[]) },
            Event { when: Some(("success", "false")), ..failure("api_request", LLM, &[]) },
            event("tool_decision", Kind::Tool, TOOL, &["call_id"]),
            event("tool_result", Kind::Tool, TOOL, &["call_id"]),
        ],
    },
    Agent {
        dialect: "gemini-cli",
        prefix: "gemini_cli.",
        scope: "gemini-cli",
        run: None,
        unit: "session.id",
        by_trace: false,
        names_answered: false,
        events: GEMINI,
    },
    Agent {
        dialect: "qwen-code",
        prefix: "qwen-code.",
        scope: "qwen-code",
        run: None,
        unit: "session.id",
        by_trace: false,
        names_answered: false,
        events: GEMINI,
    },
];

/// Gemini CLI's events, and those of agents made from it. In headless mode its prompts have no ids of their own.
static GEMINI: &[Event] = &[
    event("user_prompt", Kind::Run, PROMPT, &[]),
    event("api_response", Kind::Llm, LLM, &["response_id"]),
    failure("api_error", LLM, &[]),
    event("tool_call", Kind::Tool, TOOL, &["call_id", "tool_call_id"]),
];

/// What an event of a coding agent says; nothing when the record is none.
pub(super) fn find(view: &View<'_>) -> Option<Found> {
    let (agent, name) = recognise(view)?;
    let event = agent.events.iter().find(|event| event.name == name && event.applies(view));
    let id = event.and_then(|event| event.ids.iter().find_map(|key| text(view, key)));
    let event = event.filter(|event| id.is_some() || !event.needs_id);

    let full_name = format!("{}{name}", agent.prefix);
    let view = View { name: &full_name, ..*view };
    let mut selection = select::select(view.attributes, view.resource);
    let kind = event.map_or(Kind::Other, |event| event.kind);
    selection.settle(kind);
    view.note_selection(&selection, kind);
    let mut found = Found::plain(&view);
    found.facts = facts::build(&view, &selection, kind);
    agent.dialect.clone_into(&mut found.facts.dialect);
    view.note("dialect", Place::Name, "the coding agent's own event");
    view.note("kind", Place::Rule, "the event is no step of its own");
    if event.is_some() {
        view.looks_for_event(&full_name);
        view.note("kind", Place::Name, "the coding agent's events tell of such work");
    }

    let run = agent.run.and_then(|key| text(&view, key));
    if let Some(key) = agent.run.filter(|_| run.is_some()) {
        view.note_key("native_run_id", key, "it names the prompt and all that follows from it");
    }
    // The key that names a prompt here names a prompt's template elsewhere.
    found.facts.prompt_id = None;
    if run.is_some() {
        found.facts.native_run_id.clone_from(&run);
    }
    prefer_account(&view, &mut found);
    found.group = match view.trace_id {
        Some(trace) if agent.by_trace => GroupKey::Trace(trace),
        _ => text(&view, agent.unit).map_or(found.group, |id| {
            GroupKey::Assembled(RunId::assembled(agent.dialect, view.service_name, &id))
        }),
    };
    let Some(event) = event else { return Some(found) };

    // An event is written when its step has ended.
    if let Some(length) = view.get("duration_ms").and_then(RawValue::number)
        && length > 0.0
    {
        found.start = view.start.saturating_sub((length * 1e6) as u64);
    }
    found.end = Some(view.start);
    if agent.names_answered && !event.fails && found.facts.response_model.is_none() {
        view.note_field("response_model", Field::RequestModel, &selection, "the event tells of the answer");
        found.facts.response_model = found.facts.request_model.take();
    }
    decision(&view, event.kind, &mut found);
    if event.kind != Kind::Run {
        errors::fill(&mut found.facts, &selection, &view);
        if event.fails && found.facts.error.is_none() {
            view.note("failed", Place::Name, "the event tells of a failure");
            found.facts.error = Some(failed(&view));
        }
    }
    let parent = if event.kind == Kind::Run { None } else { run.map(|run| format!("{PROMPT}:{run}")) };
    let id = id.unwrap_or_else(|| moment(&view, event.kind));
    found.role = Role::Event { key: format!("{}:{id}", event.key), parent };
    Some(found)
}

impl Event {
    fn applies(&self, view: &View<'_>) -> bool {
        let has = self.has.is_none_or(|key| view.get(key).is_some());
        has && self
            .when
            .is_none_or(|(key, wanted)| view.text(key).is_some_and(|sent| sent.eq_ignore_ascii_case(wanted)))
    }
}

fn recognise<'a>(view: &View<'a>) -> Option<(&'static Agent, &'a str)> {
    let body = match view.body.and_then(|body| body.value.as_ref()) {
        Some(opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue(text)) => text.as_str(),
        _ => "",
    };
    AGENTS.iter().find_map(|agent| {
        let named = view.name.strip_prefix(agent.prefix).or_else(|| body.strip_prefix(agent.prefix));
        let name = named.or_else(|| view.scope_name.starts_with(agent.scope).then_some(view.name))?;
        (!name.is_empty() && !name.contains(' ')).then_some((agent, name))
    })
}

/// Codex: the turn's span has the thread, the model and the sum of the tokens.
pub(super) fn adjust_codex(view: &View<'_>, _: &select::Selection<'_>, found: &mut Found) {
    let facts = &mut found.facts;
    // The number of an operating system's thread stands under the same key.
    let thread = text(view, "thread.id").filter(|id| id.contains('-'));
    if facts.session_id.is_none() {
        view.note("session_id", Place::attribute("thread.id"), "Codex names its conversation so");
        facts.session_id = thread;
    }
    if facts.kind != Kind::Run {
        return;
    }
    if facts.request_model.is_none() {
        view.note("request_model", Place::attribute("model"), "Codex names the turn's model so");
        facts.request_model = text(view, "model");
    }
    let count = |key: &str| view.get(&format!("codex.turn.token_usage.{key}")).and_then(RawValue::count);
    if facts.usage.is_unknown() {
        facts.usage = Usage {
            input_tokens: count("input_tokens"),
            output_tokens: count("output_tokens"),
            cache_read_tokens: count("cached_input_tokens"),
            cache_write_tokens: count("cache_write_input_tokens"),
            reasoning_tokens: count("reasoning_output_tokens"),
        };
        facts.usage_is_total = !facts.usage.is_unknown();
        for (fact, key) in [
            ("input_tokens", "codex.turn.token_usage.input_tokens"),
            ("output_tokens", "codex.turn.token_usage.output_tokens"),
            ("cache_read_tokens", "codex.turn.token_usage.cached_input_tokens"),
            ("cache_write_tokens", "codex.turn.token_usage.cache_write_input_tokens"),
            ("reasoning_tokens", "codex.turn.token_usage.reasoning_output_tokens"),
        ] {
            view.note(fact, Place::attribute(key), "the sum over the turn's calls");
        }
    }
}

/// Gemini CLI: each call is a trace of its own, and only the session joins them.
pub(super) fn adjust_gemini(view: &View<'_>, selection: &select::Selection<'_>, found: &mut Found) {
    adjust_span(view, selection, found);
    let facts = &mut found.facts;
    // It gives its own name to the agents that it calls; an event has theirs.
    facts.agent_name =
        facts.agent_name.take().filter(|name| facts.kind != Kind::Run || *name != facts.dialect);
    if let Some(session) = &facts.session_id {
        facts.native_run_id = None;
        let id = RunId::assembled(&facts.dialect, view.service_name, session);
        found.group = GroupKey::Assembled(id);
    }
}

/// The same agents' spans: what their attributes mean otherwise elsewhere.
pub(super) fn adjust_span(view: &View<'_>, _: &select::Selection<'_>, found: &mut Found) {
    prefer_account(view, found);
    // Here the key names what the user asked for, not a prompt's template.
    if let Some(prompt) = found.facts.prompt_id.take() {
        if found.facts.native_run_id.is_none() {
            view.note(
                "native_run_id",
                Place::attribute("prompt.id"),
                "the key names what the user asked for",
            );
        }
        found.facts.native_run_id.get_or_insert(prompt);
    }
}

/// Claude Code's `user.id` is the installation's; the account is the user.
fn prefer_account(view: &View<'_>, found: &mut Found) {
    for key in ["user.account_uuid", "user.account_id"] {
        let Some(account) = text(view, key) else { continue };
        view.note(
            "user_id",
            Place::attribute(key),
            "the account is the user; `user.id` is the installation's",
        );
        found.facts.user_id = Some(account);
        return;
    }
}

fn decision(view: &View<'_>, kind: Kind, found: &mut Found) {
    if kind != Kind::Tool {
        return;
    }
    let Some((key, decision)) =
        ["decision", "decision_type"].into_iter().find_map(|key| Some((key, text(view, key)?)))
    else {
        return;
    };
    for fact in ["verdict", "resolution"] {
        view.note(fact, Place::attribute(key), "the event tells what was decided");
    }
    view.note(
        "decided_by",
        Place::attribute("source"),
        "or `decision_source`, or by the mode that the agent was in",
    );
    let source = text(view, "source").or_else(|| text(view, "decision_source")).or_else(|| {
        // Gemini CLI's wording, or the mode that it was in, shows whether it asked.
        let mode = text(view, "active_approval_mode").or_else(|| text(view, "approval_mode"));
        let asked = !decision.starts_with("auto") && mode.is_none_or(|mode| mode == "default");
        Some(if asked { "user" } else { "config" }.to_owned())
    });
    verdicts::decide(&mut found.facts, &decision, source.as_deref());
}

fn failed(view: &View<'_>) -> ErrorFact {
    let first = |fact, keys: &[&str]| {
        let (key, text) = keys.iter().find_map(|key| Some((key, text(view, key)?)))?;
        view.note_key(fact, key, "the event's own attribute");
        Some(text)
    };
    ErrorFact {
        r#type: first(
            "error",
            &[
                "error.type",
                "error_type",
                "error_class",
                "category",
                "status_code",
                "http.response.status_code",
            ],
        )
        .unwrap_or_else(|| "_OTHER".to_owned()),
        message: first("error_message", &["error.message", "error"]).map(|text| errors::cut(&text)),
    }
}

/// Names a step that nothing else names: when it happened, to the record's own precision.
fn moment(view: &View<'_>, kind: Kind) -> String {
    let mut name = text(view, "event.timestamp").unwrap_or_else(|| view.start.to_string());
    let more: &[&str] = if kind == Kind::Tool {
        &["event.sequence", "tool_name", "function_name"]
    } else {
        &["event.sequence"]
    };
    for part in more.iter().filter_map(|key| text(view, key)) {
        name.push(':');
        name.push_str(&part);
    }
    name
}

fn text(view: &View<'_>, key: &str) -> Option<String> {
    view.text(key).map(Cow::into_owned)
}
