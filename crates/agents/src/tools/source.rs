//! Where a role's tools come from, as its file says.

use serde::Deserialize;

/// Where tools come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolSource {
    /// An MCP server, started over stdio.
    Mcp(McpServer),
    /// Another agent, asked over HTTP.
    Delegate(Delegate),
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
