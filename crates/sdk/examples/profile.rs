//! A profile with a trace file. The default profile, development, records half of all runs. Read the file
//! back with the example `read_trace_file`.
//!
//! `TRACE_PROFILE=production TRACE_ENCRYPTION_KEY=… cargo run -p turnscope --example profile --features
//! encryption,gzip FILE`.

use std::{env, error::Error};
use turnscope::{TraceConfig, shutdown};

fn main() -> Result<(), Box<dyn Error>> {
    let trace_file = Some(env::args().nth(1).ok_or("usage: profile FILE")?.into());
    let _recording = TraceConfig { trace_file, ..TraceConfig::default() }.config("profile")?.install()?;

    for order in 0..100 {
        let run = turnscope::run("helpdesk");
        run.metadata("order", order.to_string());
        run.turn().tool("lookup").end();
    }
    let _ = shutdown();
    Ok(())
}
