//! Tokens against the truth: the innermost model calls of each producer, each response once, add up to what the
//! provider billed.
//!
//! A rough reading of DESIGN.md's rules for counting, enough to tell whether the tables read tokens right. Not here:
//! runs, turns and calls (the crate `project`, and the whole-system test).

use crate::capture;
use std::collections::{HashMap, HashSet};
use turnscope_model::{Record, Role, Usage};

/// Producers whose bytes do not hold all tokens, and why.
const MISSING: &[(&str, &str)] = &[
    ("agent-inspector", "sends no tokens"),
    ("dspy", "sends no tokens"),
    ("langchain-openinference", "does not see the embedding"),
    ("langchain-traceloop", "does not see the embedding"),
    ("litellm-sdk", "writes two calls onto one span of the application, the last one wins"),
    ("openai-official", "does not see the Responses API, and streams without usage"),
];

/// Producers whose bytes do not hold all cached tokens.
const CACHE_MISSING: &[(&str, &str)] = &[
    ("haystack-openinference", "only inside a printed Python object"),
    ("llama-index", "not for streams"),
    ("openai-agents-openinference", "not for chat completions"),
    ("pydantic-ai-v1-attrs", "sends none"),
    ("semantic-kernel", "only inside the text of a log line"),
    ("smolagents", "sends none"),
];

#[test]
fn the_innermost_calls_add_up_to_what_was_billed() {
    let Some(corpus) = capture::corpus() else { return };
    for producer in capture::producers(&corpus) {
        if MISSING.iter().any(|(name, _)| *name == producer) {
            continue;
        }
        let folder = corpus.join(&producer);
        let sum = sum(&capture::records(&folder));
        let truth = capture::totals(&folder);
        assert_eq!(sum.input_tokens, truth("input_tokens_delivered"), "{producer}: input");
        assert_eq!(sum.output_tokens, truth("output_tokens_delivered"), "{producer}: output");
        if !CACHE_MISSING.iter().any(|(name, _)| *name == producer) {
            assert_eq!(sum.cache_read_tokens, truth("cached_tokens"), "{producer}: cached");
        }
    }
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
