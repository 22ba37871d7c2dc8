//! Calls to language models and embedding models.

use super::{Step, guard::guard};
use crate::{Usage, metrics::MeasuredCall};
use opentelemetry::{KeyValue, StringValue, Value, trace::SpanKind};
use serde::Serialize;
use std::{any::type_name_of_val, borrow::Cow, error::Error, time::Duration};

/// Shadows the failing methods of [`Step`] for a call that is measured.
macro_rules! failing {
    () => {
        /// The call failed; see [`Step::error`].
        pub fn error<E: Error + ?Sized>(&self, error: &E) -> &Self {
            if self.is_off() { self } else { self.fail(type_name_of_val(error), error.to_string()) }
        }

        /// The call failed; see [`Step::fail`].
        pub fn fail(
            &self,
            kind: impl Into<Cow<'static, str>>,
            message: impl Into<Cow<'static, str>>,
        ) -> &Self {
            let kind = kind.into();
            if let Some(measured) = &self.measured {
                measured.error(kind.to_string());
            }
            self.step.fail(kind, message);
            self
        }
    };
}

guard! {
    /// One call of a language model: `chat MODEL`, span kind client.
    ///
    /// ```
    /// use std::time::Duration;
    /// let run = turnscope::run("helpdesk");
    /// let call = run.turn().llm("openai", "gpt-5-mini");
    /// call.input_messages(&serde_json::json!([
    ///     {"role": "user", "parts": [{"type": "text", "content": "Where is my order?"}]}
    /// ]));
    /// call.time_to_first_chunk(Duration::from_millis(320));
    /// call.response("resp-1", "gpt-5-mini-2026-01-01").finish_reasons(["stop"]);
    /// call.usage(turnscope::Usage { input: Some(12), output: Some(30), ..Default::default() });
    /// ```
    LlmCall { measured: Option<Box<MeasuredCall>> }
}

impl LlmCall {
    pub(crate) fn begin(parent: &Step, provider: &'static str, model: Cow<'static, str>) -> Self {
        let (step, measured) = call(parent, "chat", provider, model);
        Self { step, measured }
    }

    failing!();

    /// The messages sent to the model, as a list in the shape of the GenAI semantic conventions. Recorded
    /// only if content capture is on.
    pub fn input_messages<T: Serialize + ?Sized>(&self, messages: &T) -> &Self {
        self.json("gen_ai.input.messages", messages)
    }

    /// The model's answer. Recorded only if content capture is on.
    pub fn output_messages<T: Serialize + ?Sized>(&self, messages: &T) -> &Self {
        self.json("gen_ai.output.messages", messages)
    }

    /// The system prompt, as a list of parts, if it is not among the messages. Recorded only if content
    /// capture is on.
    pub fn system_instructions<T: Serialize + ?Sized>(&self, parts: &T) -> &Self {
        self.json("gen_ai.system_instructions", parts)
    }

    /// The tools that the model may call. Recorded only if content capture is on.
    pub fn tool_definitions<T: Serialize + ?Sized>(&self, tools: &T) -> &Self {
        self.json("gen_ai.tool.definitions", tools)
    }

    /// The requested maximum length of the answer, in tokens.
    #[inline]
    pub fn max_tokens(&self, tokens: u64) -> &Self {
        self.count("gen_ai.request.max_tokens", tokens);
        self
    }

    /// The requested sampling temperature.
    #[inline]
    pub fn temperature(&self, temperature: f64) -> &Self {
        self.set("gen_ai.request.temperature", temperature);
        self
    }

    /// The requested nucleus sampling threshold.
    pub fn top_p(&self, top_p: f64) -> &Self {
        self.set("gen_ai.request.top_p", top_p);
        self
    }

    /// The requested seed.
    pub fn seed(&self, seed: i64) -> &Self {
        self.set("gen_ai.request.seed", seed);
        self
    }

    /// The response's id and the model that generated it.
    #[inline]
    pub fn response(&self, id: impl Into<Value>, model: impl Into<Value>) -> &Self {
        if self.is_off() {
            return self;
        }
        let model = model.into();
        if let Some(measured) = &self.measured {
            measured.response_model(model.clone());
        }
        self.set_all([
            KeyValue::new("gen_ai.response.id", id),
            KeyValue::new("gen_ai.response.model", model),
        ]);
        self
    }

