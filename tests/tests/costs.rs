//! Costs against sums worked out by hand: attributes as an instrumentation sends them → disjoint buckets → dollars.
//!
//! Each token is in one bucket, whatever the dialect: some count cached tokens as part of the input and some separately,
//! and likewise reasoning and output. Sums are in nano-dollars, at the prices of 10 January 2026.

use serde_json::{Value as Json, json};
use turnscope_insight::cost::{BucketKind, PriceFile, PriceList, cost_of};
use turnscope_model::Facts;
use turnscope_otlp::{decode, normalise, redact::Redactor};

/// 2026-01-10, noon.
const AT: u64 = 1_768_046_400_000_000_000;

/// The facts of a span with these attributes.
fn facts(name: &str, attributes: &Json) -> Facts {
    let attributes: Vec<Json> = attributes
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Json::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
                Json::Number(number) => json!({ "intValue": number.to_string() }),
                Json::String(text) => json!({ "stringValue": text }),
                other => json!({ "stringValue": other.to_string() }),
            };
            json!({ "key": key, "value": value })
        })
        .collect();
    let span = json!({ "traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708", "name": name,
        "startTimeUnixNano": AT.to_string(), "endTimeUnixNano": (AT + 1).to_string(), "attributes": attributes });
    let body = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] }).to_string();
    let request = decode::traces(body.as_bytes(), decode::Format::Json).unwrap();
    let mut made = normalise::traces(request, &Redactor::off());
    made.records.remove(0).facts
}

/// Checks the buckets (input, cache read, cache write, output, reasoning) and their total cost.
#[track_caller]
fn check(attributes: &Json, buckets: [u64; 5], nano_dollars: i64) {
    let facts = facts("chat", attributes);
    let list = PriceList::new(PriceFile::shipped().unwrap(), PriceFile::default());
    let cost = cost_of(&list, &facts, AT).unwrap_or_else(|unknown| panic!("{unknown}: {facts:?}"));
    let of = |kinds: &[BucketKind]| -> u64 {
        cost.buckets.iter().filter(|bucket| kinds.contains(&bucket.kind)).map(|bucket| bucket.tokens).sum()
    };
    let found = [
        of(&[BucketKind::Input]),
        of(&[BucketKind::CacheRead]),
        of(&[BucketKind::CacheWrite, BucketKind::CacheWrite1h]),
        of(&[BucketKind::Output]),
        of(&[BucketKind::Reasoning]),
    ];
    assert_eq!(found, buckets, "{:?}", facts.usage);
    assert_eq!(cost.total(), nano_dollars);
}

/// gpt-5, prices per million: 400 × $1.25 + 600 × $0.125 + 500 × $10.
const GPT_5: ([u64; 5], i64) = ([400, 600, 0, 200, 300], 500_000 + 75_000 + 5_000_000);
/// claude-sonnet-4-5: 100 × $3 + 2,000 × $0.30 + 500 × $3.75 + 50 × $15.
const SONNET: ([u64; 5], i64) = ([100, 2_000, 500, 50, 0], 300_000 + 600_000 + 1_875_000 + 750_000);

#[test]
fn openai_by_the_conventions_counts_cache_and_reasoning_within() {
    check(
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-5", "gen_ai.response.model": "gpt-5-2025-08-07",
            "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cache_read.input_tokens": 600,
            "gen_ai.usage.output_tokens": 500, "gen_ai.usage.reasoning.output_tokens": 300,
            "openai.response.service_tier": "default" }),
        GPT_5.0,
        GPT_5.1,
    );
}

#[test]
fn openai_responses_by_openinference() {
    check(
        &json!({ "openinference.span.kind": "LLM", "llm.provider": "openai", "llm.model_name": "gpt-5-2025-08-07",
            "llm.token_count.prompt": 1000, "llm.token_count.prompt_details.cache_read": 600,
            "llm.token_count.completion": 500, "llm.token_count.completion_details.reasoning": 300,
            "llm.token_count.total": 1500 }),
        GPT_5.0,
        GPT_5.1,
    );
}

