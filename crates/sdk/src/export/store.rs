//! Writes finished spans to a Turnscope data directory through the server's ingestion code, without a server.

use super::{
    Exporter, Otlp, OtlpExporter,
    directory_lease::{DirectoryLease, OpenStore},
};
use crate::{
    DataDirectory, SetupError,
    environment::text,
    log::{Log, LogLevel},
};
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use prost::Message as _;
use serde::Deserialize;
use std::{
    borrow::Cow,
    error::Error,
    fmt, fs, io,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use turnscope_insight::cost::{PriceFile, PriceList, cost_of};
use turnscope_otlp::{
    decode::{Budget, Format},
    messages::item_text,
    receive,
    redact::Redactor,
};
use turnscope_query::Retention;
use turnscope_store::{Batch, Pricing, StoreError, commit_and_wait};
use turnscope_store_sqlite::{Options, SqliteStore, owner};

type Failure = Box<dyn Error + Send + Sync>;

/// How often the retention settings are applied.
const PRUNE_INTERVAL: Duration = Duration::from_secs(3600);
/// Timeout for sending to the server that owns the directory.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a batch waits while another process without a server holds the directory; that usually takes as
/// long as one batch.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// How often to retry meanwhile, in addition to the store's own retries.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// Writes finished spans to a Turnscope data directory. It holds the directory only while it has something to
/// write, for about a second, so several processes can share it. If another process holds the directory, a
/// batch waits up to ten seconds; after that it is lost, and the error is logged. If a server owns the
/// directory, spans are sent to its OTLP port, which is logged once. When the server has stopped, spans are
/// written directly again.
///
/// ```
/// use opentelemetry_sdk::Resource;
/// use turnscope::{RecordingConfig, DataDirectory, StoreExporter};
///
/// # let dir = tempfile::tempdir().unwrap();
/// let directory = DataDirectory::of(dir.path().join("turnscope.db"));
/// let resource = Resource::builder().with_service_name("helpdesk").build();
/// let exporter = StoreExporter::open(directory, &resource)?;
/// let _recording = RecordingConfig { exporters: vec![Box::new(exporter)], ..RecordingConfig::new("helpdesk") }.install()?;
/// turnscope::run("helpdesk").end();
/// let _ = turnscope::shutdown();
/// # Ok::<(), turnscope::SetupError>(())
/// ```
pub struct StoreExporter {
    directory: DataDirectory,
    resource: Resource,
    pricing: Pricing,
    lease: DirectoryLease,
    /// The server that owns the directory.
    server: Option<Box<OtlpExporter>>,
    pruned: Option<Instant>,
    log: Log,
    /// The server address that was last logged.
    logged_address: Option<String>,
}

/// Where a batch can be written now.
enum Target {
    /// To the store, which this process owns until it is dropped.
    Store(Box<OpenStore>),
    /// To the server that owns the directory.
    Server(Box<OtlpExporter>),
    /// Nowhere: another process without a server holds the directory. Contains its error message.
    Locked(String),
}

/// The content of the lock file.
#[derive(Deserialize)]
struct Owner {
    pid: u32,
    otlp_http: Option<String>,
}

impl StoreExporter {
    /// Creates the directory if it does not exist, and checks that it can be used.
    ///
    /// # Errors
    /// When the directory can neither be opened nor is owned by another process, or a setting is invalid.
    pub fn open(directory: DataDirectory, resource: &Resource) -> Result<Self, SetupError> {
        directory.check()?;
        Self::with_log(directory, resource, Log::default())
    }

    pub(crate) fn with_log(
        directory: DataDirectory,
        resource: &Resource,
        log: Log,
    ) -> Result<Self, SetupError> {
        let path = directory.path.clone();
        let failed = |source| SetupError::Store { path, source };
        let pricing = match prices(&directory.path) {
            Ok(pricing) => pricing,
            Err(source) => return Err(failed(source)),
        };
        let resource = resource.clone();
        let (server, pruned, logged_address) = (None, None, None);
        let mut exporter = Self {
            directory,
            resource,
            pricing,
            lease: DirectoryLease::new()?,
            server,
            pruned,
            log,
            logged_address,
        };
        match exporter.target() {
            Ok(Target::Server(server)) => exporter.server = Some(server),
            Ok(Target::Store(_) | Target::Locked(_)) => {}
            Err(source) => return Err(failed(source)),
        }
        Ok(exporter)
    }

    /// Opens the directory, or finds out who owns it.
    fn target(&mut self) -> Result<Target, Failure> {
        if let Some(open) = self.lease.take() {
            return Ok(Target::Store(open));
        }
        let pricing = Some(self.pricing.clone());
        // An agent does not look through what is stored: the next server does.
        let options = Options { text_of: Some(item_text), pricing, rules: None };
        match SqliteStore::open(&self.directory.path, options) {
            Ok(store) => Ok(Target::Store(Box::new(OpenStore::new(store)))),
            Err(StoreError::Owned(message)) => {
                Ok(self.server().map_or(Target::Locked(message), Target::Server))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn server(&mut self) -> Option<Box<OtlpExporter>> {
        let owner: Owner = serde_json::from_str(&owner(&self.directory.path)?).ok()?;
        let address = owner.otlp_http?;
        let mut otlp = Otlp::http(format!("http://{address}"));
        if let Some(key) = text("TURNSCOPE_API_KEY").or_else(|| text("TRACE_API_KEY")) {
            otlp = otlp.with_header("x-api-key", key);
        }
        let exporter = OtlpExporter::new(&otlp, SEND_TIMEOUT, &self.resource).ok()?;
        if self.logged_address.as_ref() != Some(&address) {
            self.log.write(LogLevel::Warning, || {
                let path = self.directory.path.display();
                format!("process {} owns {path}: sending spans to its OTLP port, {address}", owner.pid)
            });
            self.logged_address = Some(address);
        }
        Some(Box::new(exporter))
    }

    /// Applies the retention settings, at most once an hour.
    fn prune(&mut self, store: &SqliteStore) -> Result<(), Failure> {
        let (days, bytes) = (self.directory.retention_days, self.directory.retention_max_bytes);
        if (days <= 0.0 && bytes == 0) || self.pruned.is_some_and(|at| at.elapsed() < PRUNE_INTERVAL) {
            return Ok(());
        }
        self.pruned = Some(Instant::now());
        let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let max_age = (days > 0.0).then(|| Duration::try_from_secs_f64(days * 86_400.0)).transpose()?;
        let retention = Retention { max_age, max_bytes: (bytes > 0).then_some(bytes) };
        let pruned = turnscope_store::retain(store, retention, now_ms)?;
        self.log.write(LogLevel::Info, || format!("retention deleted {} traces", pruned.groups));
        Ok(())
    }
}

/// The server's ingestion: normalises OTLP and commits it.
fn commit(store: &SqliteStore, spans: &[SpanData], resource: &Resource) -> Result<(), Failure> {
    let resource = ResourceAttributesWithSchema::from(resource);
    let resource_spans = group_spans_by_resource_and_scope(spans.to_vec(), &resource);
    let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec().into();
    // Spans are already redacted by this process's rules.
    let normalised = receive::traces(&body, Format::Protobuf, &Redactor::off(), &Budget::unlimited())?;
    commit_and_wait(store, Batch { records: normalised.records, ..Batch::default() })?;
    match normalised.rejection {
        Some(reason) if normalised.rejected > 0 => Err(reason.into()),
        _ => Ok(()),
    }
}

/// The prices that a server would use.
fn prices(directory: &Path) -> Result<Pricing, Failure> {
    let own = match fs::read_to_string(directory.join("pricing.toml")) {
        Ok(text) => PriceFile::parse(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => PriceFile::default(),
        Err(error) => return Err(error.into()),
    };
    let list = PriceList::new(PriceFile::shipped()?, own);
    let key = list.key();
    let price_of = move |facts: &_, at| cost_of(&list, facts, at).ok().map(|cost| cost.total());
    Ok(Pricing { key, price_of: Arc::new(price_of) })
}

impl Exporter for StoreExporter {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Failure> {
        if let Some(server) = &mut self.server {
            if server.export(spans).is_ok() {
                return Ok(());
            }
            self.server = None; // it may have stopped, or another process may own the directory
        }
        let begun = Instant::now();
        loop {
            match self.target()? {
                Target::Store(open) => {
                    if let Err(error) = self.prune(&open.store) {
                        self.log.write(LogLevel::Warning, || format!("cannot delete old traces: {error}"));
                    }
                    commit(&open.store, spans, &self.resource)?; // on failure the store is closed
                    self.lease.put_back(open);
                    return Ok(());
                }
                Target::Server(mut server) => {
                    server.export(spans)?;
                    self.server = Some(server);
                    return Ok(());
                }
                Target::Locked(message) if begun.elapsed() >= LOCK_TIMEOUT => return Err(message.into()),
                Target::Locked(_) => thread::sleep(RETRY_INTERVAL),
            }
        }
    }

    fn name(&self) -> Cow<'_, str> {
        format!("the data directory {}", self.directory.path.display()).into()
    }

    fn is_local(&self) -> bool {
        true
    }
}

impl fmt::Debug for StoreExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreExporter").field("directory", &self.directory).finish_non_exhaustive()
    }
}
