//! Prices, names, tiers and days, compared with sums computed by hand. How dialects report tokens is tested
//! with them.

use super::*;
use turnscope_model::{Facts, UnixNanos, Usage};

fn shipped() -> PriceList {
    PriceList::new(PriceFile::shipped().unwrap(), PriceFile::default())
}

fn with_own(text: &str) -> PriceList {
    PriceList::new(PriceFile::shipped().unwrap(), PriceFile::parse(text).unwrap())
}

/// Noon of a day in UTC.
fn noon(day: &str) -> UnixNanos {
    at(day, 12)
}

fn at(day: &str, hour: u8) -> UnixNanos {
    let date = time::Date::parse(day, time::macros::format_description!("[year]-[month]-[day]")).unwrap();
    date.with_hms(hour, 0, 0).unwrap().assume_utc().unix_timestamp_nanos() as u64
}

fn call(provider: Option<&str>, model: &str, usage: Usage) -> Facts {
    Facts {
        provider: provider.map(str::to_owned),
        response_model: Some(model.to_owned()),
        usage,
        ..Facts::default()
    }
}

fn tokens(input: u64, output: u64) -> Usage {
    Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() }
}

#[test]
fn every_bucket_is_counted_once_and_the_buckets_add_up() {
    let usage = Usage {
        input_tokens: Some(10_000),
        cache_read_tokens: Some(6_000),
        cache_write_tokens: Some(3_000),
        output_tokens: Some(500),
        reasoning_tokens: Some(200),
    };
    let mut facts = call(Some("anthropic"), "claude-sonnet-4-5-20250929", usage);
    facts.cache_write_1h_tokens = Some(1_000);
    let cost = cost_of(&shipped(), &facts, noon("2026-01-10")).unwrap();
    let seen: Vec<_> = cost.buckets.iter().map(|b| (b.kind.as_str(), b.tokens, b.cost)).collect();
    assert_eq!(
        seen,
        [
            ("input", 1_000, 3_000_000),          // 1,000 × $3
            ("cache_read", 6_000, 1_800_000),     // 6,000 × $0.30
            ("cache_write", 2_000, 7_500_000),    // 2,000 × $3.75
            ("cache_write_1h", 1_000, 6_000_000), // 1,000 × $6
            ("output", 300, 4_500_000),           // 300 × $15
            ("reasoning", 200, 3_000_000),        // 200 × $15
        ]
    );
    assert_eq!(cost.total(), 25_800_000); // $0.0258
    assert_eq!((cost.model.as_str(), cost.from.to_string()), ("claude-sonnet-4-5", "2025-09-29".to_owned()));
    assert!(cost.source.contains("Anthropic"));
}

#[test]
fn the_price_of_the_day_of_the_call_applies() {
    let cost = |day| cost_of(&shipped(), &call(Some("openai"), "o3", tokens(1_000_000, 0)), noon(day));
    assert_eq!(cost("2025-06-09").unwrap().total(), 10_000_000_000);
    assert_eq!(cost("2025-06-10").unwrap().total(), 2_000_000_000);
    let Err(unknown @ Unknown::NoPriceYet(..)) = cost("2025-01-01") else { panic!("o3 did not exist yet") };
    assert_eq!(unknown.to_string(), "no price is known for o3 before 2025-04-16");
}

#[test]
fn long_prompts_batches_and_peak_hours_have_prices_of_their_own() {
    let list = shipped();
    let gemini = |input| {
        cost_of(&list, &call(Some("gcp.gemini"), "gemini-2.5-pro", tokens(input, 1_000)), noon("2026-01-01"))
            .unwrap()
    };
    assert_eq!((gemini(200_000).tier.name(), gemini(200_000).total()), ("standard".into(), 260_000_000));
    assert_eq!((gemini(200_001).tier.name(), gemini(200_001).total()), ("long_context".into(), 515_002_500));

    let mut facts = call(Some("openai"), "gpt-4o-mini", tokens(1_000_000, 1_000_000));
    let mut tier = |name: &str| {
        facts.service_tier = Some(name.to_owned());
        cost_of(&list, &facts, noon("2026-01-01")).map(|cost| (cost.tier.name(), cost.total()))
    };
    assert_eq!(tier("default").unwrap(), ("standard".into(), 750_000_000));
    assert_eq!(tier("batch").unwrap(), ("batch".into(), 375_000_000));
    assert_eq!(tier("flex").unwrap(), ("flex".into(), 375_000_000));
    assert_eq!(tier("priority"), Err(Unknown::NoTier("priority".into())));
    assert_eq!(tier("golden"), Err(Unknown::NoTier("golden".into())));

    let deepseek = |day, hour| {
        let facts = call(Some("deepseek"), "deepseek-v4-flash", tokens(1_000_000, 0));
        let cost = cost_of(&list, &facts, at(day, hour)).unwrap();
        (cost.tier.name(), cost.total())
    };
    assert_eq!(deepseek("2026-11-20", 5), ("standard".into(), 150_000_000));
    assert_eq!(deepseek("2026-11-20", 6), ("peak".into(), 300_000_000));
    assert_eq!(deepseek("2026-11-21", 6), ("standard".into(), 150_000_000)); // a Saturday
}

