//! Finished spans into a Turnscope data directory: through the server's own way in, without a server.

use super::{
    Exporter, Otlp, OtlpExporter,
    turn::{Open, Turn},
};
use crate::{
    DataDirectory, SetupError,
    config::text,
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
use turnscope_store::{Batch, Pricing, Store as _, StoreError, commit_and_wait};
use turnscope_store_sqlite::{Options, SqliteStore, owner};

type Failure = Box<dyn Error + Send + Sync>;

/// How often what is not to be kept is deleted.
const PRUNE: Duration = Duration::from_secs(3600);
/// How long sending to the directory's owner may take.
const SEND: Duration = Duration::from_secs(30);
/// How long a batch waits for a directory that somebody else without a server holds: as a rule only while a batch is written.
const WAIT: Duration = Duration::from_secs(10);
/// How often it looks again meanwhile, beside the store's own patience.
const PAUSE: Duration = Duration::from_millis(10);

/// Writes finished spans into a Turnscope data directory. It takes the directory while it has something to write, a second at a
/// time, so several processes may write into the same; one that finds it taken waits its turn, ten seconds at most, or the batch is
/// lost, and that is reported. Where a server owns the directory, spans are sent to its OTLP port, and that is said once; when it has gone, they
/// are written here again.
///
/// ```
/// use opentelemetry_sdk::Resource;
/// use turnscope::{Config, DataDirectory, StoreExporter};
///
/// # let dir = tempfile::tempdir().unwrap();
/// let directory = DataDirectory::of(dir.path().join("turnscope.db"));
/// let resource = Resource::builder().with_service_name("helpdesk").build();
/// let exporter = StoreExporter::open(directory, &resource)?;
/// Config { exporters: vec![Box::new(exporter)], ..Config::new("helpdesk") }.install()?;
/// turnscope::run("helpdesk").end();
/// turnscope::shutdown();
/// # Ok::<(), turnscope::SetupError>(())
/// ```
pub struct StoreExporter {
    directory: DataDirectory,
    resource: Resource,
    pricing: Pricing,
    turn: Turn,
    /// The way to the server that owns the directory.
    server: Option<Box<OtlpExporter>>,
    pruned: Option<Instant>,
    log: Log,
    /// The server's address that the log was told of.
    told: Option<String>,
}

/// Where a batch can go now.
enum Place {
    /// Into the store, which is this process's until it is dropped.
    Here(Box<Open>),
    /// To the server that owns it.
    Server(Box<OtlpExporter>),
    /// Nowhere: somebody else is writing, and takes no spans.
    Taken(String),
}

/// What the lock file says of the owner.
#[derive(Deserialize)]
struct Owner {
    pid: u32,
    otlp_http: Option<String>,
}

impl StoreExporter {
    /// Makes the directory where it is not there, and makes sure that it can be used.
    ///
    /// # Errors
    /// When it can neither be opened nor belongs to anybody, or a setting has a value that it cannot have.
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
        let (server, pruned, told) = (None, None, None);
        let mut exporter =
            Self { directory, resource, pricing, turn: Turn::new()?, server, pruned, log, told };
        match exporter.place() {
            Ok(Place::Server(server)) => exporter.server = Some(server),
            Ok(Place::Here(_) | Place::Taken(_)) => {}
            Err(source) => return Err(failed(source)),
        }
        Ok(exporter)
    }

    /// Takes the directory, or finds out who has it.
    fn place(&mut self) -> Result<Place, Failure> {
        if let Some(open) = self.turn.take() {
            return Ok(Place::Here(open));
        }
        let pricing = Some(self.pricing.clone());
        let options = Options { text_of: Some(item_text), pricing, ..Options::default() };
        match SqliteStore::open(&self.directory.path, options) {
            Ok(store) => Ok(Place::Here(Box::new(Open::new(store)))),
            Err(StoreError::Owned(said)) => Ok(self.server().map_or(Place::Taken(said), Place::Server)),
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
        let exporter = OtlpExporter::new(&otlp, SEND, &self.resource).ok()?;
        if self.told.as_ref() != Some(&address) {
            self.log.say(LogLevel::Warning, || {
                let path = self.directory.path.display();
                format!("{path} belongs to process {}: spans are sent to its OTLP port, {address}", owner.pid)
            });
            self.told = Some(address);
        }
        Some(Box::new(exporter))
    }

    /// Deletes what is not to be kept, now and then.
    fn prune(&mut self, store: &SqliteStore) -> Result<(), Failure> {
        let (days, bytes) = (self.directory.retention_days, self.directory.retention_max_bytes);
        if (days <= 0.0 && bytes == 0) || self.pruned.is_some_and(|at| at.elapsed() < PRUNE) {
            return Ok(());
        }
        self.pruned = Some(Instant::now());
        let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let max_age = (days > 0.0).then(|| Duration::try_from_secs_f64(days * 86_400.0)).transpose()?;
        let retention = Retention { max_age, max_bytes: (bytes > 0).then_some(bytes) };
        let pruned = store.retain(retention, now_ms)?;
        self.log.say(LogLevel::Info, || format!("{} traces were too old or too much", pruned.groups));
        Ok(())
    }
}

/// The receiving path of a server: OTLP, normalised, committed.
fn commit(store: &SqliteStore, spans: &[SpanData], resource: &Resource) -> Result<(), Failure> {
    let resource = ResourceAttributesWithSchema::from(resource);
    let resource_spans = group_spans_by_resource_and_scope(spans.to_vec(), &resource);
    let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec().into();
    // What was to be redacted is, by the rules that were set up here.
    let normalised = receive::traces(&body, Format::Protobuf, &Redactor::off(), &Budget::unlimited())?;
    commit_and_wait(store, Batch { records: normalised.records, ..Batch::default() })?;
    match normalised.rejection {
        Some(why) if normalised.rejected > 0 => Err(why.into()),
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
            self.server = None; // it may have gone, or another have come
        }
        let begun = Instant::now();
        loop {
            match self.place()? {
                Place::Here(open) => {
                    if let Err(error) = self.prune(&open.store) {
                        self.log
                            .say(LogLevel::Warning, || format!("what is too old or too much stays: {error}"));
                    }
                    commit(&open.store, spans, &self.resource)?; // one that fails is closed
                    self.turn.lay_down(open);
                    return Ok(());
                }
                Place::Server(mut server) => {
                    server.export(spans)?;
                    self.server = Some(server);
                    return Ok(());
                }
                Place::Taken(said) if begun.elapsed() >= WAIT => return Err(said.into()),
                Place::Taken(_) => thread::sleep(PAUSE),
            }
        }
    }
}

impl fmt::Debug for StoreExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreExporter").field("directory", &self.directory).finish_non_exhaustive()
    }
}
