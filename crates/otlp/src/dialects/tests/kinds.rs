//! Kinds and dialects, by attribute, by name, by scope.

use super::{attribute, span};
use turnscope_model::Kind;

#[test]
fn a_marker_gives_the_kind() {
    for (key, value, kind) in [
        ("gen_ai.operation.name", "chat", Kind::Llm),
        ("gen_ai.operation.name", "text_completions", Kind::Llm),
        ("gen_ai.operation.name", "interactions", Kind::Llm),
        ("gen_ai.operation.name", "embeddings", Kind::Embedding),
        ("gen_ai.operation.name", "rerank", Kind::Rerank),
        ("gen_ai.operation.name", "vector_db_retrieve", Kind::Retrieval),
        ("gen_ai.operation.name", "tool_call", Kind::Tool),
        ("gen_ai.operation.name", "create_agent", Kind::Other),
        ("gen_ai.operation.name", "invoke_swarm", Kind::Run),
        ("gen_ai.operation.name", "handle_conversation_turn", Kind::Run),
        ("gen_ai.operation.name", "invoke_workflow", Kind::Workflow),
        ("gen_ai.operation.name", "agent_step", Kind::Turn),
        ("gen_ai.operation.name", "upsert_memory", Kind::Memory),
        ("gen_ai.operation.name", "delete_memory_store", Kind::Memory),
        ("gen_ai.operation.name", "apply_guardrail", Kind::Policy),
        ("gen_ai.operation.name", "experiment", Kind::Evaluation),
        ("gen_ai.operation.name", "plan", Kind::Other),
        ("genkit:metadata:subtype", "tool.v2", Kind::Tool),
        ("langfuse.observation.type", "retriever", Kind::Retrieval),
        ("langfuse.observation.type", "evaluator", Kind::Evaluation),
        ("openinference.span.kind", "RERANKER", Kind::Rerank),
        ("openinference.span.kind", "GUARDRAIL", Kind::Policy),
        ("openinference.span.kind", "PROMPT", Kind::Workflow),
        ("langsmith.span.kind", "retriever", Kind::Retrieval),
        ("mlflow.spanType", "\"MEMORY\"", Kind::Memory),
        ("ai.operationId", "ai.streamObject.doStream", Kind::Llm),
        ("ai.operationId", "ai.embed.doEmbed", Kind::Embedding),
        ("ai.operationId", "ai.streamText", Kind::Run),
        ("operation.name", "ai.toolCall my-bot", Kind::Tool),
        ("span.type", "tool.blocked_on_user", Kind::Policy),
        ("traceloop.span.kind", "task", Kind::Workflow),
        ("llm.request.type", "rerank", Kind::Rerank),
        ("genkit:metadata:subtype", "embedder", Kind::Embedding),
        ("lmnr.span.type", "LLM", Kind::Llm),
        ("mcp.method.name", "tools/call", Kind::Mcp),
        ("gen_ai.guardrail.name", "no_secrets", Kind::Policy),
        ("initrunner.ingest.files_processed", "3", Kind::Ingest),
        ("http.request.method", "GET", Kind::Http),
        ("turnscope.step.kind", "sanitizer", Kind::Sanitizer),
        ("haystack.component.type", "OpenAIChatGenerator", Kind::Llm),
        ("agent.runner", "loop", Kind::Run),
        ("turn.index", "2", Kind::Turn),
    ] {
        assert_eq!(span("some span").with(key, value).kind(), kind, "{key} = {value}");
    }
}

#[test]
fn a_name_gives_the_kind_where_nothing_else_does() {
    for (name, kind) in [
        ("agent run", Kind::Run),
        ("invocation", Kind::Run),
        ("agent_run [triage]", Kind::Run),
        ("call_llm", Kind::Llm),
        ("gen_ai.completion", Kind::Llm),
        ("tool.execute.search", Kind::Tool),
        ("agent.turn", Kind::Turn),
        ("haystack.agent.step", Kind::Turn),
        ("running 3 tools", Kind::Workflow),
        ("policy_gate.evaluate", Kind::Policy),
        ("policy_gate.opa_evaluate", Kind::Other),
        ("POST /chat", Kind::Http),
        ("checkout", Kind::Other),
        ("Step 3", Kind::Turn),
    ] {
        assert_eq!(span(name).kind(), kind, "{name}");
    }
}

#[test]
fn the_better_marker_wins() {
    // LangSmith labels retrievers as embeddings.
    let retriever =
        span("r").with("gen_ai.operation.name", "embeddings").with("langsmith.span.kind", "retriever");
    assert_eq!(retriever.kind(), Kind::Retrieval);
    // OpenLLMetry marks what it calls tasks better by operation.
    let call = span("t").with("traceloop.span.kind", "task").with("gen_ai.operation.name", "chat");
    assert_eq!(call.kind(), Kind::Llm);
    // A provider's SDK makes HTTP requests, but they are calls.
    let sdk = span("m").with("http.request.method", "POST").with("gen_ai.operation.name", "chat");
    assert_eq!(sdk.kind(), Kind::Llm);
    // A marker that says nothing gives way.
    let unknown =
        span("u").with("openinference.span.kind", "UNKNOWN").with("gen_ai.operation.name", "execute_tool");
    assert_eq!(unknown.kind(), Kind::Tool);
    let plain = span("s").with("langfuse.observation.type", "span").with("gen_ai.request.model", "m");
    assert_eq!(plain.kind(), Kind::Llm);
}

