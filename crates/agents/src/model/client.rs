//! Asks a language model, with streaming, in the words of one of three APIs.

use super::{
    Answer, ModelError, Question, anthropic, chat,
    endpoint::{Endpoint, Patience},
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

/// A model, ready to be asked.
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
    /// The model of a role, with base URL and key from the provider's usual variables, as `variable` reads them.
    ///
    /// # Errors
    /// When the provider's own endpoint is meant and no key is set.
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

    /// Asks, again where that may help. Each attempt is recorded as a call of its own below `turn`.
    ///
    /// # Errors
    /// When there is no answer after several attempts, or another attempt would not help.
    pub async fn ask(&self, turn: &turnscope::Step, question: Question<'_>) -> Result<Answer, ModelError> {
        let mut patience = Patience::new();
        loop {
            let call = turn.llm(self.model.provider.as_str(), self.model.name.clone());
            let asked = call.around(self.ask_once(&call, question)).await;
            if let Err(error) = &asked {
                call.fail(error.kind(), error.to_string());
            }
            call.end();
            match asked {
                Ok(answer) => return Ok(answer),
                Err(error) => patience.wait(error).await?,
            }
        }
    }

    async fn ask_once(&self, call: &LlmCall, question: Question<'_>) -> Result<Answer, ModelError> {
        describe(call, question);
        let (path, body) = match self.api {
            ApiKind::Chat => ("/chat/completions", chat::body(&self.model.name, question)),
            ApiKind::Responses => ("/responses", responses::body(&self.model.name, question)),
            ApiKind::Messages => ("/v1/messages", anthropic::body(&self.model.name, question)),
        };
        let began = Instant::now();
        let response = self.endpoint.send(path, &body).await?;
        let mut events = Events::of(response);
        let mut gathered = match self.api {
            ApiKind::Chat => Gathered::Chat(chat::Gathering::default()),
            ApiKind::Responses => Gathered::Responses(responses::Gathering::default()),
            ApiKind::Messages => Gathered::Messages(anthropic::Gathering::default()),
        };
        let mut is_first = true;
        while let Some(event) = events.next().await {
            let event = event.map_err(ModelError::Cut)?;
            if is_first {
                call.time_to_first_chunk(began.elapsed());
                is_first = false;
            }
            if event == "[DONE]" {
                break;
            }
            let data: Json = serde_json::from_str(&event)
                .map_err(|error| ModelError::Invalid(format!("an event is no JSON: {error}")))?;
            gathered.take(&data)?;
        }
        let answer = gathered.answer();
        if answer.finish_reason.is_empty() {
            return Err(ModelError::Cut("the stream ended before the answer did".into()));
        }
        record(call, &answer);
        Ok(answer)
    }
}

/// An answer that is still coming.
enum Gathered {
    Chat(chat::Gathering),
    Responses(responses::Gathering),
    Messages(anthropic::Gathering),
}

impl Gathered {
    fn take(&mut self, event: &Json) -> Result<(), ModelError> {
        match self {
            Self::Chat(gathering) => gathering.take(event),
            Self::Responses(gathering) => gathering.take(event),
            Self::Messages(gathering) => gathering.take(event),
        }
    }

    fn answer(self) -> Answer {
        match self {
            Self::Chat(gathering) => gathering.answer(),
            Self::Responses(gathering) => gathering.answer(),
            Self::Messages(gathering) => gathering.answer(),
        }
    }
}

/// Records what is asked.
fn describe(call: &LlmCall, question: Question<'_>) {
    if !call.captures_content() {
        return;
    }
    call.system_instructions(&[crate::messages::text_part(question.system)]);
    call.input_messages(&question.messages.iter().map(Message::as_convention).collect::<Vec<_>>());
    let tool = |tool: &Definition| serde_json::json!({ "type": "function", "name": tool.name, "description": tool.description, "parameters": tool.schema });
    if !question.tools.is_empty() {
        call.tool_definitions(&question.tools.iter().map(tool).collect::<Vec<_>>());
    }
}

/// Records what was answered.
fn record(call: &LlmCall, answer: &Answer) {
    call.response(answer.id.clone(), answer.model.clone()).finish_reasons([answer.finish_reason.clone()]);
    call.usage(answer.usage);
    call.output_messages(&crate::messages::output_convention(
        &answer.text,
        &answer.calls,
        &answer.finish_reason,
    ));
}
