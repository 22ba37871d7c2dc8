//! Names that mean the same wherever they stand: `acme.session.id`, `acme.usage.input_tokens`, `acme.token_usage`.
//!
//! For producers that no table names. Asked once for each key that no table knows, by its ending, and weaker than
//! every table. A rule here must do no harm to input it was not made for: whatever may count something else
//! (limits, estimates, sums) is left alone.

use super::field::{Entry, Field, Only, key};

/// Behind every rank of the tables.
const RANK: u16 = u16::MAX;

const fn entry(field: Field, ending: &'static str) -> Entry {
    Entry { field, rank: RANK, source: key(ending) }
}
const fn of_call(field: Field, ending: &'static str) -> Entry {
    Entry { field, rank: RANK, source: key(ending).only(Only::ModelCall) }
}

/// What stands for the key of the tool call by which another agent started this one.
pub(super) const INVOKING_CALL: &str = "*.invoking_call_id";
/// What stands for a session's key where it was found by its ending.
pub(super) const SESSION: &str = "*.session.id";

static SESSION_ID: Entry = Entry { rank: RANK - 1, ..entry(Field::SessionId, SESSION) };
/// A framework's own name of a thread stands beside the session that the application named.
static THREAD_ID: Entry = entry(Field::SessionId, SESSION);
static USER_ID: Entry = entry(Field::UserId, "*.user.id");
static INPUT: Entry = entry(Field::InputTokens, "*.prompt_tokens");
static OUTPUT: Entry = entry(Field::OutputTokens, "*.completion_tokens");
static CACHE_READ: Entry = entry(Field::CacheRead, "*.cached_tokens");
static CACHE_WRITE: Entry = entry(Field::CacheWrite, "*.cache_write_tokens");
static REASONING: Entry = entry(Field::Reasoning, "*.reasoning_tokens");
static TOTAL: Entry = entry(Field::TotalTokens, "*.total_tokens");
static USAGE: Entry = entry(Field::UsageMap, "*.usage");
static TOOL_NAME: Entry = entry(Field::ToolName, "*.tool.name");
static INVOKED_BY: Entry =
    Entry { field: Field::ToolCallId, rank: RANK, source: key(INVOKING_CALL).only(Only::Run) };
static RUN_ID: Entry =
    Entry { field: Field::NativeRunId, rank: RANK, source: key("*.run.id").only(Only::Run) };
static TOOL_CALL_ID: Entry = entry(Field::ToolCallId, "*.tool.call.id");
static MODEL: Entry = of_call(Field::RequestModel, "*.model");
static FINISH: Entry = of_call(Field::FinishReason, "*.finish_reason");

/// Words in keys of other matters: protocols, machines, and counts that are not one call's.
pub(super) const OTHER_MATTERS: &[&str] = &[
    "http",
    "messaging",
    "langsmith.trace",
    "process",
    "thread.",
    "db.",
    "rpc",
    "aws.",
    "k8s",
    "tls.",
    "limit",
    "max",
    "budget",
    "remaining",
    "estimate",
    "aggregat",
    "cumulative",
    "accumulat",
    "session.",
    "context_window",
    "cost",
    "price",
    "previous",
    "parent",
    "schema",
];

/// Whether an entry is none of a table.
pub(super) fn is_general(entry: &Entry) -> bool {
    entry.rank >= RANK - 1
}

/// What a key of no table means by its ending.
pub(super) fn entry_of(key: &str) -> Option<&'static Entry> {
    // Most keys end otherwise.
    if !key.ends_with(['d', 'n', 's', 'e', 'l', 'a', 't']) {
        return None;
    }
    let (found, parts) = by_ending(key)?;
    let before = key.strip_suffix(ending(key, parts)).unwrap_or(key);
    let other = OTHER_MATTERS.iter().any(|word| before.contains(word));
    (!other).then_some(found)
}

