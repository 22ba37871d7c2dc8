//! Which kind of work a span is: rules on attributes, best first.
//!
//! A rule has a rank; the lowest rank that gives a kind wins. Names are asked at the rank [`BY_NAME_RANK`]. Not here:
//! the tables of names (`kind_names`), which kinds make runs or turns (the crate `project`).

use super::{
    general::{OTHER_MATTERS, ending},
    value::RawValue,
};
use turnscope_model::Kind;

/// A rule on one attribute.
pub(super) struct KindRule {
    /// The attribute.
    pub(super) key: &'static str,
    /// Its place in the order.
    pub(super) rank: u8,
    /// What its values mean, compared without case; `*x` ends with, `x*` begins with, `*` is any value.
    values: &'static [(&'static str, Kind)],
}

impl KindRule {
    /// What its values mean.
    pub(super) fn values(&self) -> &'static [(&'static str, Kind)] {
        self.values
    }

    /// Whether it stands for keys that only end like a marker.
    pub(super) fn is_guess(&self) -> bool {
        self.key.starts_with('*')
    }

    /// The kind that this value gives.
    pub(super) fn kind_of(&self, raw_value: RawValue<'_>) -> Option<Kind> {
        if let [("*", kind)] = self.values {
            return raw_value.is_meaningful().then_some(*kind);
        }
        let text = raw_value.text()?;
        let word = text.split(' ').next()?;
        let known = self.values.iter().find(|(pattern, _)| value_matches(pattern, word));
        known.map(|(_, kind)| *kind).or_else(|| marker(self.key).and_then(|_| by_words(word)))
    }
}

/// What stands for a key that ends like a marker of kinds ([`marker`]): after all that are known by name, before
/// the names of spans.
static BY_ENDING: KindRule = rule(17, "*.span.kind", &[]);
/// What stands for a key that ends like the type of an event, which says less than the name of a span.
static BY_EVENT_TYPE: KindRule = rule(19, "*.event_type", &[]);

/// The rule for a key that ends like those in which producers say what kind of work a span is: `acme.span.kind`,
/// `acme_event_type`.
pub(super) fn marker(key: &str) -> Option<&'static KindRule> {
    if !key.ends_with("ype") && !key.ends_with("ind") {
        return None;
    }
    let last = ending(key, 1);
    let ends = |words: &[&str]| {
        words.iter().any(|word| {
            last.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('_'))
        })
    };
    let rule = match ending(key, 2) {
        "span.kind" | "span.type" | "observation.type" | "run.type" | "step.type" => &BY_ENDING,
        "event.type" => &BY_EVENT_TYPE,
        _ if ends(&MARKERS) => &BY_ENDING,
        _ if ends(&["event_type", "eventType"]) => &BY_EVENT_TYPE,
        _ => return None,
    };
    (!OTHER_MATTERS.iter().any(|word| key.contains(word))).then_some(rule)
}

/// The last words of such keys.
const MARKERS: [&str; 7] =
    ["span_kind", "span_type", "spanType", "spanKind", "observation_type", "run_type", "step_type"];

/// What kind of work a word for it means that no list has: `agentic.tool.invocation`, `MODEL_CALL`, `toolCall`. The first
/// group of which a word stands in it decides.
pub(super) fn by_words(text: &str) -> Option<Kind> {
    const GROUPS: &[(&[&str], Kind)] = &[
        (&["embedding", "embeddings", "embedder", "embed"], Embedding),
        (&["rerank", "reranker"], Rerank),
        (&["retriever", "retrieval", "retrieve"], Retrieval),
        (&["guardrail", "guardrails", "policy"], Policy),
        (&["evaluator", "evaluation", "eval"], Evaluation),
        (&["memory"], Memory),
        (&["mcp"], Mcp),
        (&["tool", "tools", "function"], Tool),
        (&["llm", "inference", "generation", "completion", "chat", "model"], Llm),
        (&["turn"], Turn),
        (&["agent", "agentic"], Run),
        (
            &["chain", "workflow", "task", "flow", "graph", "node", "pipeline", "operation", "session"],
            Workflow,
        ),
    ];
    let mut words = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for at in 0..=bytes.len() {
        let ends = at == bytes.len() || !bytes[at].is_ascii_alphanumeric();
        let is_lower = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_lowercase);
        // `toolCall`, `LLMChat`
        let turns =
            !ends && at > start && bytes[at].is_ascii_uppercase() && (is_lower(at - 1) || is_lower(at + 1));
        if (ends || turns) && at > start {
            words.push(&text[start..at]);
        }
        if ends {
            start = at + 1;
        } else if turns {
            start = at;
        }
    }
    let has =
        |group: &[&str]| group.iter().any(|one| words.iter().any(|word| word.eq_ignore_ascii_case(one)));
    GROUPS.iter().find(|(group, _)| has(group)).map(|(_, kind)| *kind)
}

