//! The bundled MCP server: `clock`, `calculate`, `memory_get`, `memory_set`, `search_docs`. Memory lasts as
//! long as the server. Documents are the text files below the given paths.

use super::calculate::calculate;
use crate::files;
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
    transport::stdio,
};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The server.
#[derive(Debug, Default)]
pub struct Builtin {
    memory: Mutex<BTreeMap<String, String>>,
    documents: Vec<PathBuf>,
}

/// Number of passages that a search returns.
const PASSAGES: usize = 3;

impl Builtin {
    /// A server with the documents below these paths.
    pub fn new(paths: &[PathBuf]) -> Self {
        let documents = paths.iter().flat_map(|path| files::list(path).unwrap_or_default()).collect();
        Self { memory: Mutex::default(), documents }
    }

    /// Serves over stdin and stdout until the client disconnects.
    ///
    /// # Errors
    /// When the client does not speak MCP.
    pub async fn serve(self) -> anyhow::Result<()> {
        ServiceExt::serve(self, stdio()).await?.waiting().await?;
        Ok(())
    }

    fn run(&self, name: &str, arguments: &Map<String, Json>) -> Result<String, String> {
        let text = |key: &str| {
            arguments
                .get(key)
                .and_then(Json::as_str)
                .ok_or_else(|| format!("the argument {key} is missing or not a string"))
        };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        match name {
            "clock" => OffsetDateTime::now_utc()
                .truncate_to_second()
                .format(&Rfc3339)
                .map_err(|error| error.to_string()),
            "calculate" => calculate(text("expression")?).map(|value| value.to_string()),
            "memory_get" => {
                let key = text("key")?;
                memory.get(key).cloned().ok_or_else(|| format!("nothing is stored under {key:?}"))
            }
            "memory_set" => {
                let key = text("key")?;
                memory.insert(key.to_owned(), text("value")?.to_owned());
                Ok(format!("stored under {key:?}"))
            }
            "search_docs" => Ok(search(&self.documents, text("query")?)),
            other => Err(format!("there is no tool {other}")),
        }
    }
}

impl ServerHandler for Builtin {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let result = match self.run(&request.name, &request.arguments.unwrap_or_default()) {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(text) => CallToolResult::error(vec![ContentBlock::text(text)]),
        };
        Ok(result.into())
    }
}

fn tools() -> Vec<Tool> {
    let tool = |name: &'static str, description: &'static str, arguments: &[(&str, &str)]| {
        let properties: Map<String, Json> = arguments
            .iter()
            .map(|(name, about)| ((*name).to_owned(), json!({ "type": "string", "description": about })))
            .collect();
        let required: Vec<&str> = arguments.iter().map(|(name, _)| *name).collect();
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        Tool::new(name, description, Arc::new(schema.as_object().cloned().unwrap_or_default()))
    };
    vec![
        tool("clock", "Returns the current date and time in UTC.", &[]),
        tool(
            "calculate",
            "Evaluates an arithmetic expression.",
            &[("expression", "For example (1 + 2) * 3 ^ 2")],
        ),
        tool("memory_get", "Returns the text stored under a key.", &[("key", "The key")]),
        tool("memory_set", "Stores a text under a key.", &[("key", "The key"), ("value", "The text")]),
        tool(
            "search_docs",
            "Returns the passages of the documents that best match a query.",
            &[("query", "The words to search for")],
        ),
    ]
}

/// The paragraphs that contain the most words of the query, best first, each with its file name.
fn search(documents: &[PathBuf], query: &str) -> String {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let mut found: Vec<(usize, String)> = Vec::new();
    for document in documents {
        let Ok(text) = files::text(document) else { continue };
        let name = document.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        for passage in text.split("\n\n").map(str::trim).filter(|passage| !passage.is_empty()) {
            let lower = passage.to_lowercase();
            let score = words.iter().filter(|word| lower.contains(word.as_str())).count();
            if score > 0 {
                found.push((score, format!("{name}: {passage}")));
            }
        }
    }
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let best: Vec<String> = found.into_iter().take(PASSAGES).map(|(_, passage)| passage).collect();
    if best.is_empty() { "No passage matches.".to_owned() } else { best.join("\n\n") }
}
