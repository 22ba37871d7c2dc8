//! A run in words, for a person or an agent.

use crate::{
    Answers, Result, cost,
    telemetry::Telemetry,
    wire::{ms, ms_between, usd},
};
use serde_json::Value as Json;
use turnscope_insight::summary::{RunFacts, ToolFacts, TurnFacts, summarise};
use turnscope_model::{ErrorFact, Message};
use turnscope_project::{TraceGroup, TurnView};
use turnscope_query::Run;

impl Answers {
    /// The run in words, in at most so many characters.
    pub fn summary(&self, run: &str, max_chars: usize) -> Result<String> {
        self.about_run_with_contents(run, |reader, found, fetched| {
            let mut run = found.run.clone();
            cost::at_current_prices(&found.group, &self.prices, std::iter::once(&mut run));
            let turns = &found.group.projection.runs[found.index].turns;
            let mut telemetry = Telemetry::new(reader, &found.group, fetched);
            let turns = turns
                .iter()
                .map(|turn| turn_facts(&mut telemetry, &found.group, turn))
                .collect::<Result<_>>()?;
            Ok(summarise(&self.run_facts(&run, turns), max_chars))
        })
    }

    fn run_facts(&self, run: &Run, turns: Vec<TurnFacts>) -> RunFacts {
        let (status, reason) = run.status(self.moment.now_ms, self.moment.inactivity_ms);
        RunFacts {
            run_id: run.run_id.to_string(),
            name: run.name.clone(),
            service_name: run.service_name.clone(),
            status: status.as_str().to_owned(),
            status_reason: reason,
            duration_ms: ms(run.duration),
            usage: run.usage,
            models: run.models.clone(),
            llm_calls: run.llm_call_count,
            tool_calls: run.tool_call_count,
            errors: run.error_count,
            cost_usd: run.costs.cost.map(usd),
            error: run.error.as_ref().map(message_or_type),
            input: run.input_preview.clone(),
            output: run.output_preview.clone(),
            session_id: run.session_id.clone(),
            user_id: run.user_id.clone(),
            turns,
        }
    }
}

fn turn_facts(telemetry: &mut Telemetry<'_>, group: &TraceGroup, turn: &TurnView) -> Result<TurnFacts> {
    telemetry.load(turn.llm_steps.last().into_iter().chain(&turn.tool_steps).copied())?;
    let said = match turn.llm_steps.last() {
        Some(&call) => {
            let output = telemetry.content(call)?.output;
            output.iter().map(Message::joined_text).collect::<Vec<_>>().join("\n")
        }
        None => String::new(),
    };
    let mut tools = Vec::new();
    for &index in &turn.tool_steps {
        let step = &group.projection.steps[index];
        let content = telemetry.content(index)?;
        tools.push(ToolFacts {
            name: step.tool_name.clone().unwrap_or_else(|| step.name.clone()),
            arguments: content.arguments.or(content.input_value).map(|json| plain(&json)),
            result: content.result.or(content.output_value).map(|json| plain(&json)),
            error: step.error.as_ref().map(message_or_type),
            verdict: step.verdict.map(|verdict| verdict.as_str().to_owned()),
            duration_ms: step.end.map(|end| ms_between(step.start, end)),
        });
    }
    Ok(TurnFacts {
        n: turn.n,
        said,
        tools,
        usage: turn.usage,
        duration_ms: ms_between(turn.start, turn.end),
        error: turn.error.as_ref().and_then(|error| error.message.clone()),
    })
}

fn message_or_type(error: &ErrorFact) -> String {
    error.message.clone().unwrap_or_else(|| error.r#type.clone())
}

fn plain(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
