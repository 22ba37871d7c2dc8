//! `turnscope demo`: a server with sample runs.

mod history;

use super::{
    import::{self, Taken},
    serve,
};
use crate::{
    client::{Client, DemoPointer},
    exit::{Code, Failure, Outcome},
    logging,
    settings::{Flags, SERVE},
};
use serde_json::Value;
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use turnscope_server::Addresses;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Demo {
    /// Only the stories of the last hours, without two weeks of runs before them
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    flags: Flags<SERVE>,
}

macro_rules! samples {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../samples/", $name, ".otlp.json")))),*]
    };
}

/// The names and contents of the samples, written by `samples/generate.py`.
const SAMPLES: &[(&str, &[u8])] = samples![
    "support-desk",
    "trip-planner",
    "treasury",
    "coding-agent",
    "warehouse-sync",
    "incident-review",
    "contract-review",
    "invoice-reader",
    "shop-assistant",
    "handbook",
];

/// A trace of the first story: where it is, the samples are.
const FIRST_STORY: &str = "d00b4eac2691d1972cf271d42a81f3cb";

/// The time at which the samples were made, in seconds since the Unix epoch.
const WRITTEN_AT: u64 = 1_700_000_000;

/// Serves sample runs until SIGTERM or Ctrl-C.
pub(crate) fn demo(args: &Demo) -> Outcome {
    let mut flags = args.flags.clone();
    let temporary = if flags.has("data") {
        None
    } else {
        let directory = tempfile::Builder::new()
            .prefix("turnscope-demo-")
            .tempdir()
            .map_err(|error| Failure::failed(format!("cannot create a temporary directory: {error}")))?;
        flags.set("data", directory.path().display().to_string());
        Some(directory)
    };
    // One sample is a run in progress, which must not become incomplete while someone looks at it.
    if !flags.has("silence") {
        flags.set("silence", "24h".to_owned());
    }
    let settings = flags.resolve()?;
    logging::start(&settings.log)?;
    for (name, address) in
        [("listen", settings.listen), ("otlp-grpc", settings.otlp_grpc), ("otlp-http", settings.otlp_http)]
    {
        let typed = flags.has(name) || name == "listen" && (flags.has("host") || flags.has("port"));
        if !typed && is_busy(address) {
            flags.set(name, SocketAddr::new(address.ip(), 0).to_string());
        }
    }
    load(&flags, args.no_history)?;
    let settings = flags.resolve()?;
    let pointer = temporary.as_ref().and_then(|directory| DemoPointer::write(directory.path()));
    let outcome = serve::run(settings, |addresses, data| announce(addresses, data, pointer.is_some()));
    drop(pointer);
    drop(temporary);
    outcome
}

fn is_busy(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}

/// Loads the samples into the store, with times shifted to now. Those of an earlier start stay as they are.
fn load(flags: &Flags<SERVE>, no_history: bool) -> Outcome {
    let client = Client::own(flags.resolve()?)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if is_there(&client, FIRST_STORY)? {
        return Ok(());
    }
    if !no_history {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        for day in history::days(now) {
            import::object(&client, "the history", day.to_string().as_bytes(), &mut Taken::default())?;
        }
    }
    let shift = now.saturating_sub(Duration::from_secs(WRITTEN_AT)).as_nanos() as u64;
    let mut taken = Taken::default();
    for (name, bytes) in SAMPLES {
        let mut sample: Value = serde_json::from_slice(bytes)
            .map_err(|error| Failure::failed(format!("the sample {name} is damaged: {error}")))?;
        move_times(&mut sample, shift);
        import::object(&client, name, sample.to_string().as_bytes(), &mut taken)?;
    }
    Ok(())
}

/// Whether a trace was received.
fn is_there(client: &Client, trace: &str) -> Result<bool, Failure> {
    match client.get::<Value>(&format!("/v1/traces/{trace}")) {
        Ok(_) => Ok(true),
        Err(failure) if failure.code == Code::NotFound => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Shifts all times in a body.
fn move_times(value: &mut Value, shift: u64) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if key.ends_with("TimeUnixNano") || key == "timeUnixNano" {
                    if let Some(time) = inner.as_str().and_then(|text| text.parse::<u64>().ok()) {
                        *inner = Value::String(time.saturating_add(shift).to_string());
                    }
                } else {
                    move_times(inner, shift);
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|inner| move_times(inner, shift)),
        _ => {}
    }
}

fn announce(addresses: &Addresses, data: &Path, is_found: bool) {
    let here = if is_found { String::new() } else { format!(" --server http://{}", addresses.listen) };
    eprintln!(
        "The turnscope demo is ready. In another terminal:\n\n  \
           turnscope runs{here}\n  \
           turnscope show last{here}\n  \
           turnscope show last --messages{here}\n  \
           turnscope runs -q 'verdict:deny,hitl'{here}\n  \
           turnscope search refund{here}\n  \
           turnscope stats --group-by agent{here}\n\n\
         In a browser:  http://{listen}/  (API: http://{listen}/docs)\n\
         Your agent:    OTEL_EXPORTER_OTLP_ENDPOINT=http://{http}  (gRPC: http://{grpc})\n\
         Data:          {data}\n\n\
         Press Ctrl-C to stop.",
        listen = addresses.listen,
        http = addresses.otlp_http,
        grpc = addresses.otlp_grpc,
        data = data.display()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_story_is_among_the_samples() {
        let (_, first) = SAMPLES[0];
        assert!(String::from_utf8_lossy(first).contains(FIRST_STORY));
    }
}
