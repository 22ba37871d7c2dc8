//! A store of many runs: how fast it is filled, and how long each kind of question takes, idle and beside a load.

use crate::{
    http::Http,
    load::{self, Load, Measured, Sending},
    server::Server,
    workload::{self, Identity, Prose, Random, Shape},
};
use anyhow::{Context as _, bail};
use prost::Message as _;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// The days over which the runs are spread.
const DAYS: u64 = 30;
/// Runs sent beside the load, to see when they can be read.
const PROBES: usize = 40;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    binary: PathBuf,
    /// Runs in the store.
    #[arg(long, default_value_t = 10_000)]
    runs: u64,
    /// Turns of each run. 8 make 23 spans.
    #[arg(long, default_value_t = 8)]
    turns: usize,
    /// Bytes of text of each new message.
    #[arg(long, default_value_t = 300)]
    message_bytes: usize,
    /// Spans a second beside which the questions are asked.
    #[arg(long, default_value_t = 10_000)]
    rate: u64,
    /// How often each question is asked.
    #[arg(long, default_value_t = 20)]
    times: usize,
    /// Keep the data in this directory, and fill it only when it is new.
    #[arg(long)]
    data: Option<PathBuf>,
    /// More flags for the server.
    #[arg(last = true)]
    flags: Vec<String>,
}

/// A question and what it is called in the table.
struct Question {
    name: &'static str,
    path: String,
}

/// Milliseconds: the median, the 95th percentile, the longest.
type Taken = [f64; 3];

/// Fills a store, or opens the one that is there, and prints the tables.
pub(crate) fn print(args: &Args) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir()?;
    let data = args.data.clone().unwrap_or_else(|| temporary.path().join("data"));
    let flags: Vec<&str> = args.flags.iter().map(String::as_str).collect();
    let is_new = !data.join(turnscope_store_sqlite::FILE).exists();
    let server = Server::start(&args.binary, &data, &flags)?;
    if is_new {
        fill(&server, args, &data)?;
    }
    load::wait_until_idle(&server)?;
    let questions = questions(&server, args)?;
    // Once unmeasured, so that both columns start with the same caches.
    ask_all(&server, &questions, 1)?;
    let idle = ask_all(&server, &questions, args.times)?;
    let (busy, visible, measured, wal) = beside_load(&server, args, &questions, &data)?;
    println!("\n| question | idle p50 ms | p95 | max | beside the load p50 | p95 | max |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for ((question, idle), busy) in questions.iter().zip(&idle).zip(&busy) {
        let cells: Vec<String> = idle.iter().chain(busy).map(|ms| format!("{ms:.1}")).collect();
        println!("| {} | {} |", question.name, cells.join(" | "));
    }
    let [p50, p95, max] = visible;
    println!("| a run after its ack, until it can be read | | | | {p50:.1} | {p95:.1} | {max:.1} |");
    println!(
        "\nload: {:.0} spans/s acked, ack p50 {:.0} ms, p99 {:.0}, max {:.0}, {} refused, {:.4} CPU s/1,000; log at most {:.0} MB; peak {:.0} MB; /metrics {:.0} kB",
        measured.spans as f64 / measured.seconds,
        measured.ack_ms[0],
        measured.ack_ms[1],
        measured.ack_ms[2],
        measured.refused,
        measured.cpu_ack / measured.spans as f64 * 1e3,
        wal as f64 / 1e6,
        server.used()?.peak_bytes as f64 / 1e6,
        Http::connect(server.listen)?.get("/metrics")?.1.len() as f64 / 1e3,
    );
    let began = Instant::now();
    server.stop()?;
    println!("SIGTERM to exit: {:.1} s", began.elapsed().as_secs_f64());
    let bytes = std::fs::metadata(data.join(turnscope_store_sqlite::FILE))?.len();
    println!("file: {:.0} MB", bytes as f64 / 1e6);
    Ok(())
}

fn shape(args: &Args) -> Shape {
    Shape { turns: args.turns, window: 0, message_bytes: args.message_bytes, below: 0 }
}

fn load_of(args: &Args, spans: u64) -> Load {
    Load { varied: true, ..Load::new(spans, shape(args)) }
}

