//! Canonical messages, as in the GenAI semantic conventions: made on read from what was sent.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// One entry of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Content hash of the message as it was sent; the same message has the same id wherever it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `system`, `user`, `assistant`, `tool`, or what the sender wrote.
    pub role: String,
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// The participant's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why the model stopped here, on an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// Where its texts hold blocks that an agent's program put there and nobody typed, such as reminders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub injected: Vec<Injected>,
}

/// A block in a text of a message that nobody typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injected {
    /// The part, from 0.
    pub part: usize,
    /// Where the block begins in the part's text, in UTF-16 code units.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// One part of a message. Names and fields are the GenAI conventions'.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Plain text.
    Text {
        /// The text.
        content: String,
    },
    /// What the model thought.
    Reasoning {
        /// The text.
        content: String,
    },
    /// A tool call that the model asks for.
    ToolCall {
        /// The call's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The tool.
        name: String,
        /// The arguments, as JSON where they are.
        #[serde(skip_serializing_if = "Option::is_none")]
        arguments: Option<Json>,
    },
    /// What a tool answered.
    ToolCallResponse {
        /// The call's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The answer, as JSON where it is.
        response: Json,
    },
    /// Media given inline, base64.
    Blob {
        /// `image`, `audio`, `video`, `document`, …
        modality: String,
        /// The MIME type.
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// Base64.
        content: String,
    },
    /// Media given by address.
    Uri {
        /// `image`, `audio`, `video`, `document`, …
        modality: String,
        /// The MIME type.
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// The address.
        uri: String,
    },
    /// Media given by a provider's file id.
    File {
        /// `image`, `audio`, `video`, `document`, …
        modality: String,
        /// The MIME type.
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// The id.
        file_id: String,
    },
    /// The provider compacted the conversation here.
    Compaction {
        /// The summary, where it is readable.
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// A part of another type, kept whole: `value` is the object as sent.
    Other {
        /// The part as sent.
        value: Json,
    },
}

impl Message {
    /// A message of one text part.
    pub fn text(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), parts: vec![Part::Text { content: content.into() }], ..Self::default() }
    }

    /// All its text parts, joined by line breaks.
    pub fn joined_text(&self) -> String {
        let texts: Vec<&str> = self
            .parts
            .iter()
            .filter_map(|part| if let Part::Text { content } = part { Some(content.as_str()) } else { None })
            .collect();
        texts.join("\n")
    }
}

/// A tool that a model was offered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolDefinition {
    /// The tool's name.
    pub name: String,
    /// What it does, for the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON schema of its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Json>,
}
