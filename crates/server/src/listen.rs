//! One port: accept, serve HTTP/1 and HTTP/2, stop gracefully.

use crate::ServeError;
use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::Instant};

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// An HTTP/2 connection is asked for a sign of life after this silence, and closed when none comes.
const PING_EVERY: Duration = Duration::from_secs(60);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// Connections at once on one port; more wait in the kernel's queue.
const CONNECTIONS: usize = 4096;

/// A bound port.
pub(crate) struct Listener {
    inner: TcpListener,
    address: SocketAddr,
}

/// A port that is being served.
pub(crate) struct Running {
    stop: oneshot::Sender<()>,
    done: JoinHandle<GracefulShutdown>,
}

impl Listener {
    pub(crate) async fn bind(address: SocketAddr, flag: &'static str) -> Result<Self, ServeError> {
        let bind = |source| ServeError::Bind { address, flag, source };
        let inner = TcpListener::bind(address).await.map_err(bind)?;
        let address = inner.local_addr().map_err(bind)?;
        Ok(Self { inner, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until told to stop.
    pub(crate) fn spawn(self, router: Router) -> Running {
        let (stop, mut stopped) = oneshot::channel();
        let done = tokio::spawn(async move {
            let graceful = GracefulShutdown::new();
            let room = std::sync::Arc::new(tokio::sync::Semaphore::new(CONNECTIONS));
            loop {
                let Ok(permit) = std::sync::Arc::clone(&room).acquire_owned().await else { break };
                let stream = tokio::select! {
                    accepted = self.inner.accept() => match accepted {
                        Ok((stream, _)) => stream,
                        Err(error) => {
                            // Out of file descriptors, most likely: waiting is all that helps.
                            tracing::warn!(%error, "accepting a connection failed");
                            tokio::time::sleep(Duration::from_millis(100)).await;
                            continue;
                        }
                    },
                    _ = &mut stopped => break,
                };
                let _ = stream.set_nodelay(true);
                let service = TowerToHyperService::new(router.clone());
                let mut builder = auto::Builder::new(TokioExecutor::new());
                builder
                    .http1()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIMEOUT)
                    .http2()
                    .timer(TokioTimer::new())
                    .keep_alive_interval(PING_EVERY)
                    .keep_alive_timeout(PING_TIMEOUT)
                    .adaptive_window(true)
                    .max_concurrent_streams(256);
                let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
                let connection = graceful.watch(connection);
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(error = %error, "a connection ended early");
                    }
                    drop(permit);
                });
            }
            graceful
        });
        Running { stop, done }
    }
}

impl Running {
    /// Stops accepting, and waits for running requests until the deadline.
    pub(crate) async fn stop(self, deadline: Instant) {
        let _ = self.stop.send(());
        if let Ok(graceful) = self.done.await
            && tokio::time::timeout_at(deadline, graceful.shutdown()).await.is_err()
        {
            tracing::warn!("some requests did not finish in time and were cut off");
        }
    }
}
