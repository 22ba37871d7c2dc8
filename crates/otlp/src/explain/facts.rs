//! Every fact of a record under its name, with its value as JSON; null where the record does not say.

use serde_json::{Value as Json, json};
use turnscope_model::{Approval, Facts};

/// The facts, in the order in which they are shown.
pub fn of(facts: &Facts) -> Vec<(&'static str, Json)> {
    // Taken apart whole: a fact that is added must be named here, or be left out on purpose.
    let Facts {
        name,
        kind,
        dialect,
        agent_name,
        agent_name_is_weak: _,
        agent_id,
        workflow_name,
        native_run_id,
        turn_index,
        session_id,
        session_is_weak: _,
        user_id,
        user_role,
        trigger_type,
        tags,
        metadata,
        request_model,
        response_model,
        provider,
        response_id,
        finish_reason,
        time_to_first_chunk_ns,
        streaming,
        usage,
        usage_is_total: _,
        cache_write_1h_tokens,
        service_tier,
        reported_cost,
        context: _,
        requested_tools,
        failed_results,
        input_text,
        output_text,
        tool_name,
        tool_call_id,
        arguments: _,
        asks,
        answers,
        steered,
        gave_nothing: _,
        verdict,
        resolution,
        decided_by,
        reason,
        risk_tier,
        error,
        prompt_id,
        prompt_version,
        experiment_id,
        experiment_variant,
        scores,
        links,
        // Flags about what was received, not facts that stand somewhere.
        invalid_utf8: _,
        redacted: _,
        dropped: _,
        clamped: _,
        implausible_count: _,
        contents_deleted: _,
    } = facts;
    vec![
        ("name", text(name)),
        ("kind", json!(kind.as_str())),
        ("dialect", text(dialect)),
        ("agent_name", json!(agent_name)),
        ("agent_id", json!(agent_id)),
        ("workflow_name", json!(workflow_name)),
        ("native_run_id", json!(native_run_id)),
        ("turn", json!(turn_index)),
        ("session_id", json!(session_id)),
        ("user_id", json!(user_id)),
        ("user_role", json!(user_role)),
        ("trigger_type", json!(trigger_type)),
        ("tags", list(tags, |tag| json!(tag))),
        ("metadata", pairs(metadata)),
        ("request_model", json!(request_model)),
        ("response_model", json!(response_model)),
        ("provider", json!(provider)),
        ("response_id", json!(response_id)),
        ("finish_reason", json!(finish_reason)),
        ("time_to_first_chunk_ms", json!(time_to_first_chunk_ns.map(|ns| ns as f64 / 1e6))),
        ("streaming", json!(streaming)),
        ("input_tokens", json!(usage.input_tokens)),
        ("output_tokens", json!(usage.output_tokens)),
        ("cache_read_tokens", json!(usage.cache_read_tokens)),
        ("cache_write_tokens", json!(usage.cache_write_tokens)),
        ("reasoning_tokens", json!(usage.reasoning_tokens)),
        ("cache_write_1h_tokens", json!(cache_write_1h_tokens)),
        ("service_tier", json!(service_tier)),
        ("reported_cost_usd", json!(reported_cost.map(|cost| cost as f64 / 1e9))),
        ("tool_name", json!(tool_name)),
        ("tool_call_id", json!(tool_call_id)),
        ("requested_tools", list(requested_tools, |tool| json!({ "id": tool.id, "name": tool.name }))),
        ("failed_results", list(failed_results, |id| json!(id))),
        ("verdict", json!(verdict.map(turnscope_model::Verdict::as_str))),
        ("resolution", json!(resolution.map(turnscope_model::Resolution::as_str))),
        ("decided_by", json!(decided_by)),
        ("reason", json!(reason)),
        ("risk_tier", json!(risk_tier.as_ref().map(ToString::to_string))),
        ("asks", list(asks, approval)),
        ("answers", list(answers, approval)),
        ("steered", if *steered { Json::Bool(true) } else { Json::Null }),
        ("failed", if error.is_some() { Json::Bool(true) } else { Json::Null }),
        ("error", json!(error.as_ref().map(|error| &error.r#type))),
        ("error_message", json!(error.as_ref().and_then(|error| error.message.as_ref()))),
        ("prompt_id", json!(prompt_id)),
        ("prompt_version", json!(prompt_version)),
        ("experiment_id", json!(experiment_id)),
        ("experiment_variant", json!(experiment_variant)),
        (
            "scores",
            list(scores, |score| json!({ "name": score.name, "value": score.value, "label": score.label })),
        ),
        (
            "links",
            list(
                links,
                |link| json!({ "trace_id": link.trace_id.to_string(), "span_id": link.span_id.to_string(), "why": link.why }),
            ),
        ),
        ("input_text", json!(input_text)),
        ("output_text", json!(output_text)),
    ]
}

fn text(text: &str) -> Json {
    if text.is_empty() { Json::Null } else { json!(text) }
}

fn list<T>(list: &[T], entry: impl Fn(&T) -> Json) -> Json {
    if list.is_empty() { Json::Null } else { list.iter().map(entry).collect() }
}

fn pairs(pairs: &[(String, String)]) -> Json {
    if pairs.is_empty() {
        return Json::Null;
    }
    Json::Object(pairs.iter().map(|(key, value)| (key.clone(), json!(value))).collect())
}

fn approval(approval: &Approval) -> Json {
    json!({
        "text": approval.text,
        "who": approval.who,
        "resolution": approval.resolution.map(turnscope_model::Resolution::as_str),
        "tool_name": approval.tool_name,
        "tool_call_id": approval.tool_call_id,
    })
}
