//! Sends a load and measures the server.

use crate::{
    http::Http,
    server::Server,
    workload::{self, Identity, Prose, Random, Shape},
};
use anyhow::{Context as _, bail};
use flate2::{Compression, write::GzEncoder};
use prost::Message as _;
use std::{
    fmt::Write as _,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How much is sent, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Total spans, at least.
    pub(crate) spans: u64,
    /// Spans in a request, at most. Runs are split if necessary.
    pub(crate) per_request: usize,
    /// Connections.
    pub(crate) connections: u64,
    /// gzip the bodies.
    pub(crate) gzip: bool,
    /// The shape of the runs.
    pub(crate) shape: Shape,
    /// Agents, models, users and services of many kinds, instead of one of each.
    pub(crate) varied: bool,
    /// The runs begin in even steps over this period,
    pub(crate) period: Duration,
    /// which ends this long before now.
    pub(crate) before: Duration,
    /// Spans a second, at most; `None`: as many as the server takes.
    pub(crate) rate: Option<u64>,
}

impl Load {
    /// This many spans of runs of one shape, as fast as the server takes them: 500 in a request, over 4 connections.
    pub(crate) const fn new(spans: u64, shape: Shape) -> Self {
        Self {
            spans,
            per_request: 500,
            connections: 4,
            gzip: false,
            shape,
            varied: false,
            period: Duration::ZERO,
            before: Duration::ZERO,
            rate: None,
        }
    }
}

/// How far a load has come; whoever holds it can end it.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    sent: AtomicU64,
    is_over: AtomicBool,
}

impl Sending {
    /// Ends the load with the requests at hand.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// Spans acknowledged.
    pub(crate) spans: u64,
    /// Bytes of their OTLP protobuf, uncompressed.
    pub(crate) bytes: u64,
    /// Time from the first request to the last acknowledgement, seconds.
    pub(crate) seconds: f64,
    /// Server CPU before the load, seconds.
    pub(crate) cpu_before: f64,
    /// Server CPU until the last acknowledgement, seconds.
    pub(crate) cpu_ack: f64,
    /// Server CPU until runs and search index have caught up too, seconds.
    pub(crate) cpu_all: f64,
    /// Time from the last acknowledgement until then, seconds.
    pub(crate) behind_seconds: f64,
    /// Milliseconds to the acknowledgement: median, 99th percentile, largest.
    pub(crate) ack_ms: [f64; 3],
    /// Requests refused and tried again.
    pub(crate) refused: u64,
    /// Peak resident size, bytes.
    pub(crate) peak_bytes: u64,
}

/// Sends the load and waits until the server has caught up.
pub(crate) fn send(server: &Server, load: Load) -> anyhow::Result<Measured> {
    let mut out = send_until(server, load, &Arc::default())?;
    let acked = Instant::now();
    wait_until_idle(server)?;
    out.behind_seconds = acked.elapsed().as_secs_f64();
    let after = server.used()?;
    out.cpu_all = after.cpu_seconds - out.cpu_before;
    out.peak_bytes = after.peak_bytes;
    Ok(out)
}

/// Sends the load until its end, or until it is ended.
pub(crate) fn send_until(server: &Server, load: Load, sending: &Arc<Sending>) -> anyhow::Result<Measured> {
    let prose = Arc::new(Prose::new(8 << 20));
    let before = server.used()?;
    let began = Instant::now();
    let address = server.listen;
    let workers: Vec<_> = (0..load.connections)
        .map(|worker| {
            let (prose, sending) = (Arc::clone(&prose), Arc::clone(sending));
            std::thread::spawn(move || connection(address, load, worker, &prose, &sending))
        })
        .collect();
    let mut out = Measured::default();
    let mut acks: Vec<f64> = Vec::new();
    for worker in workers {
        let Ok(part) = worker.join() else { bail!("a sender panicked") };
        let part = part?;
        out.spans += part.spans;
        out.bytes += part.bytes;
        out.refused += part.refused;
        acks.extend(part.acks);
    }
    out.seconds = began.elapsed().as_secs_f64();
    out.cpu_before = before.cpu_seconds;
    out.cpu_ack = server.used()?.cpu_seconds - before.cpu_seconds;
    acks.sort_by(f64::total_cmp);
    let at =
        |share: f64| acks.get(((acks.len() as f64 * share) as usize).min(acks.len().max(1) - 1)).copied();
    out.ack_ms = [at(0.5), at(0.99), at(1.0)].map(Option::unwrap_or_default);
    Ok(out)
}

