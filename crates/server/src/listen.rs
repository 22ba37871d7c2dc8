//! One port: accept, serve HTTP/1 and HTTP/2, stop gracefully.

use crate::{
    ServeError,
    connections::{Busy, Connections, Usage},
    linger::Lingering,
    unread::close_after_unread,
    watched_body::WatchedBody,
};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::Instant,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// An HTTP/2 connection is pinged after this much silence, and closed when no reply comes.
const PING_EVERY: Duration = Duration::from_secs(60);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// After the stop, connections are closed once no request has been in progress for this many checks in a row.
const CALM: u32 = 10;
const CALM_STEP: Duration = Duration::from_millis(50);
/// Connections at once on one port. Beyond that the longest idle one makes room.
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
    /// Requests in progress.
    active: Arc<AtomicUsize>,
    /// Aborts the remaining connections.
    cut: CancellationToken,
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

    /// Serves until it is stopped. A connection is closed when its client has taken nothing for `write_timeout` although
    /// something was to be sent: streams that nobody reads would stay for ever.
    pub(crate) fn spawn(self, router: Router, write_timeout: Duration) -> Running {
        let (stop, mut stopped) = oneshot::channel();
        let active = Arc::new(AtomicUsize::new(0));
        let router = router
            .layer(middleware::from_fn(close_after_unread))
            .layer(middleware::from_fn_with_state(Arc::clone(&active), count));
        let cut = CancellationToken::new();
        let end = cut.clone();
        let done = tokio::spawn(async move {
            let graceful = GracefulShutdown::new();
            let stopping = CancellationToken::new();
            let connections = Connections::new(CONNECTIONS);
            loop {
                let stream = tokio::select! {
                    accepted = self.inner.accept() => match accepted {
                        Ok((stream, _)) => stream,
                        Err(error) => {
                            // Most likely out of file descriptors; only waiting helps.
                            tracing::warn!(%error, "accepting a connection failed");
                            tokio::time::sleep(Duration::from_millis(100)).await;
                            continue;
                        }
                    },
                    _ = &mut stopped => break,
                };
                let connection = loop {
                    match connections.open() {
                        Some(connection) => break connection,
                        // All are busy, so this one waits for an end, and others in the kernel's queue.
                        None => tokio::time::sleep(CALM_STEP).await,
                    }
                };
                let _ = stream.set_nodelay(true);
                let usage = connection.usage();
                let service = tower::ServiceBuilder::new()
                    .map_request(move |mut request: http::Request<_>| {
                        request.extensions_mut().insert(usage.clone());
                        request
                    })
                    .service(router.clone());
                let service = TowerToHyperService::new(service);
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
                let watcher = graceful.watcher();
                let (stopping, end) = (stopping.clone(), end.clone());
                tokio::spawn(async move {
                    let cut = connection.cut();
                    tokio::select! {
                        began = tokio::time::timeout(HEAD_TIMEOUT, first_bytes(&stream)) => {
                            if !matches!(began, Ok(Ok(()))) {
                                return;
                            }
                        }
                        () = stopping.cancelled() => return,
                        () = cut.cancelled() => return,
                    }
                    let mut stream = TimeoutStream::new(stream);
                    stream.set_write_timeout(Some(write_timeout));
                    let io = TokioIo::new(Lingering::new(Box::pin(stream)));
                    let serving = builder.serve_connection(io, service).into_owned();
                    tokio::select! {
                        ended = watcher.watch(serving) => if let Err(error) = ended {
                            tracing::debug!(error = %error, "a connection ended early");
                        },
                        () = end.cancelled() => {}
                        () = cut.cancelled() => tracing::debug!("an idle connection made room for another"),
                    }
                });
            }
            stopping.cancel();
            graceful
        });
        Running { stop, done, active, cut }
    }
}

/// Waits until a client has shown whether it speaks HTTP/1 or HTTP/2. The connection's server would wait for that without
/// end, and would not stop while it waits.
async fn first_bytes(stream: &TcpStream) -> std::io::Result<()> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut seen = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut seen).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if count == PREFACE.len() || !PREFACE.starts_with(&seen[..count]) {
            return Ok(());
        }
        // It could still be either; this is rare, and the next packet decides.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Running {
    /// Stops accepting, and waits for running requests until the deadline.
    pub(crate) async fn stop(self, deadline: Instant) {
        let _ = self.stop.send(());
        let Ok(graceful) = self.done.await else { return };
        let quiet = async {
            let mut calm = 0;
            while calm < CALM {
                tokio::time::sleep(CALM_STEP).await;
                calm = if self.active.load(Ordering::Relaxed) == 0 { calm + 1 } else { 0 };
            }
        };
        tokio::select! {
            () = graceful.shutdown() => {}
            // A client that ignores GOAWAY must not hold up the stop.
            () = quiet => tracing::debug!("idle clients were disconnected"),
            () = tokio::time::sleep_until(deadline) => {
                tracing::warn!("some requests did not finish in time and were aborted");
            }
        }
        self.cut.cancel();
    }
}

/// Counts a request while it is in progress, and its connection as busy until the reply has been sent.
async fn count(State(active): State<Arc<AtomicUsize>>, mut request: Request, next: Next) -> Response {
    struct One(Arc<AtomicUsize>);
    impl Drop for One {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    active.fetch_add(1, Ordering::Relaxed);
    let _one = One(active);
    let busy = request.extensions_mut().remove::<Usage>().map(Busy::begin);
    next.run(request).await.map(|body| {
        WatchedBody::wrap(body, move |_| {
            let _ = &busy; // dropped with the body, when all was sent or the client is gone
        })
    })
}
