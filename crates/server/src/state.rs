//! What every handler needs: configuration, store, receiving path, live stream.

use crate::{
    Addresses, ServeError,
    auth::{ApiKey, Auth, Hosts, Origins},
    body::Limits,
    clock::now_ms,
    content_stores::ContentStores,
    counted::Counted,
    dimensions::Dimensions,
    ingest::Ingest,
    live::Live,
    own_rules::{self, OwnRules},
    prefix::{ConfiguredPrefix, Prefix},
    prices::{self, Prices},
    reads::Reads,
    retention_rules::{self, OwnRetention},
    spanmetrics::SpanMetrics,
    unrecorded::Unrecorded,
};
use axum::extract::FromRef;
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use turnscope_answers::{AnswerError, Answers};
use turnscope_otlp::{normalise, redact::Redactor};
use turnscope_query::{Moment, Retention};
use turnscope_store::{ReadLimit, Rules, Store, StoreError};
use turnscope_store_sqlite::{Options, SqliteStore};

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
    /// Listening beyond loopback without a key is allowed.
    pub allow_public_without_key: bool,
    /// Names, beside this machine's own, to which the server answers without a key.
    pub allowed_hosts: Vec<String>,
    /// Origins whose browsers may send and read; `*` for all.
    pub cors_origins: Vec<String>,
    /// URLs of directories and buckets from which contents that were put there are read back.
    pub content_stores: Vec<String>,
    /// The largest body, before and after decompression.
    pub max_body_bytes: usize,
    /// The longest time that a body may take to arrive.
    pub body_timeout: Duration,
    /// A connection is closed when its client has taken nothing for this long although something was to be sent.
    pub write_timeout: Duration,
    /// Bytes of requests in hand at once; more are refused with a hint to try again.
    pub max_pending_bytes: usize,
    /// A run without an end counts as incomplete when nothing came for longer than this.
    pub inactivity: Duration,
    /// The redaction rules.
    pub redactor: Redactor,
    /// Further dimensions of the span metrics: names of attributes of spans, else of their resources.
    pub span_metric_dimensions: Vec<String>,
    /// Whether content is indexed for search.
    pub search: bool,
    /// Whether the UI's page is served, and where.
    pub ui_path: Option<String>,
    /// The path under which a reverse proxy serves the server, when it takes that off: such as `/turnscope`.
    pub path_prefix: String,
    /// The user's own prices; `pricing.toml` in the data directory when nothing is said.
    pub pricing: Option<PathBuf>,
    /// The user's own rules for dialects; `dialects.toml` in the data directory when nothing is said.
    pub dialects: Option<PathBuf>,
    /// What is kept; the rest is deleted hourly.
    pub retention: Retention,
    /// The user's rules of retention; `retention.toml` in the data directory when nothing is said.
    pub retention_rules: Option<PathBuf>,
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
            allowed_hosts: Vec::new(),
            cors_origins: Vec::new(),
            content_stores: Vec::new(),
            max_body_bytes: 64 << 20,
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            max_pending_bytes: 96 << 20,
            inactivity: Duration::from_secs(600),
            redactor: Redactor::default(),
            span_metric_dimensions: Vec::new(),
            search: true,
            ui_path: Some("/ui/".into()),
            path_prefix: String::new(),
            pricing: None,
            dialects: None,
            retention: Retention::default(),
            retention_rules: None,
            audit: Audit::default(),
            settings: Vec::new(),
        }
    }

    /// Refuses what would be unsafe, and what cannot be meant.
    pub(crate) fn check(&self) -> Result<(), ServeError> {
        if let Some(origin) = self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            return Err(ServeError::Config(format!(
                "--cors-origin {origin:?} is no origin: write it as a browser sends it, scheme://host or scheme://host:port, \
                 in lower case, without a path and without a slash at the end, or * for all"
            )));
        }
        Dimensions::new(&self.span_metric_dimensions).map_err(ServeError::Config)?;
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

