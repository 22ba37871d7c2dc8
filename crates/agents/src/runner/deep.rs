//! For long tasks: a list of what is to do, scratch files that outlive the conversation, and sub-agents for parts of the
//! task, each a run of its own that knows nothing but its part.

use super::turns::{ask, conversation};
use crate::{
    AgentError,
    job::Job,
    messages::{Call, CallResult, Definition, Message},
    model::Question,
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

const HOW: &str = "Work through the task step by step. Keep a list of what is to do with write_todos, and what you find out in files \
                   with write_file. Hand parts that stand alone to a sub-agent with run_subagent: it sees the files and its part only.";

/// What the agent keeps while it works.
#[derive(Default)]
struct Desk {
    files: BTreeMap<String, String>,
}

pub(super) async fn answer(job: &Job<'_>) -> Result<String, AgentError> {
    let mut desk = Desk::default();
    let system = format!("{}\n\n{HOW}", job.agent.role.role);
    let mut tools = job.agent.tools.definitions();
    tools.extend(own_tools());
    let mut messages = vec![Message::User(job.asked.prompt.clone())];
    for _ in 0..job.agent.role.max_turns {
        let turn = job.turn();
        let answer =
            ask(job, &turn, Question { system: &system, messages: &messages, tools: &tools }).await?;
        if answer.calls.is_empty() {
            return Ok(answer.text);
        }
        let mut results = Vec::with_capacity(answer.calls.len());
        for call in &answer.calls {
            let is_own = own_tools().iter().any(|tool| tool.name == call.name);
            results.push(if is_own {
                desk.call(job, &turn, call).await
            } else {
                job.call(&turn, call).await?
            });
        }
        messages.push(Message::Assistant { text: answer.text, calls: answer.calls });
        messages.push(Message::Results(results));
    }
    Err(AgentError::TurnLimit(job.agent.role.max_turns))
}

impl Desk {
    /// Calls one of the runner's own tools. They touch nothing outside the run, so no policy is asked.
    async fn call(&mut self, job: &Job<'_>, turn: &turnscope::Step, call: &Call) -> CallResult {
        let span = turn.tool(call.name.clone());
        span.call_id(call.id.clone()).server("deep_agent").arguments(&call.arguments);
        let text = |key: &str| {
            call.arguments[key].as_str().ok_or_else(|| format!("the argument {key} is missing, or no text"))
        };
        let outcome = match call.name.as_str() {
            "write_todos" => match call.arguments["todos"].as_array() {
                Some(todos) => Ok(format!("{} kept", todos.len())),
                None => Err("the argument todos is missing, or no list".to_owned()),
            },
            "write_file" => text("name")
                .and_then(|name| Ok((name.to_owned(), text("content")?.to_owned())))
                .map(|(name, content)| {
                    self.files.insert(name, content);
                    "written".to_owned()
                }),
            "read_file" => text("name").and_then(|name| {
                let known: Vec<&str> = self.files.keys().map(String::as_str).collect();
                self.files
                    .get(name)
                    .cloned()
                    .ok_or_else(|| format!("there is no file {name}; there are: {}", known.join(", ")))
            }),
            _ => match text("task") {
                Ok(task) => self.sub_agent(job, &span, task).await,
                Err(wrong) => Err(wrong),
            },
        };
        match outcome {
            Ok(text) => {
                span.result(&text);
                CallResult { id: call.id.clone(), text, failed: false }
            }
            Err(text) => {
                span.fail("tool_error", text.clone());
                CallResult { id: call.id.clone(), text, failed: true }
            }
        }
    }

    /// A run of its own below the call, with the agent's tools and the files, but without sub-agents.
    async fn sub_agent(&self, job: &Job<'_>, span: &turnscope::Step, task: &str) -> Result<String, String> {
        let run = span.run(format!("{}-sub-agent", job.agent.role.name));
        run.runner("deep_agent").input(task);
        let files: Vec<String> =
            self.files.iter().map(|(name, content)| format!("{name}:\n{content}")).collect();
        let prompt = if files.is_empty() {
            task.to_owned()
        } else {
            format!("{task}\n\nFiles:\n{}", files.join("\n\n"))
        };
        let below = job.below(&run);
        let tools = job.agent.tools.definitions();
        let work = conversation(&below, &job.agent.role.role, vec![Message::User(prompt)], &tools);
        let outcome = run.around(Box::pin(work)).await;
        job.add(below.totals());
        match outcome {
            Ok(text) => {
                run.final_answer(&text);
                Ok(text)
            }
            Err(error) => {
                run.fail(error.kind(), error.to_string());
                Err(error.to_string())
            }
        }
    }
}

fn own_tools() -> [Definition; 4] {
    let tool = |name: &str, description: &str, properties: Json| {
        let required: Vec<String> =
            properties.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
        Definition {
            name: name.to_owned(),
            description: description.to_owned(),
            schema: json!({ "type": "object", "properties": properties, "required": required }),
        }
    };
    let text = json!({ "type": "string" });
    [
        tool(
            "write_todos",
            "Keeps the list of what is to do.",
            json!({ "todos": { "type": "array", "items": text } }),
        ),
        tool("write_file", "Keeps a text in a scratch file.", json!({ "name": text, "content": text })),
        tool("read_file", "Reads a scratch file.", json!({ "name": text })),
        tool(
            "run_subagent",
            "Has a sub-agent do a part of the task, and gives its answer.",
            json!({ "task": text }),
        ),
    ]
}
