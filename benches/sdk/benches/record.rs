//! Time and allocations of one span: `cargo bench -p turnscope-bench-sdk --bench record`.

use divan::{AllocProfiler, Bencher};
use opentelemetry::{Context, trace::TracerProvider};
use turnscope::Recorder;
use turnscope_bench_sdk::{provider, with_the_bare_sdk, with_turnscope};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench]
fn llm_step_bare_sdk(bencher: Bencher) {
    let provider = provider();
    let tracer = provider.tracer("bench");
    let run = Recorder::new(&provider).run("helpdesk");
    bencher.bench_local(|| with_the_bare_sdk(&tracer, run.context()));
}

#[divan::bench]
fn llm_step_turnscope(bencher: Bencher) {
    let provider = provider();
    let run = Recorder::new(&provider).run("helpdesk");
    bencher.bench_local(|| with_turnscope(&run));
}

#[divan::bench]
fn llm_step_disabled(bencher: Bencher) {
    let run = Recorder::disabled().below(&Context::new());
    bencher.bench_local(|| with_turnscope(&run));
}

#[divan::bench]
fn run_disabled(bencher: Bencher) {
    bencher.bench_local(|| turnscope::run("helpdesk").end());
}