#[test]
fn known_names_have_a_price_and_unknown_ones_do_not() {
    let list = shipped();
    let input = |provider: Option<&str>, model: &str| {
        let facts = call(provider, model, tokens(100_000, 0));
        cost_of(&list, &facts, noon("2026-11-01")).ok().map(|cost| cost.total() / 100)
    };
    for (provider, model, price) in [
        (Some("openai"), "gpt-4o-2024-11-20", 2_500_000),
        (Some("openai"), "gpt-4o-2024-05-13", 5_000_000),
        (Some("openai"), "ft:gpt-4o-mini-2024-07-18:acme::x1", 300_000),
        (Some("azure.ai.openai"), "gpt-35-turbo", 500_000),
        (None, "openai/gpt-5-mini", 250_000),
        (Some("openrouter"), "anthropic/claude-3.5-haiku", 800_000),
        (Some("openai"), "claude-sonnet-4-5", 3_000_000),
        (Some("gcp.vertex_ai"), "claude-sonnet-4-5@20250929", 3_000_000),
        (Some("gcp.vertex_ai"), "publishers/google/models/gemini-2.5-flash", 300_000),
        (Some("gcp.gemini"), "models/gemini-2.5-flash-lite-preview-09-2025", 100_000),
        (Some("aws.bedrock"), "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3_300_000),
        (Some("aws.bedrock"), "global.anthropic.claude-sonnet-4-5-20250929-v1:0", 3_000_000),
        (Some("aws.bedrock"), "anthropic.claude-3-5-sonnet-20241022-v2:0", 3_000_000),
        (Some("aws.bedrock"), "amazon.titan-embed-text-v2:0", 20_000),
        (Some("aws.bedrock"), "amazon.titan-embed-text-v1", 100_000),
        (Some("mistral_ai"), "mistral-large-latest", 500_000),
        (Some("mistral_ai"), "mistral-large-2411", 2_000_000),
        (Some("x_ai"), "grok-4-0709", 3_000_000),
    ] {
        assert_eq!(input(provider, model), Some(price), "{model} at {provider:?}");
    }
    for (provider, model) in [
        (Some("openai"), "gpt-4o-audio-preview"),
        (Some("openai"), "gpt-7"),
        (Some("openai"), ""),
        (Some("ollama"), "mistral-small"),
        (Some("groq"), "gpt-4o"),
        (None, "my-deployment"),
        (None, "o"),
    ] {
        assert_eq!(input(provider, model), None, "{model} at {provider:?}");
    }
}

#[test]
fn missing_facts_make_the_cost_unknown_and_never_zero() {
    let list = shipped();
    let unknown = |facts: &Facts| cost_of(&list, facts, noon("2026-11-01")).unwrap_err().to_string();
    assert_eq!(unknown(&Facts::default()), "the call names no model");
    let output_only = Usage { output_tokens: Some(5), ..Usage::default() };
    assert_eq!(unknown(&call(None, "gpt-5", output_only)), "the call reports no input tokens");
    let input_only = Usage { input_tokens: Some(5), ..Usage::default() };
    assert_eq!(unknown(&call(None, "gpt-5", input_only)), "the call reports no output tokens");
    assert_eq!(unknown(&call(Some("groq"), "gpt-5", tokens(1, 1))), "no price is known for gpt-5 at groq");
    let embedding = cost_of(&list, &call(None, "text-embedding-3-small", input_only), noon("2026-11-01"));
    assert_eq!(embedding.unwrap().total(), 100); // 5 × $0.02 / 1M
}

#[test]
fn the_response_model_is_priced_or_else_the_requested_one() {
    let facts = Facts {
        request_model: Some("gpt-4o".into()),
        response_model: Some("our-deployment".into()),
        usage: tokens(1_000_000, 0),
        ..Facts::default()
    };
    assert_eq!(cost_of(&shipped(), &facts, noon("2026-11-01")).unwrap().model, "gpt-4o");
}

#[test]
fn a_users_price_takes_precedence_from_its_day_on() {
    let own = r#"
        [[list]]
        source = "our contract"
        prices = [
            { model = "gpt-4o", from = "2026-06-01", input = 1.0, output = 4.0 },
            { model = "house-*", from = "2026-01-01", input = 0.5, output = 0.5 },
        ]
    "#;
    let list = with_own(own);
    let cost =
        |model, day| cost_of(&list, &call(Some("openai"), model, tokens(1_000_000, 0)), noon(day)).unwrap();
    assert_eq!(cost("gpt-4o", "2026-05-31").total(), 2_500_000_000);
    assert_eq!(cost("gpt-4o", "2026-06-01").total(), 1_000_000_000);
    assert_eq!(cost("gpt-4o", "2026-06-01").source, "our contract");
    assert_eq!(cost("house-large-v2", "2026-06-01").total(), 500_000_000);
    assert_ne!(list.key(), shipped().key());
    assert_eq!(with_own(own).key(), list.key());
}

#[test]
fn merged_prices_replace_those_of_the_same_model_and_day() {
    let list = |input| {
        format!(
            "[[list]]\nprovider = \"acme\"\nsource = \"page\"\nprices = [{{ model = \"m-1.0\", from = \"2026-01-01\", input = {input} }}]"
        )
    };
    let mut file = PriceFile::parse(&list("1.0")).unwrap();
    file.merge(PriceFile::parse(&list("2.0")).unwrap());
    assert_eq!(file, PriceFile::parse(&list("2.0")).unwrap());
    assert_eq!(PriceFile::parse(&file.to_text().unwrap()).unwrap(), file);
}

#[test]
fn errors_in_a_price_file_name_the_place() {
    let error = |prices: &str| {
        let text = format!("[[list]]\nsource = \"x\"\nprices = [{{ {prices} }}]");
        PriceFile::parse(&text).unwrap_err().to_string()
    };
    assert!(error("model = \"m\", from = \"2026-01-01\", input = -1.0").contains("is not a price"));
    assert!(error("model = \"m\", from = \"tomorrow\", input = 1.0").contains("is not a day"));
    let unknown = error("model = \"m\", from = \"2026-01-01\", input = 1.0, ouput = 2.0");
    assert!(unknown.contains("ouput") && unknown.contains("line 3"), "{unknown}");
    let long = error("model = \"m\", from = \"2026-01-01\", input = 1.0, long = { above = 1, inputt = 2.0 }");
    assert!(long.contains("line 3"), "{long}");
}

#[test]
fn the_bundled_list_is_consistent() {
    let file = PriceFile::shipped().unwrap();
    assert!(file.version.is_some());
    for list in &file.list {
        assert!(list.provider.is_some(), "{}", list.source);
        for price in &list.prices {
            assert!(price.rates.input.usd() > 0.0, "{}", price.model);
            let dearer = price.rates.cache_read.is_some_and(|read| read > price.rates.input);
            assert!(!dearer, "cache reads cost more than fresh input: {}", price.model);
            let same = |other: &&Price| other.model == price.model && other.from == price.from;
            assert_eq!(list.prices.iter().filter(same).count(), 1, "{} twice", price.model);
        }
    }
}

#[test]
fn a_clients_and_a_gateways_settings_are_no_part_of_a_models_name() {
    let list = shipped();
    let cost = |provider, model: &str| {
        cost_of(&list, &call(Some(provider), model, tokens(1_000_000, 0)), noon("2026-11-01"))
            .unwrap()
            .total()
    };
    let opus = cost("anthropic", "claude-opus-4-8");
    for (provider, model) in [
        ("anthropic", "claude-opus-4-8[1m]"),
        ("openrouter", "anthropic/claude-opus-4.8:thinking"),
        ("vercel", "anthropic/claude-opus-4.8"),
        ("databricks", "databricks-claude-opus-4-8"),
        ("microsoft.foundry", "claude-opus-4-8"),
        ("gcp.vertex_ai", "claude-opus-4-8@20260528"),
    ] {
        assert_eq!(cost(provider, model), opus, "{model} at {provider}");
    }
}

#[test]
fn a_tier_without_a_price_makes_the_cost_unknown() {
    let list = shipped();
    let cost = |model: &str, tier: &str| {
        let mut facts = call(Some("anthropic"), model, tokens(1_000_000, 0));
        facts.service_tier = Some(tier.to_owned());
        cost_of(&list, &facts, noon("2026-11-01")).map(|cost| cost.total())
    };
    assert_eq!(cost("claude-opus-4-6", "fast"), Ok(30_000_000_000));
    assert_eq!(cost("claude-opus-4-6", "normal"), Ok(5_000_000_000));
    for (model, tier) in
        [("claude-haiku-4-5", "fast"), ("claude-opus-4-6", "priority"), ("claude-opus-4-6", "scale")]
    {
        assert_eq!(cost(model, tier), Err(Unknown::NoTier(tier.to_owned())), "{model}");
    }
}
