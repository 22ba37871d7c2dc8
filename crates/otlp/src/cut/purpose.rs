//! What the value under a key is for, and which of several values for the same thing is the one to go by.
//!
//! The order of precedence is that of `reference/semconv.md`, 3.4: the lower the rank, the better the key.

use super::event_role::event_role;
use crate::own_rules;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value as Any};
use turnscope_model::{Kind, Purpose};

/// The record and event that hold a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordContext<'a> {
    /// What kind of work its record is.
    pub(super) kind: Kind,
    /// The name of the span event or log event that holds it; empty for a span's own attributes.
    pub(super) event: &'a str,
}

/// The rank of messages in events.
pub(crate) const EVENT_RANK: u8 = 4;
/// The rank of keys that only repeat what better ones say.
const GENERIC: u8 = 12;

/// The rank from which on a key was not known, but told by its ending.
const BY_ENDING: u8 = 20;
/// How much of a key is looked at for its last word.
const LONGEST_ENDING: usize = 24;
/// Words in keys that are not about what was said.
const OTHER_MATTERS: &[&str] = &[
    "http",
    "rpc",
    "db.",
    "messaging",
    "token",
    "usage",
    "cost",
    "schema",
    "error",
    "exception",
    "count",
    "settings",
    "config",
    "param",
    "metadata",
];

/// What the value under this key (or prefix of flattened keys) is for, and the key's rank.
pub(super) fn of(key: &str, context: RecordContext<'_>) -> (Purpose, u8) {
    let (purpose, rank) = match (own_rules::purpose_of(key), by_key(key, context.event)) {
        (Some(purpose), _) => (purpose, 0),
        (None, (Purpose::Other, rank)) => by_ending(key, context).unwrap_or((Purpose::Other, rank)),
        (None, known) => known,
    };
    let purpose = match (purpose, context.kind) {
        // The same generic keys hold a tool's arguments and result.
        (Purpose::Input, Kind::Tool) => Purpose::Arguments,
        (Purpose::Output, Kind::Tool) => Purpose::Result,
        (Purpose::Result, Kind::Run | Kind::Turn | Kind::Workflow | Kind::Llm) if key == "output" => {
            Purpose::Output
        }
        _ => purpose,
    };
    (purpose, rank)
}

