//! Plans first, does one step after the other, and answers from what came of them. A reply that is no plan makes the task
//! itself the only step.

use super::turns::{ask, conversation};
use crate::{AgentError, job::Job, messages::Message, model::Question};
use serde::Deserialize;
use std::fmt::Write as _;

/// Steps of a plan that are done; a model that plans more has not understood.
const MOST_STEPS: usize = 8;

const PLAN: &str = "Plan how to do the task of the user with the tools that you have. Do not do it yet. Answer with JSON only: \
                    {\"steps\": [\"what to do first\", \"what to do next\"]}";

#[derive(Deserialize)]
struct Plan {
    steps: Vec<String>,
}

pub(super) async fn answer(job: &Job<'_>) -> Result<String, AgentError> {
    let task = &job.asked.prompt;
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

/// The steps that the model plans, in a turn of their own.
async fn plan(
    job: &Job<'_>,
    task: &str,
    tools: &[crate::messages::Definition],
) -> Result<Vec<String>, AgentError> {
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    let system = format!("{}\n\n{PLAN}\n\nTools: {}", job.agent.role.role, names.join(", "));
    let turn = job.turn();
    let messages = [Message::User(task.to_owned())];
    let answer = ask(job, &turn, Question { system: &system, messages: &messages, tools: &[] }).await?;
    let steps = parse(&answer.text);
    turn.set("plan.steps", steps.len() as i64);
    if steps.is_empty() {
        turn.warn("no_plan", "the reply is no plan: the task is its only step");
        return Ok(vec![task.to_owned()]);
    }
    Ok(steps)
}

/// The steps in a reply, in a fence or not; none where it holds no plan.
fn parse(text: &str) -> Vec<String> {
    let json =
        text.find('{').zip(text.rfind('}')).filter(|(from, to)| from < to).map(|(from, to)| &text[from..=to]);
    let plan = json.and_then(|json| serde_json::from_str::<Plan>(json).ok());
    let steps = plan.into_iter().flat_map(|plan| plan.steps);
    steps.filter(|step| !step.trim().is_empty()).take(MOST_STEPS).collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_plan_is_found_in_its_fence_and_nonsense_is_none() {
        assert_eq!(parse("```json\n{\"steps\": [\"look\", \" \", \"say\"]}\n```"), ["look", "say"]);
        for none in ["", "I would first look.", "{\"steps\": 3}", "}{", "{\"steps\": []}"] {
            assert!(parse(none).is_empty(), "{none}");
        }
    }
}
