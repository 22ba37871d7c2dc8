//! Tools: MCP servers over stdio, and other agents over HTTP or a queue. A tool that fails or hangs is
//! reported to the model and does not end the run.

pub mod builtin;
mod calculate;
mod error;

pub use crate::role::tools::{Bundled, Delegate, McpCommand, McpServer, Queue, ToolSource};
pub use error::ToolError;

use crate::{
    http::{Http, Propagation, text},
    ingest::Documents,
    messages::Definition,
    queue,
    request::Delegator,
};
use rmcp::{
    ServiceExt as _,
    model::{CallToolRequestParams, RequestMetaObject},
    service::{Peer, RoleClient, RunningService},
    transport::TokioChildProcess,
};
use serde_json::{Map, Value as Json, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use turnscope::{Step, propagation::Meta};

/// The tool that searches documents.
const SEARCH: &str = "search_docs";

/// An agent's tools and their servers.
#[derive(Debug)]
pub struct Toolbox {
    tools: Vec<Tool>,
    servers: Vec<RunningService<RoleClient, ()>>,
    http: Http,
    timeout: Duration,
}

/// One tool.
#[derive(Debug)]
pub struct Tool {
    /// The definition for the model.
    pub definition: Definition,
    /// The server that provides the tool.
    pub server: String,
    backend: ToolBackend,
}

#[derive(Debug)]
enum ToolBackend {
    Mcp(Peer<RoleClient>),
    Agent(String),
    Queue(PathBuf),
    /// The agent's own document index.
    Documents(Box<Documents>),
}

impl Toolbox {
    /// Starts the servers and lists their tools. `bundled` starts the bundled server; its `search_docs` is
    /// replaced if the agent has documents of its own.
    ///
    /// # Errors
    /// When a server cannot be started, or two tools have the same name.
    pub async fn open(
        sources: &[ToolSource],
        documents: Option<Documents>,
        bundled: &McpCommand,
        timeout: Duration,
    ) -> Result<Self, ToolError> {
        let http = Http::new().map_err(|cause| ToolError::Start { server: "http".to_owned(), cause })?;
        let mut toolbox = Self { tools: Vec::new(), servers: Vec::new(), http, timeout };
        toolbox.tools.extend(documents.map(of_documents));
        for source in sources {
            match source {
                ToolSource::Mcp(McpServer::Bundled(Bundled::Builtin)) => {
                    toolbox.start("builtin", bundled).await?;
                }
                ToolSource::Mcp(McpServer::Command(command)) => {
                    let name = PathBuf::from(&command.command);
                    let name =
                        name.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                    toolbox.start(&name, command).await?;
                }
                ToolSource::Delegate(delegate) => toolbox.add(of_delegate(delegate))?,
                ToolSource::Queue(queue) => toolbox.add(of_queue(queue))?,
            }
        }
        Ok(toolbox)
    }

    async fn start(&mut self, name: &str, command: &McpCommand) -> Result<(), ToolError> {
        let failed = |cause: String| ToolError::Start { server: name.to_owned(), cause };
        let mut process = tokio::process::Command::new(&command.command);
        process.args(&command.args);
        let transport = TokioChildProcess::new(process).map_err(|error| failed(error.to_string()))?;
        let start = async {
            let server = ().serve(transport).await.map_err(|error| failed(error.to_string()))?;
            let tools = server.list_all_tools().await.map_err(|error| failed(error.to_string()))?;
            Ok::<_, ToolError>((server, tools))
        };
        let (server, tools) = tokio::time::timeout(self.timeout, start)
            .await
            .map_err(|_| failed("it does not respond".into()))??;
        for tool in tools {
            if tool.name == SEARCH && self.has_documents() {
                continue;
            }
            let definition = Definition {
                name: tool.name.to_string(),
                description: tool.description.as_deref().unwrap_or_default().to_owned(),
                schema: Json::Object((*tool.input_schema).clone()),
            };
            self.add(Tool {
                definition,
                server: name.to_owned(),
                backend: ToolBackend::Mcp(server.peer().clone()),
            })?;
        }
        self.servers.push(server);
        Ok(())
    }

    fn has_documents(&self) -> bool {
        self.tools.iter().any(|tool| matches!(tool.backend, ToolBackend::Documents(_)))
    }

    fn add(&mut self, tool: Tool) -> Result<(), ToolError> {
        if self.find(&tool.definition.name).is_some() {
            return Err(ToolError::DuplicateName(tool.definition.name));
        }
        self.tools.push(tool);
        Ok(())
    }

    /// The tool of this name.
    pub fn find(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.definition.name == name)
    }

    /// The tool definitions for the model.
    pub fn definitions(&self) -> Vec<Definition> {
        self.tools.iter().map(|tool| tool.definition.clone()).collect()
    }

    /// Calls a tool within this step. The trace continues in the tool's process.
    ///
    /// # Errors
    /// When it fails, cannot be reached, or does not respond in time.
    pub(crate) async fn call(
        &self,
        tool: &Tool,
        arguments: &Map<String, Json>,
        step: &Step,
        delegator: Delegator<'_>,
    ) -> Result<String, ToolError> {
        let work = async {
            match &tool.backend {
                ToolBackend::Mcp(peer) => call_mcp(peer, tool, arguments, step).await,
                ToolBackend::Queue(folder) => put(folder, tool, arguments, step, delegator),
                ToolBackend::Documents(documents) => search(documents, arguments, step).await,
                ToolBackend::Agent(url) => self.ask_agent(url, tool, arguments, delegator).await,
            }
        };
        match tokio::time::timeout(self.timeout, step.scope(work)).await {
            Ok(result) => result,
            Err(_) => Err(ToolError::Timeout(self.timeout)),
        }
    }

    async fn ask_agent(
        &self,
        url: &str,
        tool: &Tool,
        arguments: &Map<String, Json>,
        delegator: Delegator<'_>,
    ) -> Result<String, ToolError> {
        let broken = |cause: String| ToolError::Unavailable { server: tool.server.clone(), cause };
        let body = serde_json::to_string(&delegator.delegate(text_of(arguments, "task")?, "delegation"))
            .map_err(|error| broken(error.to_string()))?;
        let url = format!("{}/run", url.trim_end_matches('/'));
        let response = self.http.post(&url, &[], body, Propagation::WithBaggage).await.map_err(broken)?;
        let text = text(response).await.map_err(broken)?;
        let body: Json =
            serde_json::from_str(&text).map_err(|_| broken(format!("unexpected response {text:?}")))?;
        match (body["answer"].as_str(), body["error"]["message"].as_str()) {
            (Some(answer), _) => Ok(answer.to_owned()),
            (None, message) => {
                Err(ToolError::Failed(message.unwrap_or("the response has no answer").to_owned()))
            }
        }
    }

    /// Stops the servers.
    pub async fn close(self) {
        for mut server in self.servers {
            let _ = server.close().await;
        }
    }
}

