//! For programs that call models with `async-openai` (feature `async-openai`): chat completions, responses and embeddings, whole
//! and streamed, recorded as the conventions have it.
//!
//! ```no_run
//! use async_openai::{Client, types::chat::CreateChatCompletionRequestArgs};
//! use turnscope::openai::Record;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new();
//! let run = turnscope::run("helpdesk");
//! let turn = run.turn();
//! let request = CreateChatCompletionRequestArgs::default().model("gpt-5-mini").messages(vec![]).build()?;
//! let answer = client.chat().recorded_in(&turn).create(request).await?;
//! # drop(answer);
//! # Ok(())
//! # }
//! ```
//!
//! A call with all that the client tries again is one step. Contents are recorded where that is switched on.

mod answer;
mod request;
mod stream;

pub use stream::{ChatPieces, Pieces, RecordedStream, ResponseEvents};

use crate::{Embedding, LlmCall, Step};
use answer::Answer;
use async_openai::{
    Chat, Embeddings, Responses,
    config::Config,
    error::OpenAIError,
    types::{
        chat::{CreateChatCompletionRequest, CreateChatCompletionResponse},
        embeddings::{CreateEmbeddingRequest, CreateEmbeddingResponse},
        responses::{CreateResponse, Response},
    },
};
use serde::Serialize;
use serde_json::Value as Json;
use std::time::Instant;

/// Turns a part of `async-openai`'s client into one whose calls are recorded.
pub trait Record: Sized {
    /// Calls are recorded below the step that is current when this is called.
    fn recorded(self) -> Recorded<Self> {
        self.recorded_in(&crate::current())
    }

    /// Calls are recorded below `step`.
    fn recorded_in(self, step: &Step) -> Recorded<Self> {
        Recorded { api: self, step: step.clone(), provider: "openai" }
    }
}

impl<C: Config> Record for Chat<'_, C> {}
impl<C: Config> Record for Responses<'_, C> {}
impl<C: Config> Record for Embeddings<'_, C> {}

/// A part of the client whose calls are recorded.
#[derive(Clone, Debug)]
pub struct Recorded<A> {
    api: A,
    step: Step,
    provider: &'static str,
}

impl<A> Recorded<A> {
    /// Who answers, where it is another than `openai`: `gen_ai.provider.name`.
    #[must_use]
    pub fn provider(self, provider: &'static str) -> Self {
        Self { provider, ..self }
    }

    /// Begins the step of a call, with what its request says.
    fn begin(&self, model: &str, api_type: &'static str, request: &impl Serialize) -> LlmCall {
        let call = self.step.llm(self.provider, model.to_owned());
        if call.is_recording() {
            call.set("openai.api.type", api_type);
            request::record(&call, &json(request));
        }
        call
    }
}

impl<C: Config> Recorded<Chat<'_, C>> {
    /// As [`Chat::create`].
    ///
    /// # Errors
    /// The client's, which are recorded too.
    pub async fn create(
        &self,
        request: CreateChatCompletionRequest,
    ) -> Result<CreateChatCompletionResponse, OpenAIError> {
        let call = self.begin(&request.model, "chat_completions", &request);
        let result = call.around(self.api.create(request)).await;
        match &result {
            Ok(response) => Answer::of_chat(&json(response)).record(&call),
            Err(error) => fail(&call, error),
        }
        result
    }

    /// As [`Chat::create_stream`]. The step ends with the stream, or when that is dropped. The tokens are known where the
    /// request asks for them (`stream_options.include_usage`).
    ///
    /// # Errors
    /// The client's, which are recorded too.
    pub async fn create_stream(
        &self,
        request: CreateChatCompletionRequest,
    ) -> Result<RecordedStream<ChatPieces>, OpenAIError> {
        let began = Instant::now();
        let call = self.begin(&request.model, "chat_completions", &request);
        let result = call.around(self.api.create_stream(request)).await;
        stream::recorded(call, began, result)
    }
}

impl<C: Config> Recorded<Responses<'_, C>> {
    /// As [`Responses::create`].
    ///
    /// # Errors
    /// The client's, which are recorded too.
    pub async fn create(&self, request: CreateResponse) -> Result<Response, OpenAIError> {
        let call = self.begin(model_of(&request), "responses", &request);
        let result = call.around(self.api.create(request)).await;
        match &result {
            Ok(response) => Answer::of_response(&json(response)).record(&call),
            Err(error) => fail(&call, error),
        }
        result
    }

    /// As [`Responses::create_stream`]. The step ends with the stream, or when that is dropped.
    ///
    /// # Errors
    /// The client's, which are recorded too.
    pub async fn create_stream(
        &self,
        request: CreateResponse,
    ) -> Result<RecordedStream<ResponseEvents>, OpenAIError> {
        let began = Instant::now();
        let call = self.begin(model_of(&request), "responses", &request);
        let result = call.around(self.api.create_stream(request)).await;
        stream::recorded(call, began, result)
    }
}

impl<C: Config> Recorded<Embeddings<'_, C>> {
    /// As [`Embeddings::create`].
    ///
    /// # Errors
    /// The client's, which are recorded too.
    pub async fn create(
        &self,
        request: CreateEmbeddingRequest,
    ) -> Result<CreateEmbeddingResponse, OpenAIError> {
        let step: Embedding = self.step.embedding(self.provider, request.model.clone());
        let result = step.around(self.api.create(request)).await;
        match &result {
            Ok(response) => {
                step.input_tokens(response.usage.prompt_tokens.into());
                step.set("gen_ai.response.model", response.model.clone());
                if let Some(first) = response.data.first() {
                    step.dimensions(first.embedding.len() as u64);
                }
            }
            Err(error) => {
                step.fail(kind_of(error), told(error));
            }
        }
        result
    }
}

fn model_of(request: &CreateResponse) -> &str {
    request.model.as_deref().unwrap_or("unknown")
}

/// The library's types as JSON: their fields change with the API, the wire's names do not.
fn json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

fn fail(call: &LlmCall, error: &OpenAIError) {
    call.fail(kind_of(error), told(error));
}

/// The error's words, without the answer that some of them quote: that is content.
fn told(error: &OpenAIError) -> String {
    match error {
        OpenAIError::JSONDeserialize(error, _) => format!("the answer cannot be read: {error}"),
        other => other.to_string(),
    }
}

/// The provider's name for an error, or what kind of failure it was.
fn kind_of(error: &OpenAIError) -> String {
    match error {
        OpenAIError::ApiError(answer) => {
            let said = answer.api_error.code.clone().or_else(|| answer.api_error.r#type.clone());
            said.unwrap_or_else(|| answer.status_code.as_u16().to_string())
        }
        OpenAIError::Reqwest(error) if error.is_timeout() => "timeout".into(),
        OpenAIError::Reqwest(_) => "connection_error".into(),
        OpenAIError::JSONDeserialize(..) => "invalid_response".into(),
        OpenAIError::StreamError(_) => "stream_error".into(),
        OpenAIError::InvalidArgument(_) => "invalid_argument".into(),
        _ => "_OTHER".into(),
    }
}
