//! The facts and contents that a rule may give, by the names that REST uses.

use turnscope_model::Purpose;

/// A fact that a rule may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: &'static str,
    /// The attribute that the built-in tables know it by, before all others.
    pub key: &'static str,
    /// Whether it is a number, which may come in other units.
    pub is_number: bool,
}

const fn text(name: &'static str, key: &'static str) -> Fact {
    Fact { name, key, is_number: false }
}
const fn number(name: &'static str, key: &'static str) -> Fact {
    Fact { name, key, is_number: true }
}

/// The facts, in the order in which they are listed. Times are in seconds, costs in US dollars.
pub const FACTS: &[Fact] = &[
    text("agent_name", "gen_ai.agent.name"),
    text("native_run_id", "turnscope.run_id"),
    number("turn", "turnscope.turn"),
    text("session_id", "session.id"),
    text("user_id", "user.id"),
    text("user_role", "kitelogik.user_role"),
    text("trigger_type", "turnscope.trigger"),
    text("tags", "langfuse.trace.tags"),
    text("prompt_id", "gen_ai.prompt.name"),
    text("prompt_version", "gen_ai.prompt.version"),
    text("experiment_id", "experiment.id"),
    text("experiment_variant", "experiment.variant"),
    text("model", "gen_ai.request.model"),
    text("response_model", "gen_ai.response.model"),
    text("provider", "gen_ai.provider.name"),
    text("response_id", "gen_ai.response.id"),
    text("finish_reason", "gen_ai.response.finish_reasons"),
    number("time_to_first_token", "gen_ai.response.time_to_first_chunk"),
    number("input_tokens", "gen_ai.usage.input_tokens"),
    number("output_tokens", "gen_ai.usage.output_tokens"),
    number("cache_read_tokens", "gen_ai.usage.cache_read.input_tokens"),
    number("cache_write_tokens", "gen_ai.usage.cache_write.input_tokens"),
    number("reasoning_tokens", "gen_ai.usage.reasoning.output_tokens"),
    number("cost_usd", "litellm.cost.total"),
    text("tool_name", "gen_ai.tool.name"),
    text("tool_call_id", "gen_ai.tool.call.id"),
    text("verdict", "turnscope.verdict"),
    text("decided_by", "policy.decided_by"),
    text("reason", "kitelogik.policy.reason"),
    text("risk_tier", "kitelogik.policy.risk_tier"),
    text("error_type", "error.type"),
    text("error_message", "error.message"),
];

/// The contents that a rule may give: whole attributes. They are shown by these names too.
pub const CONTENTS: &[(&str, Purpose)] = &[
    ("system_instructions", Purpose::System),
    ("input_messages", Purpose::Input),
    ("output_messages", Purpose::Output),
    ("tool_definitions", Purpose::Definitions),
    ("tool_arguments", Purpose::Arguments),
    ("tool_result", Purpose::Result),
];
