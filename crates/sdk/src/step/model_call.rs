//! Calls to language models and embedding models.

use super::{Step, guard::guard};
use crate::{
    AttributeValue, Usage,
    metrics::{CallState, MeasuredCall},
};
use opentelemetry::{KeyValue, trace::SpanKind};
use serde::Serialize;
use std::{borrow::Cow, time::Duration};

guard! {
    /// One call of a language model: `chat MODEL`, span kind client. A call that is dropped before anything of its
    /// answer is recorded has the status `cancelled`; [`end`](Self::end) ends it well.
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
    LlmCall { state: CallState }
}

impl LlmCall {
    pub(crate) fn begin(parent: &Step, provider: Cow<'static, str>, model: Cow<'static, str>) -> Self {
        let (step, state) = call(parent, "chat", provider, model);
        Self { step, state }
    }

    /// The messages sent to the model, as a list in the shape of the GenAI semantic conventions. Recorded
    /// only if content capture is on.
    pub fn input_messages<T: Serialize + ?Sized>(&self, messages: &T) -> &Self {
        self.json("gen_ai.input.messages", messages)
    }

    /// The model's answer. Recorded only if content capture is on.
    pub fn output_messages<T: Serialize + ?Sized>(&self, messages: &T) -> &Self {
        self.state.answered();
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
    pub fn response(&self, id: impl AttributeValue, model: impl AttributeValue) -> &Self {
        if self.is_off() {
            return self;
        }
        self.state.answered();
        let (id, model) = (id.into_value(), model.into_value());
        if let (Some(model), Some(measured)) = (&model, self.state.measured()) {
            measured.response_model(model.clone());
        }
        let id = id.map(|id| KeyValue::new("gen_ai.response.id", id));
        let model = model.map(|model| KeyValue::new("gen_ai.response.model", model));
        self.set_all([id, model].into_iter().flatten());
        self
    }

    /// Why the model stopped, one reason for each choice.
    #[inline]
    pub fn finish_reasons<T: Into<String>>(&self, reasons: impl IntoIterator<Item = T>) -> &Self {
        if self.is_off() {
            return self;
        }
        self.state.answered();
        let reasons: Vec<String> = reasons.into_iter().map(Into::into).collect();
        self.set("gen_ai.response.finish_reasons", reasons);
        self
    }

    /// The time to the first chunk of a stream; recorded in seconds.
    pub fn time_to_first_chunk(&self, time: Duration) -> &Self {
        if let Some(measured) = self.state.measured() {
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
        self.state.answered();
        if let Some(measured) = self.state.measured() {
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
        self.step.json(key, value);
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
    Embedding { state: CallState }
}

impl Embedding {
    pub(crate) fn begin(parent: &Step, provider: Cow<'static, str>, model: Cow<'static, str>) -> Self {
        let (step, state) = call(parent, "embeddings", provider, model);
        Self { step, state }
    }

    /// The length of each vector.
    #[inline]
    pub fn dimensions(&self, dimensions: u64) -> &Self {
        self.state.answered();
        self.count("gen_ai.embeddings.dimension.count", dimensions);
        self
    }

    /// The tokens used.
    #[inline]
    pub fn input_tokens(&self, tokens: u64) -> &Self {
        self.state.answered();
        if let Some(measured) = self.state.measured() {
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
    provider: Cow<'static, str>,
    model: Cow<'static, str>,
) -> (Step, CallState) {
    let begin = |to| Box::new(MeasuredCall::begin(to, operation, provider.clone(), model.clone()));
    let state = CallState::new(parent.instruments().map(begin));
    let name = [operation, " ", &model].concat();
    let mut attributes = Vec::with_capacity(TYPICAL_ATTRIBUTES); // pushed one by one: an array would be copied
    attributes.push(KeyValue::new("gen_ai.operation.name", operation));
    let system = parent.is_agent_run().then(|| KeyValue::new("gen_ai.system", provider.clone()));
    attributes.push(KeyValue::new("gen_ai.provider.name", provider));
    attributes.push(KeyValue::new("gen_ai.request.model", model));
    attributes.extend(system);
    (parent.child(name.into(), SpanKind::Client, attributes), state)
}
