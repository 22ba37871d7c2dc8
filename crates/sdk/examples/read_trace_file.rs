//! Prints a trace file's spans as lines of JSON, whether compressed, encrypted or neither. The key comes from
//! `TRACE_ENCRYPTION_KEY`.
//!
//! `cargo run -p turnscope --example read_trace_file --features encryption,gzip FILE`.

use std::{env, error::Error};
use turnscope::TraceFile;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: read_trace_file FILE")?;
    let key = env::var("TRACE_ENCRYPTION_KEY").ok().map(|text| text.parse()).transpose()?;
    for span in TraceFile::open(path, key)? {
        println!("{}", serde_json::to_string(&span?)?);
    }
    Ok(())
}
