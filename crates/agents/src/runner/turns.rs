//! The turn loop: calls the model and its tools until it asks for no more tools.

use crate::{
    AgentError,
    job::Job,
    messages::{Definition, Message},
    model::{Answer, Prompt},
};

/// Answers a task.
pub(super) async fn answer(job: &Job<'_>, task: &str) -> Result<String, AgentError> {
    let tools = job.agent.tools.definitions();
    conversation(job, &job.agent.role.role, vec![Message::User(task.to_owned())], &tools).await
}

/// Continues a conversation until the model asks for no more tools.
pub(super) async fn conversation(
    job: &Job<'_>,
    system: &str,
    mut messages: Vec<Message>,
    tools: &[Definition],
) -> Result<String, AgentError> {
    for _ in 0..job.agent.role.max_turns {
        let turn = job.turn();
        let answer = ask(job, &turn, Prompt { system, messages: &messages, tools }).await?;
        if answer.calls.is_empty() {
            return Ok(answer.text);
        }
        let mut results = Vec::with_capacity(answer.calls.len());
        for call in &answer.calls {
            results.push(job.call(&turn, call).await?);
        }
        messages.push(Message::Assistant { text: answer.text, calls: answer.calls });
        messages.push(Message::Results(results));
    }
    Err(AgentError::TurnLimit(job.agent.role.max_turns))
}

/// Calls the model within a turn, which records the usage or the failure.
pub(super) async fn ask(
    job: &Job<'_>,
    turn: &turnscope::Step,
    prompt: Prompt<'_>,
) -> Result<Answer, AgentError> {
    match job.agent.client.ask(turn, prompt).await {
        Ok(answer) => {
            job.count(turn, &answer);
            Ok(answer)
        }
        Err(error) => {
            turn.fail(error.kind(), error.to_string());
            Err(error.into())
        }
    }
}