#[test]
fn details_are_not_what_they_are_marked_as() {
    let merged = span("execute_tool (merged)").with("gen_ai.operation.name", "execute_tool");
    assert_eq!(merged.kind(), Kind::Workflow);
    assert_eq!(merged.with("gen_ai.tool.name", "(merged tools)").facts().tool_name, None);
    let helper = span("OpenAI._prepare_chat_with_tools").with("openinference.span.kind", "LLM");
    assert_eq!(helper.kind(), Kind::Workflow);
    let hook = span("Summary.before_agent").with("openinference.span.kind", "AGENT");
    assert_eq!(hook.kind(), Kind::Workflow);
    let added =
        span("execute_tool search").with("mcp.method.name", "tools/call").with("gen_ai.tool.name", "search");
    assert_eq!(added.kind(), Kind::Tool);
    let line = span("tool {tool_name} returned").with("logfire.span_type", "log").with("tool_name", "x");
    assert_eq!(line.kind(), Kind::Other);
}

#[test]
fn a_dialect_is_recognised_by_scope_name_or_attribute() {
    let by_scope = [
        ("pydantic-ai", "pydantic-ai"),
        ("openinference.instrumentation.crewai", "openinference"),
        ("opentelemetry.instrumentation.openai_v2", "semconv"),
        ("opentelemetry.instrumentation.openai.v1", "openllmetry"),
        ("rig::completions", "rig"),
        ("gcp.vertex.agent", "google-adk"),
        ("strands.telemetry.tracer", "strands"),
        ("com.anthropic.claude_code.tracing", "claude-code"),
    ];
    for (scope, dialect) in by_scope {
        assert_eq!(span("x").scope(scope).facts().dialect, dialect, "{scope}");
    }
    let by_attribute = [
        ("gen_ai.request.model", "semconv"),
        ("traceloop.entity.name", "openllmetry"),
        ("langsmith.metadata.thread_id", "langsmith"),
        ("langfuse.observation.type", "langfuse"),
        ("lmnr.span.path", "laminar"),
        ("genkit:name", "genkit"),
        ("agent.runner", "agent-run"),
        ("logfire.msg", "logfire"),
        ("unheard.of", ""),
    ];
    for (key, dialect) in by_attribute {
        assert_eq!(span("x").with(key, "v").facts().dialect, dialect, "{key}");
    }
    let strands = span("chat").with("gen_ai.system", "strands-agents").with("gen_ai.request.model", "m");
    assert_eq!(strands.facts().dialect, "strands");
}

#[test]
fn every_cycle_of_an_agents_loop_is_a_turn() {
    // Strands in Python and in TypeScript.
    for name in ["execute_event_loop_cycle", "execute_agent_loop_cycle"] {
        assert_eq!(span(name).scope("strands-agents").kind(), Kind::Turn, "{name}");
    }
}

#[test]
fn markers_of_unknown_frameworks_are_known_by_the_ending_of_their_key() {
    for (key, value, kind) in [
        ("acme.span.kind", "agent", Kind::Run),
        ("acme.span.type", "llm", Kind::Llm),
        ("acme.span.kind", "AcmeSpanKinds.TOOL", Kind::Tool),
        ("acme_event_type", "model", Kind::Llm),
        ("acme.node.span_type", "toolCall", Kind::Tool),
        ("sdk_span_type", "turn", Kind::Turn),
        ("span.type", "agentic.tool.invocation", Kind::Tool),
        ("span.type", "inference.framework", Kind::Llm),
        ("gen_ai.step.type", "chain", Kind::Workflow),
    ] {
        assert_eq!(span("work").with(key, value).facts().kind, kind, "{key} = {value}");
    }
}

#[test]
fn what_only_looks_like_a_marker_says_nothing() {
    for (key, value) in [
        ("span.kind", "client"),
        ("db.operation_type", "tool"),
        ("acme.mime_type", "model/gltf"),
        ("acme.event_type", "click"),
        ("http.span.type", "agent"),
    ] {
        assert_eq!(span("work").with(key, value).facts().kind, Kind::Other, "{key} = {value}");
    }
    // A span's own name says more than the type of an event.
    let gate = span("policy_gate.evaluate").with("acme.event_type", "agent.spawn");
    assert_eq!(gate.facts().kind, Kind::Policy);
}

#[test]
fn events_of_a_span_without_any_marker_tell_what_it_does() {
    let call = span("OpenAI.astream_chat").event(
        "LLMChatStartEvent",
        vec![attribute("model_dict.model_name", "m-1")],
        1,
    );
    let facts = call.facts();
    assert_eq!((facts.kind, facts.request_model.as_deref()), (Kind::Llm, Some("m-1")));
    assert_eq!(span("x").event("LLMChatInProgress", vec![], 1).facts().kind, Kind::Other);
}
