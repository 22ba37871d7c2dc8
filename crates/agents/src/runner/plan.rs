//! Plans first, executes the steps one by one, and answers from their results. If the reply is not a plan,
//! the task itself is the only step.

use super::turns::{ask, conversation};
use crate::{AgentError, job::Job, messages::Message, model::Prompt};
use serde::Deserialize;
use std::fmt::Write as _;

/// Maximum number of steps; further ones are ignored.
const MAX_STEPS: usize = 8;

const PLAN: &str = "Plan how to do the task of the user with the tools that you have. Do not do it yet. Answer with JSON only: \
                    {\"steps\": [\"what to do first\", \"what to do next\"]}";

#[derive(Deserialize)]
struct Plan {
    steps: Vec<String>,
}

pub(super) async fn answer(job: &Job<'_>) -> Result<String, AgentError> {
    let task = &job.request.prompt;
    let tools = job.agent.tools.definitions();
    let steps = plan(job, task, &tools).await?;
    let mut done = String::new();
    for step in &steps {
        let prompt = if done.is_empty() {
            format!("The task: {task}\n\nDo this part of it: {step}")
        } else {
            format!("The task: {task}\n\nDone so far:\n{done}\nDo this part of it: {step}")
        };
        let outcome = conversation(job, &job.agent.role.role, vec![Message::User(prompt)], &tools).await?;
        let _ = writeln!(done, "- {step}: {outcome}");
        if steps.len() == 1 {
            return Ok(outcome);
        }
    }
    let prompt = format!("The task: {task}\n\nThis was done for it:\n{done}\nAnswer the task from that.");
    conversation(job, &job.agent.role.role, vec![Message::User(prompt)], &[]).await
}

/// Asks the model for a plan, in a turn of its own.
async fn plan(
    job: &Job<'_>,
    task: &str,
    tools: &[crate::messages::Definition],
) -> Result<Vec<String>, AgentError> {
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    let system = format!("{}\n\n{PLAN}\n\nTools: {}", job.agent.role.role, names.join(", "));
    let turn = job.turn();
    let messages = [Message::User(task.to_owned())];
    let answer = ask(job, &turn, Prompt { system: &system, messages: &messages, tools: &[] }).await?;
    let steps = parse(&answer.text);
    turn.set("plan.steps", steps.len() as i64);
    if steps.is_empty() {
        turn.warn("no_plan", "the reply is not a plan: using the task as the only step");
        return Ok(vec![task.to_owned()]);
    }
    Ok(steps)
}

/// The steps in a reply, fenced or not; empty if it contains no plan.
fn parse(text: &str) -> Vec<String> {
    let json =
        text.find('{').zip(text.rfind('}')).filter(|(from, to)| from < to).map(|(from, to)| &text[from..=to]);
    let plan = json.and_then(|json| serde_json::from_str::<Plan>(json).ok());
    let steps = plan.into_iter().flat_map(|plan| plan.steps);
    steps.filter(|step| !step.trim().is_empty()).take(MAX_STEPS).collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_fenced_plan_is_found_and_anything_else_is_no_plan() {
        assert_eq!(parse("```json\n{\"steps\": [\"look\", \" \", \"say\"]}\n```"), ["look", "say"]);
        for none in ["", "I would first look.", "{\"steps\": 3}", "}{", "{\"steps\": []}"] {
            assert!(parse(none).is_empty(), "{none}");
        }
    }
}
