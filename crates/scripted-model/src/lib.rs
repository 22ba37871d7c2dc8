//! A model server that answers from a script, over real HTTP: OpenAI chat completions and responses, Anthropic messages,
//! embeddings; whole or as a stream of server-sent events, in the providers' own shapes. It can fail as they do: refuse,
//! break, hesitate, cut a stream, send what is no JSON. Every answer follows from the script and the request alone.
//!
//! `script` says what is answered, `api` how each provider would say it, `server` listens.
//!
//! ```
//! use turnscope_scripted_model::{Reply, Script, ScriptedModel};
//!
//! let script = Script::new()
//!     .reply(Reply::tool("lookup", serde_json::json!({"order": 17})).when("order 17"))
//!     .reply(Reply::text("It is at sea."));
//! let model = ScriptedModel::start(script)?;
//! let base = model.base_url(); // http://127.0.0.1:PORT/v1, for any client of OpenAI
//! assert!(model.requests().is_empty());
//! # drop(base);
//! # Ok::<(), std::io::Error>(())
//! ```

mod api;
mod script;
mod server;

pub use script::{Endpoint, Fault, Reply, Script, ToolCall, Usage};
pub use server::{Request, ScriptedModel};
