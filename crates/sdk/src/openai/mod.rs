//! Support for `async-openai` (feature `async-openai`): records chat completions, responses and embeddings,
//! streamed or not, in the shape of the GenAI semantic conventions.
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
//! A call and the client's retries are one step. Contents are recorded only if content capture is on.

mod stream;

pub use stream::{ChatCollector, RecordedStream, ResponseCollector, StreamCollector};

use crate::{Embedding, LlmCall, Step, provider::Answer};
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
use std::{borrow::Cow, time::Instant};

/// Records the calls of an API group of `async-openai`'s client.
pub trait Record: Sized {
    /// Records calls as children of the step that is current when this is called.
    fn recorded(self) -> Recorded<Self> {
        self.recorded_in(&crate::current())
    }

    /// Records calls as children of `step`.
    fn recorded_in(self, step: &Step) -> Recorded<Self> {
        Recorded { api: self, step: step.clone(), provider: "openai".into() }
    }
}

impl<C: Config> Record for Chat<'_, C> {}
impl<C: Config> Record for Responses<'_, C> {}
impl<C: Config> Record for Embeddings<'_, C> {}

/// An API group whose calls are recorded.
#[derive(Clone, Debug)]
pub struct Recorded<A> {
    api: A,
    step: Step,
    provider: Cow<'static, str>,
}

impl<A> Recorded<A> {
    /// Sets the provider if it is not `openai`: `gen_ai.provider.name`.
    #[must_use]
    pub fn provider(self, provider: impl Into<Cow<'static, str>>) -> Self {
        Self { provider: provider.into(), ..self }
    }

    /// Begins the step of a call and records its request.
    fn begin(&self, model: &str, api_type: &'static str, request: &impl Serialize) -> LlmCall {
        let call = self.step.llm(self.provider.clone(), model.to_owned());
        if call.is_recording() {
            call.set("openai.api.type", api_type);
            call.openai_request(&json(request));
        }
        call
    }
}

impl<C: Config> Recorded<Chat<'_, C>> {
    /// Like [`Chat::create`].
    ///
    /// # Errors
    /// The client's errors, which are recorded too.
    pub async fn create(
        &self,
        request: CreateChatCompletionRequest,
    ) -> Result<CreateChatCompletionResponse, OpenAIError> {
        let call = self.begin(&request.model, "chat_completions", &request);
        let result = call.scope(self.api.create(request)).await;
        match &result {
            Ok(response) => Answer::of_chat(&json(response)).record(&call),
            Err(error) => fail(&call, error),
        }
        result
    }

    /// Like [`Chat::create_stream`]. The step ends with the stream, or when the stream is dropped. Token
    /// usage is recorded if the request asks for it (`stream_options.include_usage`).
    ///
    /// # Errors
    /// The client's errors, which are recorded too.
    pub async fn create_stream(
        &self,
        request: CreateChatCompletionRequest,
    ) -> Result<RecordedStream<ChatCollector>, OpenAIError> {
        let began = Instant::now();
        let call = self.begin(&request.model, "chat_completions", &request);
        let result = call.scope(self.api.create_stream(request)).await;
        stream::recorded(call, began, result)
    }
}

impl<C: Config> Recorded<Responses<'_, C>> {
    /// Like [`Responses::create`].
    ///
    /// # Errors
    /// The client's errors, which are recorded too.
    pub async fn create(&self, request: CreateResponse) -> Result<Response, OpenAIError> {
        let call = self.begin(model_of(&request), "responses", &request);
        let result = call.scope(self.api.create(request)).await;
        match &result {
            Ok(response) => Answer::of_response(&json(response)).record(&call),
            Err(error) => fail(&call, error),
        }
        result
    }

    /// Like [`Responses::create_stream`]. The step ends with the stream, or when the stream is dropped.
    ///
    /// # Errors
    /// The client's errors, which are recorded too.
    pub async fn create_stream(
        &self,
        request: CreateResponse,
    ) -> Result<RecordedStream<ResponseCollector>, OpenAIError> {
        let began = Instant::now();
        let call = self.begin(model_of(&request), "responses", &request);
        let result = call.scope(self.api.create_stream(request)).await;
        stream::recorded(call, began, result)
    }
}

impl<C: Config> Recorded<Embeddings<'_, C>> {
    /// Like [`Embeddings::create`].
    ///
    /// # Errors
    /// The client's errors, which are recorded too.
    pub async fn create(
        &self,
        request: CreateEmbeddingRequest,
    ) -> Result<CreateEmbeddingResponse, OpenAIError> {
        let step: Embedding = self.step.embedding(self.provider.clone(), request.model.clone());
        let result = step.scope(self.api.create(request)).await;
        match &result {
            Ok(response) => {
                step.input_tokens(response.usage.prompt_tokens.into());
                step.set("gen_ai.response.model", response.model.clone());
                if let Some(first) = response.data.first() {
                    step.dimensions(first.embedding.len() as u64);
                }
            }
            Err(error) => {
                step.fail(kind_of(error), message_of(error));
            }
        }
        result
    }
}

fn model_of(request: &CreateResponse) -> &str {
    request.model.as_deref().unwrap_or("unknown")
}

/// The library's types as JSON, because the names on the wire are more stable than the fields.
fn json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

fn fail(call: &LlmCall, error: &OpenAIError) {
    call.fail(kind_of(error), message_of(error));
}

/// The error's message, without the quoted response that some contain: that is content.
fn message_of(error: &OpenAIError) -> String {
    match error {
        OpenAIError::JSONDeserialize(error, _) => format!("cannot parse the response: {error}"),
        other => other.to_string(),
    }
}

/// The provider's error code, or the kind of failure.
fn kind_of(error: &OpenAIError) -> String {
    match error {
        OpenAIError::ApiError(answer) => {
            let code = answer.api_error.code.clone().or_else(|| answer.api_error.r#type.clone());
            code.unwrap_or_else(|| answer.status_code.as_u16().to_string())
        }
        OpenAIError::Reqwest(error) if error.is_timeout() => "timeout".into(),
        OpenAIError::Reqwest(_) => "connection_error".into(),
        OpenAIError::JSONDeserialize(..) => "invalid_response".into(),
        OpenAIError::StreamError(_) => "stream_error".into(),
        OpenAIError::InvalidArgument(_) => "invalid_argument".into(),
        _ => "_OTHER".into(),
    }
}
