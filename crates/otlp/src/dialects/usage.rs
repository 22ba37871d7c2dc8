//! Tokens: brought to one reading, in which input includes the cache and output includes reasoning.
//!
//! Here: which emitters count otherwise, and JSON maps of usage. Not here: whether the counts are one call's or a
//! sum over calls (the crate `project`, by the step's kind) — but for names that are meant for sums.

use super::{field::Field, select::Selection, value::RawValue};
use std::borrow::Cow;
use turnscope_model::{Facts, Usage};

/// Attributes whose input count leaves the cache out.
const EXCLUSIVE_INPUT: &[&str] = &["input_tokens"];
/// Attributes whose output count excludes reasoning when the second attribute reports reasoning.
const EXCLUSIVE_OUTPUT: &[(&str, &str)] = &[("output_token_count", "thoughts_token_count")];
/// Dialects that hand on what the provider's API says; of these models, or of this provider, it leaves the cache out.
const PASSED_ON: &[(&str, &str)] = &[
    ("strands", "claude"),
    ("kitelogik", "claude"),
    ("openlit", "claude"),
    ("openlit", "aws.bedrock"),
    ("semconv", "aws.bedrock"),
];

/// Fills usage in. Sums go in only where no call's own counts stand.
pub(super) fn fill(facts: &mut Facts, selection: &Selection<'_>) {
    let mut counts = Counts::from_fields(facts, selection);
    for field in [Field::UsageMap, Field::InputDetails, Field::OutputDetails] {
        if let Some(selected) = selection.get(field) {
            counts.add_map(selected.raw_value);
        }
    }
    facts.implausible_count |= selection.negative | counts.negative | counts.usage.drop_implausible();
    facts.usage = counts.settle();
    if facts.usage.is_unknown() {
        facts.usage = Usage {
            input_tokens: selection.count(Field::SumInput),
            output_tokens: selection.count(Field::SumOutput),
            cache_read_tokens: selection.count(Field::SumCacheRead),
            cache_write_tokens: selection.count(Field::SumCacheWrite),
            reasoning_tokens: selection.count(Field::SumReasoning),
        };
        facts.usage_is_total = !facts.usage.is_unknown();
    }
}

#[derive(Debug, Default)]
struct Counts {
    usage: Usage,
    fresh: Option<u64>,
    total: Option<u64>,
    input_excludes_cache: bool,
    output_excludes_reasoning: bool,
    /// A count was below zero.
    negative: bool,
}

impl Counts {
    fn from_fields(facts: &Facts, selection: &Selection<'_>) -> Self {
        let key = |field| selection.get(field).map_or("", |selected| selected.key());
        let model = facts.response_model.as_deref().or(facts.request_model.as_deref()).unwrap_or("");
        let provider = facts.provider.as_deref().unwrap_or("");
        Self {
            usage: Usage {
                input_tokens: selection.count(Field::InputTokens),
                output_tokens: selection.count(Field::OutputTokens),
                cache_read_tokens: selection.count(Field::CacheRead),
                cache_write_tokens: selection.count(Field::CacheWrite),
                reasoning_tokens: selection.count(Field::Reasoning),
            },
            fresh: selection.count(Field::FreshInput),
            total: selection.count(Field::TotalTokens),
            input_excludes_cache: EXCLUSIVE_INPUT.contains(&key(Field::InputTokens))
                || PASSED_ON.iter().any(|(dialect, of)| {
                    facts.dialect == *dialect && (model.contains(of) || provider == *of)
                }),
            output_excludes_reasoning: EXCLUSIVE_OUTPUT
                .contains(&(key(Field::OutputTokens), key(Field::Reasoning))),
            negative: false,
        }
    }

    /// Takes from a map what the attributes did not say.
    fn add_map(&mut self, raw_value: RawValue<'_>) {
        let Some(text) = as_json(raw_value) else { return self.add_members(raw_value) };
        self.add_members(RawValue::Json(&text));
    }

    fn add_members(&mut self, raw_value: RawValue<'_>) {
        let before = self.usage;
        let mut found = Counts::default();
        let mut exclusive_names = false;
        let mut provider_names = false;
        for (name, member) in raw_value.members() {
            if let Some(slot) = slot(name) {
                found.set(slot, member);
                exclusive_names |= matches!(name, "input" | "output");
                provider_names |= matches!(name, "cache_read_input_tokens" | "cache_creation_input_tokens");
            } else if name.ends_with("_details") || name.ends_with("Details") {
                for (inner, member) in member.members() {
                    found.set_if_new(detail_slot(inner), member);
                }
            } else {
                found.set_if_new(detail_slot(name), member);
            }
        }
        // The total was sent as the output count; the map has the output on its own.
        if self.usage.output_tokens.is_some() && self.usage.output_tokens == found.total {
            self.usage.output_tokens = found.usage.output_tokens.or(self.usage.output_tokens);
            self.output_excludes_reasoning |= found.output_excludes_reasoning;
        }
        self.negative |= found.negative;
        self.usage.fill_from(&found.usage);
        self.total = self.total.or(found.total);
        if before.input_tokens.is_none() {
            // Anthropic's API excludes the cache and reports no total; a producer that adds it up reports one.
            self.input_excludes_cache |= exclusive_names || (provider_names && found.total.is_none());
            self.output_excludes_reasoning |= exclusive_names || found.output_excludes_reasoning;
        }
    }

