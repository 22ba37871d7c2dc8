//! A run that continues in another process, through a queue. Here the queue is a pipe to this same program,
//! started as a worker.
//!
//! `cargo run -p turnscope --example queue`, with `OTEL_EXPORTER_OTLP_ENDPOINT` for the spans.

use std::{
    collections::HashMap,
    env,
    error::Error,
    io::{self, Write},
    process::{Command, Stdio},
};
use turnscope::{init_tracing, join, shutdown};

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("worker") { work() } else { ask() }
}

fn ask() -> Result<(), Box<dyn Error>> {
    let _recording = init_tracing("front-desk");
    let run = turnscope::run("helpdesk");
    run.session("queue-example");
    let turn = run.turn();
    let job = turn.with_baggage("session.id", "queue-example").carrier();
    turn.end();
    println!("run {}-{}", run.span_context().trace_id(), run.span_context().span_id());
    run.end();
    let _ = shutdown();

    let mut worker = Command::new(env::current_exe()?).arg("worker").stdin(Stdio::piped()).spawn()?;
    worker.stdin.take().ok_or("no pipe")?.write_all(serde_json::to_string(&job)?.as_bytes())?;
    if worker.wait()?.success() { Ok(()) } else { Err("the worker failed".into()) }
}

fn work() -> Result<(), Box<dyn Error>> {
    let _recording = init_tracing("worker");
    let job: HashMap<String, String> = serde_json::from_reader(io::stdin())?;
    let parent = join(&job);
    parent.tool("send_mail").set("recipients", 1);
    parent.run("archivist").tool("file_away").end();
    let _ = shutdown();
    Ok(())
}