    /// Why the model stopped, one reason for each choice.
    #[inline]
    pub fn finish_reasons<T: Into<StringValue>>(&self, reasons: impl IntoIterator<Item = T>) -> &Self {
        if self.is_off() {
            return self;
        }
        let reasons: Vec<StringValue> = reasons.into_iter().map(Into::into).collect();
        self.set("gen_ai.response.finish_reasons", Value::Array(reasons.into()));
        self
    }

    /// The time to the first chunk of a stream; recorded in seconds.
    pub fn time_to_first_chunk(&self, time: Duration) -> &Self {
        if let Some(measured) = &self.measured {
            measured.first_chunk(time);
        }
        self.set_all([
            KeyValue::new("gen_ai.request.stream", true),
            KeyValue::new("gen_ai.response.time_to_first_chunk", time.as_secs_f64()),
        ]);
        self
    }

    /// The tokens used.
    #[inline]
    pub fn usage(&self, usage: Usage) -> &Self {
        if !self.is_off() {
            self.used(usage);
        }
        self
    }

    fn used(&self, usage: Usage) {
        if let Some(measured) = &self.measured {
            measured.usage(usage);
        }
        if !self.records_usage() {
            return;
        }
        let counts = [
            ("gen_ai.usage.input_tokens", usage.input),
            ("gen_ai.usage.output_tokens", usage.output),
            ("gen_ai.usage.cache_read.input_tokens", usage.cached),
            ("gen_ai.usage.cache_creation.input_tokens", usage.cache_written),
            ("gen_ai.usage.reasoning.output_tokens", usage.reasoning),
        ];
        let known = counts.into_iter().filter_map(|(key, tokens)| Some((key, tokens?)));
        self.set_all(
            known.map(|(key, tokens)| KeyValue::new(key, i64::try_from(tokens).unwrap_or(i64::MAX))),
        );
    }

    fn json<T: Serialize + ?Sized>(&self, key: &'static str, value: &T) -> &Self {
        self.content(key, || crate::json_text(value));
        self
    }
}

guard! {
    /// One embeddings call: `embeddings MODEL`, span kind client.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// run.embedding("openai", "text-embedding-3-small").dimensions(1536).input_tokens(80);
    /// ```
    Embedding { measured: Option<Box<MeasuredCall>> }
}

impl Embedding {
    pub(crate) fn begin(parent: &Step, provider: &'static str, model: Cow<'static, str>) -> Self {
        let (step, measured) = call(parent, "embeddings", provider, model);
        Self { step, measured }
    }

    failing!();

    /// The length of each vector.
    #[inline]
    pub fn dimensions(&self, dimensions: u64) -> &Self {
        self.count("gen_ai.embeddings.dimension.count", dimensions);
        self
    }

    /// The tokens used.
    #[inline]
    pub fn input_tokens(&self, tokens: u64) -> &Self {
        if let Some(measured) = &self.measured {
            measured.usage(Usage { input: Some(tokens), ..Usage::default() });
        }
        if self.records_usage() {
            self.count("gen_ai.usage.input_tokens", tokens);
        }
        self
    }
}

/// The number of attributes a call usually has, including its run's. Reserving room avoids reallocation.
const TYPICAL_ATTRIBUTES: usize = 14;

fn call(
    parent: &Step,
    operation: &'static str,
    provider: &'static str,
    model: Cow<'static, str>,
) -> (Step, Option<Box<MeasuredCall>>) {
    let begin = |to| Box::new(MeasuredCall::begin(to, operation, provider, model.clone()));
    let measured = parent.instruments().map(begin);
    let name = [operation, " ", &model].concat();
    let mut attributes = Vec::with_capacity(TYPICAL_ATTRIBUTES); // pushed one by one: an array would be copied
    attributes.push(KeyValue::new("gen_ai.operation.name", operation));
    attributes.push(KeyValue::new("gen_ai.provider.name", provider));
    attributes.push(KeyValue::new("gen_ai.request.model", model));
    if parent.is_agent_run() {
        attributes.push(KeyValue::new("gen_ai.system", provider));
    }
    (parent.child(name.into(), SpanKind::Client, attributes), measured)
}
