//! Tokens: brought to one reading, in which input includes the cache and output includes reasoning.
//!
//! Here: which emitters count otherwise, and JSON maps of usage. Not here: whether the counts are one call's or a
//! sum over calls (the crate `project`, by the step's kind) — but for names that are meant for sums.

use super::{field::Field, json, select::Selection, trace::Place, value::RawValue, view::View};
use crate::cut;
use memchr::memmem;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use std::borrow::Cow;
use turnscope_model::{Facts, Purpose, Usage};

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
    ("openllmetry", "aws.bedrock"),
    ("semconv", "aws.bedrock"),
];

/// Dialects that hand on counts beside which the cache stands, and add up a total of their own without it.
const OWN_TOTAL: &[(&str, &str)] = &[("openllmetry", "aws.bedrock")];

/// Fills usage in. Sums go in only where no call's own counts stand.
pub(super) fn fill(facts: &mut Facts, selection: &Selection<'_>, view: &View<'_>) {
    let mut counts = Counts::from_fields(facts, selection);
    for field in [Field::UsageMap, Field::InputDetails, Field::OutputDetails] {
        if let Some(selected) = selection.get(field) {
            let before = counts.usage;
            counts.add_map(selected.raw_value);
            for fact in changed(&before, &counts.usage) {
                view.note_field(fact, field, selection, "a count in a map of usage");
            }
        }
    }
    if facts.kind.is_model_call() && counts.lacks_details() {
        for (key, answer) in answers(view, facts.kind) {
            let before = counts.usage;
            for usage in usages_in(answer) {
                counts.add_same(RawValue::Json(usage));
            }
            for fact in changed(&before, &counts.usage) {
                view.note_key(fact, key, "a count in the usage that the answer holds");
            }
        }
    }
    if facts.kind.is_model_call() && counts.usage.is_unknown() {
        counts.add_events(view);
    }
    facts.implausible_count |= selection.negative | counts.negative | counts.usage.drop_implausible();
    let sent = counts.usage;
    facts.usage = counts.settle();
    for fact in changed(&sent, &facts.usage) {
        view.note_more(
            fact,
            match fact {
                "input_tokens" => {
                    "tokens of the cache, or of the provider's tools, were counted beside it and are added"
                }
                _ => "reasoning was counted beside it and is added",
            },
        );
    }
    if facts.usage.is_unknown() {
        facts.usage = Usage {
            input_tokens: selection.count(Field::SumInput),
            output_tokens: selection.count(Field::SumOutput),
            cache_read_tokens: selection.count(Field::SumCacheRead),
            cache_write_tokens: selection.count(Field::SumCacheWrite),
            reasoning_tokens: selection.count(Field::SumReasoning),
        };
        facts.usage_is_total = !facts.usage.is_unknown();
        let sums = [
            Field::SumInput,
            Field::SumOutput,
            Field::SumCacheRead,
            Field::SumCacheWrite,
            Field::SumReasoning,
        ];
        for (fact, field) in COUNTS.into_iter().zip(sums) {
            view.note_field(fact, field, selection, "the sum over the calls below");
        }
    }
}

/// The counts' names as facts.
pub(super) const COUNTS: [&str; 5] =
    ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"];

/// Which counts differ.
fn changed(before: &Usage, after: &Usage) -> impl Iterator<Item = &'static str> {
    let counts = |usage: &Usage| {
        [
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_tokens,
            usage.cache_write_tokens,
            usage.reasoning_tokens,
        ]
    };
    let (before, after) = (counts(before), counts(after));
    (0..COUNTS.len()).filter(move |at| before[*at] != after[*at]).map(|at| COUNTS[at])
}

/// The JSON texts in which a call's answer stands, and those of usage, with their keys.
fn answers<'a>(view: &View<'a>, kind: turnscope_model::Kind) -> impl Iterator<Item = (&'a str, &'a str)> {
    view.attributes.iter().filter_map(move |attribute| {
        let Some(Any::StringValue(text)) = attribute.value.as_ref()?.value.as_ref() else { return None };
        let key = attribute.key.as_str();
        let told = text.starts_with('{') && key.ends_with("sage")
            || text.starts_with(['{', '[']) && cut::purpose_of(key, kind, "").0 == Purpose::Output;
        told.then_some((key, text.as_str()))
    })
}

