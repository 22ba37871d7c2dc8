//! `turnscope serve`.

use crate::{
    exit::{Failure, Outcome},
    logging,
    settings::{Flags, SERVE, Settings},
};
use std::path::Path;
use turnscope_server::{Addresses, ServeError};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    flags: Flags<SERVE>,
}

/// Serves until SIGTERM or Ctrl-C.
pub(crate) fn serve(args: &Serve) -> Outcome {
    let settings = args.flags.resolve()?;
    logging::start(&settings.log)?;
    run(settings, announce)
}

/// Runs the server. `ready` is called once all ports are open.
pub(crate) fn run(settings: Settings, ready: impl FnOnce(&Addresses, &Path)) -> Outcome {
    let (ready_file, data) = (settings.ready_file.clone(), settings.data.clone());
    let config = settings.server_config();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        let announce = |addresses: Addresses| {
            if let Some(path) = &ready_file {
                write_ready_file(path, &addresses)?;
            }
            ready(&addresses, &data);
            Ok(())
        };
        turnscope_server::serve(config, announce, stop).await.map_err(explain)
    })
}

/// Adds hints to errors at the start.
fn explain(error: ServeError) -> Failure {
    let hint = match &error {
        ServeError::Bind { address, flag, source } => {
            let free = std::net::SocketAddr::new(address.ip(), 0);
            match source.kind() {
                std::io::ErrorKind::AddrInUse => Some(format!(
                    "another program, perhaps another turnscope, uses this address: stop it, or use a free port with {flag} {free}"
                )),
                std::io::ErrorKind::PermissionDenied => {
                    Some("ports below 1024 need special permissions".to_owned())
                }
                _ => None,
            }
        }
        _ => None,
    };
    let message = match &error {
        ServeError::Bind { address, source, .. } => format!("cannot listen on {address}: {source}"),
        _ => String::new(),
    };
    match hint {
        Some(hint) => Failure::failed(message).hint(hint),
        None => error.into(),
    }
}

fn announce(addresses: &Addresses, data: &Path) {
    eprintln!(
        "turnscope {} is ready\n  UI and REST  http://{}/\n  OTLP/gRPC    http://{}\n  OTLP/HTTP    http://{}\n  Data         {}",
        env!("CARGO_PKG_VERSION"),
        addresses.listen,
        addresses.otlp_grpc,
        addresses.otlp_http,
        data.display()
    );
}

/// Writes the file atomically, because another program may be waiting to read it.
fn write_ready_file(path: &Path, addresses: &Addresses) -> Result<(), ServeError> {
    let text = serde_json::to_string(addresses).map_err(|error| ServeError::Config(error.to_string()))?;
    let temporary = path.with_extension("tmp");
    std::fs::write(&temporary, text)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|error| ServeError::Config(format!("cannot write --ready-file {}: {error}", path.display())))
}

fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let wrong = |error| Failure::failed(format!("cannot wait for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(wrong)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(wrong)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
