//! The server: receivers, REST, live stream, and what stands between a client and the store.
//!
//! [`serve`] and `run` read as the table of contents: bind, open, announce, wait, drain, close.

mod audit;
mod auth;
mod body;
mod clock;
mod connections;
mod content_stores;
mod counted;
mod degraded;
mod dimensions;
mod document;
mod families;
mod ingest;
mod linger;
mod listen;
mod live;
mod live_events;
mod local;
mod maintenance;
mod otlp_grpc;
mod otlp_http;
mod own_rules;
mod own_writes;
mod prefix;
mod prices;
mod problem;
mod reads;
mod refusal;
mod reservation;
mod rest;
mod retention_rules;
mod routes;
mod spanmetrics;
mod state;
#[cfg(test)]
mod tests;
mod ui;
mod unread;
mod unrecorded;
mod user_file;
mod watched_body;

pub use auth::ApiKey;
#[doc(hidden)]
pub use body::decompressed;
pub use local::Local;
pub use prices::FILE as PRICE_FILE;
pub use routes::openapi;
pub use state::{Audit, Config, Setting};

use listen::{Listener, Running};
use state::App;
use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// How long running requests may take to finish once the server stops.
const GRACE: Duration = Duration::from_secs(20);

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] turnscope_store::StoreError),
    /// The audit trail could not be opened.
    #[error(transparent)]
    Audit(#[from] turnscope_audit::AuditError),
    /// An address could not be listened on.
    #[error("cannot listen on {address} ({flag}): {source}; choose another with {flag}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// A setting makes no sense.
    #[error("{0}")]
    Config(String),
    /// The store can do nothing any more.
    #[error("{0}; start the server again")]
    StoreFailed(String),
}

/// Where a running server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Addresses {
    /// UI, REST and OTLP/HTTP.
    pub listen: SocketAddr,
    /// OTLP/gRPC.
    pub otlp_grpc: SocketAddr,
    /// OTLP/HTTP.
    pub otlp_http: SocketAddr,
}

/// Runs the server until `stop` resolves; `ready` is called once every port listens.
pub async fn serve(
    config: Config,
    ready: impl FnOnce(Addresses) -> Result<(), ServeError>,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    config.check()?;
    let ports = Ports::bind(&config).await?;
    let app = App::open(config, ports.addresses())?;
    run(app, ports, ready, stop).await
}

/// The ports, before they are served.
struct Ports {
    main: Listener,
    grpc: Listener,
    http: Listener,
}

impl Ports {
    async fn bind(config: &Config) -> Result<Self, ServeError> {
        Ok(Self {
            main: Listener::bind(config.listen, "--listen").await?,
            grpc: Listener::bind(config.otlp_grpc, "--otlp-grpc").await?,
            http: Listener::bind(config.otlp_http, "--otlp-http").await?,
        })
    }

    fn addresses(&self) -> Addresses {
        Addresses {
            listen: self.main.address(),
            otlp_grpc: self.grpc.address(),
            otlp_http: self.http.address(),
        }
    }

    fn serve(self, app: &Arc<App>) -> [Running; 3] {
        let otlp = auth::protect(&app.origins, routes::otlp_router(app));
        [
            self.main.spawn(auth::protect(&app.origins, routes::router(app)), app.write_timeout),
            self.grpc.spawn(otlp.clone(), app.write_timeout),
            self.http.spawn(otlp, app.write_timeout),
        ]
    }
}

/// Serves until `stop` resolves, or until the store has failed for good.
async fn run(
    app: Arc<App>,
    ports: Ports,
    ready: impl FnOnce(Addresses) -> Result<(), ServeError>,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let pruning = maintenance::spawn_pruning(&app);
    let upkeep = maintenance::spawn_upkeep(&app);
    let reading = live_events::spawn_reading(&app);
    let recording = audit::spawn_recording(&app)?;
    let audit_pruning = audit::spawn_pruning(&app);
    let running = ports.serve(&app);
    ready(app.addresses)?;
    let failed = tokio::select! {
        () = stop => None,
        reason = maintenance::store_failure(Arc::clone(&app.store)) => Some(reason),
    };
    for task in [pruning, upkeep, reading].into_iter().chain(audit_pruning) {
        task.abort();
    }
    app.store.end_maintenance();
    // In the order of flow: new work is refused, running requests finish, then the store drains and closes.
    app.ingest.stopping.store(true, Ordering::Relaxed);
    app.live.close();
    let deadline = tokio::time::Instant::now() + GRACE;
    for listener in running {
        listener.stop(deadline).await;
    }
    if let Some(recording) = recording {
        recording.finish(deadline).await;
    }
    tokio::task::spawn_blocking(move || drop(app)).await.ok();
    failed.map_or(Ok(()), |reason| Err(ServeError::StoreFailed(reason)))
}