/// Whether a browser can send this as `Origin`.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return origin == "*" };
    let has_default_port = matches!(scheme, "http") && authority.ends_with(":80")
        || matches!(scheme, "https") && authority.ends_with(":443");
    let is_scheme = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_host = authority
        .parse::<http::uri::Authority>()
        .is_ok_and(|parsed| parsed.as_str() == authority && !parsed.host().is_empty());
    is_scheme && is_host && !has_default_port && !authority.contains('@') && origin == origin.to_lowercase()
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

/// What every handler needs.
pub(crate) struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) ingest: Arc<Ingest>,
    pub(crate) auth: Auth,
    pub(crate) origins: Arc<Origins>,
    pub(crate) limits: Limits,
    pub(crate) live: Live,
    pub(crate) prices: Arc<Prices>,
    pub(crate) own_rules: Arc<OwnRules>,
    pub(crate) reads: Reads,
    pub(crate) inactivity: Duration,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) content_stores: Arc<ContentStores>,
    pub(crate) ui_path: Option<String>,
    pub(crate) path_prefix: Prefix,
    pub(crate) addresses: Addresses,
    pub(crate) started: Instant,
    pub(crate) data: PathBuf,
    pub(crate) retention: Retention,
    pub(crate) own_retention: Arc<OwnRetention>,
    pub(crate) audit: Audit,
    pub(crate) write_timeout: Duration,
    pub(crate) settings: Vec<Setting>,
    pub(crate) counted: Counted,
    pub(crate) unrecorded: Unrecorded,
}

impl App {
    /// Over a data directory that this process owns.
    pub(crate) fn open(config: Config, addresses: Addresses) -> Result<Arc<Self>, ServeError> {
        let prices = prices_of(&config)?;
        // Before anything is looked at again.
        let own_rules = own_rules_of(&config)?;
        let options =
            Options { pricing: Some(prices.pricing()), text_of: text_of(&config), rules: Some(rules()) };
        let store = SqliteStore::open(&config.data, options)?;
        store.announce(
            &serde_json::json!({"pid": std::process::id(), "listen": addresses.listen.to_string(),
                "otlp_grpc": addresses.otlp_grpc.to_string(), "otlp_http": addresses.otlp_http.to_string()})
            .to_string(),
        )?;
        Self::over(Arc::new(store), config, prices, own_rules, addresses)
    }

