//! For long tasks: a to-do list, scratch files that outlive the conversation, and sub-agents for parts of the
//! task, each a run of its own that sees only its part and the files.

use super::turns::{ask, conversation};
use crate::{
    AgentError,
    job::Job,
    messages::{Call, CallResult, Definition, Message},
    model::Prompt,
    tools::ToolError,
    trail::ms,
    unrecorded::Unrecorded,
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, time::SystemTime};
use turnscope::Step;
use turnscope_audit::Entry;

const INSTRUCTIONS: &str = "Work through the task step by step. Keep a list of what is to do with write_todos, and what you find out in files \
                   with write_file. Hand parts that stand alone to a sub-agent with run_subagent: it sees the files and its part only.";

/// The scratch files that the agent keeps while it works.
#[derive(Default)]
struct Scratchpad {
    files: BTreeMap<String, String>,
}

pub(super) async fn answer(job: &Job<'_>) -> Result<String, AgentError> {
    let mut scratchpad = Scratchpad::default();
    let system = format!("{}\n\n{INSTRUCTIONS}", job.agent.role.role);
    let mut tools = job.agent.tools.definitions();
    tools.extend(own_tools());
    let mut messages = vec![Message::User(job.request.prompt.clone())];
    for _ in 0..job.agent.role.max_turns {
        let turn = job.turn();
        let answer = ask(job, &turn, Prompt { system: &system, messages: &messages, tools: &tools }).await?;
        if answer.calls.is_empty() {
            return Ok(answer.text);
        }
        let mut results = Vec::with_capacity(answer.calls.len());
        for call in &answer.calls {
            let is_own = own_tools().iter().any(|tool| tool.name == call.name);
            results.push(if is_own {
                scratchpad.call(job, &turn, call).await?
            } else {
                job.call(&turn, call).await?
            });
        }
        messages.push(Message::Assistant { text: answer.text, calls: answer.calls });
        messages.push(Message::Results(results));
    }
    Err(AgentError::TurnLimit(job.agent.role.max_turns))
}

impl Scratchpad {
    /// Runs one of the runner's own tools. The policy applies to them too.
    async fn call(&mut self, job: &Job<'_>, turn: &Step, call: &Call) -> Result<CallResult, AgentError> {
        let admitted = match job.admit(turn, call, "deep_agent").await? {
            Ok(admitted) => admitted,
            Err(result) => return Ok(result),
        };
        let outcome = match call.name.as_str() {
            "write_todos" => todos(call),
            "write_file" => self.write(call),
            "read_file" => self.read(call),
            _ => match text(call, "task") {
                Ok(task) => self.sub_agent(job, admitted.step(), task).await?,
                Err(wrong) => Err(wrong),
            },
        };
        Ok(job.finish(&admitted, outcome))
    }

    fn write(&mut self, call: &Call) -> Result<String, ToolError> {
        self.files.insert(text(call, "name")?.to_owned(), text(call, "content")?.to_owned());
        Ok("written".to_owned())
    }

    fn read(&self, call: &Call) -> Result<String, ToolError> {
        let name = text(call, "name")?;
        let known: Vec<&str> = self.files.keys().map(String::as_str).collect();
        let missing =
            || ToolError::Failed(format!("there is no file {name}; available: {}", known.join(", ")));
        self.files.get(name).cloned().ok_or_else(missing)
    }

    /// Runs a sub-agent below the call, with the agent's tools and the files, but without further sub-agents.
    /// Its failure is reported to the model, except for that of the audit trail.
    async fn sub_agent(
        &self,
        job: &Job<'_>,
        step: &Step,
        task: &str,
    ) -> Result<Result<String, ToolError>, AgentError> {
        let started = SystemTime::now(); // of the span and of the audit record
        let name = format!("{}-sub-agent", job.agent.role.name);
        let run = step.starting_at(started).run(name.clone());
        run.runner("deep_agent").input(task);
        let request = job.delegator().delegate(task, "sub_agent");
        let sub_job = job.sub_agent(name, &run, &request);
        let unrecorded = Unrecorded::new(&sub_job, ms(started));
        let tools = job.agent.tools.definitions();
        let prompt = vec![Message::User(self.with_files(task))];
        let work = conversation(&sub_job, &job.agent.role.role, prompt, &tools);
        let outcome = run.scope(Box::pin(work)).await;
        match &outcome {
            Ok(text) => {
                run.final_answer(text);
            }
            Err(error) => {
                run.fail(error.kind(), error.to_string());
            }
        }
        let ended = SystemTime::now();
        unrecorded.done();
        let entry = sub_job.entry((ms(started), ms(ended)), outcome.as_ref(), sub_job.totals());
        run.end_at(ended);
        job.agent.log.append(&Entry::Run(entry))?;
        match outcome {
            Err(error @ AgentError::Audit(_)) => Err(error),
            outcome => Ok(outcome.map_err(|error| ToolError::Failed(error.to_string()))),
        }
    }

    fn with_files(&self, task: &str) -> String {
        if self.files.is_empty() {
            return task.to_owned();
        }
        let files: Vec<String> =
            self.files.iter().map(|(name, content)| format!("{name}:\n{content}")).collect();
        format!("{task}\n\nFiles:\n{}", files.join("\n\n"))
    }
}

fn todos(call: &Call) -> Result<String, ToolError> {
    let todos = call.arguments["todos"].as_array();
    let todos =
        todos.ok_or_else(|| ToolError::Failed("the argument todos is missing or not a list".to_owned()))?;
    Ok(format!("{} kept", todos.len()))
}

fn text<'c>(call: &'c Call, key: &str) -> Result<&'c str, ToolError> {
    let text = call.arguments[key].as_str();
    text.ok_or_else(|| ToolError::Failed(format!("the argument {key} is missing or not a string")))
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
