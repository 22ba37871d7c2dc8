//! A server in this process over a store that a test watches, holds up or breaks.

mod failures;
mod live;
mod own_writes;
mod reads;
mod watched_store;

use crate::{Config, Ports, ServeError, run, state::App};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};
use turnscope_store::Store;
use turnscope_store_sqlite::{Options, SqliteStore};
use watched_store::WatchedStore;

/// A running server.
struct Server {
    app: Arc<App>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), ServeError>>,
    _data: TempDir,
}

impl Server {
    /// Starts a server over a store that counts and holds up questions.
    async fn start_watched() -> (Self, Arc<WatchedStore>) {
        let mut kept = None;
        let server = Self::start(|store| {
            let store = Arc::new(WatchedStore::new(store));
            kept = Some(Arc::clone(&store));
            store
        })
        .await;
        (server, kept.unwrap())
    }

    /// Starts a server over what `wrap` makes of an SQLite store.
    async fn start(wrap: impl FnOnce(SqliteStore) -> Arc<dyn Store>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Config::new(data.path().to_owned());
        let ports = Ports::bind(&config).await.unwrap();
        let store = wrap(SqliteStore::open(data.path(), Options::default()).unwrap());
        let prices = crate::state::prices_of(&config).unwrap();
        let own_rules = crate::state::own_rules_of(&config).unwrap();
        let app = App::over(store, config, prices, own_rules, ports.addresses()).unwrap();
        let ((ready, is_ready), (stop, stopped)) = (oneshot::channel(), oneshot::channel());
        let serving = Arc::clone(&app);
        let running = tokio::spawn(async move {
            let ready = |_| {
                let _ = ready.send(());
                Ok(())
            };
            run(serving, ports, ready, async {
                let _ = stopped.await;
            })
            .await
        });
        is_ready.await.unwrap();
        Self { app, stop, running, _data: data }
    }

    /// Stops the server, and says how it ended.
    async fn stop(self) -> Result<(), ServeError> {
        let _ = self.stop.send(());
        self.running.await.unwrap()
    }

    /// A connection on which this has been sent.
    async fn open(&self, method: &str, path: &str, body: &[u8]) -> TcpStream {
        self.open_with(method, path, &[], body).await
    }

    /// The same, with more headers.
    async fn open_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.app.addresses.listen).await.unwrap();
        let more: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let more = more.concat();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\
             content-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream
    }

    /// The whole answer to this, as text.
    async fn ask(&self, method: &str, path: &str, body: &[u8]) -> String {
        self.ask_with(method, path, &[], body).await
    }

    /// The same, with more headers.
    async fn ask_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
        read_all(self.open_with(method, path, headers, body).await).await
    }
}

async fn read_all(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// An OTLP request with one span, which is a run of its own.
fn one_run(trace: u8) -> Vec<u8> {
    let attributes = [("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "clerk")];
    one_span(trace, "invoke_agent clerk", &attributes)
}

/// The same, whose span is a model call.
fn one_call(trace: u8) -> Vec<u8> {
    one_span(trace, "chat m", &[("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "m")])
}

fn one_span(trace: u8, name: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| Some(AnyValue { value: Some(Any::StringValue(text.to_owned())) });
    let attribute =
        |key: &str, value| KeyValue { key: key.to_owned(), value: text(value), ..KeyValue::default() };
    let span = Span {
        trace_id: vec![trace; 16],
        span_id: vec![trace; 8],
        name: name.to_owned(),
        start_time_unix_nano: 1_750_000_000_000_000_000,
        end_time_unix_nano: 1_750_000_001_000_000_000,
        attributes: attributes.iter().map(|(key, value)| attribute(key, value)).collect(),
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}