    /// Over a data directory that another process may own: nothing can be written.
    pub(crate) fn open_read_only(config: Config) -> Result<Arc<Self>, ServeError> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let addresses = Addresses { listen: nowhere, otlp_grpc: nowhere, otlp_http: nowhere };
        let store = SqliteStore::open_read_only(&config.data, text_of(&config))?;
        let prices = prices_of(&config)?;
        let own_rules = own_rules_of(&config)?;
        Self::over(Arc::new(store), config, prices, own_rules, addresses)
    }

    /// Over any store.
    pub(crate) fn over(
        store: Arc<dyn Store>,
        config: Config,
        prices: Arc<Prices>,
        own_rules: Arc<OwnRules>,
        addresses: Addresses,
    ) -> Result<Arc<Self>, ServeError> {
        let path_prefix = Prefix::parse(&config.path_prefix).ok_or_else(|| {
            ServeError::Config(format!(
                "--path-prefix {:?} is no path: write it like /turnscope",
                config.path_prefix
            ))
        })?;
        let dimensions = Dimensions::new(&config.span_metric_dimensions).map_err(ServeError::Config)?;
        dimensions.log_renamed();
        let content_stores = ContentStores::open(&config.content_stores).map_err(ServeError::Config)?;
        let limits = Limits { bytes: config.max_body_bytes, time: config.body_timeout };
        let live = Live::new();
        store.watch(live.listener());
        let ingest = Ingest::new(
            Arc::clone(&store),
            config.redactor,
            limits,
            config.max_pending_bytes,
            SpanMetrics::new(dimensions),
        );
        let rule_file = config.retention_rules.clone();
        let own_retention =
            OwnRetention::open(rule_file.unwrap_or_else(|| config.data.join(retention_rules::FILE)))?;
        let auth = Auth::open(config.api_key, &config.data)?;
        let origins = Origins {
            auth: auth.clone(),
            hosts: Hosts::new(&config.allowed_hosts, addresses),
            allowed: config.cors_origins.clone(),
        };
        Ok(Arc::new(Self {
            store,
            ingest: Arc::new(ingest),
            auth,
            origins: Arc::new(origins),
            limits,
            live,
            prices,
            own_rules,
            reads: Reads::new(),
            inactivity: config.inactivity,
            cors_origins: config.cors_origins,
            content_stores: Arc::new(content_stores),
            ui_path: config.ui_path,
            path_prefix,
            addresses,
            started: Instant::now(),
            data: config.data,
            retention: config.retention,
            own_retention: Arc::new(own_retention),
            audit: config.audit,
            write_timeout: config.write_timeout,
            settings: config.settings,
            counted: Counted::default(),
            unrecorded: Unrecorded::default(),
        }))
    }

    /// Asks a question on a blocking thread, about what is projected. Questions are bounded in number and time, and end when
    /// nobody waits for the answer.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Answers) -> Result<T, AnswerError> + Send + 'static,
    ) -> Result<T, AnswerError> {
        let app = Arc::clone(self);
        self.reads.run(move |limit| question(&app.answers(limit))).await
    }

    /// Everything that answering needs, now.
    pub(crate) fn answers(&self, limit: ReadLimit) -> Answers {
        Answers {
            store: Arc::clone(&self.store),
            prices: self.prices.list(),
            external: Arc::clone(&self.content_stores) as Arc<dyn turnscope_answers::ExternalContents>,
            moment: self.moment(),
            limit,
        }
    }

    /// Changes something in the store, on a blocking thread.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || change(&*store))
            .await
            .unwrap_or_else(|error| Err(StoreError::Panicked(error.to_string())))
    }

    /// Now, and what a run's status depends on.
    pub(crate) fn moment(&self) -> Moment {
        let inactivity_ms = i64::try_from(self.inactivity.as_millis()).unwrap_or(i64::MAX);
        Moment { now_ms: now_ms(), inactivity_ms }
    }
}

impl FromRef<Arc<App>> for ConfiguredPrefix {
    fn from_ref(app: &Arc<App>) -> Self {
        Self(app.path_prefix.clone())
    }
}

/// The prices that hold for this data directory.
pub(crate) fn prices_of(config: &Config) -> Result<Arc<Prices>, ServeError> {
    let file = config.pricing.clone().unwrap_or_else(|| config.data.join(prices::FILE));
    Ok(Arc::new(Prices::open(file)?))
}

/// The user's own rules for this data directory.
pub(crate) fn own_rules_of(config: &Config) -> Result<Arc<OwnRules>, ServeError> {
    let file = config.dialects.clone().unwrap_or_else(|| config.data.join(own_rules::FILE));
    Ok(Arc::new(OwnRules::open(file)?))
}

/// How facts of stored records are found again.
fn rules() -> Rules {
    Rules { version: normalise::RULES, again: Arc::new(|record| Ok(normalise::again(record)?)) }
}

/// How a content's text is found, where content is searched.
fn text_of(config: &Config) -> Option<turnscope_store::TextOf> {
    config.search.then_some(turnscope_otlp::messages::item_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for origin in [
            "*",
            "http://shop.localhost:3000",
            "https://example.org",
            "http://[::1]:8080",
            "chrome-extension://abc",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for no_origin in [
            "",
            "example.org",
            "localhost:3000",
            "http://",
            "https://example.org/",
            "https://example.org/app",
            "HTTP://x",
            "https://Example.org",
            "https://example.org:443",
            "https://*.example.org/",
            "https://me@example.org",
            "http://a b",
            "null",
        ] {
            assert!(!is_origin(no_origin), "{no_origin}");
        }
    }
}
