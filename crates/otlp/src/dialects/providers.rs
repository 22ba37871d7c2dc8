//! Names of model providers: one spelling for each, and which provider serves a model when the record does not say.
//!
//! Names follow the conventions for generative AI. A framework's name in the provider's attribute is not a provider.

/// Frameworks that put their own name where the provider's belongs.
const FRAMEWORKS: &[&str] = &[
    "strands-agents",
    "gcp.vertex.agent",
    "langchain",
    "langgraph",
    "autogen",
    "crewai",
    "microsoft.agent_framework",
    "agent_framework",
    "semantic_kernel",
    "llama_index",
    "llamaindex",
    "litellm",
    "haystack",
    "smolagents",
    "pydantic-ai",
    "spring_ai",
    "spring-ai",
    "langchain4j",
    "genkit",
    "mastra",
    "voltagent",
    "ag2",
    "agentscope",
    "dspy",
    "function",
    "custom",
];

/// Other spellings, folded to lower case.
const ALIASES: &[(&str, &str)] = &[
    ("az.ai.openai", "azure.ai.openai"),
    ("azure", "azure.ai.openai"),
    ("azure_openai", "azure.ai.openai"),
    ("azure-openai", "azure.ai.openai"),
    ("azureopenai", "azure.ai.openai"),
    ("az.ai.inference", "azure.ai.inference"),
    ("azure_ai_inference", "azure.ai.inference"),
    ("azure_ai", "azure.ai.inference"),
    ("azure-ai", "azure.ai.inference"),
    ("azure_ai_foundry", "microsoft.foundry"),
    ("azure-foundry", "microsoft.foundry"),
    ("azure_foundry", "microsoft.foundry"),
    ("vertex_ai-anthropic_models", "gcp.vertex_ai"),
    ("google-vertex-anthropic", "gcp.vertex_ai"),
    ("anthropic-vertex", "gcp.vertex_ai"),
    ("anthropic_vertex", "gcp.vertex_ai"),
    ("anthropic-bedrock", "aws.bedrock"),
    ("anthropic_bedrock", "aws.bedrock"),
    ("vercel_ai_gateway", "vercel"),
    ("ai-gateway", "vercel"),
    ("github-models", "github_models"),
    ("github-copilot", "github_copilot"),
    ("vertex_ai", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("vertex", "gcp.vertex_ai"),
    ("google-vertex", "gcp.vertex_ai"),
    ("google.vertex", "gcp.vertex_ai"),
    ("google_vertexai", "gcp.vertex_ai"),
    ("gemini", "gcp.gemini"),
    ("google", "gcp.gemini"),
    ("google_genai", "gcp.gemini"),
    ("google-gla", "gcp.gemini"),
    ("google.generative-ai", "gcp.gemini"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("bedrock", "aws.bedrock"),
    ("aws", "aws.bedrock"),
    ("aws_bedrock", "aws.bedrock"),
    ("bedrock_converse", "aws.bedrock"),
    ("amazon", "aws.bedrock"),
    ("amazon-bedrock", "aws.bedrock"),
    ("amazon_bedrock", "aws.bedrock"),
    ("mistral", "mistral_ai"),
    ("mistralai", "mistral_ai"),
    ("mistral-ai", "mistral_ai"),
    ("xai", "x_ai"),
    ("x-ai", "x_ai"),
    ("grok", "x_ai"),
    ("moonshot", "moonshot_ai"),
    ("moonshotai", "moonshot_ai"),
    ("watsonx", "ibm.watsonx.ai"),
    ("ibm", "ibm.watsonx.ai"),
];

/// Names in the conventions that hold a dot, which is no separator there.
const DOTTED: &[&str] = &["aws.", "azure.ai.", "gcp.", "ibm.watsonx", "microsoft."];

/// Providers that are found at the beginning of other texts: a client's class name, a model's prefix.
const KNOWN: &[&str] = &[
    "openai",
    "anthropic",
    "cohere",
    "deepseek",
    "groq",
    "perplexity",
    "openrouter",
    "ollama",
    "together",
    "fireworks",
];

/// Who makes models of these names. Only asked for model calls that name no provider at all.
const BY_MODEL: &[(&str, &str)] = &[
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4-", "openai"),
    ("text-embedding-", "openai"),
    ("claude", "anthropic"),
    ("gemini", "gcp.gemini"),
    ("mistral-", "mistral_ai"),
    ("codestral", "mistral_ai"),
    ("ministral", "mistral_ai"),
    ("deepseek", "deepseek"),
    ("grok", "x_ai"),
    ("command-", "cohere"),
    ("embed-english", "cohere"),
    ("embed-multilingual", "cohere"),
    ("sonar", "perplexity"),
    ("kimi", "moonshot_ai"),
    ("anthropic.claude", "aws.bedrock"),
    ("us.anthropic.", "aws.bedrock"),
    ("eu.anthropic.", "aws.bedrock"),
    ("amazon.", "aws.bedrock"),
    ("meta.llama", "aws.bedrock"),
];

const BY_HOST: &[(&str, &str)] = &[
    ("api.openai.com", "openai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("bedrock-runtime", "aws.bedrock"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.cohere", "cohere"),
    ("openrouter.ai", "openrouter"),
    ("api.perplexity.ai", "perplexity"),
    ("api.moonshot", "moonshot_ai"),
];

/// Whether this is a framework's name, or the bare address of a server: neither names a provider.
pub(super) fn names_none(name: &str) -> bool {
    FRAMEWORKS.iter().any(|framework| framework.eq_ignore_ascii_case(name))
        || of_host(name).is_none() && is_address(name)
}

/// `127.0.0.1`, `localhost:8080`, `llm.corp.example:443`.
fn is_address(name: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = name.rsplit_once(':').filter(|(_, port)| is_port(port)).unwrap_or((name, ""));
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok()
        || !port.is_empty() && host.contains('.')
}

/// The one spelling of a provider's name.
pub(super) fn canonical(sent: &str) -> String {
    let folded = sent.trim().to_ascii_lowercase();
    if let Some(name) = alias(&folded) {
        return name.to_owned();
    }
    if DOTTED.iter().any(|start| folded.starts_with(start)) {
        return folded;
    }
    if let Some(name) = of_host(&folded) {
        return name;
    }
    // `openai.responses`, `google.vertex.chat`: the provider, then the interface.
    for (at, _) in folded.rmatch_indices('.') {
        let head = &folded[..at];
        if let Some(name) = alias(head) {
            return name.to_owned();
        }
        if !head.contains('.') {
            return head.to_owned();
        }
    }
    // `AnthropicLLMClient`: the class of a client.
    if let Some(class) = folded.strip_suffix("client")
        && let Some(name) = KNOWN.iter().find(|name| class.starts_with(**name))
    {
        return (*name).to_owned();
    }
    folded
}

/// Who serves this model, by its name (`openai/gpt-4o`, `claude-…`).
pub(super) fn of_model(model: &str) -> Option<String> {
    if let Some((head, _)) = model.split_once('/') {
        let folded = head.to_ascii_lowercase();
        if let Some(name) = alias(&folded) {
            return Some(name.to_owned());
        }
        if KNOWN.contains(&folded.as_str()) {
            return Some(folded);
        }
    }
    BY_MODEL.iter().find(|(start, _)| model.starts_with(start)).map(|(_, name)| (*name).to_owned())
}

/// Who answers at this address.
pub(super) fn of_host(address: &str) -> Option<String> {
    BY_HOST.iter().find(|(host, _)| address.contains(host)).map(|(_, name)| (*name).to_owned())
}

fn alias(folded: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(other, _)| *other == folded).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_comes_to_one_name() {
        for (sent, name) in [
            ("OpenAI", "openai"),
            ("openai.chat", "openai"),
            ("openai.responses", "openai"),
            ("anthropic.messages", "anthropic"),
            ("google.generative-ai", "gcp.gemini"),
            ("google.vertex.chat", "gcp.vertex_ai"),
            ("Azure", "azure.ai.openai"),
            ("azure.ai.openai", "azure.ai.openai"),
            ("azure-openai.chat", "azure.ai.openai"),
            ("amazon-bedrock", "aws.bedrock"),
            ("xai", "x_ai"),
            ("MistralAI", "mistral_ai"),
            ("AnthropicLLMClient", "anthropic"),
            ("OpenAIClient", "openai"),
            ("gcp.gemini", "gcp.gemini"),
            ("my-proxy", "my-proxy"),
            ("api.openai.com", "openai"),
            ("https://api.mistral.ai/v1", "mistral_ai"),
        ] {
            assert_eq!(canonical(sent), name, "{sent}");
        }
        assert_eq!(of_model("openai/gpt-4o-mini").as_deref(), Some("openai"));
        assert_eq!(of_model("claude-sonnet-4-5").as_deref(), Some("anthropic"));
        assert_eq!(of_model("my-model"), None);
        for name in ["Langchain", "127.0.0.1:9911", "localhost", "localhost:8000", "llm.corp.example:443"] {
            assert!(names_none(name), "{name}");
        }
        assert!(!names_none("openai") && !names_none("api.openai.com:443"));
    }
}
