//! Sends a load and measures the server.

use crate::{
    http::Http,
    server::Server,
    workload::{self, Prose, Random, Shape},
};
use anyhow::{Context as _, bail};
use flate2::{Compression, write::GzEncoder};
use prost::Message as _;
use std::{
    fmt::Write as _,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
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
    let prose = Arc::new(Prose::new(8 << 20));
    let sent = Arc::new(AtomicU64::new(0));
    let before = server.used()?;
    let began = Instant::now();
    let address = server.listen;
    let workers: Vec<_> = (0..load.connections)
        .map(|worker| {
            let (prose, sent) = (Arc::clone(&prose), Arc::clone(&sent));
            std::thread::spawn(move || connection(address, load, worker, &prose, &sent))
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
    out.cpu_ack = server.used()?.cpu_seconds - before.cpu_seconds;
    let acked = Instant::now();
    wait_until_idle(server)?;
    out.behind_seconds = acked.elapsed().as_secs_f64();
    let after = server.used()?;
    out.cpu_all = after.cpu_seconds - before.cpu_seconds;
    out.peak_bytes = after.peak_bytes;
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
        // A request for runs waits for the projection.
        server.get("/v1/runs?limit=1")?;
        if server.get("/health")?["search_lag"].as_u64() == Some(0) {
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
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64;
    let spans = workload::run(&Prose::new(4 << 20), &mut Random::new(9), shape, now);
    let mut http = Http::connect(server.listen)?;
    for request in spans.chunks(500) {
        let body = workload::request(request.to_vec()).encode_to_vec();
        let (status, _) = http.post("/v1/traces", None, &body)?;
        if status != 200 {
            bail!("the server answered {status}");
        }
    }
    let root = spans.last().context("a run has spans")?;
    Ok(format!("{}-{}", hex(&root.trace_id), hex(&root.span_id)))
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
    sent: &AtomicU64,
) -> anyhow::Result<Part> {
    let mut http = Http::connect(address)?;
    let mut random = Random::new(1000 + worker);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64;
    let mut part = Part::default();
    let mut waiting = Vec::new();
    while sent.load(Ordering::Relaxed) < load.spans {
        // Like a batch processor: spans of several runs in one request, and a run over several requests.
        while waiting.len() < load.per_request {
            waiting.extend(workload::run(prose, &mut random, load.shape, now));
        }
        let rest = waiting.split_off(load.per_request);
        let spans = std::mem::replace(&mut waiting, rest);
        let count = spans.len() as u64;
        sent.fetch_add(count, Ordering::Relaxed);
        let body = workload::request(spans).encode_to_vec();
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
    Ok(part)
}
