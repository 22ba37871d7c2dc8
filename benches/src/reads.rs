//! How long REST takes to answer the requests that the page of one large run makes.

use crate::{http::Http, load, server::Server, workload::Shape};
use anyhow::{Context as _, bail};
use std::{path::Path, time::Instant};

/// How often each call is made. The median is shown.
const TIMES: usize = 5;

/// Loads one run for each size and prints how long each call takes.
pub(crate) fn print(binary: &Path, sizes: &[usize]) -> anyhow::Result<()> {
    println!("| spans of the run | load s | server CPU s | peak MB | call | first ms | median ms | kB |");
    println!("|---:|---:|---:|---:|---|---:|---:|---:|");
    for &spans in sizes {
        let directory = tempfile::tempdir()?;
        let server = Server::start(binary, &directory.path().join("data"), &[])?;
        let began = Instant::now();
        let shape = Shape { turns: spans.div_ceil(3), window: 8, message_bytes: 300, below: 0 };
        let run = load::send_run(&server, shape)?;
        let loaded = began.elapsed().as_secs_f64();
        load::wait_for_run(&server, &run)?;
        // Not before: the server closes connections that are idle for long.
        let mut http = Http::connect(server.listen)?;
        for call in calls(&server, &run)? {
            let mut taken = Vec::with_capacity(TIMES);
            let mut bytes = 0;
            for _ in 0..TIMES {
                let asked = Instant::now();
                let (status, body) = http.get(&call)?;
                taken.push(asked.elapsed().as_secs_f64() * 1e3);
                bytes = body.len();
                if status != 200 {
                    bail!("GET {call} answered {status}");
                }
            }
            let first = taken[0];
            taken.sort_by(f64::total_cmp);
            let used = server.used()?;
            println!(
                "| {spans} | {loaded:.1} | {:.1} | {:.0} | `{}` | {first:.1} | {:.1} | {:.0} |",
                used.cpu_seconds,
                used.peak_bytes as f64 / 1e6,
                short(&call),
                taken[TIMES / 2],
                bytes as f64 / 1e3,
            );
        }
        server.stop()?;
    }
    Ok(())
}

fn calls(server: &Server, run: &str) -> anyhow::Result<Vec<String>> {
    let steps = server.get(&format!("/v1/runs/{run}/steps?limit=1&offset=20"))?;
    let step = steps["steps"][0]["step_id"].as_str().context("there is no step")?.to_owned();
    Ok(vec![
        "/v1/runs?limit=50".to_owned(),
        format!("/v1/runs/{run}"),
        format!("/v1/runs/{run}/timeline?format=columns"),
        format!("/v1/runs/{run}/timeline?format=columns&from=0&limit=1000"),
        format!("/v1/runs/{run}/timeline?from=0&limit=100"),
        format!("/v1/runs/{run}/turns/3"),
        format!("/v1/runs/{run}/steps/{step}/data"),
    ])
}

/// The call, with its ids replaced.
fn short(call: &str) -> String {
    let parts = call.split('/').map(|part| {
        let hex = part.len() >= 16 && part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        if hex { "ID" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}
