//! A conversation, independent of who is asked: what runners build, and what each API's dialect is made of.

use serde_json::{Value as Json, json};

/// One entry of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// What the agent was asked.
    User(String),
    /// What the model said, and the tools that it asked for.
    Assistant {
        /// The text; may be empty.
        text: String,
        /// The calls.
        calls: Vec<Call>,
    },
    /// What came of the calls, in their order.
    Results(Vec<CallResult>),
}

/// A tool that the model asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The call's id, as the provider gave it.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments; a string where the model wrote no JSON.
    pub arguments: Json,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallResult {
    /// The call's id.
    pub id: String,
    /// What the model is told.
    pub text: String,
    /// Whether it failed, or was not let through.
    pub failed: bool,
}

/// A tool, as the model is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub schema: Json,
}

impl Message {
    /// In the shape of the GenAI conventions, for the trace.
    pub fn as_convention(&self) -> Json {
        match self {
            Self::User(text) => json!({ "role": "user", "parts": [text_part(text)] }),
            Self::Assistant { text, calls } => json!({ "role": "assistant", "parts": parts(text, calls) }),
            Self::Results(results) => {
                let part = |result: &CallResult| json!({ "type": "tool_call_response", "id": result.id, "response": result.text });
                json!({ "role": "tool", "parts": results.iter().map(part).collect::<Vec<_>>() })
            }
        }
    }
}

/// What a model said, in the shape of the GenAI conventions.
pub(crate) fn output_convention(text: &str, calls: &[Call], finish_reason: &str) -> Json {
    json!([{ "role": "assistant", "parts": parts(text, calls), "finish_reason": finish_reason }])
}

fn parts(text: &str, calls: &[Call]) -> Vec<Json> {
    let said = (!text.is_empty()).then(|| text_part(text));
    let asked = calls.iter().map(
        |call| json!({ "type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments }),
    );
    said.into_iter().chain(asked).collect()
}

/// A part of text.
pub(crate) fn text_part(text: &str) -> Json {
    json!({ "type": "text", "content": text })
}
