//! Stores large attribute values outside the span, which keeps a link to them.
//!
//! Not here: the decision when to do so (`processors`: after redaction and sampling), and reading the values
//! back (the server does that).

use crate::{
    SetupError,
    export_queue::{Consumer, ExportQueue, QueueLimits, Queued},
    log::{Log, RateLimitedWarning},
    processors::LargeContents,
    secret::shown,
};
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use sha2::{Digest as _, Sha256};
use std::{fmt, io, sync::Arc, time::Duration};
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// The suffix of an attribute key whose value is a link (`gen_ai.input.messages_ref`), as OpenTelemetry's own
/// instrumentation names it.
const SUFFIX: &str = "_ref";
/// Uploads that may wait. Beyond that, values stay in their span and are truncated.
const QUEUE_SIZE: usize = 256;
/// Bytes that may wait.
const QUEUE_BYTES: usize = 64 << 20;
/// Time limit for one upload, retries included.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Storage for large attribute values: a directory, or an S3, Google Cloud or Azure bucket (feature
/// `object-store-cloud`). A text longer than `min_bytes` is stored under its trace id and content hash. Its
/// span keeps a link under the attribute's key with `_ref` appended, such as `gen_ai.input.messages_ref`.
/// Turnscope reads it back if its setting `content-stores` lists this URL.
///
/// ```
/// use turnscope::{RecordingConfig, ContentStore};
///
/// let directory = tempfile::tempdir()?;
/// let url = format!("file://{}", directory.path().display());
/// let _recording = RecordingConfig { content_store: Some(ContentStore::open(&url)?), ..RecordingConfig::new("helpdesk") }.install()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ContentStore {
    store: Arc<dyn ObjectStore>,
    /// The URL of `store`, without a trailing slash.
    url: String,
    prefix: Path,
    min_bytes: usize,
}

/// Shows no credentials.
impl fmt::Debug for ContentStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, min_bytes) = (shown(&self.url), &self.min_bytes);
        f.debug_struct("ContentStore")
            .field("url", &url)
            .field("min_bytes", min_bytes)
            .finish_non_exhaustive()
    }
}

impl ContentStore {
    /// Opens the store at a URL: `file:///var/lib/agent/contents`, `s3://bucket/prefix`,
    /// `gs://bucket/prefix`, `az://container/prefix`. Credentials, regions and endpoints come from the
    /// providers' usual variables (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
    ///
    /// # Errors
    /// When this build does not support the URL's scheme, or when one of the provider's variables is invalid.
    pub fn open(url: &str) -> Result<Self, SetupError> {
        let invalid = |why: String| {
            SetupError::invalid(
                "content_store",
                &shown(url),
                format!("file:///DIRECTORY, s3://BUCKET/PREFIX, …: {why}"),
            )
        };
        let parsed = Url::parse(url).map_err(|error| invalid(error.to_string()))?;
        #[cfg(feature = "object-store-cloud")]
        if parsed.scheme() != "file" && rustls::crypto::CryptoProvider::get_default().is_none() {
            let needed = "a bucket's client takes the TLS provider of the process: install one first, such as with \
                          rustls::crypto::ring::default_provider().install_default()";
            return Err(invalid(needed.to_owned()));
        }
        let (store, prefix) = object_store::parse_url_opts(&parsed, std::env::vars())
            .map_err(|error| invalid(error.to_string()))?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { store: store.into(), url, prefix, min_bytes: 16 * 1024 })
    }

    /// Sets the minimum length, in bytes, of a text that is stored outside its span. Default: 16 KiB.
    #[must_use]
    pub fn min_bytes(self, min_bytes: usize) -> Self {
        Self { min_bytes, ..self }
    }
}

/// A value to upload.
#[derive(Debug)]
struct Upload {
    to: Path,
    text: String,
}

impl Queued for Upload {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }
}

/// Uploads values on a background thread.
#[derive(Debug)]
pub(crate) struct Uploads {
    target: ContentStore,
    queue: ExportQueue<Upload>,
}

impl Uploads {
    pub(crate) fn start(target: ContentStore, log: &Log) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let uploader =
            Uploader { store: Arc::clone(&target.store), runtime, warning: RateLimitedWarning::new(log) };
        let limits = QueueLimits {
            queue: QUEUE_SIZE,
            bytes: QUEUE_BYTES,
            batch: 1,
            chunk: 1,
            chunk_bytes: usize::MAX,
            delay: Duration::ZERO,
        };
        Ok(Self { queue: ExportQueue::start(limits, uploader)?, target })
    }
}

impl LargeContents for Uploads {
    /// A text stays in its span if the queue is full.
    fn move_out(&self, span: &mut SpanData) -> Vec<KeyValue> {
        let trace_id = span.span_context.trace_id();
        let mut links = Vec::new();
        span.attributes.retain(|attribute| {
            let Value::String(text) = &attribute.value else { return true };
            if text.as_str().len() < self.target.min_bytes {
                return true;
            }
            let name = name_of(text.as_str());
            let to = self.target.prefix.clone().join(trace_id.to_string()).join(name.as_str());
            if !self.queue.push(Upload { to, text: text.to_string() }) {
                return true;
            }
            let key = Key::new(format!("{}{SUFFIX}", attribute.key));
            links.push(KeyValue::new(key, format!("{}/{trace_id}/{name}", self.target.url)));
            false
        });
        links
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.queue.flush(timeout)
    }

    fn close(&self, timeout: Duration) -> bool {
        self.queue.close(timeout)
    }
}

/// Named by content hash, so a text repeated within a trace is stored once.
fn name_of(text: &str) -> String {
    let name = hex::encode(&Sha256::digest(text.as_bytes())[..16]);
    name + if text.starts_with(['{', '[']) { ".json" } else { ".txt" }
}

struct Uploader {
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    warning: RateLimitedWarning,
}

impl Consumer<Upload> for Uploader {
    fn take(&mut self, batch: &mut Vec<Upload>, _: u64) {
        for Upload { to, text } in batch.drain(..) {
            let put = async { tokio::time::timeout(UPLOAD_TIMEOUT, self.store.put(&to, text.into())).await };
            match self.runtime.block_on(put) {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    let error = error.to_string();
                    self.warning.log(&error, || format!("cannot store a large attribute value: {error}"));
                }
                Err(_) => {
                    self.warning
                        .log("timeout", || format!("cannot store {to}: timed out after {UPLOAD_TIMEOUT:?}"));
                }
            }
        }
    }
}
