//! A run goes on in another process, through a queue: `cargo run -p turnscope --example queue`, with
//! `OTEL_EXPORTER_OTLP_ENDPOINT` set to where spans go. The queue is a pipe to the same program, started as a worker.

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
    init_tracing("front-desk");
    let run = turnscope::run("helpdesk");
    run.session("queue-example");
    let turn = run.turn();
    let job = turn.with_baggage("session.id", "queue-example").carrier();
    turn.end();
    println!("run {}-{}", run.span_context().trace_id(), run.span_context().span_id());
    run.end();
    shutdown();

    let mut worker = Command::new(env::current_exe()?).arg("worker").stdin(Stdio::piped()).spawn()?;
    worker.stdin.take().ok_or("no pipe")?.write_all(serde_json::to_string(&job)?.as_bytes())?;
    if worker.wait()?.success() { Ok(()) } else { Err("the worker failed".into()) }
}

fn work() -> Result<(), Box<dyn Error>> {
    init_tracing("worker");
    let job: HashMap<String, String> = serde_json::from_reader(io::stdin())?;
    let place = join(&job);
    place.tool("send_mail").set("recipients", 1);
    place.run("archivist").tool("file_away").end();
    shutdown();
    Ok(())
}
