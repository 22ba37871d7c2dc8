//! A model server that answers from a script, over real HTTP: OpenAI chat completions and responses,
//! Anthropic messages, embeddings; streamed or not, in the providers' own formats. It can also fail like a
//! provider: return errors, respond slowly, cut off a stream, send invalid JSON. Responses depend only on the
//! script and the request.
//!
//! `script` defines the replies, `api` renders them in each provider's format, `server` serves them.
//!
//! ```
//! use turnscope_scripted_model::{Reply, Script, ScriptedModel};
//!
//! let script = Script::new()
//!     .reply(Reply::tool("lookup", serde_json::json!({"order": 17})).when("order 17"))
//!     .reply(Reply::text("It is at sea."));
//! let model = ScriptedModel::start(script)?;
//! let base = model.base_url(); // http://127.0.0.1:PORT/v1, for any OpenAI client
//! assert!(model.requests().is_empty());
//! # drop(base);
//! # Ok::<(), std::io::Error>(())
//! ```

mod api;
mod script;
mod server;

pub use script::{Endpoint, Fault, Reply, Script, ToolCall, Usage};
pub use server::{Request, ScriptedModel};
