//! Which way of writing a record is in: by its scope, its name, its attributes.
//!
//! The name that comes out is shown and filtered by; facts do not depend on it (each field has one order of
//! precedence over all dialects), but for the few rules of the files that bear a dialect's name.

use std::collections::BTreeSet;

/// Scopes, asked first. A pattern that ends in `*` is a beginning.
pub(super) static BY_SCOPE: &[(&str, &str)] = &[
    ("turnscope*", "turnscope"),
    ("agent-inspector", "agent-inspector"),
    ("com.anthropic.claude_code*", "claude-code"),
    ("com.anthropic.sdk*", "semconv"),
    ("initrunner*", "initrunner"),
    ("kitelogik*", "kitelogik"),
    ("openinference.instrumentation*", "openinference"),
    ("@arizeai/openinference*", "openinference"),
    ("opentelemetry.instrumentation.openai.v*", "openllmetry"),
    ("opentelemetry.instrumentation.openai_v2", "semconv"),
    ("opentelemetry.instrumentation.openai_agents_v2", "openai-agents"),
    ("opentelemetry.instrumentation.openai_agents", "openllmetry"),
    ("opentelemetry.instrumentation.anthropic", "openllmetry"),
    ("opentelemetry.instrumentation.bedrock", "openllmetry"),
    ("opentelemetry.instrumentation.cohere*", "openllmetry"),
    ("opentelemetry.instrumentation.crewai", "openllmetry"),
    ("opentelemetry.instrumentation.google_generativeai", "openllmetry"),
    ("opentelemetry.instrumentation.groq", "openllmetry"),
    ("opentelemetry.instrumentation.haystack", "openllmetry"),
    ("opentelemetry.instrumentation.langchain", "openllmetry"),
    ("opentelemetry.instrumentation.llamaindex", "openllmetry"),
    ("opentelemetry.instrumentation.mcp", "openllmetry"),
    ("opentelemetry.instrumentation.mistralai", "openllmetry"),
    ("opentelemetry.instrumentation.ollama", "openllmetry"),
    ("opentelemetry.instrumentation.together", "openllmetry"),
    ("opentelemetry.instrumentation.vertexai", "openllmetry"),
    ("opentelemetry.instrumentation.watsonx", "openllmetry"),
    ("@traceloop/*", "openllmetry"),
    ("traceloop*", "openllmetry"),
    ("pydantic-ai", "pydantic-ai"),
    ("logfire*", "logfire"),
    ("ai", "vercel-ai-sdk"),
    ("@ai-sdk/*", "vercel-ai-sdk"),
    ("langsmith*", "langsmith"),
    ("gcp.vertex.agent", "google-adk"),
    ("google.adk*", "google-adk"),
    ("strands*", "strands"),
    ("agent_framework*", "agent-framework"),
    ("Microsoft.Agents*", "agent-framework"),
    ("Experimental.Microsoft.Agents*", "agent-framework"),
    ("semantic_kernel*", "semantic-kernel"),
    ("Microsoft.SemanticKernel*", "semantic-kernel"),
    ("autogen*", "autogen"),
    ("langfuse*", "langfuse"),
    ("mlflow*", "mlflow"),
    ("litellm*", "litellm"),
    ("haystack*", "haystack"),
    ("@voltagent/*", "voltagent"),
    ("@mastra/*", "mastra"),
    ("nemo_guardrails*", "nemo-guardrails"),
    ("nemoguardrails*", "nemo-guardrails"),
    ("ag2*", "ag2"),
    ("agentscope*", "agentscope"),
    ("opentelemetry.util.genai*", "semconv"),
    ("opentelemetry.instrumentation.genai*", "semconv"),
    ("smolagents*", "smolagents"),
    ("crewai*", "crewai"),
    ("rig*", "rig"),
    ("codex*", "codex"),
    ("gemini-cli*", "gemini-cli"),
    ("gemini_cli*", "gemini-cli"),
    ("qwen-code*", "qwen-code"),
    ("qwen_code*", "qwen-code"),
    ("llama_index*", "llama-index"),
    ("llamaindex*", "llama-index"),
    ("openlit*", "openlit"),
    ("lmnr*", "laminar"),
    ("genkit*", "genkit"),
    ("livekit*", "livekit"),
    ("github.copilot*", "github-copilot"),
    ("mcp-python-sdk", "mcp"),
    ("mcp*", "mcp"),
];

/// Names of spans and events, asked next. A pattern that ends in `*` is a beginning.
pub(super) static BY_NAME: &[(&str, &str)] = &[
    ("turnscope.*", "turnscope"),
    ("claude_code.*", "claude-code"),
    ("codex.*", "codex"),
    ("gemini_cli.*", "gemini-cli"),
    ("qwen-code.*", "qwen-code"),
    ("policy_gate.*", "kitelogik"),
    ("kitelogik.*", "kitelogik"),
    ("initrunner.*", "initrunner"),
    ("langchain4j.*", "langchain4j"),
    ("guardrails.*", "nemo-guardrails"),
    ("litellm_request", "litellm"),
    ("raw_gen_ai_request", "litellm"),
];

