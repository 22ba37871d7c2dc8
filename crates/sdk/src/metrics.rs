//! The metric instruments, and the measurements of a call or turn. Recorded whether or not the trace is
//! sampled.

use crate::{Usage, attached::Attached};
use opentelemetry::{
    KeyValue, StringValue, Value,
    metrics::{Counter, Histogram, Meter, UpDownCounter},
};
use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Bucket boundaries from the GenAI semantic conventions, for tokens and for seconds.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// The instruments.
#[derive(Debug)]
pub(crate) struct Instruments {
    token_usage: Histogram<u64>,
    duration: Histogram<f64>,
    first_chunk: Histogram<f64>,
    requests: Counter<u64>,
    errors: Counter<u64>,
    latency_ms: Histogram<f64>,
    input_tokens: Counter<u64>,
    active_turns: UpDownCounter<i64>,
}

impl Instruments {
    pub(crate) fn new(meter: &Meter) -> Self {
        let seconds = |name: &'static str, description: &'static str| {
            let histogram = meter.f64_histogram(name).with_unit("s").with_description(description);
            histogram.with_boundaries(SECONDS.to_vec()).build()
        };
        Self {
            token_usage: meter
                .u64_histogram("gen_ai.client.token.usage")
                .with_unit("{token}")
                .with_description("Number of tokens used by model calls.")
                .with_boundaries(TOKENS.to_vec())
                .build(),
            duration: seconds("gen_ai.client.operation.duration", "Duration of model calls."),
            first_chunk: seconds(
                "gen_ai.client.operation.time_to_first_chunk",
                "Time to the first chunk of a streamed response.",
            ),
            requests: meter.u64_counter("llm.requests.count").with_unit("{request}").build(),
            errors: meter.u64_counter("llm.errors.count").with_unit("{request}").build(),
            latency_ms: meter
                .f64_histogram("llm.latency.ms")
                .with_unit("ms")
                .with_boundaries(SECONDS.map(|seconds| seconds * 1000.0).to_vec())
                .build(),
            input_tokens: meter.u64_counter("llm.tokens.input").with_unit("{token}").build(),
            active_turns: meter.i64_up_down_counter("agent.active_turns").with_unit("{turn}").build(),
        }
    }
}

/// Counts a turn as active until it ends.
#[derive(Debug, Default)]
pub(crate) struct CountedTurn(Mutex<Option<Arc<Instruments>>>);

impl CountedTurn {
    pub(crate) fn begin(instruments: Option<&Arc<Instruments>>) -> Self {
        if let Some(instruments) = instruments {
            instruments.active_turns.add(1, &[]);
        }
        Self(Mutex::new(instruments.cloned()))
    }
}

impl Attached for CountedTurn {
    fn ended(&self, _: Option<&'static str>) {
        if let Some(instruments) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            instruments.active_turns.add(-1, &[]);
        }
    }
}

/// What a model call carries beside its span: whether it was answered, and its measurements if it is measured.
#[derive(Debug, Default)]
pub(crate) struct CallState {
    answered: AtomicBool,
    measured: Option<Box<MeasuredCall>>,
}

impl CallState {
    pub(crate) fn new(measured: Option<Box<MeasuredCall>>) -> Self {
        Self { answered: AtomicBool::new(false), measured }
    }

    /// Something of the answer is known.
    #[inline]
    pub(crate) fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn measured(&self) -> Option<&MeasuredCall> {
        self.measured.as_deref()
    }
}

impl Attached for CallState {
    fn is_unanswered(&self) -> bool {
        !self.answered.load(Ordering::Relaxed)
    }

    fn failed(&self, kind: &str) {
        self.answered();
        if let Some(measured) = &self.measured {
            measured.error(kind.to_owned());
        }
    }

    fn ended(&self, error: Option<&'static str>) {
        if let Some(measured) = &self.measured {
            if let Some(kind) = error {
                measured.error(kind.to_owned());
            }
            measured.record();
        }
    }
}

/// Measures a model call.
#[derive(Debug)]
pub(crate) struct MeasuredCall {
    instruments: Arc<Instruments>,
    since: Instant,
    operation: &'static str,
    provider: Cow<'static, str>,
    model: Cow<'static, str>,
    known: Mutex<Known>,
}

/// Results that arrive during the call.
#[derive(Debug, Default)]
struct Known {
    response_model: Option<Value>,
    usage: Usage,
    first_chunk: Option<Duration>,
    error: Option<StringValue>,
    is_recorded: bool,
}

impl MeasuredCall {
    pub(crate) fn begin(
        instruments: &Arc<Instruments>,
        operation: &'static str,
        provider: Cow<'static, str>,
        model: Cow<'static, str>,
    ) -> Self {
        Self {
            instruments: Arc::clone(instruments),
            since: Instant::now(),
            operation,
            provider,
            model,
            known: Mutex::default(),
        }
    }

    pub(crate) fn response_model(&self, model: Value) {
        self.known().response_model = Some(model);
    }

    pub(crate) fn usage(&self, usage: Usage) {
        self.known().usage = usage;
    }

    pub(crate) fn first_chunk(&self, time: Duration) {
        self.known().first_chunk = Some(time);
    }

    pub(crate) fn error(&self, kind: String) {
        self.known().error = Some(kind.into());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MeasuredCall {
    /// Records the figures, once.
    fn record(&self) {
        let took = self.since.elapsed();
        let known = Known { is_recorded: true, ..Known::default() };
        let Known { response_model, usage, first_chunk, error, is_recorded } =
            std::mem::replace(&mut *self.known(), known);
        if is_recorded {
            return;
        }
        let mut labels = vec![
            KeyValue::new("gen_ai.operation.name", self.operation),
            KeyValue::new("gen_ai.provider.name", self.provider.clone()),
            KeyValue::new("gen_ai.request.model", self.model.clone()),
        ];
        labels.extend(response_model.map(|model| KeyValue::new("gen_ai.response.model", model)));
        let to = &self.instruments;
        for (kind, tokens) in [("input", usage.input), ("output", usage.output)] {
            if let Some(tokens) = tokens {
                labels.push(KeyValue::new("gen_ai.token.type", kind));
                to.token_usage.record(tokens, &labels);
                labels.pop();
            }
        }
        if let Some(tokens) = usage.input {
            to.input_tokens.add(tokens, &labels);
        }
        if let Some(time) = first_chunk {
            to.first_chunk.record(time.as_secs_f64(), &labels);
        }
        to.requests.add(1, &labels);
        if let Some(kind) = error {
            labels.push(KeyValue::new("error.type", kind));
            to.errors.add(1, &labels);
        }
        to.duration.record(took.as_secs_f64(), &labels);
        to.latency_ms.record(took.as_secs_f64() * 1000.0, &labels);
    }
}
