//! How long the caller waits when the queue is full, and how much memory 10,000 spans a second take:
//! `cargo bench -p turnscope-bench-sdk --bench limits`, with `-- memory` or `-- queue` for one of them.

#![allow(clippy::print_stdout)]

use opentelemetry_sdk::trace::SpanData;
use std::{
    env,
    error::Error,
    fs, thread,
    time::{Duration, Instant},
};
use turnscope::{Config, Exporter};
use turnscope_bench_sdk::with_turnscope;

/// An exporter that never finishes, so that its queue fills up.
#[derive(Debug)]
struct Hangs;

impl Exporter for Hangs {
    fn export(&mut self, _: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        thread::sleep(Duration::from_secs(3600));
        Ok(())
    }
}

/// An exporter that accepts everything at once.
#[derive(Debug)]
struct Takes;

impl Exporter for Takes {
    fn export(&mut self, _: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked = |name| env::args().any(|argument| argument == name);
    if !asked("queue") {
        memory()?;
    }
    if !asked("memory") {
        full_queue()?;
    }
    Ok(())
}

fn memory() -> Result<(), Box<dyn Error>> {
    let before = Memory::now()?;
    Config { exporters: vec![Box::new(Takes)], ..Config::new("bench") }.install()?;
    let run = turnscope::run("helpdesk");
    let began = Instant::now();
    let mut most = before;
    for hundred in 0..1000 {
        for _ in 0..100 {
            with_turnscope(&run);
        }
        most = most.max(Memory::now()?);
        let due = began + Duration::from_millis(10 * (hundred + 1));
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "memory: at most {} KiB more at {:.0} spans/s, of that {} KiB not code; {} dropped",
        most.resident - before.resident,
        100_000.0 / took,
        most.anonymous - before.anonymous,
        turnscope::dropped()
    );
    Ok(())
}

fn full_queue() -> Result<(), Box<dyn Error>> {
    Config { exporters: vec![Box::new(Hangs)], queue_size: 64, batch_size: 32, ..Config::new("bench") }
        .install()?;
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
        "a span with the queue full: p50 {:?}, p99 {:?}, p99.9 {:?}, most {:?}; {} dropped",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0),
        turnscope::dropped()
    );
    std::process::exit(0); // the exporter still hangs
}

/// The memory of the process, in KiB.
#[derive(Clone, Copy)]
struct Memory {
    resident: u64,
    /// Without file-backed pages, such as code that runs for the first time.
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