/// Attributes, asked last; the first in this list that a record carries wins. A key that ends in `.`, `:` or `_` is a
/// prefix.
pub(super) static BY_ATTRIBUTE: &[(&str, &str)] = &[
    ("turnscope.step.kind", "turnscope"),
    ("agent_inspector.", "agent-inspector"),
    ("kitelogik.", "kitelogik"),
    ("initrunner.", "initrunner"),
    ("openinference.span.kind", "openinference"),
    ("ai.operationId", "vercel-ai-sdk"),
    ("pydantic_ai.", "pydantic-ai"),
    ("langfuse.", "langfuse"),
    ("mlflow.", "mlflow"),
    ("langsmith.", "langsmith"),
    ("gcp.vertex.agent.", "google-adk"),
    ("event_loop.cycle_id", "strands"),
    ("litellm.", "litellm"),
    ("traceloop.", "openllmetry"),
    ("haystack.", "haystack"),
    ("spring.ai.", "spring-ai"),
    ("mastra.", "mastra"),
    ("voltagent.", "voltagent"),
    ("langchain4j.", "langchain4j"),
    ("ag2.", "ag2"),
    ("agentscope.", "agentscope"),
    ("loongsuite.", "loongsuite"),
    ("smolagents.", "smolagents"),
    ("logfire.", "logfire"),
    ("lmnr.", "laminar"),
    ("genkit:", "genkit"),
    ("lk.", "livekit"),
    ("flue.", "flue"),
    ("github.copilot.", "github-copilot"),
    ("openrouter.", "openrouter"),
    ("codex.", "codex"),
    ("gen_ai.handoff.", "openai-agents"),
    ("llm.request.type", "openllmetry"),
    ("gen_ai.prompt.0.role", "openllmetry"),
    ("gen_ai.is_streaming", "openllmetry"),
    ("sk.available_functions", "semantic-kernel"),
    ("executor.id", "agent-framework"),
    ("workflow_builder.name", "agent-framework"),
    ("edge_group.id", "agent-framework"),
    ("crew_key", "crewai"),
    ("llm.token_count.", "openinference"),
    ("llm.input_messages.", "openinference"),
    ("mcp.method.name", "mcp"),
    ("agent.runner", "agent-run"),
    ("agent.turn_number", "agent-run"),
    ("agent.max_turns", "agent-run"),
    ("turn.index", "agent-run"),
    ("tool.server", "agent-run"),
    ("gen_ai.", "semconv"),
];

/// Provider names that are a framework's own.
static BY_SYSTEM: &[(&str, &str)] = &[
    ("strands-agents", "strands"),
    ("microsoft.agent_framework", "agent-framework"),
    ("gcp.vertex.agent", "google-adk"),
    ("autogen", "autogen"),
    ("llama_index", "llama-index"),
];

/// The names of all dialects, sorted.
pub(super) fn names() -> Vec<&'static str> {
    let tables = [BY_SCOPE, BY_NAME, BY_ATTRIBUTE, BY_SYSTEM];
    let names: BTreeSet<_> = tables.into_iter().flatten().map(|(_, name)| *name).collect();
    names.into_iter().collect()
}

/// The patterns by which a dialect is recognised: of scopes, of names and of attributes.
pub(super) fn patterns_of(dialect: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let of = |table: &[(&str, &'static str)]| -> Vec<String> {
        table.iter().filter(|(_, name)| *name == dialect).map(|(pattern, _)| (*pattern).to_owned()).collect()
    };
    let mut attributes = of(BY_ATTRIBUTE);
    for prefix in attributes.iter_mut().filter(|key| key.ends_with(['.', ':', '_'])) {
        prefix.push('*');
    }
    (of(BY_SCOPE), of(BY_NAME), attributes)
}

/// By what a dialect was recognised.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    /// The instrumentation scope.
    Scope,
    /// The name of the span or event.
    Name,
    /// A framework's name in the provider's place.
    System,
    /// This attribute, or prefix of attributes.
    Attribute(&'static str),
}

/// The dialect of a record, and by what it was recognised; `None` when nothing was. `attribute` is the best-ranking
/// entry of [`BY_ATTRIBUTE`] that it carries.
pub(super) fn dialect(
    scope: &str,
    name: &str,
    attribute: Option<u8>,
    system: &str,
) -> Option<(&'static str, By)> {
    let by_attribute = || {
        let (key, name) = BY_ATTRIBUTE.get(usize::from(attribute?))?;
        Some((*name, By::Attribute(key)))
    };
    lookup(BY_SCOPE, scope)
        .map(|name| (name, By::Scope))
        .or_else(|| Some((lookup(BY_NAME, name)?, By::Name)))
        .or_else(|| Some((lookup(BY_SYSTEM, Some(system).filter(|system| !system.is_empty())?)?, By::System)))
        .or_else(by_attribute)
}

fn lookup(table: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    // Most patterns already differ in the first letter.
    let first = text.as_bytes().first();
    let matches = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => text == pattern,
    };
    table
        .iter()
        .find(|(pattern, _)| pattern.as_bytes().first() == first && matches(pattern))
        .map(|(_, name)| *name)
}