    fn set_if_new(&mut self, slot: Option<Slot>, member: RawValue<'_>) {
        if let Some(slot) = slot {
            self.set(slot, member);
        }
    }

    fn set(&mut self, slot: Slot, member: RawValue<'_>) {
        self.negative |= member.is_negative();
        let place = match slot {
            Slot::Input => &mut self.usage.input_tokens,
            Slot::Output => &mut self.usage.output_tokens,
            Slot::CandidateOutput => {
                self.output_excludes_reasoning = true;
                &mut self.usage.output_tokens
            }
            Slot::CacheRead => &mut self.usage.cache_read_tokens,
            Slot::CacheWrite => &mut self.usage.cache_write_tokens,
            Slot::Reasoning => &mut self.usage.reasoning_tokens,
            Slot::Total => &mut self.total,
        };
        *place = place.or_else(|| member.count());
    }

    /// Brings the counts to the one reading. Where parts are larger than what should hold them, or the total only
    /// adds up with them apart, they stood beside it.
    fn settle(self) -> Usage {
        let mut usage = self.usage;
        let cache =
            usage.cache_read_tokens.unwrap_or(0).saturating_add(usage.cache_write_tokens.unwrap_or(0));
        let reasoning = usage.reasoning_tokens.unwrap_or(0);
        let (input, output) = (usage.input_tokens.unwrap_or(0), usage.output_tokens.unwrap_or(0));
        let sum = input.saturating_add(output);
        let total_is = |extra: u64| extra > 0 && self.total == Some(sum.saturating_add(extra));
        if usage.input_tokens.is_some()
            && cache > 0
            && (self.fresh == Some(input)
                || cache > input
                || total_is(cache)
                || total_is(cache.saturating_add(reasoning))
                || (self.input_excludes_cache && self.total != Some(sum)))
        {
            usage.input_tokens = Some(input.saturating_add(cache));
        }
        if usage.output_tokens.is_some()
            && reasoning > 0
            && (reasoning > output
                || total_is(reasoning)
                || total_is(cache.saturating_add(reasoning))
                || (self.output_excludes_reasoning && self.total != Some(sum)))
        {
            usage.output_tokens = Some(output.saturating_add(reasoning));
        }
        usage
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Input,
    Output,
    /// Output without thinking.
    CandidateOutput,
    CacheRead,
    CacheWrite,
    Reasoning,
    Total,
}

/// Names of counts in maps of usage.
fn slot(name: &str) -> Option<Slot> {
    Some(match name {
        "input_tokens" | "prompt_tokens" | "input" | "inputTokens" | "promptTokens"
        | "prompt_token_count" | "promptTokenCount" => Slot::Input,
        "output_tokens" | "completion_tokens" | "output" | "outputTokens" | "completionTokens" => {
            Slot::Output
        }
        "candidates_token_count" | "candidatesTokenCount" => Slot::CandidateOutput,
        "total_tokens" | "total" | "totalTokens" | "total_token_count" | "totalTokenCount" => Slot::Total,
        _ => return detail_slot(name),
    })
}

/// Names of parts of counts, in the map itself or in a map of details.
fn detail_slot(name: &str) -> Option<Slot> {
    Some(match name {
        "cached_tokens"
        | "cache_read"
        | "cache_read_tokens"
        | "cache_read_input_tokens"
        | "input_cached_tokens"
        | "input_cache_read"
        | "cached_content_token_count"
        | "cachedContentTokenCount"
        | "cacheReadInputTokens" => Slot::CacheRead,
        "cache_creation"
        | "cache_write"
        | "cache_creation_tokens"
        | "cache_write_tokens"
        | "cache_creation_input_tokens"
        | "cache_write_input_tokens"
        | "input_cache_creation"
        | "cacheCreationInputTokens"
        | "cacheWriteInputTokens" => Slot::CacheWrite,
        "reasoning_tokens"
        | "reasoning"
        | "output_reasoning_tokens"
        | "output_reasoning"
        | "thoughts_token_count"
        | "thoughtsTokenCount" => Slot::Reasoning,
        _ => return None,
    })
}

/// Maps that were printed by Python instead of being written as JSON hold only names, numbers and `None`.
fn as_json(raw_value: RawValue<'_>) -> Option<Cow<'_, str>> {
    let text = raw_value.text()?;
    if !text.starts_with("{'") {
        return Some(text);
    }
    Some(Cow::Owned(
        text.replace('\'', "\"").replace("None", "null").replace("True", "true").replace("False", "false"),
    ))
}