/// Fills the store in ten parts, and says how fast each one was.
fn fill(server: &Server, args: &Args, data: &Path) -> anyhow::Result<()> {
    const PARTS: u32 = 10;
    println!("| part | spans | spans/s acked | ack p99 ms | CPU s/1,000 | behind s | log MB |");
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    let month = Duration::from_secs(DAYS * 86_400);
    for part in 0..PARTS {
        let spans = (args.runs * shape(args).spans() as u64).div_ceil(u64::from(PARTS));
        // Each part is a tenth of the month, and ends where the next begins.
        let period = month / PARTS;
        let load = Load { period, before: period * (PARTS - 1 - part), ..load_of(args, spans) };
        let measured = load::send(server, load)?;
        println!(
            "| {} | {} | {:.0} | {:.0} | {:.4} | {:.1} | {:.0} |",
            part + 1,
            measured.spans,
            measured.spans as f64 / measured.seconds,
            measured.ack_ms[1],
            measured.cpu_all / measured.spans as f64 * 1e3,
            measured.behind_seconds,
            log_bytes(data) as f64 / 1e6,
        );
    }
    Ok(())
}

/// The size of the write-ahead log.
fn log_bytes(data: &Path) -> u64 {
    let name = format!("{}-wal", turnscope_store_sqlite::FILE);
    std::fs::metadata(data.join(name)).map_or(0, |log| log.len())
}

/// Every question of the table, about runs that are there.
fn questions(server: &Server, args: &Args) -> anyhow::Result<Vec<Question>> {
    // A store that is kept also holds the runs that were sent to see when they can be read: those have no agent of the load.
    let newest = server.get("/v1/runs?limit=50&roots_only=true&agent=agent-00")?;
    // Where the load ended, the last run of each connection is not whole.
    let runs = newest["runs"].as_array().context("there are no runs")?;
    let run = runs.iter().max_by_key(|run| run["tool_call_count"].as_u64()).context("there are no runs")?;
    let id = run["run_id"].as_str().context("a run has no id")?.to_owned();
    let steps = server.get(&format!("/v1/runs/{id}/steps?limit=3"))?;
    let step = steps["steps"][1]["step_id"].as_str().context("the run has no steps")?.to_owned();
    let day_ago = (load::now_ns()? / 1_000_000) - 86_400_000;
    let text = |name: &str| run[name].as_str().unwrap_or_default().to_owned();
    let (session, user) = (text("session_id"), text("user_id"));
    let mut all = vec![
        ("list: newest 50", "/v1/runs?limit=50".to_owned()),
        ("list: newest 50 roots", "/v1/runs?limit=50&roots_only=true".into()),
        ("list: failed, newest", "/v1/runs?limit=50&status=failed".into()),
        ("list: agent, by cost", "/v1/runs?limit=50&agent=agent-04&order=-cost".into()),
        ("list: rare agent, newest", "/v1/runs?limit=50&agent=agent-25".into()),
        (
            "list: failed and agent, by duration",
            "/v1/runs?limit=50&status=failed&agent=agent-00&order=-duration".into(),
        ),
        ("list: model and tag, by tokens", "/v1/runs?limit=50&model=gpt-4.1&tag=tag-3&order=-tokens".into()),
        (
            "list: service and model, by cost",
            "/v1/runs?limit=50&service=service-1&model=gpt-4.1&order=-cost".into(),
        ),
        ("list: tag, newest", "/v1/runs?limit=50&tag=tag-7".into()),
        ("list: a session", format!("/v1/runs?limit=50&session_id={session}")),
        ("list: a user, by cost", format!("/v1/runs?limit=50&user_id={user}&order=-cost")),
        (
            "list: last 24 h and model, by cost",
            format!("/v1/runs?limit=50&started_after={day_ago}&model=gpt-4.1&order=-cost"),
        ),
        ("list: all, by cost", "/v1/runs?limit=50&order=-cost".into()),
        ("list: all, by tokens ascending", "/v1/runs?limit=50&order=tokens".into()),
        ("figures: all", "/v1/stats".into()),
        ("figures: last 24 h", format!("/v1/stats?started_after={day_ago}")),
        ("figures: by model per hour", "/v1/stats?group_by=model&bucket=hour".into()),
        ("figures: by agent per day, failed", "/v1/stats?group_by=agent&bucket=day&status=failed".into()),
        ("values: models", "/v1/values?field=model".into()),
        ("values: users", "/v1/values?field=user".into()),
        ("values: tags", "/v1/values?field=tag".into()),
        ("sessions", "/v1/sessions?limit=50".into()),
        ("sessions of a user", format!("/v1/sessions?limit=50&user_id={user}")),
        ("traces", "/v1/traces?limit=50".into()),
        ("one run", format!("/v1/runs/{id}")),
        ("its timeline", format!("/v1/runs/{id}/timeline?format=columns")),
        ("its turn", format!("/v1/runs/{id}/turns/2")),
        ("its step", format!("/v1/runs/{id}/steps/{step}/data")),
        ("/metrics", "/metrics".into()),
    ];
    if !args.flags.iter().any(|flag| flag == "off") {
        all.extend([
            ("search: a frequent word", "/v1/search?q=kato&limit=20".to_owned()),
            ("search: an absent word", "/v1/search?q=zzyzx&limit=20".into()),
        ]);
    }
    Ok(all.into_iter().map(|(name, path)| Question { name, path }).collect())
}

