//! What every handler needs: configuration, store, receiving path, live stream.

use crate::{
    Addresses, ServeError,
    auth::{ApiKey, Auth, Principal},
    body::Limits,
    content_stores::ContentStores,
    ingest::Ingest,
    prices::{self, Prices},
    rest::{Counted, live::Live},
    spanmetrics::SpanMetrics,
};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use turnscope_otlp::redact::Redactor;
use turnscope_store::{Counters, Options, ReadOnly, Reader, Retention, Store, StoreError, query::Moment};

/// Everything that can be set about a server; see `turnscope serve --help` for each.
#[derive(Debug)]
pub struct Config {
    /// The data directory.
    pub data: PathBuf,
    /// UI, REST and OTLP/HTTP.
    pub listen: SocketAddr,
    /// OTLP/gRPC.
    pub otlp_grpc: SocketAddr,
    /// OTLP/HTTP.
    pub otlp_http: SocketAddr,
    /// The key that clients must send.
    pub api_key: Option<ApiKey>,
    /// Listening beyond loopback without a key was asked for in so many words.
    pub allow_public_without_key: bool,
    /// Origins whose browsers may send and read; `*` for all.
    pub cors_origins: Vec<String>,
    /// URLs of directories and buckets from which contents that were put there are read back.
    pub content_stores: Vec<String>,
    /// The largest body, before and after decompression.
    pub max_body_bytes: usize,
    /// The longest time that a body may take to arrive.
    pub body_timeout: Duration,
    /// Bytes of requests in hand at once; more are refused with a hint to try again.
    pub max_pending_bytes: usize,
    /// The silence after which a run without an end is incomplete.
    pub silence: Duration,
    /// The redaction rules.
    pub redactor: Redactor,
    /// Further dimensions of the span metrics.
    pub span_metric_dimensions: Vec<String>,
    /// Whether content is indexed for search.
    pub search: bool,
    /// Whether the UI's page is served, and where.
    pub ui_path: Option<String>,
    /// The user's own prices; `pricing.toml` in the data directory when nothing is said.
    pub pricing: Option<PathBuf>,
    /// What is kept; the rest is deleted hourly.
    pub retention: Keep,
    /// What the server does with the audit trail.
    pub audit: Audit,
    /// Each setting with where it came from, as `/v1/config` shows it.
    pub settings: Vec<Setting>,
}

impl Config {
    /// A server on free loopback ports, for tests and as a base for the command line.
    pub fn new(data: PathBuf) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            data,
            listen: any,
            otlp_grpc: any,
            otlp_http: any,
            api_key: None,
            allow_public_without_key: false,
            cors_origins: Vec::new(),
            content_stores: Vec::new(),
            max_body_bytes: 64 << 20,
            body_timeout: Duration::from_secs(30),
            max_pending_bytes: 96 << 20,
            silence: Duration::from_secs(600),
            redactor: Redactor::default(),
            span_metric_dimensions: Vec::new(),
            search: true,
            ui_path: Some("/ui/".into()),
            pricing: None,
            retention: Keep::default(),
            audit: Audit::default(),
            settings: Vec::new(),
        }
    }

    /// Refuses what would be unsafe.
    pub(crate) fn check(&self) -> Result<(), ServeError> {
        if self.api_key.is_some() || self.allow_public_without_key {
            return Ok(());
        }
        for (flag, address) in
            [("--listen", self.listen), ("--otlp-grpc", self.otlp_grpc), ("--otlp-http", self.otlp_http)]
        {
            if !address.ip().is_loopback() {
                return Err(ServeError::Config(format!(
                    "{flag} {address} can be reached from other machines and no key is set: set one with --api-key, \
                     or say --allow-public-without-key"
                )));
            }
        }
        Ok(())
    }
}

/// What the server does with the audit trail of its data directory. Agents write theirs whatever stands here.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Whether it keeps records of the runs and decisions that it receives.
    pub received: bool,
    /// The key; the file `audit.key` in the data directory where there is none.
    pub key: Option<turnscope_audit::Key>,
    /// Records that were written longer ago than this go.
    pub retention: Option<Duration>,
    /// A run is recorded once nothing has come for it for so long: what comes later makes no second record of it.
    pub settle: Duration,
}

impl Default for Audit {
    fn default() -> Self {
        Self { received: false, key: None, retention: None, settle: Duration::from_secs(5) }
    }
}

/// A setting as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value; secrets as `***`.
    pub value: String,
    /// What set it.
    pub source: String,
    /// What it does.
    pub doc: String,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// What ended longer ago than this goes.
    pub age: Option<Duration>,
    /// The oldest goes until the rest fits.
    pub max_bytes: Option<u64>,
}

impl Keep {
    /// Whether everything is kept.
    pub fn is_everything(self) -> bool {
        self == Self::default()
    }

    /// What the store is to delete, at this moment.
    pub(crate) fn at(self, now_ms: i64) -> Retention {
        let before = self.age.map(|age| {
            let age = i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
            now_ms.saturating_mul(1_000_000).saturating_sub(age)
        });
        Retention { before, max_bytes: self.max_bytes }
    }
}

/// The data directory: owned by this server, or opened for reading only beside whoever owns it.
#[derive(Clone)]
pub(crate) enum Data {
    Owned(Arc<Store>),
    Beside(Arc<ReadOnly>),
}

