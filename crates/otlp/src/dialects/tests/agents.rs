//! Parts that records play, and coding agents that speak in log events.

use super::{Found, Writing, log, span};
use turnscope_model::{GroupKey, Kind, Resolution, Role, RunId, Verdict};

fn event(found: &Found) -> (&str, Option<&str>) {
    match &found.role {
        Role::Event { key, parent } => (key, parent.as_deref()),
        _ => ("no event", None),
    }
}

fn assembled(dialect: &str, id: &str) -> GroupKey {
    GroupKey::Assembled(RunId::assembled(dialect, "shop", id))
}

#[test]
fn a_pending_span_opens_the_span_that_it_stands_for() {
    let pending = span("chat m")
        .with("logfire.span_type", "pending_span")
        .with("logfire.pending_parent_id", "00f067aa0ba902b7")
        .parent("aaaaaaaaaaaaaaaa")
        .find();
    assert_eq!(pending.role, Role::Open);
    assert_eq!(pending.span_id.map(|id| id.to_string()).as_deref(), Some("aaaaaaaaaaaaaaaa"));
    assert_eq!(pending.parent_span_id.map(|id| id.to_string()).as_deref(), Some("00f067aa0ba902b7"));
    assert_eq!(pending.end, None);
    let root = span("x")
        .with("logfire.span_type", "pending_span")
        .with("logfire.pending_parent_id", "0000000000000000")
        .parent("aaaaaaaaaaaaaaaa");
    assert_eq!(root.find().parent_span_id, None);
    assert_eq!(span("x").with("logfire.span_type", "span").find().role, Role::Span);
}

#[test]
fn a_started_event_opens_a_step() {
    let found = log("turnscope.step.started")
        .in_trace()
        .with("turnscope.step.name", "execute_tool search")
        .with("turnscope.step.parent_span_id", "00f067aa0ba902b7")
        .with("gen_ai.operation.name", "execute_tool")
        .with("gen_ai.tool.call.id", "c-1")
        .find();
    assert_eq!((found.role, found.end), (Role::Open, None));
    assert_eq!((found.facts.kind, found.facts.name.as_str()), (Kind::Tool, "execute_tool search"));
    assert_eq!(found.facts.tool_name.as_deref(), Some("search"));
    assert_eq!(found.parent_span_id.map(|id| id.to_string()).as_deref(), Some("00f067aa0ba902b7"));
    assert_eq!(found.span_id, span("").span);
    assert_eq!(log("turnscope.step.started").find().role, Role::Log);
}

#[test]
fn a_span_without_an_end_is_open_and_one_that_ends_early_is_clamped() {
    let mut open = span("x");
    open.end = 0;
    assert_eq!((open.find().role, open.find().end), (Role::Open, None));
    let mut early = span("x");
    early.end = 5;
    assert!(early.facts().clamped);
    assert_eq!(early.find().end, Some(early.start));
}

#[test]
fn a_log_record_belongs_to_its_trace_or_to_nothing() {
    assert_eq!(log("anything").find().group, GroupKey::None);
    let joined = log("gen_ai.choice").in_trace().find();
    assert_eq!(joined.role, Role::Log);
    assert_eq!(Some(joined.group), span("").trace.map(GroupKey::Trace));
    let litellm = log("").with("event_name", "gen_ai.content.prompt").facts();
    assert_eq!((litellm.name.as_str(), litellm.kind), ("gen_ai.content.prompt", Kind::Other));
}