/// Asks every question so many times, in turns.
fn ask_all(server: &Server, questions: &[Question], times: usize) -> anyhow::Result<Vec<Taken>> {
    let mut http = Http::connect(server.listen)?;
    let mut taken = vec![Vec::with_capacity(times); questions.len()];
    for _ in 0..times {
        for (question, taken) in questions.iter().zip(&mut taken) {
            let asked = Instant::now();
            let (status, body) = http.get(&question.path)?;
            taken.push(asked.elapsed().as_secs_f64() * 1e3);
            if status != 200 {
                bail!("{} answered {status}: {}", question.path, String::from_utf8_lossy(&body));
            }
        }
    }
    Ok(taken.into_iter().map(percentiles).collect())
}

fn percentiles(mut taken: Vec<f64>) -> Taken {
    taken.sort_by(f64::total_cmp);
    let at = |share: f64| taken.get(((taken.len() as f64 * share) as usize).min(taken.len().max(1) - 1));
    [0.5, 0.95, 1.0].map(|share| at(share).copied().unwrap_or_default())
}

/// What beside a load was measured: the questions, how long until a run can be read, the load, and the largest log.
type BesideLoad = (Vec<Taken>, Taken, Measured, u64);

/// Asks every question while spans arrive at a bounded rate.
fn beside_load(
    server: &Server,
    args: &Args,
    questions: &[Question],
    data: &Path,
) -> anyhow::Result<BesideLoad> {
    let sending = Arc::<Sending>::default();
    let load = Load { rate: Some(args.rate), ..load_of(args, u64::MAX) };
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| load::send_until(server, load, &sending));
        let asked = (|| {
            std::thread::sleep(Duration::from_secs(2));
            let busy = ask_all(server, questions, args.times)?;
            let mut largest_log = log_bytes(data);
            let visible = percentiles(
                (0..PROBES)
                    .map(|_| {
                        largest_log = largest_log.max(log_bytes(data));
                        until_visible(server)
                    })
                    .collect::<anyhow::Result<_>>()?,
            );
            anyhow::Ok((busy, visible, largest_log))
        })();
        sending.end();
        let measured = sender.join().map_err(|_| anyhow::anyhow!("the sender panicked"))??;
        let (busy, visible, largest_log) = asked?;
        Ok((busy, visible, measured, largest_log))
    })
}

/// Milliseconds from the acknowledgement of a run until it can be read.
fn until_visible(server: &Server) -> anyhow::Result<f64> {
    let now = load::now_ns()?;
    let shape = Shape { turns: 2, window: 0, message_bytes: 100, below: 0 };
    let spans = workload::run(&Prose::new(1 << 12), &mut Random::new(now), shape, &Identity::alike(), now);
    let root = spans.last().context("a run has spans")?;
    let path = format!("/v1/runs/{}", load::run_id(root));
    let mut http = Http::connect(server.listen)?;
    loop {
        let body = workload::request("bench", spans.clone()).encode_to_vec();
        let (status, retry_after) = http.post("/v1/traces", None, &body)?;
        match status {
            200 => break,
            429 | 503 => std::thread::sleep(Duration::from_secs(retry_after.unwrap_or(1))),
            other => bail!("the server answered {other}"),
        }
    }
    let acked = Instant::now();
    while http.get(&path)?.0 != 200 {
        if acked.elapsed() > Duration::from_secs(60) {
            bail!("a run could not be read a minute after its acknowledgement");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(acked.elapsed().as_secs_f64() * 1e3)
}