/// The objects of usage in an answer of any form: whatever bears such a name, and counts tokens.
fn usages_in(answer: &str) -> impl Iterator<Item = &str> {
    const NAMES: [&str; 5] = ["usage", "token_usage", "tokenUsage", "usage_metadata", "usageMetadata"];
    let counts = |object: &&str| {
        json::members(object).any(|(name, _)| matches!(slot(name), Some(Slot::Input | Slot::Output)))
    };
    let named = memmem::find_iter(answer.as_bytes(), "sage").filter_map(|at| {
        let from = answer[..at].rfind('"')? + 1;
        let to = at + answer[at..].find('"')?;
        if !NAMES.contains(&&answer[from..to]) {
            return None;
        }
        Some(answer[to + 1..].trim_start().strip_prefix(':')?.trim_start())
    });
    std::iter::once(answer).chain(named.take(MOST_USAGES)).filter(counts)
}

/// How many events of a span are searched for counts.
const MOST_EVENTS: usize = 16;
/// How many objects of usage are looked at in one answer.
const MOST_USAGES: usize = 8;

#[derive(Debug, Default)]
struct Counts {
    usage: Usage,
    /// Input that tools of the provider added, beside the prompt.
    tool_prompt: Option<u64>,
    fresh: Option<u64>,
    total: Option<u64>,
    input_excludes_cache: bool,
    output_excludes_reasoning: bool,
    /// The total is the sender's own sum, without the cache.
    total_leaves_cache_out: bool,
    /// Google's total holds the thoughts also where nobody names them.
    total_has_thoughts: bool,
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
            tool_prompt: None,
            fresh: selection.count(Field::FreshInput),
            total: selection.count(Field::TotalTokens),
            input_excludes_cache: EXCLUSIVE_INPUT.contains(&key(Field::InputTokens))
                || PASSED_ON.iter().any(|(dialect, of)| {
                    facts.dialect == *dialect && (model.contains(of) || provider == *of)
                }),
            total_leaves_cache_out: OWN_TOTAL
                .iter()
                .any(|(dialect, of)| facts.dialect == *dialect && provider == *of),
            total_has_thoughts: model.contains("gemini"),
            output_excludes_reasoning: EXCLUSIVE_OUTPUT
                .contains(&(key(Field::OutputTokens), key(Field::Reasoning))),
            negative: false,
        }
    }

    /// Takes from the span's events what nothing else says: some producers put the counts there.
    fn add_events(&mut self, view: &View<'_>) {
        for event in view.events.iter().take(MOST_EVENTS) {
            for attribute in &event.attributes {
                let name = attribute.key.rsplit('.').next().unwrap_or_default();
                let Some(slot) = slot(name).filter(|_| name.contains("oken")) else { continue };
                let Some(member) = RawValue::of(attribute.value.as_ref()) else { continue };
                let before = self.usage;
                self.set(slot, member);
                for fact in changed(&before, &self.usage) {
                    let place = Place::event_of(&event.name, Some(&attribute.key));
                    view.note(fact, place, "a count in an event");
                }
            }
        }
    }

    /// Takes from a map what the attributes did not say.
    fn add_map(&mut self, raw_value: RawValue<'_>) {
        let Some(text) = as_json(raw_value) else { return self.add_members(raw_value) };
        self.add_members(RawValue::Json(&text));
    }

    /// Whether there may be more to know: the whole, the cache or the reasoning.
    fn lacks_details(&self) -> bool {
        self.usage.is_unknown()
            || self.usage.cache_read_tokens.is_none()
            || self.usage.reasoning_tokens.is_none()
    }

    /// Takes from a map that stands in the call's answer, where it is about the same tokens as what is known.
    fn add_same(&mut self, raw_value: RawValue<'_>) {
        let known = self.usage;
        if !known.is_unknown() {
            let mut other = Counts::default();
            other.add_members(raw_value);
            let same = |one: Option<u64>, other: Option<u64>| one.is_none() || one == other;
            if !same(known.input_tokens, other.usage.input_tokens)
                || !same(known.output_tokens, other.usage.output_tokens)
            {
                return;
            }
        }
        self.add_members(raw_value);
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
        self.tool_prompt = self.tool_prompt.or(found.tool_prompt);
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
            Slot::ToolPrompt => &mut self.tool_prompt,
            Slot::Total => &mut self.total,
        };
        *place = place.or_else(|| member.count());
    }

    /// Brings the counts to the one reading. A total decides which parts stood beside what should hold them: those with
    /// which it adds up, as few as do. Without one, a part that is larger than what should hold it stood beside it, and
    /// else the sender's way of counting decides.
    fn settle(self) -> Usage {
        let mut usage = self.usage;
        let cache =
            usage.cache_read_tokens.unwrap_or(0).saturating_add(usage.cache_write_tokens.unwrap_or(0));
        let reasoning = usage.reasoning_tokens.unwrap_or(0);
        let tool_prompt = self.tool_prompt.unwrap_or(0);
        let (input, output) = (usage.input_tokens.unwrap_or(0), usage.output_tokens.unwrap_or(0));
        let beside = self.total.and_then(|total| {
            let sum = |parts: Beside| {
                [(parts.cache, cache), (parts.reasoning, reasoning), (parts.tool_prompt, tool_prompt)]
                    .into_iter()
                    .filter(|(counted, _)| *counted)
                    .fold(input.saturating_add(output), |sum, (_, part)| sum.saturating_add(part))
            };
            let fits = |parts: &Beside| {
                (!parts.cache || cache > 0)
                    && (parts.cache
                        || self.fresh != Some(input) && !self.total_leaves_cache_out
                        || cache == 0)
                    && (parts.cache || cache <= input || usage.input_tokens.is_none())
                    && (parts.reasoning || reasoning <= output || usage.output_tokens.is_none())
                    && sum(*parts) == total
            };
            self.preferred().into_iter().find(fits)
        });
        let is_all = self.total.is_none() || beside.is_some() || tool_prompt > 0;
        if let (false, true, None) = (is_all, self.total_has_thoughts, usage.reasoning_tokens) {
            usage.output_tokens =
                usage.output_tokens.max(self.total.and_then(|total| total.checked_sub(input)));
        }
        let beside = beside.unwrap_or(Beside {
            cache: cache > 0 && (self.fresh == Some(input) || cache > input || self.input_excludes_cache),
            reasoning: reasoning > 0 && (reasoning > output || self.output_excludes_reasoning),
            tool_prompt: tool_prompt > 0,
        });
        if let Some(count) = &mut usage.input_tokens {
            *count = count
                .saturating_add(if beside.cache { cache } else { 0 })
                .saturating_add(if beside.tool_prompt { tool_prompt } else { 0 });
        }
        if let Some(count) = &mut usage.output_tokens {
            *count = count.saturating_add(if beside.reasoning { reasoning } else { 0 });
        }
        usage
    }

    /// The ways of counting, in the order in which they are tried against a total: the fewest parts beside their whole
    /// first, and of two equal ones the sender's.
    fn preferred(&self) -> [Beside; 8] {
        let (cache, reasoning) = (self.input_excludes_cache, self.output_excludes_reasoning);
        let mut ways = [0_u8, 1, 2, 4, 3, 5, 6, 7].map(|bits| Beside {
            tool_prompt: bits & 1 > 0,
            reasoning: bits & 2 > 0,
            cache: bits & 4 > 0,
        });
        if cache && !reasoning {
            ways.swap(2, 3);
        }
        ways
    }
}

