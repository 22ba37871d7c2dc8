//! Reference agents: small and real. They are described by a YAML role file, call any endpoint that speaks as `OpenAI` or Anthropic
//! do, use MCP tools, ask a policy before every call, and are recorded with the crate `turnscope` and in the audit trail.
//!
//! [`Role`] says what an agent is, [`Agent`] is one that is ready, and a [`Runner`] is how it works. The binary
//! `turnscope-agents` does no more than that.

mod agent;
mod around;
mod call;
mod error;
mod files;
mod gate;
mod http;
pub mod ingest;
mod job;
mod messages;
pub mod model;
mod observe;
pub mod policy;
pub mod queue;
mod role;
mod runner;
pub mod scenarios;
pub mod serve;
pub mod tools;
mod trail;
mod yaml;

pub use agent::{Agent, Answered, Asked, Options, ToolUse};
pub use error::AgentError;
pub use observe::observe;
pub use policy::{Human, Terminal};
pub use role::{Names, PolicyFiles, Role, RoleError};
pub use runner::Runner;
