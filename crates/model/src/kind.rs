//! What kind of work a step is.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The kind of a step, in the order in which the surface lists them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One execution of one agent.
    Run,
    /// One decision of a run's model and what followed from it, where a framework has a span for it.
    Turn,
    /// A call of a generative model.
    Llm,
    /// A tool call.
    Tool,
    /// A retrieval from a data source.
    Retrieval,
    /// A call of an embedding model.
    Embedding,
    /// A re-ranking of documents.
    Rerank,
    /// A read or write of an agent's memory.
    Memory,
    /// A policy gate's evaluation, or a human's approval.
    Policy,
    /// A sanitiser's pass over content.
    Sanitizer,
    /// Documents taken into a store.
    Ingest,
    /// An evaluation.
    Evaluation,
    /// A chain, graph, task or pipeline: structure between agents and calls.
    Workflow,
    /// A message of the Model Context Protocol.
    Mcp,
    /// An HTTP request.
    Http,
    /// Anything else.
    #[default]
    Other,
}

impl Kind {
    /// Every kind, in surface order.
    pub const ALL: [Self; 16] = [
        Self::Run,
        Self::Turn,
        Self::Llm,
        Self::Tool,
        Self::Retrieval,
        Self::Embedding,
        Self::Rerank,
        Self::Memory,
        Self::Policy,
        Self::Sanitizer,
        Self::Ingest,
        Self::Evaluation,
        Self::Workflow,
        Self::Mcp,
        Self::Http,
        Self::Other,
    ];

    /// The name on the surface and in the store's own tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Turn => "turn",
            Self::Llm => "llm",
            Self::Tool => "tool",
            Self::Retrieval => "retrieval",
            Self::Embedding => "embedding",
            Self::Rerank => "rerank",
            Self::Memory => "memory",
            Self::Policy => "policy",
            Self::Sanitizer => "sanitizer",
            Self::Ingest => "ingest",
            Self::Evaluation => "evaluation",
            Self::Workflow => "workflow",
            Self::Mcp => "mcp",
            Self::Http => "http",
            Self::Other => "other",
        }
    }

    /// Whether a trace that holds such a step makes runs. A trace of only `sanitizer`, `mcp`, `http` and `other`
    /// steps does not.
    pub const fn is_agentic(self) -> bool {
        !matches!(self, Self::Sanitizer | Self::Mcp | Self::Http | Self::Other)
    }

    /// Whether a step of this kind is a call of a model, whose usage is counted.
    pub const fn is_model_call(self) -> bool {
        matches!(self, Self::Llm | Self::Embedding)
    }
}

impl FromStr for Kind {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}
