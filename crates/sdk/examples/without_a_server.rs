//! Writes a run to a Turnscope data directory, without a server: `cargo run -p turnscope --features store
//! --example without_a_server DIR`, then `turnscope runs --data DIR`.

use std::{env, error::Error, path::PathBuf};
use turnscope::{DataDirectory, RecordingConfig, shutdown};

fn main() -> Result<(), Box<dyn Error>> {
    let path: PathBuf = env::args().nth(1).ok_or("usage: without_a_server DIR")?.into();
    let directory = DataDirectory { retention_days: 30.0, ..DataDirectory::of(path.join("turnscope.db")) };
    let _recording =
        RecordingConfig { store: Some(directory), content: true, ..RecordingConfig::new("without-a-server") }
            .install()?;

    let run = turnscope::run("helpdesk");
    run.input("Where is my order 17?");
    run.turn().tool("lookup").call_id("call_1").result("at sea");
    run.final_answer("It is at sea.");
    println!("run {}-{}", run.span_context().trace_id(), run.span_context().span_id());
    run.end();
    let _ = shutdown();
    Ok(())
}