/// Waits until runs are derived and the search index has caught up.
pub(crate) fn wait_until_idle(server: &Server) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(600);
    loop {
        let is_projected = Http::connect(server.listen)?.lag_ms("/v1/runs?limit=1")? == 0;
        if is_projected && server.get("/health")?["search_lag"].as_u64() == Some(0) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("the server was still busy after ten minutes");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends one run, request by request, and returns its id.
pub(crate) fn send_run(server: &Server, shape: Shape) -> anyhow::Result<String> {
    let now = now_ns()?;
    let spans = workload::run(&Prose::new(4 << 20), &mut Random::new(9), shape, &Identity::alike(), now);
    let mut http = Http::connect(server.listen)?;
    for request in spans.chunks(500) {
        let body = workload::request("bench", request.to_vec()).encode_to_vec();
        let (status, _) = http.post("/v1/traces", None, &body)?;
        if status != 200 {
            bail!("the server answered {status}");
        }
    }
    Ok(run_id(spans.last().context("a run has spans")?))
}

/// The id of the run whose root this span is.
pub(crate) fn run_id(root: &opentelemetry_proto::tonic::trace::v1::Span) -> String {
    format!("{}-{}", hex(&root.trace_id), hex(&root.span_id))
}

/// Waits until a run can be read under the id of its root, which arrives last. Until then a list may show the state before it.
pub(crate) fn wait_for_run(server: &Server, run_id: &str) -> anyhow::Result<()> {
    wait_until_idle(server)?;
    let deadline = Instant::now() + Duration::from_secs(120);
    while let Err(error) = server.get(&format!("/v1/runs/{run_id}/timeline?format=columns&limit=1")) {
        if Instant::now() > deadline {
            return Err(error.context("two minutes after it was acknowledged"));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn hex(id: &[u8]) -> String {
    id.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[derive(Default)]
struct Part {
    spans: u64,
    bytes: u64,
    refused: u64,
    acks: Vec<f64>,
}

fn connection(
    address: std::net::SocketAddr,
    load: Load,
    worker: u64,
    prose: &Prose,
    sending: &Sending,
) -> anyhow::Result<Part> {
    let mut http = Http::connect(address)?;
    let now = now_ns()?;
    // Another load on the same store makes other runs.
    let mut random = Random::new(now ^ worker);
    let began = Instant::now();
    let service = if load.varied { format!("service-{}", worker % 4) } else { "bench".into() };
    let mut part = Part::default();
    let mut waiting = Vec::new();
    loop {
        let sent = sending.sent.load(Ordering::Relaxed);
        if sent >= load.spans || sending.is_over.load(Ordering::Relaxed) {
            return Ok(part);
        }
        if let Some(rate) = load.rate {
            let due = Duration::from_secs_f64(part.spans as f64 * load.connections as f64 / rate as f64);
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
        let left = load.period.mul_f64(1.0 - sent as f64 / load.spans as f64);
        let ago = (load.before + left).as_nanos() as u64;
        // Like a batch processor: spans of several runs in one request, and a run over several requests.
        while waiting.len() < load.per_request {
            let who = if load.varied { Identity::varied(&mut random) } else { Identity::alike() };
            waiting.extend(workload::run(prose, &mut random, load.shape, &who, now - ago));
        }
        let rest = waiting.split_off(load.per_request);
        let spans = std::mem::replace(&mut waiting, rest);
        let count = spans.len() as u64;
        sending.sent.fetch_add(count, Ordering::Relaxed);
        let body = workload::request(&service, spans).encode_to_vec();
        part.bytes += body.len() as u64;
        let body = if load.gzip {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
            gzip.write_all(&body)?;
            gzip.finish()?
        } else {
            body
        };
        loop {
            let asked = Instant::now();
            let (status, retry_after) = http.post("/v1/traces", load.gzip.then_some("gzip"), &body)?;
            match status {
                200 => {
                    part.acks.push(asked.elapsed().as_secs_f64() * 1e3);
                    part.spans += count;
                    break;
                }
                429 | 503 => {
                    part.refused += 1;
                    std::thread::sleep(Duration::from_millis(retry_after.unwrap_or(1) * 100));
                }
                other => bail!("the server answered {other}"),
            }
        }
    }
}

/// Now, in nanoseconds since the epoch.
pub(crate) fn now_ns() -> anyhow::Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64)
}