/// What the last parts of a key mean, and how many parts that took.
fn by_ending(key: &str) -> Option<(&'static Entry, usize)> {
    let last = ending(key, 1);
    let found = match last {
        "id" => return Some((by_id(ending(key, 2))?, 2)),
        "session_id" | "sessionId" | "conversation_id" | "conversationId" => &SESSION_ID,
        "thread_id" | "threadId" | "chat_id" | "chatId" => &THREAD_ID,
        "user_id" | "userId" | "end_user_id" | "endUserId" => &USER_ID,
        "input_tokens" | "prompt_tokens" | "inputTokens" | "promptTokens" | "input_token_count"
        | "prompt_token_count" => &INPUT,
        "output_tokens"
        | "completion_tokens"
        | "outputTokens"
        | "completionTokens"
        | "output_token_count"
        | "completion_token_count" => &OUTPUT,
        "cached_tokens"
        | "cachedTokens"
        | "cache_read_tokens"
        | "cacheReadTokens"
        | "cached_input_tokens"
        | "cachedInputTokens"
        | "cache_input_tokens"
        | "input_cached_tokens"
        | "cache_read_input_tokens"
        | "cacheReadInputTokens" => &CACHE_READ,
        "cache_write_tokens"
        | "cacheWriteTokens"
        | "cache_creation_tokens"
        | "cache_creation_input_tokens"
        | "cache_write_input_tokens"
        | "cacheWriteInputTokens"
        | "cacheCreationInputTokens" => &CACHE_WRITE,
        "reasoning_tokens"
        | "reasoningTokens"
        | "reasoning_output_tokens"
        | "thoughts_tokens"
        | "thoughtsTokens"
        | "thinking_tokens" => &REASONING,
        "total_tokens" | "totalTokens" => &TOTAL,
        "usage" | "token_usage" | "tokenUsage" | "usage_metadata" | "usageMetadata" | "usage_details"
        | "usage_object" => &USAGE,
        "tool_name" | "toolName" => &TOOL_NAME,
        "parent_tool_call_id"
        | "parent_tool_use_id"
        | "parentToolCallId"
        | "invoking_request_id"
        | "invoking_tool_call_id"
        | "invoking_call_id" => &INVOKED_BY,
        "tool_call_id" | "toolCallId" | "tool_use_id" => &TOOL_CALL_ID,
        "name" => match ending(key, 2) {
            "tool.name" => return Some((&TOOL_NAME, 2)),
            "model.name" => return Some((&MODEL, 2)),
            _ => return None,
        },
        "model" | "model_name" | "model_id" | "modelId" | "modelName" => &MODEL,
        "finish_reason" | "finishReason" | "stop_reason" | "stopReason" => &FINISH,
        _ => return None,
    };
    Some((found, 1))
}

fn by_id(two: &str) -> Option<&'static Entry> {
    Some(match two {
        "session.id" | "conversation.id" => &SESSION_ID,
        "user.id" | "end_user.id" | "enduser.id" => &USER_ID,
        "call.id" | "tool_call.id" => &TOOL_CALL_ID,
        "model.id" => &MODEL,
        "run.id" => &RUN_ID,
        _ => return None,
    })
}

/// The last parts of a key: `ending("a.b.c", 2)` is `b.c`.
pub(super) fn ending(key: &str, parts: usize) -> &str {
    key.rmatch_indices(['.', ':', '/']).nth(parts - 1).map_or(key, |(at, _)| &key[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str) -> Option<Field> {
        entry_of(key).map(|entry| entry.field)
    }

    #[test]
    fn names_are_known_by_their_endings() {
        for (key, wanted) in [
            ("acme.session.id", Field::SessionId),
            ("acme.chat.client.conversation.id", Field::SessionId),
            ("acme:sessionId", Field::SessionId),
            ("acme.end_user_id", Field::UserId),
            ("acme.usage.prompt_tokens", Field::InputTokens),
            ("acme.usage.cache_input_tokens", Field::CacheRead),
            ("acme.token_usage", Field::UsageMap),
            ("acme.tool.call.id", Field::ToolCallId),
            ("acme.llm.model", Field::RequestModel),
        ] {
            assert_eq!(field(key), Some(wanted), "{key}");
        }
    }

    #[test]
    fn what_counts_something_else_is_left_alone() {
        for key in [
            "acme.max.input_tokens",
            "acme.budget.total_tokens",
            "anthropic.ratelimit.input_tokens",
            "acme.session.total_tokens",
            "messaging.message.conversation_id",
            "db.user_id",
            "process.thread_id",
            "acme.valid",
            "acme.cpu_usage",
            "id",
            "",
        ] {
            assert_eq!(field(key), None, "{key}");
        }
    }
}