#[test]
fn openai_by_the_vercel_sdk() {
    check(
        &json!({ "operation.name": "ai.generateText.doGenerate", "ai.operationId": "ai.generateText.doGenerate",
            "ai.model.id": "gpt-5", "ai.model.provider": "openai.responses",
            "ai.usage.inputTokens": 1000, "ai.usage.inputTokenDetails.noCacheTokens": 400,
            "ai.usage.inputTokenDetails.cacheReadTokens": 600, "ai.usage.outputTokens": 500,
            "ai.usage.outputTokenDetails.reasoningTokens": 300, "ai.usage.totalTokens": 1500 }),
        GPT_5.0,
        GPT_5.1,
    );
}

#[test]
fn openai_by_langfuse_counts_each_bucket_apart() {
    check(
        &json!({ "langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-5",
            "langfuse.observation.usage_details": { "input": 400, "input_cached_tokens": 600, "output": 200,
                "output_reasoning_tokens": 300 } }),
        GPT_5.0,
        GPT_5.1,
    );
}

#[test]
fn openai_by_pydantic_ai_has_its_details_in_a_family_of_keys() {
    check(
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-5",
            "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.details.cache_read_tokens": 600,
            "gen_ai.usage.output_tokens": 500, "gen_ai.usage.details.reasoning_tokens": 300 }),
        GPT_5.0,
        GPT_5.1,
    );
}

#[test]
fn openai_by_langsmith_has_its_details_in_json() {
    check(
        &json!({ "gen_ai.operation.name": "chat", "langsmith.span.kind": "llm", "gen_ai.request.model": "gpt-5",
            "langsmith.usage_metadata": { "input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500,
                "input_token_details": { "cache_read": 600 }, "output_token_details": { "reasoning": 300 } } }),
        GPT_5.0,
        GPT_5.1,
    );
}

#[test]
fn anthropic_by_the_conventions_counts_the_cache_within() {
    check(
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic",
            "gen_ai.response.model": "claude-sonnet-4-5-20250929", "gen_ai.usage.input_tokens": 2600,
            "gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.cache_creation.input_tokens": 500,
            "gen_ai.usage.output_tokens": 50 }),
        SONNET.0,
        SONNET.1,
    );
}

#[test]
fn anthropics_own_numbers_leave_the_cache_out() {
    check(
        &json!({ "gen_ai.operation.name": "chat", "model": "claude-sonnet-4-5-20250929", "input_tokens": 100,
            "cache_read_tokens": 2000, "cache_creation_tokens": 500, "output_tokens": 50 }),
        SONNET.0,
        SONNET.1,
    );
}

#[test]
fn anthropic_by_traceloop() {
    check(
        &json!({ "llm.request.type": "chat", "gen_ai.system": "Anthropic",
            "gen_ai.request.model": "claude-sonnet-4-5", "gen_ai.usage.prompt_tokens": 2600,
            "gen_ai.usage.completion_tokens": 50, "llm.usage.total_tokens": 2650,
            "gen_ai.usage.cache_read_input_tokens": 2000, "gen_ai.usage.cache_creation_input_tokens": 500 }),
        SONNET.0,
        SONNET.1,
    );
}

#[test]
fn anthropic_by_openinference_counts_the_cache_within() {
    check(
        &json!({ "openinference.span.kind": "LLM", "llm.provider": "anthropic", "llm.model_name": "claude-sonnet-4-5",
            "llm.token_count.prompt": 2600, "llm.token_count.prompt_details.cache_read": 2000,
            "llm.token_count.prompt_details.cache_write": 500, "llm.token_count.completion": 50 }),
        SONNET.0,
        SONNET.1,
    );
}

#[test]
fn writing_the_cache_for_an_hour_costs_more() {
    // As above, but 200 of the 500 written tokens at $6 instead of $3.75.
    check(
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic",
            "gen_ai.response.model": "claude-sonnet-4-5", "gen_ai.usage.input_tokens": 2600,
            "gen_ai.usage.cache_read.input_tokens": 2000, "gen_ai.usage.cache_creation.input_tokens": 500,
            "gen_ai.usage.cache_creation.ephemeral_1h_input_tokens": 200, "gen_ai.usage.output_tokens": 50 }),
        SONNET.0,
        SONNET.1 + 200 * 2_250,
    );
}

