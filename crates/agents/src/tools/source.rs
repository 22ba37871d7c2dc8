//! Where a role's tools come from, as its file says.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where tools come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolSource {
    /// An MCP server, started over stdio.
    Mcp(McpServer),
    /// Another agent, asked over HTTP.
    Delegate(Delegate),
    /// Another agent, which takes tasks from a folder when it has time.
    Queue(Queue),
}

/// An MCP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum McpServer {
    /// The one that comes along: `clock`, `calculate`, `memory_get`, `memory_set`, `search_docs`.
    Bundled(Bundled),
    /// Any other.
    Command(McpCommand),
}

/// The name of the bundled server.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bundled {
    /// `builtin`.
    Builtin,
}

/// How a server is started.
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
    /// Where it listens.
    pub url: String,
    /// What it can be asked, for the model.
    #[serde(default)]
    pub description: Option<String>,
}

/// A queue of tasks for `turnscope-agents work`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Its name; the tool is called `queue_NAME`.
    pub name: String,
    /// The folder, relative to the role file.
    pub folder: PathBuf,
    /// What it takes, for the model.
    #[serde(default)]
    pub description: Option<String>,
}

impl ToolSource {
    /// The same, seen from where the role file is.
    pub(crate) fn beside(&mut self, folder: &Path) {
        if let Self::Queue(queue) = self {
            queue.folder = folder.join(&queue.folder);
        }
    }
}
