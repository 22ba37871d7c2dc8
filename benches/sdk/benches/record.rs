//! Time and allocations of one span: `cargo bench -p turnscope-bench-sdk --bench record`.

use divan::{AllocProfiler, Bencher};
use opentelemetry::{KeyValue, trace::TracerProvider};
use std::hint::black_box;
use turnscope::Recorder;
use turnscope_bench_sdk::{provider, with_sdk_alone, with_turnscope};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 5000, sample_size = 100)]
fn llm_step_sdk_alone(bencher: Bencher) {
    let provider = provider();
    let tracer = provider.tracer("bench");
    let run = Recorder::new(&provider).run("helpdesk");
    bencher.bench_local(|| with_sdk_alone(&tracer, run.context(), &[]));
}

#[divan::bench(sample_count = 5000, sample_size = 100)]
fn llm_step_turnscope(bencher: Bencher) {
    let provider = provider();
    let run = Recorder::new(&provider).run("helpdesk");
    bencher.bench_local(|| with_turnscope(&run));
}

#[divan::bench(sample_count = 5000, sample_size = 100)]
fn llm_step_of_a_session_sdk_alone(bencher: Bencher) {
    let provider = provider();
    let tracer = provider.tracer("bench");
    let run = Recorder::new(&provider).run("helpdesk");
    let shared = ["session.id", "gen_ai.conversation.id", "user.id"].map(|key| KeyValue::new(key, id()));
    bencher.bench_local(|| with_sdk_alone(&tracer, run.context(), &shared));
}

#[divan::bench(sample_count = 5000, sample_size = 100)]
fn llm_step_of_a_session_turnscope(bencher: Bencher) {
    let run = Recorder::new(&provider()).run("helpdesk");
    run.session(id()).user(id());
    bencher.bench_local(|| with_turnscope(&run));
}

/// An id that the compiler does not know, as in an application.
fn id() -> String {
    black_box("8b0f6c1e").to_owned()
}

#[divan::bench(sample_count = 5000, sample_size = 100)]
fn llm_step_disabled(bencher: Bencher) {
    let run = turnscope::run("helpdesk");
    bencher.bench_local(|| with_turnscope(&run));
}

#[divan::bench(sample_count = 5000, sample_size = 100)]
fn run_disabled(bencher: Bencher) {
    bencher.bench_local(|| turnscope::run("helpdesk").end());
}
