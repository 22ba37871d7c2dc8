//! The wire types of runs, figures and scores, from what a store gives.

use turnscope_api::{ErrorInfo, Figures, Money, Run, RunLink, Score, Total, Usage, Waiting};
use turnscope_model::{Costs, ErrorFact, ScoreSource};
use turnscope_query::{self as query, Moment, Totals};

/// A run on the wire.
pub fn wire_run(run: &query::Run, moment: Moment) -> Run {
    let (status, status_reason) = run.status(moment.now_ms, moment.inactivity_ms);
    Run {
        run_id: run.run_id.to_string(),
        native_run_id: run.native_run_id.clone(),
        trace_id: run.trace_id.map(|id| id.to_string()),
        trace_ids: run.trace_ids.clone(),
        span_id: run.span_id.map(|id| id.to_string()),
        parent_run_id: run.parent_run_id.map(|id| id.to_string()),
        name: run.name.clone(),
        agent_name: run.agent_name.clone(),
        service_name: run.service_name.clone(),
        dialect: run.dialect.clone(),
        status: status.as_str().to_owned(),
        status_reason,
        waiting: run.waits_for().map(|waiting| Waiting {
            since: waiting.since / 1_000_000,
            question: waiting.question.clone(),
            who: waiting.who.clone(),
            tool_name: waiting.tool_name.clone(),
            tool_call_id: waiting.tool_call_id.clone(),
        }),
        started_at: run.start / 1_000_000,
        ended_at: run.end.map(|end| end / 1_000_000),
        duration_ms: ms(run.duration),
        figures: figures(&Totals::of([run])),
        money: money(&run.costs),
        models: run.models.clone(),
        providers: run.providers.clone(),
        tools: run.tools.clone(),
        session_id: run.session_id.clone(),
        user_id: run.user_id.clone(),
        user_role: run.user_role.clone(),
        trigger_type: run.trigger_type.clone(),
        tags: run.tags.clone(),
        metadata: run.metadata.iter().cloned().collect(),
        risk_tiers: run.risk_tiers.clone(),
        error: run.error.as_ref().map(error_info),
        input_preview: run.input_preview.clone(),
        output_preview: run.output_preview.clone(),
        prompt_id: run.prompt_id.clone(),
        prompt_version: run.prompt_version.clone(),
        experiment_id: run.experiment_id.clone(),
        experiment_variant: run.experiment_variant.clone(),
    }
}

pub(crate) fn figures(totals: &Totals) -> Figures {
    Figures {
        turn_count: totals.turn_count,
        llm_call_count: totals.llm_call_count,
        tool_call_count: totals.tool_call_count,
        error_count: totals.error_count,
        input_tokens: totals.usage.input_tokens,
        output_tokens: totals.usage.output_tokens,
        cache_read_tokens: totals.usage.cache_read_tokens,
        cache_write_tokens: totals.usage.cache_write_tokens,
        reasoning_tokens: totals.usage.reasoning_tokens,
        allow_count: totals.verdicts[0],
        deny_count: totals.verdicts[1],
        hitl_count: totals.verdicts[2],
    }
}

pub(crate) fn total(totals: &Totals) -> Total {
    Total { run_count: totals.run_count, figures: figures(totals), money: money(&totals.costs) }
}

pub(crate) fn money(costs: &Costs) -> Money {
    Money {
        cost_usd: costs.cost.map(usd),
        cost_source: costs.source().map(str::to_owned),
        cost_complete: costs.is_complete(),
        unpriced_calls: costs.unpriced_calls,
        reported_cost_usd: costs.reported.map(usd),
    }
}

pub(crate) fn usage(usage: &turnscope_model::Usage) -> Option<Usage> {
    (!usage.is_unknown()).then_some(Usage {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        cache_read_tokens: usage.cache_read_tokens,
        cache_write_tokens: usage.cache_write_tokens,
        reasoning_tokens: usage.reasoning_tokens,
    })
}

pub(crate) fn error_info(error: &ErrorFact) -> ErrorInfo {
    ErrorInfo { kind: error.r#type.clone(), message: error.message.clone() }
}

pub(crate) fn run_link(link: query::RunLink) -> RunLink {
    RunLink {
        run_id: link.run_id.to_string(),
        why: link.why.unwrap_or_else(|| "linked".to_owned()),
        direction: if link.is_before { "before" } else { "after" }.to_owned(),
    }
}

/// A score on the wire.
pub fn wire_score(score: turnscope_model::Score) -> Score {
    Score {
        score_id: score.score_id,
        run_id: score.run_id.to_string(),
        step_id: score.step_id.map(|id| id.to_string()),
        turn: score.turn,
        name: score.name,
        value: score.value,
        label: score.label,
        comment: score.comment,
        source: match score.source {
            ScoreSource::Attribute => "attribute",
            ScoreSource::Event => "event",
            ScoreSource::Api => "api",
            ScoreSource::Person => "person",
        }
        .to_owned(),
        created_at: score.created_at,
    }
}

/// Billionths of a dollar as dollars.
pub(crate) fn usd(nano: i64) -> f64 {
    nano as f64 / 1e9
}

/// Nanoseconds as milliseconds with fractions.
pub(crate) fn ms(nanos: i64) -> f64 {
    nanos as f64 / 1e6
}

/// Nanoseconds from one time to a later one as milliseconds with fractions.
pub(crate) fn ms_between(start: u64, end: u64) -> f64 {
    end.saturating_sub(start) as f64 / 1e6
}

/// Nanoseconds from `zero` as milliseconds with fractions; negative before it.
pub(crate) fn offset_ms(time: u64, zero: u64) -> f64 {
    if time >= zero { ms_between(zero, time) } else { -ms_between(time, zero) }
}

/// Nanoseconds since the epoch as milliseconds.
pub(crate) fn at_ms(nanos: u64) -> i64 {
    i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)
}

/// The names of those values that were sent, and are null.
pub(crate) fn sent_as_null(values: &[(&str, &Option<serde_json::Value>)]) -> Vec<String> {
    let is_null = |(_, value): &&(&str, &Option<serde_json::Value>)| {
        value.as_ref().is_some_and(serde_json::Value::is_null)
    };
    values.iter().filter(is_null).map(|(name, _)| (*name).to_owned()).collect()
}
