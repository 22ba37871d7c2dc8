//! The latency of recording when the queue is full, the memory used at 10,000 spans a second,
//! and what a value of 100 MB costs: `cargo bench -p turnscope-bench-sdk --bench limits`, with `-- memory`, `-- queue`
//! or `-- large` for only one of them.

#![allow(clippy::print_stdout)]

use opentelemetry_sdk::trace::SpanData;
use std::{
    env,
    error::Error,
    fs, thread,
    time::{Duration, Instant},
};
use turnscope::{Exporter, RecordingConfig};
use turnscope_bench_sdk::with_turnscope;

/// Never returns, so that its queue fills up.
#[derive(Debug)]
struct Hang;

impl Exporter for Hang {
    fn export(&mut self, _: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        thread::sleep(Duration::from_secs(3600));
        Ok(())
    }
}

/// Accepts everything at once.
#[derive(Debug)]
struct AcceptAll;

impl Exporter for AcceptAll {
    fn export(&mut self, _: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let requested = |name| env::args().any(|argument| argument == name);
    if !requested("queue") && !requested("large") {
        memory()?;
    }
    if !requested("memory") && !requested("queue") {
        large()?;
    }
    if !requested("memory") && !requested("large") {
        full_queue()?;
    }
    Ok(())
}

fn memory() -> Result<(), Box<dyn Error>> {
    let before = Memory::now()?;
    RecordingConfig { exporters: vec![Box::new(AcceptAll)], ..RecordingConfig::new("bench") }
        .install()?
        .detach();
    let run = turnscope::run("helpdesk");
    let began = Instant::now();
    let mut peak = before;
    for hundred in 0..1000 {
        for _ in 0..100 {
            with_turnscope(&run);
        }
        peak = peak.max(Memory::now()?);
        let due = began + Duration::from_millis(10 * (hundred + 1));
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "memory: at most {} KiB more at {:.0} spans/s, of which {} KiB anonymous; {} dropped",
        peak.resident - before.resident,
        100_000.0 / took,
        peak.anonymous - before.anonymous,
        turnscope::dropped()
    );
    Ok(())
}

/// What a tool's result of 100 MB costs the caller.
fn large() -> Result<(), Box<dyn Error>> {
    let config = RecordingConfig { content: true, ..RecordingConfig::new("bench") };
    config.install()?.detach();
    let text = "some words ".repeat(10_000_000);
    let list = vec!["some words"; 10_000_000];
    let run = turnscope::run("helpdesk");
    let began = Instant::now();
    run.tool("fetch").result(&text);
    let of_text = began.elapsed();
    let began = Instant::now();
    run.tool("fetch").result(&list);
    println!("a result of 100 MB: {of_text:?} as a text, {:?} as a list", began.elapsed());
    Ok(())
}

fn full_queue() -> Result<(), Box<dyn Error>> {
    RecordingConfig {
        exporters: vec![Box::new(Hang)],
        queue_size: 64,
        batch_size: 32,
        ..RecordingConfig::new("bench")
    }
    .install()?
    .detach();
    let run = turnscope::run("helpdesk");
    while turnscope::dropped() == 0 {
        with_turnscope(&run);
    }
    let mut times: Vec<Duration> = (0..1_000_000)
        .map(|_| {
            let began = Instant::now();
            with_turnscope(&run);
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "a span while the queue is full: p50 {:?}, p99 {:?}, p99.9 {:?}, max {:?}; {} dropped",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0),
        turnscope::dropped()
    );
    std::process::exit(0); // the exporter still hangs
}

/// The memory of this process, in KiB.
#[derive(Clone, Copy)]
struct Memory {
    resident: u64,
    /// Without file pages, such as code.
    anonymous: u64,
}

impl Memory {
    fn now() -> Result<Self, Box<dyn Error>> {
        let status = fs::read_to_string("/proc/self/status")?;
        let kib = |name: &str| -> Result<u64, Box<dyn Error>> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
            Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
        };
        Ok(Self { resident: kib("VmRSS:")?, anonymous: kib("RssAnon:")? })
    }

    fn max(self, other: Self) -> Self {
        Self { resident: self.resident.max(other.resident), anonymous: self.anonymous.max(other.anonymous) }
    }
}