fn of_documents(documents: Documents) -> Tool {
    let query = json!({ "type": "string", "description": "The words to search for" });
    Tool {
        definition: Definition {
            name: SEARCH.to_owned(),
            description: "Returns the passages of the documents that best match a query.".to_owned(),
            schema: json!({ "type": "object", "properties": { "query": query }, "required": ["query"] }),
        },
        server: "documents".to_owned(),
        backend: ToolBackend::Documents(Box::new(documents)),
    }
}

async fn search(
    documents: &Documents,
    arguments: &Map<String, Json>,
    step: &Step,
) -> Result<String, ToolError> {
    let found = documents.search(step, text_of(arguments, "query")?).await;
    found.map_err(|error| ToolError::Unavailable { server: "documents".to_owned(), cause: error.to_string() })
}

fn of_delegate(delegate: &Delegate) -> Tool {
    let description = delegate.description.clone().unwrap_or_else(|| {
        format!("Hands a task to the agent {}, which answers in its own words. It knows nothing of this conversation.", delegate.name)
    });
    of_agent("ask", &delegate.name, description, ToolBackend::Agent(delegate.url.clone()))
}

fn of_queue(queue: &Queue) -> Tool {
    let description = queue.description.clone().unwrap_or_else(|| {
        format!("Queues a task for the agent {}, which does it later. There is no answer.", queue.name)
    });
    of_agent("queue", &queue.name, description, ToolBackend::Queue(queue.folder.clone()))
}

/// A tool that passes a task to another agent.
fn of_agent(verb: &str, name: &str, description: String, backend: ToolBackend) -> Tool {
    let task =
        json!({ "type": "string", "description": "The task, with everything the agent needs to know" });
    Tool {
        definition: Definition {
            name: format!("{verb}_{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")),
            description,
            schema: json!({ "type": "object", "properties": { "task": task }, "required": ["task"] }),
        },
        server: name.to_owned(),
        backend,
    }
}

fn put(
    folder: &Path,
    tool: &Tool,
    arguments: &Map<String, Json>,
    step: &Step,
    delegator: Delegator<'_>,
) -> Result<String, ToolError> {
    let request = delegator.delegate(text_of(arguments, "task")?, "queue");
    let queued = queue::put(folder, request, step);
    let queued = queued.map(|()| "queued".to_owned());
    queued.map_err(|error| ToolError::Unavailable { server: tool.server.clone(), cause: error.to_string() })
}

fn text_of<'a>(arguments: &'a Map<String, Json>, key: &str) -> Result<&'a str, ToolError> {
    let text = arguments.get(key).and_then(Json::as_str);
    text.ok_or_else(|| ToolError::Failed(format!("the argument {key} is missing or not a string")))
}

async fn call_mcp(
    peer: &Peer<RoleClient>,
    tool: &Tool,
    arguments: &Map<String, Json>,
    step: &Step,
) -> Result<String, ToolError> {
    let mut meta = Map::new();
    step.inject(&mut Meta(&mut meta));
    let mut params =
        CallToolRequestParams::new(tool.definition.name.clone()).with_arguments(arguments.clone());
    if let Ok(meta) = serde_json::from_value::<RequestMetaObject>(Json::Object(meta)) {
        params.meta = Some(meta);
    }
    let result = peer
        .call_tool(params)
        .await
        .map_err(|error| ToolError::Unavailable { server: tool.server.clone(), cause: error.to_string() })?;
    let texts: Vec<&str> =
        result.content.iter().filter_map(|block| block.as_text()).map(|text| text.text.as_str()).collect();
    let text = texts.join("\n");
    if result.is_error == Some(true) { Err(ToolError::Failed(text)) } else { Ok(text) }
}
