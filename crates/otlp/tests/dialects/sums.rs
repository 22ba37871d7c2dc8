//! Tokens against the truth: the innermost model calls of each producer, each response once, add up to what the
//! provider billed.
//!
//! A rough reading of DESIGN.md's rules for counting, enough to tell whether the tables read tokens right. Not here:
//! runs, turns and calls (the crate `project`, and the whole-system test).

use crate::capture;
use std::collections::{HashMap, HashSet};
use turnscope_model::{Record, Role, Usage};

/// Producers whose bytes do not hold all tokens, or hold them in a way that takes more than this reading; and why.
const MISSING: &[(&str, &str)] = &[
    ("ag2", "reports each call twice, side by side"),
    ("agent-inspector", "sends no tokens"),
    ("dspy", "sends no tokens"),
    ("gemini-cli", "tells of each call in a span and in a log event, each with a part of the tokens"),
    ("haystack-agent-native", "does not see the embedding"),
    ("langchain-openinference", "does not see the embedding"),
    ("langchain-traceloop", "does not see the embedding"),
    ("litellm-sdk", "writes two calls onto one span of the application, the last one wins"),
    ("openai-agents-mlflow", "sends some calls only as the span of the agent's own response"),
    ("openai-official", "does not see the Responses API, and streams without usage"),
    ("voltagent", "has one span for all calls of an answer, with the tokens of the last"),
];

/// Producers whose bytes do not hold all cached tokens.
const CACHE_MISSING: &[(&str, &str)] = &[
    ("haystack-openinference", "only inside a printed Python object"),
    ("llama-index", "not for streams"),
    ("nemo-guardrails", "sends none"),
    ("openai-agents-openinference", "not for chat completions"),
    ("pydantic-ai-v1-attrs", "sends none"),
    ("semantic-kernel", "only inside the text of a log line"),
    ("smolagents", "sends none"),
    ("spring-ai", "not for streams"),
];

#[test]
fn the_innermost_calls_add_up_to_what_was_billed() {
    let Some(corpus) = capture::corpus() else { return };
    let mut wrong = Vec::new();
    for producer in capture::producers(&corpus) {
        if MISSING.iter().any(|(name, _)| *name == producer) {
            continue;
        }
        let folder = corpus.join(&producer);
        let sum = sum(&capture::records(&folder));
        let truth = capture::totals(&folder);
        let mut compare = |what: &str, seen: Option<u64>, billed: Option<u64>| {
            if seen != billed {
                wrong.push(format!("{producer}: {what} {seen:?}, billed {billed:?}"));
            }
        };
        compare("input", sum.input_tokens, truth("input_tokens_delivered"));
        compare("output", sum.output_tokens, truth("output_tokens_delivered"));
        if !CACHE_MISSING.iter().any(|(name, _)| *name == producer) {
            compare("cached", sum.cache_read_tokens, truth("cached_tokens"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn sum(records: &[Record]) -> Usage {
    let key = |record: &Record| (record.trace_id, record.span_id);
    let spans: HashMap<_, _> = records
        .iter()
        .filter(|record| record.role == Role::Span)
        .map(|record| (key(record), record))
        .collect();
    let calls = || spans.values().filter(|record| record.facts.kind.is_model_call());
    let mut wrappers = HashSet::new();
    for call in calls() {
        let mut above = spans.get(&(call.trace_id, call.parent_span_id));
        while let Some(record) = above {
            wrappers.insert(key(record));
            above = spans.get(&(record.trace_id, record.parent_span_id));
        }
    }
    let mut responses = HashSet::new();
    let mut sum = Usage::default();
    for call in calls().filter(|call| !wrappers.contains(&key(call))) {
        if call.facts.response_id.as_ref().is_none_or(|id| responses.insert(id.clone())) {
            sum.add(&call.facts.usage);
        }
    }
    sum
}