/// Which parts were counted beside what should hold them.
#[derive(Clone, Copy, Debug)]
struct Beside {
    cache: bool,
    reasoning: bool,
    tool_prompt: bool,
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
    /// Google's: what its own tools added to the input, beside the prompt.
    ToolPrompt,
    Total,
}

/// Names of counts in maps of usage.
fn slot(name: &str) -> Option<Slot> {
    Some(match name {
        "input_tokens" | "prompt_tokens" | "input" | "inputTokens" | "promptTokens"
        | "prompt_token_count" | "promptTokenCount" | "inputTokenCount" | "input_token_count" => Slot::Input,
        "output_tokens" | "completion_tokens" | "output" | "outputTokens" | "completionTokens"
        | "outputTokenCount" | "output_token_count" => Slot::Output,
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
        | "cachedContentTokens"
        | "cachedTokens"
        | "cachedInputTokens"
        | "cached_input_tokens"
        | "cache_input_tokens"
        | "cacheReadTokens"
        | "cacheReadInputTokens" => Slot::CacheRead,
        "cache_creation"
        | "cache_write"
        | "cache_creation_tokens"
        | "cache_write_tokens"
        | "cache_creation_input_tokens"
        | "cache_write_input_tokens"
        | "input_cache_creation"
        | "cacheCreationInputTokens"
        | "cacheWriteInputTokens"
        | "cacheCreationTokens"
        | "cacheWriteTokens" => Slot::CacheWrite,
        "tool_use_prompt_token_count" | "toolUsePromptTokenCount" => Slot::ToolPrompt,
        "reasoning_tokens"
        | "reasoning"
        | "output_reasoning_tokens"
        | "output_reasoning"
        | "thoughts_token_count"
        | "thoughtsTokenCount"
        | "thoughtsTokens"
        | "reasoningTokens"
        | "reasoning_output_tokens"
        | "reasoning_token_count" => Slot::Reasoning,
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
