//! The client for language models: streams answers through one of three APIs.

use super::{
    Answer, ModelError, Prompt, anthropic, chat,
    endpoint::{Endpoint, Retry},
    responses,
};
use crate::{
    http::Events,
    messages::{Definition, Message},
    role::{Api, Model, Provider},
};
use serde_json::Value as Json;
use std::time::Instant;
use turnscope::LlmCall;

/// A client for one model.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
    api: ApiKind,
    model: Model,
}

#[derive(Clone, Copy, Debug)]
enum ApiKind {
    Chat,
    Responses,
    Messages,
}

impl Client {
    /// Creates a client for a role's model. Base URL and key come from the provider's usual variables, read
    /// with `variable`.
    ///
    /// # Errors
    /// When neither a base URL nor a key is set.
    pub fn new(model: &Model, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ModelError> {
        let api = match (model.provider, model.api) {
            (Provider::Anthropic, _) => ApiKind::Messages,
            (Provider::OpenAi, Api::Chat) => ApiKind::Chat,
            (Provider::OpenAi, Api::Responses) => ApiKind::Responses,
        };
        Ok(Self { endpoint: Endpoint::of(model.provider, variable)?, api, model: model.clone() })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Calls the model, and retries transient errors. Each attempt is recorded as a call of its own below
    /// `turn`.
    ///
    /// # Errors
    /// When all attempts fail, or an error is not transient.
    pub async fn ask(&self, turn: &turnscope::Step, prompt: Prompt<'_>) -> Result<Answer, ModelError> {
        let mut retry = Retry::new();
        loop {
            let call = turn.llm(self.model.provider.as_str(), self.model.name.clone());
            let request = call.scope(self.ask_once(&call, prompt)).await;
            if let Err(error) = &request {
                call.fail(error.kind(), error.to_string());
            }
            call.end();
            match request {
                Ok(answer) => return Ok(answer),
                Err(error) => retry.wait(error).await?,
            }
        }
    }

    async fn ask_once(&self, call: &LlmCall, prompt: Prompt<'_>) -> Result<Answer, ModelError> {
        describe(call, prompt);
        let (path, body) = match self.api {
            ApiKind::Chat => ("/chat/completions", chat::body(&self.model.name, prompt)),
            ApiKind::Responses => ("/responses", responses::body(&self.model.name, prompt)),
            ApiKind::Messages => ("/v1/messages", anthropic::body(&self.model.name, prompt)),
        };
        let began = Instant::now();
        let response = self.endpoint.send(path, &body).await?;
        let mut events = Events::of(response);
        let mut builder = match self.api {
            ApiKind::Chat => StreamBuilder::Chat(chat::AnswerBuilder::default()),
            ApiKind::Responses => StreamBuilder::Responses(responses::AnswerBuilder::default()),
            ApiKind::Messages => StreamBuilder::Messages(anthropic::AnswerBuilder::default()),
        };
        let mut is_first = true;
        while let Some(event) = events.next().await {
            let event = event.map_err(ModelError::CutOff)?;
            if is_first {
                call.time_to_first_chunk(began.elapsed());
                is_first = false;
            }
            if event == "[DONE]" {
                break;
            }
            let data: Json = serde_json::from_str(&event)
                .map_err(|error| ModelError::Invalid(format!("an event is not valid JSON: {error}")))?;
            builder.add(&data)?;
        }
        let answer = builder.answer();
        if answer.finish_reason.is_empty() {
            return Err(ModelError::CutOff("the stream ended early".into()));
        }
        record(call, &answer);
        Ok(answer)
    }
}

/// Collects an answer from stream events.
enum StreamBuilder {
    Chat(chat::AnswerBuilder),
    Responses(responses::AnswerBuilder),
    Messages(anthropic::AnswerBuilder),
}

impl StreamBuilder {
    fn add(&mut self, event: &Json) -> Result<(), ModelError> {
        match self {
            Self::Chat(builder) => builder.add(event),
            Self::Responses(builder) => builder.add(event),
            Self::Messages(builder) => builder.add(event),
        }
    }

    fn answer(self) -> Answer {
        match self {
            Self::Chat(builder) => builder.answer(),
            Self::Responses(builder) => builder.answer(),
            Self::Messages(builder) => builder.answer(),
        }
    }
}

/// Records the prompt.
fn describe(call: &LlmCall, prompt: Prompt<'_>) {
    if !call.captures_content() {
        return;
    }
    call.system_instructions(&[crate::messages::text_part(prompt.system)]);
    call.input_messages(&prompt.messages.iter().map(Message::as_convention).collect::<Vec<_>>());
    let tool = |tool: &Definition| serde_json::json!({ "type": "function", "name": tool.name, "description": tool.description, "parameters": tool.schema });
    if !prompt.tools.is_empty() {
        call.tool_definitions(&prompt.tools.iter().map(tool).collect::<Vec<_>>());
    }
}

/// Records the answer.
fn record(call: &LlmCall, answer: &Answer) {
    call.response(answer.id.clone(), answer.model.clone()).finish_reasons([answer.finish_reason.clone()]);
    call.usage(answer.usage);
    call.output_messages(&crate::messages::output_convention(
        &answer.text,
        &answer.calls,
        &answer.finish_reason,
    ));
}
