//! Reference agents: small but real. They are described by a YAML role file, call any endpoint with
//! `OpenAI`'s or Anthropic's API, use MCP tools, ask a policy before every call, and record themselves with
//! the crate `turnscope` and in the audit trail.
//!
//! [`Role`] describes an agent, [`Agent`] is one that is ready to run, and a [`Runner`] is its strategy. The
//! binary `turnscope-agents` is a thin layer on top.

mod agent;
mod call;
mod enclosing_spans;
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
mod random_id;
mod request;
mod role;
mod run;
mod runner;
pub mod scenarios;
pub mod serve;
pub mod tools;
mod trail;
mod unrecorded;
mod work;
mod yaml;

pub use agent::{Agent, Options};
pub use error::AgentError;
pub use observe::observe;
pub use policy::{Approver, Terminal};
pub use request::{RunRequest, RunResult, ToolUse};
pub use role::{Names, PolicyFiles, Role, RoleError, Runner};
