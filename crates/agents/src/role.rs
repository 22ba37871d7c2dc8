//! The role file, which describes an agent. Errors in it name the line and the key. What it describes (tools,
//! documents, policy, runners) uses these settings, not the reverse.

pub(crate) mod ingest;
mod runner;
pub(crate) mod tools;

pub use runner::Runner;

use crate::yaml::{from_yaml, line_of};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::path::{Path, PathBuf};
use tools::ToolSource;
use turnscope::Observability;

/// The description of an agent.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The model it uses.
    pub model: Model,
    /// The system prompt.
    pub role: String,
    /// The sources of its tools.
    pub tools: Vec<ToolSource>,
    /// Its policy.
    pub policy: Option<PolicyFiles>,
    /// Its documents.
    pub ingest: Option<ingest::Settings>,
    /// Its runner, unless the command line specifies one.
    pub runner: Option<Runner>,
    /// Maximum number of turns.
    pub max_turns: u32,
    /// Where its spans are sent. If absent, nothing is recorded.
    pub observability: Option<Observability>,
    /// How its spans are named.
    pub names: Names,
}

/// A model and its provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The provider.
    pub provider: Provider,
    /// The model's name.
    pub name: String,
    /// Which of `OpenAI`'s two APIs to use: `chat` (default) or `responses`.
    #[serde(default)]
    pub api: Api,
}

/// A model provider, and thus the API to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// `OPENAI_BASE_URL`, `OPENAI_API_KEY`.
    OpenAi,
    /// `ANTHROPIC_BASE_URL`, `ANTHROPIC_API_KEY`.
    Anthropic,
}

impl Provider {
    /// The provider's name in the GenAI semantic conventions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }
}

/// One of `OpenAI`'s APIs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// Chat completions.
    #[default]
    Chat,
    /// Responses.
    Responses,
}

/// The policy's files, and the role of the user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFiles {
    /// Rego files, relative to the role file.
    pub files: Vec<PathBuf>,
    /// The role of the user on whose behalf the agent acts.
    #[serde(default)]
    pub user_role: Option<String>,
}

/// How spans are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    /// `agent.run` → `agent.turn` → `tool.call`.
    #[default]
    Agent,
    /// GenAI semantic convention names.
    Semconv,
    /// `agent.run` below `initrunner.agent.run`.
    InitRunner,
}

/// Why a role file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not a valid role file.
    #[error("{path}: {message}", path = path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and key.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "kind")]
    _kind: Kind,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
enum Kind {
    Agent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    model: Model,
    role: String,
    #[serde(default)]
    tools: Vec<ToolSource>,
    policy: Option<PolicyFiles>,
    ingest: Option<ingest::Settings>,
    runner: Option<Runner>,
    max_turns: Option<u32>,
    observability: Option<Map<String, Json>>,
}

/// Default of `max_turns`.
const MAX_TURNS: u32 = 12;

impl Role {
    /// Reads a role file.
    ///
    /// # Errors
    /// When it cannot be read, or is invalid. The error names line and key.
    pub fn read(path: &Path) -> Result<Self, RoleError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RoleError::Read { path: path.to_owned(), source })?;
        let mut role =
            Self::parse(&text).map_err(|message| RoleError::Wrong { path: path.to_owned(), message })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for file in role.policy.iter_mut().flat_map(|policy| &mut policy.files) {
            *file = folder.join(&*file);
        }
        for source in &mut role.tools {
            source.resolve_paths(folder);
        }
        if let Some(ingest) = &mut role.ingest {
            ingest.resolve_paths(path);
        }
        Ok(role)
    }

    /// Parses a role. Errors are messages for people.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let File { metadata, spec, .. } = from_yaml(text)?;
        let mut names = Names::default();
        let observability = match spec.observability {
            None => None,
            Some(mut section) => {
                if let Some(value) = section.remove("names") {
                    names = serde_json::from_value(value.clone()).map_err(|_| {
                        let line = line_of(text, "observability", "names");
                        format!("{line}observability.names is {value}; allowed: agent, semconv, initrunner")
                    })?;
                }
                let section = Observability::try_from(section).map_err(|error| {
                    let error = error.to_string();
                    let key = error.split([' ', '.']).nth(1).unwrap_or_default();
                    format!("{}{error}", line_of(text, "observability", key))
                })?;
                Some(section)
            }
        };
        if metadata.name.trim().is_empty() {
            return Err(format!("{}metadata.name is empty", line_of(text, "metadata", "name")));
        }
        if let Some(Err((key, why))) = spec.ingest.as_ref().map(ingest::Settings::check) {
            return Err(format!("{}ingest.{key} {why}", line_of(text, "ingest", key)));
        }
        Ok(Self {
            name: metadata.name,
            model: spec.model,
            role: spec.role,
            tools: spec.tools,
            policy: spec.policy,
            ingest: spec.ingest,
            runner: spec.runner,
            max_turns: spec.max_turns.unwrap_or(MAX_TURNS).max(1),
            observability,
            names,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "kind: Agent
metadata: {name: traced-agent}
spec:
  model: {provider: openai, name: gpt-4o-mini}
  role: You are a helpful assistant.
  tools: [{mcp: builtin}, {mcp: {command: other, args: [--fast]}}, {delegate: {name: billing, url: 'http://127.0.0.1:1'}}]
  policy: {files: [policy.rego], user_role: support_agent}
  observability: {backend: otlp, endpoint: 'http://localhost:4317', include_content: true}
  ingest: {paths: [docs/], chunk_size: 400}
";

    #[test]
    fn every_section_of_a_role_is_read() {
        let role = Role::parse(ROLE).expect("a role");
        assert_eq!((role.name.as_str(), role.model.provider.as_str()), ("traced-agent", "openai"));
        assert_eq!((role.tools.len(), role.max_turns, role.names), (3, MAX_TURNS, Names::Agent));
        assert!(role.observability.is_some_and(|section| section.include_content));
    }

    #[test]
    fn errors_name_their_line_and_key() {
        let wrong = |from: &str, to: &str| Role::parse(&ROLE.replace(from, to)).expect_err("a mistake");
        for (from, to, line, key) in [
            ("gpt-4o-mini}", "gpt-4o-mini, temprature: 1}", "line 4", "temprature"),
            ("provider: openai", "provider: acme", "line 4", "acme"),
            ("backend: otlp", "backend: pigeon", "line 8", "observability.backend"),
            ("backend: otlp", "names: mine", "line 8", "observability.names"),
            ("include_content: true", "include_contents: true", "line 8", "include_contents"),
            ("chunk_size: 400", "chunk_siz: 400", "line 9", "chunk_siz"),
            ("chunk_size: 400", "chunk_size: many", "line 9", "chunk_size"),
            ("chunk_size: 400", "chunk_size: 4", "line 9", "ingest.chunk_size is 4"),
            ("chunk_size: 400", "chunk_overlap: 501", "line 9", "ingest.chunk_overlap"),
            ("docs/", "", "line 9", "ingest.paths is empty"),
            ("chunk_size: 400", "top_k: 0", "line 9", "ingest.top_k"),
        ] {
            let said = wrong(from, to);
            assert!(said.contains(line) && said.contains(key), "{to}: {said}");
        }
        assert!(wrong("  role: You are a helpful assistant.\n", "").contains("role"));
    }
}
