//! A conversation, independent of any provider. Runners build it; the `model` module translates it to each
//! API.

use serde_json::{Value as Json, json};

/// One entry of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The task.
    User(String),
    /// The model's text and tool calls.
    Assistant {
        /// The text; may be empty.
        text: String,
        /// The calls.
        calls: Vec<Call>,
    },
    /// The results of the calls, in order.
    Results(Vec<CallResult>),
}

/// A tool call requested by the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The call's id, from the provider.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments; a string if the model did not write valid JSON.
    pub arguments: Json,
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallResult {
    /// The call's id.
    pub id: String,
    /// The text for the model.
    pub text: String,
    /// Whether the call failed, or was refused by the policy.
    pub failed: bool,
}

/// A tool definition for the model.
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
    /// In the shape of the GenAI semantic conventions, for the trace.
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

/// A model's answer in the shape of the GenAI semantic conventions.
pub(crate) fn output_convention(text: &str, calls: &[Call], finish_reason: &str) -> Json {
    json!([{ "role": "assistant", "parts": parts(text, calls), "finish_reason": finish_reason }])
}

fn parts(text: &str, calls: &[Call]) -> Vec<Json> {
    let said = (!text.is_empty()).then(|| text_part(text));
    let request = calls.iter().map(
        |call| json!({ "type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments }),
    );
    said.into_iter().chain(request).collect()
}

/// A text part.
pub(crate) fn text_part(text: &str) -> Json {
    json!({ "type": "text", "content": text })
}
