//! Imports `LiteLLM`'s price file: JSON, US dollars per token.

use super::{
    list::{List, LongContext, Price, PriceFile, PricingError},
    rate::{Day, Rate, Rates},
};
use serde_json::{Map, Value};

/// LiteLLM's provider names that differ from those of the GenAI semantic conventions.
const PROVIDERS: &[(&str, &str)] = &[
    ("azure", "azure.ai.openai"),
    ("azure_ai", "azure.ai.inference"),
    ("bedrock", "aws.bedrock"),
    ("bedrock_converse", "aws.bedrock"),
    ("gemini", "gcp.gemini"),
    ("mistral", "mistral_ai"),
    ("voyage", "voyageai"),
    ("xai", "x_ai"),
    ("cohere_chat", "cohere"),
];
/// Prompt lengths above which prices are higher, and LiteLLM's names for them.
const LENGTHS: &[(u64, &str)] = &[(272_000, "272k"), (256_000, "256k"), (200_000, "200k"), (128_000, "128k")];

/// Reads the prices of such a file, which apply from this day on.
pub fn from_litellm(text: &str, from: Day) -> Result<PriceFile, PricingError> {
    let entries: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| PricingError::Form(error.to_string()))?;
    let mut file = PriceFile::default();
    for (model, entry) in &entries {
        let provider = entry.get("litellm_provider").and_then(Value::as_str);
        if let Some(price) = price(model, entry, from) {
            let head = List {
                provider: provider.map(|name| canonical(name).to_owned()),
                source: "LiteLLM, model prices".to_owned(),
                ..List::default()
            };
            file.set(head, price);
        }
    }
    if file.list.is_empty() {
        return Err(PricingError::Form("the file has no token prices".to_owned()));
    }
    Ok(file)
}

fn canonical(provider: &str) -> &str {
    if provider.starts_with("vertex_ai") {
        return "gcp.vertex_ai";
    }
    PROVIDERS.iter().find(|(theirs, _)| *theirs == provider).map_or(provider, |(_, ours)| ours)
}

fn price(model: &str, entry: &Value, from: Day) -> Option<Price> {
    let rate = |key: &str| Rate::from_usd(entry.get(key)?.as_f64()? * 1e6);
    let input = rate("input_cost_per_token")?;
    let long = LENGTHS.iter().find_map(|(above, name)| {
        Some(LongContext {
            above: *above,
            rates: Rates {
                input: rate(&format!("input_cost_per_token_above_{name}_tokens"))?,
                cache_read: rate(&format!("cache_read_input_token_cost_above_{name}_tokens")),
                cache_write: rate(&format!("cache_creation_input_token_cost_above_{name}_tokens")),
                cache_write_1h: None,
                output: rate(&format!("output_cost_per_token_above_{name}_tokens")),
            },
        })
    });
    let batch = rate("input_cost_per_token_batches").map(|batch| batch.usd() / input.usd());
    let priority = rate("input_cost_per_token_priority").map(|priority| priority.usd() / input.usd());
    let embeds = entry.get("mode").and_then(Value::as_str) == Some("embedding");
    Some(Price {
        model: model.rsplit('/').next().unwrap_or(model).to_owned(),
        also: Vec::new(),
        from,
        rates: Rates {
            input,
            cache_read: rate("cache_read_input_token_cost"),
            cache_write: rate("cache_creation_input_token_cost"),
            cache_write_1h: rate("cache_creation_input_token_cost_above_1hr"),
            output: rate("output_cost_per_token").filter(|_| !embeds),
        },
        long,
        batch: batch.filter(|share| share.is_finite()),
        priority: priority.filter(|share| share.is_finite()),
        fast: None,
        peak: None,
        window: entry.get("max_input_tokens").and_then(Value::as_u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_per_token_become_prices_per_million_tokens() {
        let text = r#"{
            "sample_spec": {"litellm_provider": "one of …"},
            "azure/acme-large": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 2.5e-06,
                "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-06,
                "input_cost_per_token_above_200k_tokens": 5e-06, "output_cost_per_token_above_200k_tokens": 1.5e-05,
                "input_cost_per_token_batches": 1.25e-06}
        }"#;
        let file = from_litellm(text, Day::parse("2026-01-02").unwrap()).unwrap();
        let [list] = &file.list[..] else { panic!("{file:?}") };
        assert_eq!(list.provider.as_deref(), Some("azure.ai.openai"));
        let price = &list.prices[0];
        assert_eq!(price.model, "acme-large");
        assert_eq!((price.rates.input.usd(), price.rates.output.map(Rate::usd)), (2.5, Some(10.0)));
        assert_eq!(price.rates.cache_read.map(Rate::usd), Some(1.25));
        assert_eq!(
            price.long.as_ref().map(|long| (long.above, long.rates.input.usd())),
            Some((200_000, 5.0))
        );
        assert_eq!(price.batch, Some(0.5));
        assert!(from_litellm("{}", Day::parse("2026-01-02").unwrap()).is_err());
    }
}