#[test]
fn agent_inspectors_spans_are_put_into_their_run() {
    let write = |name: &str, id: &str, label: &str| {
        span(name)
            .with("agent_inspector.run_id", "r-1")
            .with("agent_inspector.event_id", id)
            .with("agent_inspector.timestamp_ms", 5_000)
            .with("agent_inspector.duration_ms", 250)
            .with("agent_inspector.name", label)
            .with("agent_inspector.status", if name == "error" { "failed" } else { "completed" })
            .find()
    };
    let start = write("run_start", "e-1", "");
    assert_eq!((event(&start), start.end, start.start), (("run", None), None, 5_000_000_000));
    let end = write("run_end", "e-9", "Run End");
    assert_eq!((event(&end).0, end.end), ("run", Some(5_250_000_000)));
    let call = write("llm_call", "e-2", "gpt-4o");
    assert_eq!(event(&call), ("e-2", Some("run")));
    assert_eq!((call.facts.kind, call.facts.request_model.as_deref()), (Kind::Llm, Some("gpt-4o")));
    assert_eq!(call.group, assembled("agent-inspector", "r-1"));
    let tool = write("tool_call", "e-3", "search");
    assert_eq!((tool.facts.kind, tool.facts.tool_name.as_deref()), (Kind::Tool, Some("search")));
    assert_eq!(write("error", "e-4", "ValueError").facts.error.unwrap().r#type, "ValueError");
    assert_eq!(write("memory_read", "e-5", "Read: x").facts.kind, Kind::Memory);
}

fn claude(name: &str) -> Writing {
    log(name)
        .scope("com.anthropic.claude_code.events")
        .body(&format!("claude_code.{name}"))
        .with("event.name", name)
        .with("event.timestamp", "2026-01-01T00:00:00.000Z")
        .with("event.sequence", 4)
        .with("session.id", "s-1")
        .with("prompt.id", "p-1")
}

#[test]
fn claude_codes_events_are_steps_with_natural_keys() {
    let prompt = claude("user_prompt").find();
    assert_eq!((event(&prompt), prompt.facts.kind), (("prompt:p-1", None), Kind::Run));
    assert_eq!(prompt.facts.native_run_id.as_deref(), Some("p-1"));
    assert_eq!(prompt.group, assembled("claude-code", "p-1"));
    assert_eq!(Some(claude("user_prompt").in_trace().find().group), span("").trace.map(GroupKey::Trace));

    let call = claude("api_request")
        .with("request_id", "req_1")
        .with("model", "claude-x")
        .with("input_tokens", 3)
        .with("output_tokens", 1)
        .with("cache_read_tokens", 2)
        .with("cost_usd", 0.002)
        .with("duration_ms", 500);
    let found = call.find();
    assert_eq!(event(&found), ("llm:req_1", Some("prompt:p-1")));
    assert_eq!((found.facts.usage.input_tokens, found.facts.reported_cost), (Some(5), Some(2_000_000)));
    assert_eq!(found.facts.response_id.as_deref(), Some("req_1"));
    assert_eq!((found.end, found.end.map(|end| end - found.start)), (Some(call.start), Some(500_000_000)));
    let nameless = claude("api_request").with("model", "claude-x").find();
    assert_eq!(event(&nameless).0, "llm:2026-01-01T00:00:00.000Z:4");
    assert_eq!(event(&claude("assistant_response").with("request_id", "req_1").find()).0, "llm:req_1");
    assert_eq!(claude("assistant_response").find().role, Role::Log);

    let error = claude("api_error").with("error", "too long").with("status_code", 400).find();
    assert_eq!((error.facts.kind, error.facts.error.unwrap().r#type.as_str()), (Kind::Llm, "400"));
    let decided = claude("tool_decision")
        .with("tool_name", "mcp_tool")
        .with("tool_parameters", r#"{"mcp_server_name":"shop","mcp_tool_name":"refund"}"#)
        .with("tool_use_id", "t-1")
        .with("decision", "reject")
        .with("source", "user_reject")
        .find();
    assert_eq!(event(&decided), ("tool:t-1", Some("prompt:p-1")));
    assert_eq!(
        (decided.facts.verdict, decided.facts.resolution),
        (Some(Verdict::Hitl), Some(Resolution::Rejected))
    );
    assert_eq!((decided.facts.tool_name.as_deref(), decided.facts.error), (Some("refund"), None));
    let result = claude("tool_result")
        .with("tool_use_id", "t-1")
        .with("success", "false")
        .with("error", "boom")
        .find();
    assert_eq!(event(&result).0, "tool:t-1");
    assert!(result.facts.error.is_some());
    assert_eq!(claude("plugin_loaded").find().role, Role::Log);
}

#[test]
fn codexs_events_belong_to_their_conversation() {
    let write = |name: &str| {
        log(name)
            .in_trace()
            .with("conversation.id", "c-1")
            .with("event.timestamp", "2026-01-01T00:00:00Z")
            .with("model", "gpt-5")
    };
    assert_eq!(write("codex.user_prompt").find().group, GroupKey::Trace(super::span("").trace.unwrap()));
    let write = |name: &str| Writing { trace: None, ..write(name) };
    let prompt = write("codex.user_prompt").find();
    assert_eq!((event(&prompt).0, prompt.facts.kind), ("prompt:2026-01-01T00:00:00Z", Kind::Run));
    assert_eq!(prompt.group, assembled("codex", "c-1"));
    assert_eq!(prompt.facts.session_id.as_deref(), Some("c-1"));
    let done = write("codex.sse_event")
        .with("event.kind", "response.completed")
        .with("input_token_count", "100")
        .with("cached_token_count", "60")
        .with("output_token_count", "20")
        .with("reasoning_token_count", "8")
        .find();
    assert_eq!((event(&done).0, done.facts.kind), ("llm:2026-01-01T00:00:00Z", Kind::Llm));
    assert_eq!(done.facts.usage.input_tokens, Some(100));
    assert_eq!(done.facts.usage.cache_read_tokens, Some(60));
    assert_eq!((done.facts.usage.output_tokens, done.facts.usage.reasoning_tokens), (Some(20), Some(8)));
    assert_eq!(done.facts.request_model.as_deref(), Some("gpt-5"));
    assert_eq!(write("codex.sse_event").with("event.kind", "response.created").find().role, Role::Log);
    let again = write("codex.sse_event").with("event.kind", "response.completed").find();
    assert_eq!(again.role, Role::Log, "the end of the answer comes a second time, without its tokens");
    assert!(write("codex.api_request").with("success", "false").find().facts.error.is_some());
    assert_eq!(write("codex.api_request").with("success", "true").find().role, Role::Log);
    let decided = write("codex.tool_decision")
        .with("call_id", "k-1")
        .with("tool_name", "shell")
        .with("decision", "approved_for_session")
        .with("source", "User")
        .find();
    assert_eq!((event(&decided).0, decided.facts.resolution), ("tool:k-1", Some(Resolution::Approved)));
    let result = write("codex.tool_result")
        .with("call_id", "k-1")
        .with("success", "true")
        .with("duration_ms", "12")
        .find();
    assert_eq!((event(&result).0, result.facts.error.is_none()), ("tool:k-1", true));
    assert_eq!(write("codex.conversation_starts").find().role, Role::Log);
}

#[test]
fn gemini_clis_events_and_spans_belong_to_their_session() {
    let write = |name: &str| {
        log(name).with("session.id", "s-1").with("prompt_id", "s-1########0").with("model", "gemini-2.5-pro")
    };
    let prompt = write("gemini_cli.user_prompt").find();
    assert_eq!(event(&prompt).0, "prompt:1000000000000", "in headless mode all have the session's id");
    assert_eq!(prompt.group, assembled("gemini-cli", "s-1"));
    let call = span("llm_call").scope("gemini-cli").with("gen_ai.conversation.id", "s-1").find();
    assert_eq!(call.group, assembled("gemini-cli", "s-1"));
    let other = log("qwen-code.user_prompt").with("session.id", "s-1").with("prompt", "Hello").find();
    assert_eq!((other.facts.kind, other.group), (Kind::Run, assembled("qwen-code", "s-1")));
    assert_eq!((prompt.facts.session_id.as_deref(), prompt.facts.prompt_id), (Some("s-1"), None));
    let answer = write("gemini_cli.api_response")
        .with("input_token_count", 100)
        .with("output_token_count", 20)
        .with("cached_content_token_count", 60)
        .with("thoughts_token_count", 8)
        .with("status_code", 200)
        .with("duration_ms", 1_000)
        .find();
    assert_eq!((answer.facts.kind, answer.facts.error), (Kind::Llm, None));
    assert_eq!(
        (answer.facts.usage.output_tokens, answer.facts.usage.cache_read_tokens),
        (Some(28), Some(60))
    );
    assert_eq!(answer.facts.provider.as_deref(), Some("gcp.gemini"));
    let error =
        write("gemini_cli.api_error").with("error.message", "quota").with("error_type", "ApiError").find();
    assert_eq!(error.facts.error.unwrap().r#type, "ApiError");
    let tool = write("gemini_cli.tool_call")
        .with("function_name", "read_file")
        .with("success", true)
        .with("decision", "auto_accept")
        .find();
    assert_eq!((tool.facts.kind, tool.facts.tool_name.as_deref()), (Kind::Tool, Some("read_file")));
    assert_eq!(tool.facts.verdict, Some(Verdict::Allow));
    let rejected = write("gemini_cli.tool_call").with("function_name", "x").with("decision", "reject").find();
    assert_eq!(
        (rejected.facts.verdict, rejected.facts.resolution),
        (Some(Verdict::Hitl), Some(Resolution::Rejected))
    );
    assert_eq!(write("gemini_cli.api_request").find().role, Role::Log);
    let span = span("user_prompt").scope("gemini-cli").with("gen_ai.prompt.name", "s-1########0").facts();
    assert_eq!((span.prompt_id, span.native_run_id.as_deref()), (None, Some("s-1########0")));
}

#[test]
fn a_hook_of_an_agent_is_not_the_tool_that_it_was_called_for() {
    // Qwen Code's hooks name the tool and end with an error where they say nothing.
    let hook = span("qwen-code.hook").scope("qwen-code").with("hook_event", "PreToolUse");
    let hook =
        hook.with("tool.name", "shell").with("success", false).failed("hook runner returned no output");
    assert_eq!((hook.kind(), hook.facts().tool_name), (Kind::Other, None));
}

#[test]
fn an_agent_names_the_call_that_started_it() {
    let agent = span("qwen-code.subagent").scope("qwen-code").with("gen_ai.operation.name", "invoke_agent");
    let started = agent.with("qwen-code.subagent.invoking_request_id", "call_1");
    assert_eq!(started.facts().tool_call_id.as_deref(), Some("call_1"));
    let beside = span("invoke_agent a").with("gen_ai.operation.name", "invoke_agent");
    assert_eq!(beside.with("acme.tool.call.id", "call_1").facts().tool_call_id, None);
}
