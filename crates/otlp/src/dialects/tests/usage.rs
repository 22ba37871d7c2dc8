//! Tokens and costs: one reading, whoever wrote them.

use super::{Writing, attribute, span};
use turnscope_model::Usage;

fn usage(input: u64, output: u64, read: Option<u64>, write: Option<u64>, reasoning: Option<u64>) -> Usage {
    Usage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        cache_read_tokens: read,
        cache_write_tokens: write,
        reasoning_tokens: reasoning,
    }
}

fn chat(counts: &[(&str, i64)]) -> Writing {
    let call = span("chat m").with("gen_ai.operation.name", "chat");
    counts.iter().fold(call, |call, (key, count)| call.with(key, *count))
}

#[test]
fn every_spelling_is_read() {
    let all = [
        ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens"],
        [
            "gen_ai.usage.prompt_tokens",
            "gen_ai.usage.completion_tokens",
            "gen_ai.usage.cache_read_input_tokens",
        ],
        ["llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.prompt_details.cache_read"],
        ["ai.usage.inputTokens", "ai.usage.outputTokens", "ai.usage.cachedInputTokens"],
        ["ai.usage.promptTokens", "ai.usage.completionTokens", "ai.usage.inputTokenDetails.cacheReadTokens"],
        [
            "llm.usage.prompt_tokens",
            "llm.usage.completion_tokens",
            "gen_ai.usage.prompt_tokens_details.cached_tokens",
        ],
    ];
    for [input, output, read] in all {
        let facts = chat(&[(input, 100), (output, 20), (read, 60)]).facts();
        assert_eq!(facts.usage, usage(100, 20, Some(60), None, None), "{input}");
        assert!(!facts.usage_is_total);
    }
    let text =
        span("chat m").with("gen_ai.usage.input_tokens", "100").with("gen_ai.usage.output_tokens", "20");
    assert_eq!(text.facts().usage, usage(100, 20, None, None, None));
}

#[test]
fn a_cache_beside_the_input_is_added() {
    // Claude Code hands on the API's own count.
    let claude = span("claude_code.llm_request")
        .with("span.type", "llm_request")
        .with("input_tokens", 10)
        .with("output_tokens", 5)
        .with("cache_read_tokens", 4)
        .with("cache_creation_tokens", 3);
    assert_eq!(claude.facts().usage, usage(17, 5, Some(4), Some(3), None));
    // The parts cannot be larger than the whole.
    let any = chat(&[
        ("gen_ai.usage.input_tokens", 10),
        ("gen_ai.usage.output_tokens", 5),
        ("gen_ai.usage.cache_read.input_tokens", 90),
    ]);
    assert_eq!(any.facts().usage, usage(100, 5, Some(90), None, None));
    // The total tells.
    let total = chat(&[
        ("gen_ai.usage.input_tokens", 100),
        ("gen_ai.usage.output_tokens", 5),
        ("gen_ai.usage.cache_read.input_tokens", 90),
        ("gen_ai.usage.total_tokens", 195),
    ]);
    assert_eq!(total.facts().usage.input_tokens, Some(190));
    // So does the rest that was not cached.
    let vercel = chat(&[
        ("ai.usage.inputTokens", 50),
        ("ai.usage.outputTokens", 5),
        ("ai.usage.inputTokenDetails.noCacheTokens", 50),
        ("ai.usage.inputTokenDetails.cacheReadTokens", 30),
    ]);
    assert_eq!(vercel.facts().usage.input_tokens, Some(80));
    let strands = |model: &str| {
        chat(&[
            ("gen_ai.usage.input_tokens", 50),
            ("gen_ai.usage.output_tokens", 5),
            ("gen_ai.usage.cache_read_input_tokens", 30),
        ])
        .scope("strands.telemetry.tracer")
        .with("gen_ai.request.model", model)
        .facts()
        .usage
        .input_tokens
    };
    assert_eq!(strands("us.anthropic.claude-sonnet-4"), Some(80));
    assert_eq!(strands("gpt-4o"), Some(50));
}

