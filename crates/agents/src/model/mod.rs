//! Asks a model over HTTP, with streaming, in the words of one of three APIs; each in the file of its name.

mod anthropic;
mod chat;
mod responses;

use crate::{
    http::{Along, Events, Http, text},
    messages::{Call, Definition, Message},
    role::{Api, Model, Provider},
};
use hyper::{Response, body::Incoming};
use serde_json::Value as Json;
use std::time::{Duration, Instant};
use turnscope::{LlmCall, Usage};

/// What a model is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who it is.
    pub system: &'a str,
    /// The conversation so far.
    pub messages: &'a [Message],
    /// The tools that it may ask for.
    pub tools: &'a [Definition],
}

/// What it answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The answer's id.
    pub id: String,
    /// The model that gave it.
    pub model: String,
    /// The text.
    pub text: String,
    /// The tools that it asks for.
    pub calls: Vec<Call>,
    /// Why it stopped, as the provider says; empty while it has not.
    pub finish_reason: String,
    /// What it used.
    pub usage: Usage,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The provider refused.
    #[error("the model's provider answered {status}: {message}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
        /// When to come back.
        retry_after: Option<Duration>,
    },
    /// Nobody answered.
    #[error("the model cannot be reached at {url}: {cause}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        cause: String,
    },
    /// The answer ended before it was whole.
    #[error("the model's answer broke off: {0}")]
    Cut(String),
    /// What came is no answer.
    #[error("the model's answer makes no sense: {0}")]
    Invalid(String),
    /// No key is set.
    #[error("{0} is not set: the provider wants a key")]
    NoKey(&'static str),
}

impl ModelError {
    /// A short name: `error.type` in the trace.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Status { status: 429, .. } => "rate_limit",
            Self::Status { .. } => "provider_error",
            Self::Unreachable { .. } => "unreachable",
            Self::Cut(_) => "stream_cut",
            Self::Invalid(_) => "invalid_response",
            Self::NoKey(_) => "no_key",
        }
    }

    /// Whether asking again may help, and how long to wait at least.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { status: 408 | 409 | 429 | 500.., retry_after, .. } => {
                Some(retry_after.unwrap_or_default())
            }
            Self::Unreachable { .. } | Self::Cut(_) | Self::Invalid(_) => Some(Duration::ZERO),
            Self::Status { .. } | Self::NoKey(_) => None,
        }
    }
}

/// How often a question is asked.
const ATTEMPTS: u32 = 4;
/// The first pause; each next one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// A provider that wants to be left alone for longer is given up.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A model, ready to be asked.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
    api: ApiKind,
    base: String,
    key: Option<String>,
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
        let set = |name: &str| {
            variable(name)
                .map(|text| text.trim().trim_end_matches('/').to_owned())
                .filter(|text| !text.is_empty())
        };
        let (base, key, default, key_name) = match model.provider {
            Provider::OpenAi => {
                ("OPENAI_BASE_URL", "OPENAI_API_KEY", "https://api.openai.com/v1", "OPENAI_API_KEY")
            }
            Provider::Anthropic => {
                ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "https://api.anthropic.com", "ANTHROPIC_API_KEY")
            }
        };
        let (base, key) = (set(base), set(key));
        if base.is_none() && key.is_none() {
            return Err(ModelError::NoKey(key_name));
        }
        let api = match (model.provider, model.api) {
            (Provider::Anthropic, _) => ApiKind::Messages,
            (Provider::OpenAi, Api::Chat) => ApiKind::Chat,
            (Provider::OpenAi, Api::Responses) => ApiKind::Responses,
        };
        let base = base.unwrap_or_else(|| default.to_owned());
        let http = Http::new().map_err(|cause| ModelError::Unreachable { url: base.clone(), cause })?;
        Ok(Self { http, api, base, key, model: model.clone() })
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
        let mut pause = PAUSE;
        let mut attempt = 1;
        loop {
            let call = turn.llm(self.model.provider.as_str(), self.model.name.clone());
            let asked = call.around(self.ask_once(&call, question)).await;
            if let Err(error) = &asked {
                call.fail(error.kind(), error.to_string());
            }
            call.end();
            let error = match asked {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = match error.retry_after() {
                Some(wait) if attempt < ATTEMPTS && wait <= LONGEST_PAUSE => wait.max(pause),
                _ => return Err(error),
            };
            tokio::time::sleep(wait).await;
            pause *= 2;
            attempt += 1;
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
        let response = self.send(path, &body).await?;
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

    async fn send(&self, path: &str, body: &Json) -> Result<Response<Incoming>, ModelError> {
        let url = format!("{}{path}", self.base);
        let mut headers = Vec::new();
        if let Some(key) = &self.key {
            headers.push(match self.api {
                ApiKind::Messages => ("x-api-key", key.clone()),
                ApiKind::Chat | ApiKind::Responses => ("authorization", format!("Bearer {key}")),
            });
        }
        if let ApiKind::Messages = self.api {
            headers.push(("anthropic-version", "2023-06-01".to_owned()));
        }
        let response = self.http.post(&url, &headers, body.to_string(), Along::Trace).await;
        let response = response.map_err(|cause| ModelError::Unreachable { url, cause })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let seconds =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = text(response).await.unwrap_or_default();
        let said: Json = serde_json::from_str(&text).unwrap_or_default();
        let message =
            said["error"]["message"].as_str().map_or_else(|| text.chars().take(300).collect(), str::to_owned);
        Err(ModelError::Status {
            status: status.as_u16(),
            message,
            retry_after: seconds.map(Duration::from_secs),
        })
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

/// A call's arguments as JSON; what is none stays a string, so that the tool can say what is wrong with it.
fn arguments(text: &str) -> Json {
    if text.trim().is_empty() {
        Json::Object(serde_json::Map::new())
    } else {
        serde_json::from_str(text).unwrap_or_else(|_| text.into())
    }
}

/// A call's arguments as text.
fn arguments_text(arguments: &Json) -> String {
    arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned)
}

/// The error that an event of a stream tells.
fn told(event: &Json) -> ModelError {
    let error = if event["error"].is_object() { &event["error"] } else { &event["response"]["error"] };
    let message =
        error["message"].as_str().or_else(|| event["message"].as_str()).unwrap_or("it gave no reason");
    ModelError::Status { status: 500, message: message.to_owned(), retry_after: None }
}