/// The keys that are known, for each purpose and rank: one list, compiled to a match and kept to be printed.
macro_rules! keys {
    ($($(#[doc = $doc:literal])* $purpose:ident $rank:tt: $($key:literal)+;)*) => {
        fn by_known_key(key: &str) -> Option<(Purpose, u8)> {
            Some(match key {
                $($($key)|+ => (Purpose::$purpose, $rank),)*
                _ => return None,
            })
        }

        /// What values under whole keys are for: for each purpose the better keys first.
        pub(crate) const KEYS: &[(Purpose, &[&str])] = &[$((Purpose::$purpose, &[$($key),+])),*];
    };
}

keys! {
    System 0: "gen_ai.system_instructions";
    System 9: "user_system_prompt" "system_prompt" "gen_ai.agent.instructions";

    Input 0: "gen_ai.input.messages";
    Input 1: "llm.input_messages" "input.messages";
    Input 2: "gen_ai.prompt";
    Input 3: "pydantic_ai.all_messages" "all_messages_events";
    Input EVENT_RANK: "events";
    Input 5: "ai.prompt.messages";
    Input 6: "ai.prompt";
    Input 7: "gcp.vertex.agent.llm_request" "gcp.vertex.agent.data" "request_data";
    Input 8: "langfuse.observation.input";
    Input 9: "mlflow.spanInputs";
    Input 10: "llm.prompts";
    Input 11: "traceloop.entity.input";
    Input GENERIC: "input.value" "gen_ai.task.input";
    Input 13: "user_prompt" "prompt" "agent.user_message" "request_text";
    Input 14: "genkit:input" "lmnr.span.input" "lk.chat_ctx" "lk.input_text" "lk.user_transcript"
        "haystack.agent.input" "haystack.component.input" "haystack.pipeline.input_data" "ai.value"
        "ai.values" "gen_ai.retrieval.query.text" "gen_ai.memory.query.text" "reranker.query"
        "llm.openai.messages" "llm.anthropic.messages" "message.content";
    Input 15: "langfuse.trace.input" "prompt_text" "crew_inputs";
    Input 16: "crew_tasks";

    Output 0: "gen_ai.output.messages";
    Output 1: "llm.output_messages" "output.messages";
    Output 2: "gen_ai.completion";
    /// One answer in several attributes: all of them count.
    Output 5: "ai.response.text" "ai.response.reasoning" "ai.response.toolCalls" "ai.response.object"
        "ai.result.text" "ai.result.toolCalls" "ai.result.object";
    Output 7: "gcp.vertex.agent.llm_response" "response_data";
    Output 8: "final_result" "agent.final_answer" "langfuse.observation.output";
    Output 9: "mlflow.spanOutputs";
    Output 10: "llm.choices";
    Output 11: "traceloop.entity.output";
    Output GENERIC: "output.value" "gen_ai.task.output";
    Output 13: "response" "response_text";
    Output 14: "genkit:output" "lmnr.span.output" "lk.response.text" "haystack.agent.output"
        "haystack.component.output" "haystack.pipeline.output_data" "gen_ai.retrieval.documents"
        "retrieval.documents" "reranker.output_documents" "gen_ai.memory.records" "answer"
        "llm.openai.choices" "llm.anthropic.content";
    Output 15: "langfuse.trace.output";

    Definitions 0: "gen_ai.tool.definitions";
    Definitions 1: "llm.tools";
    Definitions 2: "ai.prompt.tools";
    Definitions 3: "llm.request.functions";
    Definitions 4: "mlflow.chat.tools";
    Definitions 5: "model_request_parameters";
    Definitions 6: "llm.openai.tools" "llm.anthropic.tools" "gen_ai.agent.tools" "tools";

    Arguments 0: "gen_ai.tool.call.arguments";
    Arguments 1: "tool_arguments";
    Arguments 2: "ai.toolCall.args";
    Arguments 3: "gcp.vertex.agent.tool_call_args";
    Arguments 4: "tool_input";
    Arguments 5: "tool_parameters" "function_args" "mcp.request.argument" "full_command";
    Arguments 6: "tool.arguments" "kitelogik.tool.arguments";

    Result 0: "gen_ai.tool.call.result";
    Result 1: "tool_response";
    Result 2: "ai.toolCall.result";
    Result 3: "gcp.vertex.agent.tool_response";
    Result 4: "mcp.response.value" "lk.function_tool.output" "result";
}

fn by_key(key: &str, event: &str) -> (Purpose, u8) {
    use Purpose::{Arguments, Input, Other, Output, Result};
    if let Some(known) = by_known_key(key) {
        return known;
    }
    match key {
        "arguments" if !event.is_empty() => (Arguments, 6),
        "output" if !event.is_empty() => (Result, 6),
        // What a framework's own events of the beginning and the end of some work carry.
        "messages" | "input" | "inputs"
            if ["StartEvent", ".start", ".input"].iter().any(|end| event.ends_with(end)) =>
        {
            (Input, EVENT_RANK)
        }
        "response" if ["EndEvent", ".end", ".output"].iter().any(|end| event.ends_with(end)) => {
            (Output, EVENT_RANK)
        }
        "body" if event.ends_with("api_request_body") => (Input, 7),
        "body" if event.ends_with("api_response_body") => (Output, 7),
        "content" | "message" | "gen_ai.event.content" => (of_event(event), EVENT_RANK),
        // Strands' `tool.result` too: it repeats under `gen_ai.choice` what the tool's own event says.
        _ => (Other, 15),
    }
}

/// Whether what stands under a key of this rank was found by the key's ending alone.
pub(crate) fn is_guess(rank: u8) -> bool {
    rank >= BY_ENDING
}

/// What a key that no producer is known by says with its last word, on steps of agents. Keys of protocols, and numbers
/// about content, end in the same words.
fn by_ending(key: &str, context: RecordContext<'_>) -> Option<(Purpose, u8)> {
    use Purpose::{Arguments, Input, Output, Result};
    let tail = key.len().saturating_sub(LONGEST_ENDING);
    let at = key.as_bytes()[tail..].iter().rposition(|byte| matches!(byte, b'.' | b':' | b'/'));
    let word = key.get(at.map_or(tail, |at| tail + at + 1)..)?;
    let (purpose, rank) = match word {
        "input" | "inputs" => (Input, BY_ENDING),
        "output" | "outputs" => (Output, BY_ENDING),
        "arguments" | "args" if context.kind == Kind::Tool => (Arguments, BY_ENDING),
        "result" | "response" if context.kind == Kind::Tool => (Result, BY_ENDING),
        "result" if matches!(context.kind, Kind::Run | Kind::Workflow | Kind::Turn) => {
            (Output, BY_ENDING + 1)
        }
        "messages" | "chat_ctx" | "input_messages" | "inputMessages" | "prompt" | "prompts"
        | "prompt_messages" | "question" | "query" | "user_message" | "user_input" | "input_text"
        | "user_prompt" | "input_summary" => (Input, BY_ENDING + 1),
        "completion" | "answer" | "reply" | "replies" | "response" | "output_messages" | "outputMessages"
        | "output_text" | "response_text" | "final_answer" | "final_output" => (Output, BY_ENDING + 1),
        _ if word.ends_with("_input") => (Input, BY_ENDING + 2),
        _ if word.ends_with("_output") => (Output, BY_ENDING + 2),
        _ => return None,
    };
    let agentic = !matches!(context.kind, Kind::Other | Kind::Http | Kind::Mcp | Kind::Ingest);
    let other = || OTHER_MATTERS.iter().any(|word| key.contains(word));
    (agentic && context.event.is_empty() && !other()).then_some((purpose, rank))
}

/// What the messages that an event carries are for.
fn of_event(event: &str) -> Purpose {
    match event {
        "gen_ai.system.message" => Purpose::System,
        "gen_ai.user.message"
        | "gen_ai.assistant.message"
        | "gen_ai.tool.message"
        | "gen_ai.content.prompt" => Purpose::Input,
        "gen_ai.choice" | "gen_ai.content.completion" => Purpose::Output,
        _ => match event_role(event) {
            Some("user") => Purpose::Input,
            Some("assistant") => Purpose::Output,
            _ => Purpose::Other,
        },
    }
}

/// Whether the value is one message, whose own parts are not to be taken apart.
pub(super) fn is_one_message(key: &str, context: RecordContext<'_>) -> bool {
    !context.event.is_empty() && matches!(key, "content" | "message" | "tool.result")
}

/// What a log record's body is for. Some producers name the event nowhere, but their map looks like a message.
pub(super) fn of_log_body(body: &AnyValue, context: RecordContext<'_>) -> Purpose {
    let by_name = of_event(context.event);
    if by_name != Purpose::Other || !context.event.is_empty() {
        return by_name;
    }
    let Some(Any::KvlistValue(map)) = &body.value else { return Purpose::Other };
    let has = |key: &str| map.values.iter().any(|kv| kv.key == key);
    if has("finish_reason") || (has("index") && has("message")) {
        Purpose::Output
    } else if has("role") && (has("content") || has("parts") || has("tool_calls")) {
        Purpose::Input
    } else {
        Purpose::Other
    }
}

/// Whether the text says anything: producers write placeholders where content is switched off or missing.
pub(crate) fn is_meaningful(text: &str) -> bool {
    !matches!(
        text.trim(),
        "" | "{}"
            | "[]"
            | "null"
            | "\"\""
            | "N/A"
            | "unknown"
            | "<REDACTED>"
            | "[REDACTED]"
            | "__REDACTED__"
            | "<not specified>"
            | "<not serializable>"
    )
}
