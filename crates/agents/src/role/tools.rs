//! The sources of tools in a role file.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A source of tools.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolSource {
    /// An MCP server, started over stdio.
    Mcp(McpServer),
    /// Another agent, called over HTTP.
    Delegate(Delegate),
    /// Another agent, which takes tasks from a directory later.
    Queue(Queue),
}

/// An MCP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum McpServer {
    /// The bundled server: `clock`, `calculate`, `memory_get`, `memory_set`, `search_docs`.
    Bundled(Bundled),
    /// Any other server.
    Command(McpCommand),
}

/// The name of the bundled server.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bundled {
    /// `builtin`.
    Builtin,
}

/// The command that starts a server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McpCommand {
    /// The program.
    pub command: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
}

/// Another agent, served by `turnscope-agents serve`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegate {
    /// Its name; the tool is called `ask_NAME`.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// What it can do, for the model.
    #[serde(default)]
    pub description: Option<String>,
}

/// A queue of tasks for `turnscope-agents work`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Its name; the tool is called `queue_NAME`.
    pub name: String,
    /// The directory, relative to the role file.
    pub folder: PathBuf,
    /// What tasks it accepts, for the model.
    #[serde(default)]
    pub description: Option<String>,
}

impl ToolSource {
    /// Resolves paths relative to the role file's directory.
    pub(crate) fn resolve_paths(&mut self, folder: &Path) {
        if let Self::Queue(queue) = self {
            queue.folder = folder.join(&queue.folder);
        }
    }
}