#[test]
fn reasoning_beside_the_output_is_added() {
    let gemini =
        span("x").with("input_token_count", 10).with("output_token_count", 5).with("thoughts_token_count", 3);
    assert_eq!(gemini.facts().usage, usage(10, 8, None, None, Some(3)));
    let codex = span("x")
        .with("input_token_count", "10")
        .with("output_token_count", "5")
        .with("reasoning_token_count", "3");
    assert_eq!(codex.facts().usage, usage(10, 5, None, None, Some(3)));
}

#[test]
fn maps_of_usage_are_read() {
    let map = |key: &str, value: &str| span("x").with(key, value).facts().usage;
    assert_eq!(
        map(
            "mlflow.chat.tokenUsage",
            r#"{"input_tokens": 30, "output_tokens": 8, "total_tokens": 38, "cache_read_input_tokens": 10}"#
        ),
        usage(30, 8, Some(10), None, None)
    );
    // Langfuse's own names are disjoint.
    assert_eq!(
        map(
            "langfuse.observation.usage_details",
            r#"{"input": 20, "input_cached_tokens": 10, "output": 5, "output_reasoning_tokens": 2, "total": 37}"#
        ),
        usage(30, 7, Some(10), None, Some(2))
    );
    // Anthropic's API as it answers.
    assert_eq!(
        map(
            "gen_ai.usage.raw",
            r#"{"input_tokens": 3, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 1}"#
        ),
        usage(10, 1, Some(2), Some(5), None)
    );
    assert_eq!(
        map(
            "langsmith.usage_metadata",
            r#"{"input_tokens": 30, "output_tokens": 8, "total_tokens": 38, "input_token_details": {"cache_read": 10}, "output_token_details": {"reasoning": 4}}"#
        ),
        usage(30, 8, Some(10), None, Some(4))
    );
    assert_eq!(
        map(
            "gcp.vertex.agent.llm_response",
            r#"{"content": {}, "usage_metadata": {"prompt_token_count": 30, "candidates_token_count": 8, "thoughts_token_count": 4, "cached_content_token_count": 10, "total_token_count": 42}}"#
        ),
        usage(30, 12, Some(10), None, Some(4))
    );
    assert_eq!(
        map(
            "metadata.usage_object",
            "{'prompt_tokens': 30, 'completion_tokens': 8, 'prompt_tokens_details': {'cached_tokens': 10, 'audio': None}}"
        ),
        usage(30, 8, Some(10), None, None)
    );
    assert_eq!(
        map("genkit:output", r#"{"message": {}, "usage": {"inputTokens": 30, "outputTokens": 8}}"#),
        usage(30, 8, None, None, None)
    );
    // What the attributes say goes before what the map says.
    let both = span("x")
        .with("gen_ai.usage.input_tokens", 7)
        .with("gen_ai.usage.raw", r#"{"prompt_tokens": 9, "completion_tokens": 2}"#);
    assert_eq!(both.facts().usage, usage(7, 2, None, None, None));
}

#[test]
fn a_total_in_the_outputs_place_gives_way_to_the_map() {
    let map = r#"{"usage_metadata": {"prompt_token_count": 120, "candidates_token_count": 20, "total_token_count": 140}}"#;
    let call = span("call_llm")
        .with("gcp.vertex.agent.llm_response", map)
        .with("gen_ai.usage.input_tokens", 120)
        .with("gen_ai.usage.output_tokens", 140);
    assert_eq!(call.facts().usage, usage(120, 20, None, None, None));
}

#[test]
fn bedrock_and_who_hands_its_counts_on_leave_the_cache_out() {
    let call = span("chat m")
        .with("gen_ai.provider.name", "aws.bedrock")
        .with("gen_ai.usage.input_tokens", 70)
        .with("gen_ai.usage.output_tokens", 20)
        .with("gen_ai.usage.cache_read.input_tokens", 40);
    assert_eq!(call.facts().usage, usage(110, 20, Some(40), None, None));
}

#[test]
fn sums_are_marked_as_sums() {
    let agent = span("invoke_agent a")
        .with("gen_ai.aggregated_usage.input_tokens", 70)
        .with("gen_ai.aggregated_usage.output_tokens", 7);
    let facts = agent.facts();
    assert_eq!(facts.usage, usage(70, 7, None, None, None));
    assert!(facts.usage_is_total);
    let both = agent.with("gen_ai.usage.input_tokens", 5).facts();
    assert_eq!((both.usage.input_tokens, both.usage_is_total), (Some(5), false));
    assert!(span("x").facts().usage.is_unknown());
}

#[test]
fn costs_come_to_nano_dollars() {
    let cost = |key: &str, value: f64| span("chat m").with(key, value).facts().reported_cost;
    for key in [
        "litellm.cost.total",
        "gen_ai.cost.total_cost",
        "operation.cost",
        "gen_ai.usage.cost",
        "llm.cost.total",
        "llm.cost.usd",
        "cost_usd",
    ] {
        assert_eq!(cost(key, 1.095e-05), Some(10_950), "{key}");
    }
    assert_eq!(span("x").with("cost_usd_micros", 555).facts().reported_cost, Some(555_000));
    let parts = span("x").with("gen_ai.usage.input_cost", 0.5).with("gen_ai.usage.output_cost", 0.25);
    assert_eq!(parts.facts().reported_cost, Some(750_000_000));
    let map =
        span("x").with("mlflow.llm.cost", r#"{"input_cost": 0.1, "output_cost": 0.2, "total_cost": 0.3}"#);
    assert_eq!(map.facts().reported_cost, Some(300_000_000));
}

#[test]
fn a_count_that_nobody_can_mean_is_unknown_and_flagged() {
    let input = |tokens: i64| {
        chat(&[("gen_ai.usage.input_tokens", tokens), ("gen_ai.usage.output_tokens", 5)]).facts()
    };
    let sound = input(1 << 53);
    assert_eq!((sound.usage.input_tokens, sound.implausible_count), (Some(1 << 53), false));
    for tokens in [-1, i64::MIN, (1 << 53) + 1, i64::MAX] {
        let facts = input(tokens);
        assert_eq!(facts.usage, Usage { output_tokens: Some(5), ..Usage::default() }, "{tokens}");
        assert!(facts.implausible_count, "{tokens}");
    }
    // Neither do parts that cannot be poison what is sound, nor counts as text, in maps, or in prints.
    let cache =
        chat(&[("gen_ai.usage.input_tokens", 9), ("gen_ai.usage.cache_read.input_tokens", i64::MAX)]).facts();
    assert_eq!((cache.usage.input_tokens, cache.usage.cache_read_tokens), (Some(9), None));
    assert!(cache.implausible_count);
    for usage in [r#"{"input_tokens":1e300,"output_tokens":3}"#, r#"{"input_tokens":-7,"output_tokens":3}"#] {
        let facts =
            span("chat").with("gen_ai.operation.name", "chat").with("mlflow.chat.tokenUsage", usage).facts();
        assert_eq!(facts.usage, Usage { output_tokens: Some(3), ..Usage::default() }, "{usage}");
        assert!(facts.implausible_count, "{usage}");
    }
    // Each is believed alone, and their sum is not.
    let sum =
        chat(&[("gen_ai.usage.input_tokens", 1), ("gen_ai.usage.cache_read.input_tokens", 1 << 53)]).facts();
    assert_eq!(sum.usage.input_tokens, None);
    assert!(sum.implausible_count);
    let cost = span("chat").with("gen_ai.operation.name", "chat").with("gen_ai.usage.cost", 1e10).facts();
    assert_eq!((cost.reported_cost, cost.implausible_count), (None, true));
}

#[test]
fn a_total_tells_which_parts_stood_beside_the_whole() {
    let gemini = |prompt, tools: Option<u64>, output, thoughts: u64, cached: Option<u64>, total| {
        let mut map = serde_json::json!({
            "prompt_token_count": prompt, "candidates_token_count": output,
            "thoughts_token_count": thoughts, "total_token_count": total,
        });
        for (name, count) in [("tool_use_prompt_token_count", tools), ("cached_content_token_count", cached)]
        {
            if let Some(count) = count {
                map[name] = count.into();
            }
        }
        let answer = serde_json::json!({"usage_metadata": map}).to_string();
        span("call_llm").with("gcp.vertex.agent.llm_response", answer.as_str()).facts().usage
    };
    let inside = gemini(341, None, 3362, 3347, None, 3703);
    assert_eq!(inside, usage(341, 3362, None, None, Some(3347)));
    assert_eq!(gemini(500, None, 100, 400, None, 1000), usage(500, 500, None, None, Some(400)));
    assert_eq!(gemini(500, None, 300, 80, Some(200), 880), usage(500, 380, Some(200), None, Some(80)));
    assert_eq!(gemini(300, Some(150), 60, 40, None, 550), usage(450, 100, None, None, Some(40)));

    let (i, o, r) =
        ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens");
    let total = "gen_ai.usage.total_tokens";
    let beside = chat(&[(i, 5000), (o, 100), (r, 1000), (total, 6100)]).facts();
    assert_eq!(beside.usage, usage(6000, 100, Some(1000), None, None));
    let inside = chat(&[(i, 5000), (o, 100), (r, 1000), (total, 5100)]).facts();
    assert_eq!(inside.usage, usage(5000, 100, Some(1000), None, None));
}

#[test]
fn usage_is_found_in_an_answer_of_any_form() {
    let answer = r#"{"items": [{"text": "Hi", "meta": {"usage": {"prompt_tokens": 9, "completion_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": 3}}}}]}"#;
    let call = span("ask").with("gen_ai.operation.name", "chat").with("acme.step.output", answer);
    assert_eq!(call.facts().usage, usage(9, 4, Some(3), None, None));
    // What was sent holds the usage of earlier calls.
    let call = span("ask").with("gen_ai.operation.name", "chat").with("acme.step.input", answer);
    assert!(call.facts().usage.is_unknown());
    // Another call's counts do not complete this one's.
    let call = chat(&[("gen_ai.usage.input_tokens", 20), ("gen_ai.usage.output_tokens", 4)]);
    assert_eq!(call.with("acme.step.output", answer).facts().usage, usage(20, 4, None, None, None));
    let map = r#"{"inputTokens": 30, "outputTokens": 8, "totalTokens": 38}"#;
    let call = span("ask").with("gen_ai.operation.name", "chat").with("acme.token_usage", map);
    assert_eq!(call.facts().usage, usage(30, 8, None, None, None));
}

#[test]
fn a_total_that_the_sender_added_up_itself_does_not_tell_of_the_cache() {
    let call = span("chat m")
        .scope("opentelemetry.instrumentation.bedrock")
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.provider.name", "aws.bedrock")
        .with("gen_ai.usage.input_tokens", 101_i64)
        .with("gen_ai.usage.output_tokens", 21_i64)
        .with("gen_ai.usage.total_tokens", 122_i64)
        .with("gen_ai.usage.cache_read.input_tokens", 33_i64);
    assert_eq!(call.facts().usage.input_tokens, Some(134));
}

#[test]
fn googles_total_holds_thoughts_that_nobody_names() {
    let call = |model: &str| {
        let call = span("generate_content m")
            .with("gen_ai.operation.name", "generate_content")
            .with("gen_ai.request.model", model)
            .with("gen_ai.usage.input_tokens", 101_i64)
            .with("gen_ai.usage.output_tokens", 21_i64)
            .with("gen_ai.usage.total_tokens", 129_i64);
        call.facts().usage.output_tokens
    };
    assert_eq!(call("gemini-2.5-flash"), Some(28));
    assert_eq!(call("gpt-4o"), Some(21), "another provider's total may hold anything");
}

#[test]
fn counts_in_events_are_used_where_nothing_else_has_them() {
    let told = || {
        vec![
            attribute("prompt_tokens", 101_i64),
            attribute("completion_tokens", 21_i64),
            attribute("top_k", 5_i64),
        ]
    };
    let call = span("call").with("span.type", "inference.framework").event("metadata", told(), 400);
    let usage = call.facts().usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(101), Some(21)));
    let known = span("chat").with("gen_ai.usage.input_tokens", 7_i64).event("metadata", told(), 400);
    assert_eq!(known.facts().usage.input_tokens, Some(7));
}
