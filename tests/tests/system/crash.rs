//! Kills the server (SIGKILL) under load many times: every acknowledged span is there afterwards, none twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use turnscope_tests::{
    http,
    load::{self, Random},
    testkit::Turnscope,
};

const KILLS: u64 = 20;
const SENDERS: u64 = 4;
const TURNS: u64 = 2;
/// The agent's span, and a call and a tool for each turn.
const SPANS: u64 = 1 + 2 * TURNS;

/// Acknowledged runs, by part: 0 is a whole run, 1 and 2 are the halves of a run sent in two requests.
type Acked = Arc<Mutex<BTreeMap<u64, BTreeSet<u8>>>>;

/// Sends runs until the server is gone, a third of them in two requests, and some of those twice.
fn send(at: std::net::SocketAddr, mut random: Random, first: u64, acked: &Acked, stop: &AtomicBool) {
    for run in first.. {
        let spans = load::run(run, TURNS);
        let parts: Vec<(u8, Vec<_>)> = if random.below(3) == 0 {
            vec![(2, spans[2..].to_vec()), (1, spans[..2].to_vec()), (2, spans[2..].to_vec())]
        } else {
            vec![(0, spans)]
        };
        for (part, spans) in parts {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let body = load::encode(spans);
            let headers = [("content-type", "application/x-protobuf")];
            match http::send(at, "POST", "/v1/traces", &headers, &body) {
                Ok(reply) if reply.status == 200 => {
                    acked.lock().unwrap().entry(run).or_default().insert(part);
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}

fn is_whole(parts: &BTreeSet<u8>) -> bool {
    parts.contains(&0) || (parts.contains(&1) && parts.contains(&2))
}

#[test]
fn whatever_was_acked_survives_kill_9_at_any_moment() {
    let mut random = Random(42);
    let acked: Acked = Acked::default();
    let mut server = Turnscope::start();
    let data = server.data();
    for kill in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (acked, stop, at) = (Arc::clone(&acked), Arc::clone(&stop), server.0.otlp_http);
                let own = Random(random.number());
                let first = (kill * SENDERS + sender) * 1_000_000;
                std::thread::spawn(move || send(at, own, first, &acked, &stop))
            })
            .collect();
        std::thread::sleep(Duration::from_micros(20_000 + random.below(400_000)));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.join().unwrap();
        }
        server = Turnscope::start_on(Arc::clone(&data), &[]);
        check_newest(&server, &acked, kill);
    }
    check_all(&server, &acked);
}

/// After each restart: checks a few of the acknowledged runs.
fn check_newest(server: &Turnscope, acked: &Acked, kill: u64) {
    let of_load = kill * SENDERS * 1_000_000;
    let acked = acked.lock().unwrap();
    for (run, parts) in acked.range(of_load..).rev().take(5) {
        let trace = server.json(&format!("/v1/traces/{:032x}", run + 1));
        let spans = trace["steps"].as_array().unwrap().len() as u64;
        let least = if is_whole(parts) { SPANS } else { 2 };
        assert!((least..=SPANS).contains(&spans), "run {run}, {parts:?}: {spans} spans after kill {kill}");
    }
}

/// At the end: checks that every span is there once, runs are derived, and search has caught up.
fn check_all(server: &Turnscope, acked: &Acked) {
    let acked = acked.lock().unwrap();
    let mut seen: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = server.json(&format!("/v1/runs?limit=1000{cursor}"));
        for run in page["runs"].as_array().unwrap() {
            let count = |field: &str| run[field].as_u64().unwrap();
            let id = run["run_id"].as_str().unwrap().to_owned();
            let before = seen.insert(id, (count("llm_call_count"), count("tool_call_count")));
            assert_eq!(before, None, "each run once");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let whole: Vec<u64> = acked.iter().filter(|(_, parts)| is_whole(parts)).map(|(run, _)| *run).collect();
    assert!(whole.len() > 100, "{} whole runs were acked", whole.len());
    for run in &whole {
        assert_eq!(
            seen.get(&load::run_id(*run)),
            Some(&(TURNS, TURNS)),
            "run {run}: its calls and tools, once each"
        );
    }
    // The index catches up with the last run's text.
    let last = whole.last().unwrap();
    let words = format!("/v1/search?q=%22parcel%20{last}-1%20left%20the%20depot%22");
    let until = Instant::now() + Duration::from_secs(20);
    while server.json(&words)["hits"].as_array().is_none_or(Vec::is_empty) {
        assert!(Instant::now() < until, "the search index never caught up");
        std::thread::sleep(Duration::from_millis(50));
    }
}