impl Data {
    pub(crate) fn read<T>(
        &self,
        question: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Owned(store) => store.read(question),
            Self::Beside(store) => store.read(question),
        }
    }

    /// The store, for who wants to write.
    pub(crate) fn writer(&self) -> Result<&Arc<Store>, StoreError> {
        match self {
            Self::Owned(store) => Ok(store),
            Self::Beside(_) => Err(StoreError::Owned("the data directory is open for reading only".into())),
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        self.writer().map_or_else(|_| Counters::default(), |store| store.counters())
    }

    /// As [`Store::bring_up_to_date`]; beside an owner, that is the owner's to do.
    pub(crate) fn bring_up_to_date(&self) -> Result<(), StoreError> {
        match self {
            Self::Owned(store) => store.bring_up_to_date(),
            Self::Beside(_) => Ok(()),
        }
    }

    /// Waits for a moment until what was acknowledged can be read.
    pub(crate) fn catch_up(&self) {
        if let Self::Owned(store) = self {
            store.catch_up(CATCH_UP);
        }
    }
}

/// What every handler needs.
pub(crate) struct App {
    pub(crate) store: Data,
    pub(crate) ingest: Arc<Ingest>,
    pub(crate) auth: Auth,
    pub(crate) limits: Limits,
    pub(crate) live: Live,
    pub(crate) prices: Arc<Prices>,
    pub(crate) silence: Duration,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) places: Arc<ContentStores>,
    pub(crate) ui_path: Option<String>,
    pub(crate) addresses: Addresses,
    pub(crate) started: Instant,
    pub(crate) data: PathBuf,
    pub(crate) keep: Keep,
    pub(crate) audit: Audit,
    pub(crate) settings: Vec<Setting>,
    pub(crate) counted: Counted,
}

/// How long a reader waits for its own writes to be visible.
const CATCH_UP: Duration = Duration::from_secs(2);

impl App {
    pub(crate) fn open(config: Config, addresses: Addresses) -> Result<Arc<Self>, ServeError> {
        let live = Live::new();
        let prices = prices_of(&config)?;
        let options = Options {
            pricing: Some(prices.pricing()),
            text_of: config.search.then_some(turnscope_otlp::messages::item_text as turnscope_store::TextOf),
            on_change: live.listener(),
        };
        let store = Arc::new(Store::open(&config.data, options)?);
        store.announce(
            &serde_json::json!({"pid": std::process::id(), "listen": addresses.listen.to_string(),
                "otlp_grpc": addresses.otlp_grpc.to_string(), "otlp_http": addresses.otlp_http.to_string()})
            .to_string(),
        )?;
        Self::over(Data::Owned(store), config, prices, addresses, live)
    }

    /// Over a data directory that another process may own: nothing can be written.
    pub(crate) fn beside(config: Config) -> Result<Arc<Self>, ServeError> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let addresses = Addresses { listen: nowhere, otlp_grpc: nowhere, otlp_http: nowhere };
        let store = Arc::new(ReadOnly::open(&config.data)?);
        let prices = prices_of(&config)?;
        Self::over(Data::Beside(store), config, prices, addresses, Live::new())
    }

    fn over(
        data: Data,
        config: Config,
        prices: Arc<Prices>,
        addresses: Addresses,
        live: Live,
    ) -> Result<Arc<Self>, ServeError> {
        let places = ContentStores::open(&config.content_stores).map_err(ServeError::Config)?;
        let limits = Limits { bytes: config.max_body_bytes, time: config.body_timeout };
        let ingest = Ingest::new(
            data.clone(),
            config.redactor,
            limits,
            config.max_pending_bytes,
            SpanMetrics::new(config.span_metric_dimensions),
        );
        Ok(Arc::new(Self {
            store: data,
            ingest: Arc::new(ingest),
            auth: Auth::new(config.api_key),
            limits,
            live,
            prices,
            silence: config.silence,
            cors_origins: config.cors_origins,
            places: Arc::new(places),
            ui_path: config.ui_path,
            addresses,
            started: Instant::now(),
            data: config.data,
            keep: config.retention,
            audit: config.audit,
            settings: config.settings,
            counted: Counted::default(),
        }))
    }

    /// Who makes this request, if they are known.
    pub(crate) fn principal(&self, method: &http::Method, headers: &http::HeaderMap) -> Option<Principal> {
        self.auth.authenticate(method, headers, seconds())
    }

    /// Asks the store on a blocking thread, after what was acknowledged has become visible.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || {
            store.catch_up();
            store.read(question)
        })
        .await
        .unwrap_or_else(|error| Err(StoreError::Damaged(format!("reading panicked: {error}"))))
    }

    /// Now, and what a run's status depends on.
    pub(crate) fn moment(&self) -> Moment {
        Moment { now_ms: now_ms(), silence_ms: self.silence.as_millis() as i64 }
    }
}

/// The prices that hold for this data directory.
fn prices_of(config: &Config) -> Result<Arc<Prices>, ServeError> {
    let file = config.pricing.clone().unwrap_or_else(|| config.data.join(prices::FILE));
    Ok(Arc::new(Prices::open(file)?))
}

/// Milliseconds since the epoch.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64)
}

/// Seconds since the epoch.
pub(crate) fn seconds() -> u64 {
    u64::try_from(now_ms() / 1000).unwrap_or(0)
}
