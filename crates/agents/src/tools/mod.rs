//! Tools: those of MCP servers over stdio, and other agents over HTTP. One that fails or hangs is told to the model, and
//! ends no run.

pub mod builtin;
mod calculate;
mod error;
mod source;

pub use error::ToolError;
pub use source::{Bundled, Delegate, McpCommand, McpServer, Queue, ToolSource};

use crate::{
    http::{Along, Http, text},
    ingest::Documents,
    job::Job,
    messages::Definition,
    queue,
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

/// The tool that looks through documents.
const SEARCH: &str = "search_docs";

/// The tools of an agent, with the servers that they live on.
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
    /// As the model is told.
    pub definition: Definition,
    /// The server that it lives on.
    pub server: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Mcp(Peer<RoleClient>),
    Agent(String),
    Queue(PathBuf),
    /// The agent's own index.
    Documents(Box<Documents>),
}

impl Toolbox {
    /// Starts the servers and asks each for its tools. `bundled` starts the bundled one, whose `search_docs` gives way where
    /// the agent has documents of its own.
    ///
    /// # Errors
    /// When a server cannot be started, or two tools have one name.
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
            .map_err(|_| failed("it does not answer".into()))??;
        for tool in tools {
            if tool.name == SEARCH && self.has_documents() {
                continue;
            }
            let definition = Definition {
                name: tool.name.to_string(),
                description: tool.description.as_deref().unwrap_or_default().to_owned(),
                schema: Json::Object((*tool.input_schema).clone()),
            };
            self.add(Tool { definition, server: name.to_owned(), place: Place::Mcp(server.peer().clone()) })?;
        }
        self.servers.push(server);
        Ok(())
    }

    fn has_documents(&self) -> bool {
        self.tools.iter().any(|tool| matches!(tool.place, Place::Documents(_)))
    }

    fn add(&mut self, tool: Tool) -> Result<(), ToolError> {
        if self.find(&tool.definition.name).is_some() {
            return Err(ToolError::Twice(tool.definition.name));
        }
        self.tools.push(tool);
        Ok(())
    }

    /// The tool of this name.
    pub fn find(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.definition.name == name)
    }

    /// The tools, as the model is told.
    pub fn definitions(&self) -> Vec<Definition> {
        self.tools.iter().map(|tool| tool.definition.clone()).collect()
    }

    /// Calls a tool within this step, which goes on in the process that it lives in.
    ///
    /// # Errors
    /// When it fails, cannot be reached, or does not answer in time.
    pub(crate) async fn call(
        &self,
        tool: &Tool,
        arguments: &Map<String, Json>,
        step: &Step,
        job: &Job<'_>,
    ) -> Result<String, ToolError> {
        let work = async {
            match &tool.place {
                Place::Mcp(peer) => call_mcp(peer, tool, arguments, step).await,
                Place::Queue(folder) => put(folder, tool, arguments, step, job),
                Place::Documents(documents) => search(documents, arguments, step).await,
                Place::Agent(url) => self.ask_agent(url, tool, arguments, job).await,
            }
        };
        match tokio::time::timeout(self.timeout, step.around(work)).await {
            Ok(result) => result,
            Err(_) => Err(ToolError::Timeout(self.timeout)),
        }
    }

    async fn ask_agent(
        &self,
        url: &str,
        tool: &Tool,
        arguments: &Map<String, Json>,
        job: &Job<'_>,
    ) -> Result<String, ToolError> {
        let broken = |cause: String| ToolError::Broken { server: tool.server.clone(), cause };
        let body = serde_json::to_string(&job.hand_on(text_of(arguments, "task")?, "delegation"))
            .map_err(|error| broken(error.to_string()))?;
        let url = format!("{}/run", url.trim_end_matches('/'));
        let response = self.http.post(&url, &[], body, Along::Everything).await.map_err(broken)?;
        let text = text(response).await.map_err(broken)?;
        let said: Json = serde_json::from_str(&text).map_err(|_| broken(format!("it answered {text:?}")))?;
        match (said["answer"].as_str(), said["error"]["message"].as_str()) {
            (Some(answer), _) => Ok(answer.to_owned()),
            (None, message) => Err(ToolError::Failed(message.unwrap_or("it gave no answer").to_owned())),
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
    let query = json!({ "type": "string", "description": "What to look for" });
    Tool {
        definition: Definition {
            name: SEARCH.to_owned(),
            description: "Passages of the documents that fit a query best.".to_owned(),
            schema: json!({ "type": "object", "properties": { "query": query }, "required": ["query"] }),
        },
        server: "documents".to_owned(),
        place: Place::Documents(Box::new(documents)),
    }
}

async fn search(
    documents: &Documents,
    arguments: &Map<String, Json>,
    step: &Step,
) -> Result<String, ToolError> {
    let found = documents.search(step, text_of(arguments, "query")?).await;
    found.map_err(|error| ToolError::Broken { server: "documents".to_owned(), cause: error.to_string() })
}

fn of_delegate(delegate: &Delegate) -> Tool {
    let description = delegate.description.clone().unwrap_or_else(|| {
        format!("Hands a task to the agent {}, which answers in its own words. It knows nothing of this conversation.", delegate.name)
    });
    of_agent("ask", &delegate.name, description, Place::Agent(delegate.url.clone()))
}

fn of_queue(queue: &Queue) -> Tool {
    let description = queue.description.clone().unwrap_or_else(|| {
        format!("Leaves a task for the agent {}, which does it later. No answer comes back.", queue.name)
    });
    of_agent("queue", &queue.name, description, Place::Queue(queue.folder.clone()))
}

/// A tool that hands a task to an agent.
fn of_agent(verb: &str, name: &str, description: String, place: Place) -> Tool {
    let task =
        json!({ "type": "string", "description": "The task, with everything that the agent has to know" });
    Tool {
        definition: Definition {
            name: format!("{verb}_{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")),
            description,
            schema: json!({ "type": "object", "properties": { "task": task }, "required": ["task"] }),
        },
        server: name.to_owned(),
        place,
    }
}

fn put(
    folder: &Path,
    tool: &Tool,
    arguments: &Map<String, Json>,
    step: &Step,
    job: &Job<'_>,
) -> Result<String, ToolError> {
    let asked = job.hand_on(text_of(arguments, "task")?, "queue");
    let kept = queue::put(folder, asked, step);
    let kept = kept.map(|()| "left for later".to_owned());
    kept.map_err(|error| ToolError::Broken { server: tool.server.clone(), cause: error.to_string() })
}

fn text_of<'a>(arguments: &'a Map<String, Json>, key: &str) -> Result<&'a str, ToolError> {
    let text = arguments.get(key).and_then(Json::as_str);
    text.ok_or_else(|| ToolError::Failed(format!("the argument {key} is missing, or no text")))
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
        .map_err(|error| ToolError::Broken { server: tool.server.clone(), cause: error.to_string() })?;
    let texts: Vec<&str> =
        result.content.iter().filter_map(|block| block.as_text()).map(|text| text.text.as_str()).collect();
    let text = texts.join("\n");
    if result.is_error == Some(true) { Err(ToolError::Failed(text)) } else { Ok(text) }
}