fn value_matches(pattern: &str, word: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => {
            word.len() >= end.len() && word.is_char_boundary(word.len() - end.len()) && {
                word[word.len() - end.len()..].eq_ignore_ascii_case(end)
            }
        }
        (None, Some(start)) => word.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start)),
        (None, None) => word.eq_ignore_ascii_case(pattern),
    }
}

const fn rule(rank: u8, key: &'static str, values: &'static [(&'static str, Kind)]) -> KindRule {
    KindRule { key, rank, values }
}

use Kind::{
    Embedding, Evaluation, Http, Ingest, Llm, Mcp, Memory, Other, Policy, Rerank, Retrieval, Run, Sanitizer,
    Tool, Turn, Workflow,
};

/// Rules on attributes.
pub(super) static BY_ATTRIBUTE: &[KindRule] = &[
    rule(
        0,
        "turnscope.step.kind",
        &[
            ("run", Run),
            ("turn", Turn),
            ("llm", Llm),
            ("tool", Tool),
            ("retrieval", Retrieval),
            ("embedding", Embedding),
            ("rerank", Rerank),
            ("memory", Memory),
            ("policy", Policy),
            ("sanitizer", Sanitizer),
            ("ingest", Ingest),
            ("evaluation", Evaluation),
            ("workflow", Workflow),
            ("mcp", Mcp),
            ("http", Http),
            ("other", Other),
        ],
    ),
    rule(
        1,
        "langfuse.observation.type",
        &[
            ("generation", Llm),
            ("agent", Run),
            ("tool", Tool),
            ("chain", Workflow),
            ("retriever", Retrieval),
            ("embedding", Embedding),
            ("guardrail", Policy),
            ("evaluator", Evaluation),
            ("event", Other),
        ],
    ),
    rule(
        2,
        "openinference.span.kind",
        &[
            ("llm", Llm),
            ("chain", Workflow),
            ("agent", Run),
            ("tool", Tool),
            ("retriever", Retrieval),
            ("embedding", Embedding),
            ("reranker", Rerank),
            ("guardrail", Policy),
            ("evaluator", Evaluation),
            ("prompt", Workflow),
        ],
    ),
    rule(
        3,
        "langsmith.span.kind",
        &[
            ("llm", Llm),
            ("chain", Workflow),
            ("tool", Tool),
            ("retriever", Retrieval),
            ("embedding", Embedding),
            ("prompt", Workflow),
            ("parser", Workflow),
        ],
    ),
    rule(
        4,
        "mlflow.spanType",
        &[
            ("llm", Llm),
            ("chat_model", Llm),
            ("chain", Workflow),
            ("agent", Run),
            ("tool", Tool),
            ("retriever", Retrieval),
            ("embedding", Embedding),
            ("reranker", Rerank),
            ("parser", Workflow),
            ("memory", Memory),
            ("workflow", Workflow),
            ("task", Workflow),
            ("guardrail", Policy),
            ("evaluator", Evaluation),
        ],
    ),
    rule(5, "ai.operationId", VERCEL),
    rule(6, "operation.name", VERCEL),
    rule(
        7,
        "span.type",
        &[
            ("interaction", Run),
            ("llm_request", Llm),
            ("llm", Llm),
            ("agent", Run),
            ("tool", Tool),
            ("tool.blocked_on_user", Policy),
            ("tool.execution", Workflow),
            ("agentic.turn", Workflow),
            ("hook", Workflow),
        ],
    ),
    rule(
        7,
        "spring.ai.kind",
        &[("tool_call", Tool), ("chat_client", Workflow), ("advisor", Workflow), ("vector_store", Retrieval)],
    ),
    rule(
        7,
        "gen_ai.span.kind",
        &[
            ("llm", Llm),
            ("chain", Workflow),
            ("agent", Run),
            ("tool", Tool),
            ("task", Workflow),
            ("workflow", Workflow),
            ("retriever", Retrieval),
            ("embedding", Embedding),
            ("reranker", Rerank),
            ("step", Turn),
        ],
    ),
    rule(
        7,
        "mastra.span.type",
        &[
            ("agent_run", Run),
            ("model_inference", Llm),
            ("model_generation", Workflow),
            ("model_step", Turn),
            ("model_chunk", Other),
            ("tool_call", Tool),
            ("mcp_tool_call", Tool),
            ("memory_operation", Memory),
            ("workflow_run", Workflow),
            ("workflow_step", Workflow),
            ("processor_run", Workflow),
            ("rag_embedding", Embedding),
            ("rag_action", Retrieval),
        ],
    ),
    // A hook says what it was called for: a tool, a prompt.
    rule(8, "hook_event", &[("*", Other)]),
    rule(8, "hook.event", &[("*", Other)]),
    rule(8, "hook.event_name", &[("*", Other)]),
    rule(8, "mcp.method.name", &[("*", Mcp)]),
    rule(
        9,
        "gen_ai.operation.name",
        &[
            ("chat", Llm),
            ("generate_content", Llm),
            ("text_completion", Llm),
            ("text_completions", Llm),
            ("completion", Llm),
            ("llm_call", Llm),
            ("llm_request", Llm),
            ("interactions", Llm),
            ("responses", Llm),
            ("chat_streaming", Llm),
            ("interactions_streaming", Llm),
            ("realtime_inference", Llm),
            ("generate_live_content", Llm),
            ("message", Llm),
            ("messages", Llm),
            ("stream", Llm),
            ("embeddings", Embedding),
            ("embedding", Embedding),
            ("embed", Embedding),
            ("rerank", Rerank),
            ("retrieval", Retrieval),
            ("vector_db_retrieve", Retrieval),
            ("execute_tool", Tool),
            ("tool_call", Tool),
            ("create_agent", Other),
            ("invoke_agent", Run),
            ("agent_call", Run),
            ("agent_run", Run),
            ("handle_conversation_turn", Run),
            ("user_prompt", Run),
            ("agent_step", Turn),
            ("*_loop_cycle", Turn),
            ("invoke_workflow", Workflow),
            ("execute_task", Workflow),
            ("execute_node", Workflow),
            ("invoke_node", Workflow),
            ("chain", Workflow),
            ("schedule_tool_calls", Workflow),
            ("invoke_graph", Run),
            ("invoke_swarm", Run),
            ("invoke_*", Run),
            ("create_memory_store", Memory),
            ("delete_memory_store", Memory),
            ("*_memory", Memory),
            ("*_memory_store", Memory),
            ("await_human_input", Policy),
            ("human_input", Policy),
            ("human_approval", Policy),
            ("request_approval", Policy),
            ("await_approval", Policy),
            ("run_guardrail", Policy),
            ("apply_guardrail", Policy),
            ("execute_guardrail", Policy),
            ("experiment", Evaluation),
            ("evaluate", Evaluation),
            ("plan", Other),
            ("fetch_response", Other),
            ("system_prompt", Other),
        ],
    ),
    rule(
        10,
        "traceloop.span.kind",
        &[("workflow", Workflow), ("task", Workflow), ("agent", Run), ("tool", Tool)],
    ),
    rule(
        11,
        "llm.request.type",
        &[("chat", Llm), ("completion", Llm), ("rerank", Rerank), ("embedding", Embedding)],
    ),
    rule(
        12,
        "genkit:metadata:subtype",
        &[
            ("model", Llm),
            ("embedder", Embedding),
            ("tool", Tool),
            ("tool.*", Tool),
            ("util", Workflow),
            ("retriever", Retrieval),
            ("reranker", Rerank),
            ("evaluator", Evaluation),
            ("indexer", Ingest),
            ("flow", Workflow),
        ],
    ),
    rule(
        13,
        "lmnr.span.type",
        &[
            ("llm", Llm),
            ("tool", Tool),
            ("executor", Evaluation),
            ("evaluator", Evaluation),
            ("evaluation", Evaluation),
            ("human_evaluator", Evaluation),
            ("pipeline", Workflow),
        ],
    ),
    rule(14, "gen_ai.tool.name", &[("*", Tool)]),
    rule(14, "gen_ai.tool.call.id", &[("*", Tool)]),
    rule(14, "tool.name", &[("*", Tool)]),
    rule(15, "gen_ai.guardrail.name", &[("*", Policy)]),
    rule(15, "litellm.guardrail.name", &[("*", Policy)]),
    rule(16, "gen_ai.evaluation.name", &[("*", Evaluation)]),
    rule(17, "gen_ai.retrieval.query.text", &[("*", Retrieval)]),
    rule(17, "gen_ai.retrieval.documents", &[("*", Retrieval)]),
    rule(17, "gen_ai.data_source.id", &[("*", Retrieval)]),
    rule(17, "retrieval.documents.0.document.content", &[("*", Retrieval)]),
    rule(17, "retrieval.documents.0.document.id", &[("*", Retrieval)]),
    rule(17, "db.vector.query.top_k", &[("*", Retrieval)]),
    rule(17, "initrunner.ingest.files_processed", &[("*", Ingest)]),
    rule(17, "initrunner.ingest.chunks_created", &[("*", Ingest)]),
    rule(17, "kitelogik.sanitizer.was_modified", &[("*", Sanitizer)]),
    rule(17, "smolagents.max_steps", &[("*", Run)]),
    rule(
        17,
        "haystack.component.type",
        &[
            ("*Generator", Llm),
            ("*Retriever", Retrieval),
            ("*Embedder", Embedding),
            ("*Ranker", Rerank),
            ("*Agent", Run),
        ],
    ),
    // VoltAgent's; `entity.type` is on whatever the agent did.
    rule(17, "agent.state", &[("*", Run)]),
    rule(17, "agent.user_message", &[("*", Run)]),
    rule(17, "agent.max_turns", &[("*", Run)]),
    rule(17, "agent.turns_used", &[("*", Run)]),
    rule(17, "gen_ai.memory.store.id", &[("*", Memory)]),
    // 18 is BY_NAME_RANK
    rule(20, "gen_ai.usage.input_tokens", &[("*", Llm)]),
    rule(20, "gen_ai.usage.output_tokens", &[("*", Llm)]),
    rule(20, "gen_ai.usage.prompt_tokens", &[("*", Llm)]),
    rule(20, "gen_ai.usage.completion_tokens", &[("*", Llm)]),
    rule(20, "gen_ai.response.model", &[("*", Llm)]),
    rule(20, "gen_ai.response.id", &[("*", Llm)]),
    rule(20, "gen_ai.input.messages", &[("*", Llm)]),
    rule(20, "llm.model_name", &[("*", Llm)]),
    rule(20, "llm.token_count.prompt", &[("*", Llm)]),
    rule(20, "llm.request.model", &[("*", Llm)]),
    rule(20, "llm.usage.total_tokens", &[("*", Llm)]),
    rule(20, "langfuse.observation.model.name", &[("*", Llm)]),
    rule(21, MODEL_ASKED_FOR, &[("*", Llm)]),
    rule(21, "embedding.model_name", &[("*", Embedding)]),
    rule(22, "tool_name", &[("*", Tool)]),
    rule(22, "tool_call_id", &[("*", Tool)]),
    rule(22, "tool.arguments", &[("*", Tool)]),
    rule(23, "policy.decision", &[("*", Policy)]),
    rule(23, "turn.index", &[("*", Turn)]),
    rule(23, "agent.turn_number", &[("*", Turn)]),
    rule(23, "agent.runner", &[("*", Run)]),
    rule(24, "http.request.method", &[("*", Http)]),
    rule(24, "http.method", &[("*", Http)]),
    rule(24, "http.route", &[("*", Http)]),
    rule(24, "http.target", &[("*", Http)]),
    rule(24, "url.full", &[("*", Http)]),
    rule(24, "http.url", &[("*", Http)]),
];

const VERCEL: &[(&str, Kind)] = &[
    ("*.doGenerate", Llm),
    ("*.doStream", Llm),
    ("*.doEmbed", Embedding),
    ("*.doRerank", Rerank),
    ("ai.toolCall", Tool),
    ("ai.embed*", Workflow),
    ("ai.rerank", Workflow),
    ("ai.*", Run),
];

/// Says least of all that a model was called.
pub(super) const MODEL_ASKED_FOR: &str = "gen_ai.request.model";

/// The rank at which names are asked: after every explicit marker, before guesses from usage.
pub(super) const BY_NAME_RANK: u8 = 18;
/// Below this rank a Logfire log line says that it is more than a line.
pub(super) const EXPLICIT_RANKS: u8 = 14;
