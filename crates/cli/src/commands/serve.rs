//! `turnscope serve`.

use anyhow::Context as _;
use std::{net::SocketAddr, path::PathBuf};
use turnscope_server::{Addresses, Config, ServeError};

/// What was typed.
#[derive(clap::Args)]
pub(crate) struct Serve {
    /// The data directory [default: the platform's data directory].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// UI, REST and OTLP/HTTP.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// OTLP/gRPC.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4317")]
    otlp_grpc: SocketAddr,
    /// OTLP/HTTP.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4318")]
    otlp_http: SocketAddr,
    /// Whether content is indexed for search.
    #[arg(long, value_name = "on|off", default_value = "on", value_parser = ["on", "off"])]
    search: String,
    /// Write the addresses there, as JSON, once every port listens.
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,
}

/// Serves until SIGTERM or Ctrl-C.
pub(crate) fn serve(args: &Serve) -> anyhow::Result<()> {
    let data = match &args.data {
        Some(data) => data.clone(),
        None => directories::ProjectDirs::from("", "", "turnscope")
            .context("this platform has no data directory: name one with --data")?
            .data_dir()
            .to_owned(),
    };
    let config = Config {
        listen: args.listen,
        otlp_grpc: args.otlp_grpc,
        otlp_http: args.otlp_http,
        search: args.search == "on",
        ..Config::new(data)
    };
    let ready_file = args.ready_file.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        turnscope_server::serve(config, |addresses| announce(&addresses, ready_file.as_deref()), stop)
            .await
            .map_err(anyhow::Error::from)
    })
}

fn announce(addresses: &Addresses, ready_file: Option<&std::path::Path>) -> Result<(), ServeError> {
    eprintln!(
        "turnscope {} is ready\n  UI and REST  http://{}/\n  OTLP/gRPC    {}\n  OTLP/HTTP    http://{}",
        env!("CARGO_PKG_VERSION"),
        addresses.listen,
        addresses.otlp_grpc,
        addresses.otlp_http
    );
    let Some(path) = ready_file else { return Ok(()) };
    // Written beside and renamed, so that who waits for the file never reads half of it.
    let text = serde_json::to_string(addresses).map_err(|error| ServeError::Config(error.to_string()))?;
    let beside = path.with_extension("tmp");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|error| ServeError::Config(format!("cannot write --ready-file {}: {error}", path.display())))
}

fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
