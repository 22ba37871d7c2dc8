//! Variants of a model's name, from the name as sent to more and more general ones.
//!
//! Strips a client's settings (`[1m]`) and a gateway's (`:nitro`), routes (`openai/…`, `models/…`, ARNs), regions
//! (`us.anthropic.…`), versions (`-v1:0`, `@20250929`), dates (`-2024-08-06`, `-20241022`) and `-latest`. Dots and hyphens are equivalent (`claude-3.5`,
//! `claude-3-5`). Not here: which names have prices (`list`).

/// Prefixes under which a provider serves models of other makers.
const MAKERS: &[&str] =
    &["anthropic.", "amazon.", "meta.", "mistral.", "cohere.", "deepseek.", "openai.", "google.", "qwen."];
/// Region prefixes of Bedrock's inference profiles. `global.` has prices of its own and is stripped last.
/// Prefixes of gateways that join their own name to the model's with a hyphen.
const JOINED: &[&str] = &["databricks-", "snowflake-"];
/// The router's ways of choosing among the providers of the same model, and of using it. `:free` and `:extended` have
/// prices of their own.
const CHOICES: &[&str] = &[":nitro", ":floor", ":thinking", ":online", ":exacto", ":beta"];
const REGIONS: &[&str] = &["us.", "eu.", "apac.", "jp.", "au.", "ca.", "sa.", "us-gov."];

/// The names to look up, most specific first.
pub(super) fn candidates(sent: &str) -> Vec<String> {
    let mut name = sent.trim().to_ascii_lowercase();
    let mut out = vec![name.clone()];
    let steps: [fn(&str) -> Option<&str>; 14] = [
        bracket, choice, choice, route, scheme, joined, region, version, snapshot, preview, latest, date,
        global, maker,
    ];
    for step in steps {
        if let Some(shorter) = step(&name).filter(|shorter| !shorter.is_empty()) {
            name = shorter.to_owned();
            out.push(name.clone());
        }
    }
    out
}

/// The normal form for comparisons.
pub(super) fn fold(name: &str) -> String {
    name.to_ascii_lowercase().replace('.', "-")
}

/// Claude Code's `claude-opus-4-8[1m]`: how long a context the client uses.
fn bracket(name: &str) -> Option<&str> {
    name.strip_suffix(']')?.rsplit_once('[').map(|(base, _)| base.trim_end())
}

fn choice(name: &str) -> Option<&str> {
    CHOICES.iter().find_map(|choice| name.strip_suffix(choice))
}

/// `databricks-claude-sonnet-4-5`.
fn joined(name: &str) -> Option<&str> {
    JOINED.iter().find_map(|gateway| name.strip_prefix(gateway))
}

/// `openai/gpt-4o`, `models/gemini-…`, `arn:aws:bedrock:…:foundation-model/anthropic.claude-…`.
fn route(name: &str) -> Option<&str> {
    name.rsplit_once('/').map(|(_, last)| last)
}

/// `openai:gpt-4o`, but not `ft:gpt-4o`, which has a price of its own.
fn scheme(name: &str) -> Option<&str> {
    let (head, rest) = name.split_once(':')?;
    let is_word = head.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'));
    (is_word && head != "ft").then_some(rest)
}

fn region(name: &str) -> Option<&str> {
    REGIONS.iter().find_map(|region| name.strip_prefix(region))
}

fn global(name: &str) -> Option<&str> {
    name.strip_prefix("global.")
}

fn maker(name: &str) -> Option<&str> {
    MAKERS.iter().find_map(|maker| name.strip_prefix(maker))
}

/// `-v1:0`, `-v2`, `:0`.
fn version(name: &str) -> Option<&str> {
    let base = name.split_once(':').map_or(name, |(base, _)| base);
    let is_revision = name[base.len()..].strip_prefix(':').is_none_or(all_digits);
    if !is_revision {
        return None;
    }
    let without =
        base.rsplit_once("-v").filter(|(_, digits)| all_digits(digits)).map_or(base, |(head, _)| head);
    (without.len() < name.len()).then_some(without)
}

/// `claude-sonnet-4-5@20250929`.
fn snapshot(name: &str) -> Option<&str> {
    name.split_once('@').map(|(base, _)| base)
}

/// `-preview-05-20`, `-preview-09-2025`.
fn preview(name: &str) -> Option<&str> {
    let (base, rest) = name.split_once("-preview-")?;
    rest.split('-').all(all_digits).then_some(base)
}

fn latest(name: &str) -> Option<&str> {
    name.strip_suffix("-latest")
}

/// `-2024-08-06`, `-20241022`, `-001`.
fn date(name: &str) -> Option<&str> {
    let parts: Vec<&str> = name.rsplitn(4, '-').collect();
    let lengths: Vec<usize> =
        parts.iter().map(|part| if all_digits(part) { part.len() } else { 0 }).collect();
    let cut = match lengths[..] {
        [2, 2, 4, _] => 11,
        [8, ..] => 9,
        [3, ..] => 4,
        _ => return None,
    };
    (name.len() > cut).then(|| &name[..name.len() - cut])
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn route_region_version_and_date_are_stripped_one_by_one() {
        for (sent, wanted) in [
            ("openai/gpt-4o", "gpt-4o"),
            ("openai:gpt-4o-mini", "gpt-4o-mini"),
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("claude-3-5-haiku-20241022", "claude-3-5-haiku"),
            ("claude-3-7-sonnet-latest", "claude-3-7-sonnet"),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5"),
            ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "global.anthropic.claude-sonnet-4-5"),
            ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
            ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", "amazon.nova-pro"),
            ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
            ("models/gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
            ("gemini-2.0-flash-001", "gemini-2.0-flash"),
            ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
            ("Claude-Opus-4-1", "claude-opus-4-1"),
            ("claude-opus-4-8[1m]", "claude-opus-4-8"),
            ("us.anthropic.claude-opus-4-8-v1:0[1m]", "claude-opus-4-8"),
            ("anthropic/claude-sonnet-4.5:thinking:online", "claude-sonnet-4.5"),
            ("deepseek/deepseek-chat:nitro", "deepseek-chat"),
            ("databricks-claude-sonnet-4-5", "claude-sonnet-4-5"),
            ("databricks/databricks-gpt-5-mini", "gpt-5-mini"),
            ("vercel/anthropic/claude-sonnet-4.5", "claude-sonnet-4.5"),
            ("github_copilot/gpt-4.1", "gpt-4.1"),
            ("publishers/anthropic/models/claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
            (
                "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "claude-sonnet-4-5",
            ),
        ] {
            assert!(candidates(sent).iter().any(|name| name == wanted), "{sent}: {:?}", candidates(sent));
        }
    }

    #[test]
    fn what_distinguishes_models_is_not_stripped() {
        assert_eq!(candidates("gpt-4o-audio-preview"), ["gpt-4o-audio-preview"]);
        assert_eq!(candidates("mistral-large-2411"), ["mistral-large-2411"]);
        assert_eq!(candidates("mistral-small:free"), ["mistral-small:free", "free"]);
        assert_eq!(candidates("ft:gpt-4o-mini-2024-07-18:acme::x1"), ["ft:gpt-4o-mini-2024-07-18:acme::x1"]);
        assert_eq!(candidates("llama3:8b"), ["llama3:8b"]);
        assert_eq!(candidates(""), [""]);
        assert_eq!(candidates("-2024-01-01"), ["-2024-01-01"]);
        assert_eq!(fold("Claude-3.5-Sonnet"), fold("claude-3-5-sonnet"));
    }
}
