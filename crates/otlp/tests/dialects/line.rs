//! A record's facts on one line, what is unknown left out.

use std::fmt::{Display, Write};
use turnscope_model::{Facts, GroupKey, Record, Role};

/// The line.
pub(crate) fn line(record: &Record) -> String {
    let facts = &record.facts;
    let mut out = String::new();
    match &record.role {
        Role::Span => {}
        Role::Open => out.push_str("OPEN "),
        Role::Log => out.push_str("LOG "),
        Role::Event { key, parent } => {
            let _ = write!(out, "EVENT {key} < {} ", parent.as_deref().unwrap_or("-"));
        }
    }
    let _ = write!(out, "{} [{} {}]", short(&facts.name, 70), facts.kind.as_str(), facts.dialect);
    match record.group {
        GroupKey::Trace(_) => {}
        GroupKey::Assembled(run) => {
            let _ = write!(out, " assembled={}", &run.to_string()[..8]);
        }
        GroupKey::None => out.push_str(" alone"),
    }
    if record.end.is_none() {
        out.push_str(" open");
    }
    identities(&mut out, facts);
    calls(&mut out, facts);
    outcome(&mut out, facts);
    out
}

fn identities(out: &mut String, facts: &Facts) {
    add(out, "agent", facts.agent_name.as_ref());
    add(out, "agent_id", facts.agent_id.as_ref());
    add(out, "workflow", facts.workflow_name.as_ref());
    add(out, "native", facts.native_run_id.as_ref());
    add(out, "turn", facts.turn_index.as_ref());
    add(out, if facts.session_is_weak { "conversation" } else { "session" }, facts.session_id.as_ref());
    add(out, "user", facts.user_id.as_ref());
    add(out, "role", facts.user_role.as_ref());
    add(out, "trigger", facts.trigger_type.as_ref());
    add(out, "prompt", facts.prompt_id.as_ref());
    add(out, "prompt_version", facts.prompt_version.as_ref());
    add(out, "experiment", facts.experiment_id.as_ref());
    add(out, "variant", facts.experiment_variant.as_ref());
    if !facts.tags.is_empty() {
        let _ = write!(out, " tags={}", facts.tags.join(","));
    }
    for (key, value) in &facts.metadata {
        let _ = write!(out, " meta.{key}={}", short(value, 30));
    }
}

fn calls(out: &mut String, facts: &Facts) {
    add(out, "asked", facts.request_model.as_ref());
    add(out, "answered", facts.response_model.as_ref());
    add(out, "by", facts.provider.as_ref());
    add(out, "response", facts.response_id.as_ref());
    add(out, "finish", facts.finish_reason.as_ref());
    add(out, "ttft_ms", facts.time_to_first_chunk_ns.map(|ns| ns / 1_000_000).as_ref());
    add(out, "stream", facts.streaming.as_ref());
    let usage = &facts.usage;
    add(out, if facts.usage_is_total { "sum_in" } else { "in" }, usage.input_tokens.as_ref());
    add(out, "out", usage.output_tokens.as_ref());
    add(out, "read", usage.cache_read_tokens.as_ref());
    add(out, "write", usage.cache_write_tokens.as_ref());
    add(out, "think", usage.reasoning_tokens.as_ref());
    add(out, "nano_usd", facts.reported_cost.as_ref());
    add(out, "tool", facts.tool_name.as_ref());
    add(out, "call", facts.tool_call_id.as_ref());
}

fn outcome(out: &mut String, facts: &Facts) {
    add(out, "verdict", facts.verdict.map(turnscope_model::Verdict::as_str).as_ref());
    add(out, "resolution", facts.resolution.map(turnscope_model::Resolution::as_str).as_ref());
    add(out, "decided_by", facts.decided_by.as_ref());
    add(out, "reason", facts.reason.as_ref());
    add(out, "tier", facts.risk_tier.as_ref());
    for score in &facts.scores {
        let _ = write!(out, " score.{}={:?}/{:?}", score.name, score.value, score.label);
    }
    if let Some(error) = &facts.error {
        let _ =
            write!(out, " ERROR {}: {}", error.r#type, short(error.message.as_deref().unwrap_or("-"), 60));
    }
}

fn add<T: Display>(out: &mut String, name: &str, value: Option<&T>) {
    if let Some(value) = value {
        let _ = write!(out, " {name}={}", short(&value.to_string(), 60));
    }
}

fn short(text: &str, longest: usize) -> String {
    text.chars().take(longest).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