#[test]
fn gemini_counts_thoughts_beside_the_answer() {
    // gemini-2.5-flash: 600 × $0.30 + 400 × $0.03 + 500 × $2.50.
    check(
        &json!({ "gen_ai.operation.name": "generate_content", "gen_ai.system": "gcp.vertex.agent",
            "gen_ai.request.model": "gemini-2.5-flash",
            "gcp.vertex.agent.llm_response": { "usage_metadata": { "prompt_token_count": 1000,
                "cached_content_token_count": 400, "candidates_token_count": 200, "thoughts_token_count": 300,
                "total_token_count": 1500 } } }),
        [600, 400, 0, 200, 300],
        180_000 + 12_000 + 1_250_000,
    );
}

#[test]
fn a_long_prompt_is_charged_whole_at_the_higher_price() {
    // gemini-2.5-pro above 200,000: 200,001 × $2.50 + 1,000 × $15.
    check(
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "gcp.gemini",
            "gen_ai.response.model": "gemini-2.5-pro", "gen_ai.usage.input_tokens": 200_001,
            "gen_ai.usage.output_tokens": 1000 }),
        [200_001, 0, 0, 1_000, 0],
        500_002_500 + 15_000_000,
    );
}

#[test]
fn bedrock_charges_a_region_a_tenth_more() {
    // The instrumentation of AWS's own SDK passes its counts on unchanged: the input excludes the cache.
    check(
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "aws.bedrock",
            "gen_ai.request.model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read.input_tokens": 2000,
            "gen_ai.usage.cache_creation.input_tokens": 500, "gen_ai.usage.output_tokens": 50 }),
        SONNET.0,
        SONNET.1 * 11 / 10,
    );
    // amazon.nova-lite: 1,000 × $0.06 + 100 × $0.24.
    check(
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.system": "aws.bedrock",
            "gen_ai.request.model": "amazon.nova-lite-v1:0", "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 100 }),
        [1_000, 0, 0, 100, 0],
        60_000 + 24_000,
    );
}

#[test]
fn xai_counts_reasoning_beside_the_answer_and_the_total_says_so() {
    // grok-4: 100 × $3 + 250 × $15.
    check(
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "x_ai", "gen_ai.response.model": "grok-4-0709",
            "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.reasoning_tokens": 200, "gen_ai.usage.total_tokens": 350 }),
        [100, 0, 0, 50, 200],
        300_000 + 3_750_000,
    );
}

#[test]
fn the_service_tier_is_taken_from_the_telemetry() {
    check(
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.response.model": "gpt-5",
            "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cache_read.input_tokens": 600,
            "gen_ai.usage.output_tokens": 500, "gen_ai.usage.reasoning.output_tokens": 300,
            "gen_ai.openai.response.service_tier": "flex" }),
        GPT_5.0,
        GPT_5.1 / 2,
    );
}

#[test]
fn other_makers_and_embeddings() {
    let simple = |provider: &str, model: &str| {
        json!({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.response.model": model,
            "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100 })
    };
    let plain = [1_000, 0, 0, 100, 0];
    check(&simple("mistral_ai", "mistral-large-latest"), plain, 500_000 + 150_000); // $0.50, $1.50
    check(&simple("cohere", "command-a-03-2025"), plain, 2_500_000 + 1_000_000); // $2.50, $10
    check(&simple("deepseek", "deepseek-chat"), plain, 280_000 + 42_000); // $0.28, $0.42
    check(&simple("azure.ai.openai", "gpt-4o-2024-11-20"), plain, 2_500_000 + 1_000_000); // $2.50, $10
    check(
        &json!({ "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "text-embedding-3-small", "gen_ai.usage.input_tokens": 1000 }),
        [1_000, 0, 0, 0, 0],
        20_000, // $0.02
    );
}
