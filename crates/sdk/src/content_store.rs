//! Large contents put elsewhere: the span keeps a link.
//!
//! Not here: when (`shape` says, after redaction and after sampling), and reading them back (the server does).

use crate::{
    SetupError,
    lane::{Consumer, Lane, Limits},
    log::{Complaint, Log},
    shape::LargeContents,
};
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, io, sync::Arc, time::Duration};
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// What is appended to an attribute's key when a link stands in the value's place: as OpenTelemetry's own
/// instrumentation writes it (`gen_ai.input.messages_ref`).
const SUFFIX: &str = "_ref";
/// Contents that wait; beyond that they stay in their span, cut.
const WAITING: usize = 256;
/// One content may take this long, all retries included.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place for large contents: a directory, or a bucket of S3, Google or Azure (feature `object-store-cloud`). A text that is longer
/// than `min_bytes` is put there under the id of its trace and the hash of what it says, and its span keeps
/// a link under the attribute's key with `_ref` appended, such as `gen_ai.input.messages_ref`. Turnscope reads
/// it back when `content-stores` names the place.
///
/// ```
/// use turnscope::{Config, ContentStore};
///
/// let directory = tempfile::tempdir()?;
/// let place = format!("file://{}", directory.path().display());
/// Config { content_store: Some(ContentStore::open(&place)?), ..Config::new("helpdesk") }.install()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ContentStore {
    store: Arc<dyn ObjectStore>,
    /// Where `store` begins, without a slash at the end.
    url: String,
    prefix: Path,
    min_bytes: usize,
}

impl ContentStore {
    /// The place under a URL: `file:///var/lib/agent/contents`, `s3://bucket/prefix`, `gs://bucket/prefix`,
    /// `az://container/prefix`. Keys, regions and endpoints are taken from the providers' usual variables (`AWS_…`, `GOOGLE_…`,
    /// `AZURE_…`).
    ///
    /// # Errors
    /// When the URL names no place of a kind that this build knows, or a variable makes no sense.
    pub fn open(url: &str) -> Result<Self, SetupError> {
        let invalid = |why: String| {
            SetupError::invalid(
                "content_store",
                url,
                format!("file:///DIRECTORY, s3://BUCKET/PREFIX, …: {why}"),
            )
        };
        let parsed = Url::parse(url).map_err(|error| invalid(error.to_string()))?;
        #[cfg(feature = "object-store-cloud")]
        let _ = rustls::crypto::ring::default_provider().install_default(); // the application's own, where it has one
        let (store, prefix) = object_store::parse_url_opts(&parsed, std::env::vars())
            .map_err(|error| invalid(error.to_string()))?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { store: store.into(), url, prefix, min_bytes: 16 * 1024 })
    }

    /// Sets from which length on a text is put there, in bytes (16 KiB).
    #[must_use]
    pub fn min_bytes(self, min_bytes: usize) -> Self {
        Self { min_bytes, ..self }
    }
}

/// A content on its way.
#[derive(Debug)]
struct Upload {
    to: Path,
    text: String,
}

/// Puts contents into the store, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Uploads {
    place: ContentStore,
    lane: Lane<Upload>,
}

impl Uploads {
    pub(crate) fn start(place: ContentStore, log: &Log) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let uploader = Uploader { store: Arc::clone(&place.store), runtime, complaint: Complaint::to(log) };
        let limits = Limits { queue: WAITING, bytes: usize::MAX, batch: 1, chunk: 1, delay: Duration::ZERO };
        Ok(Self { lane: Lane::start(limits, uploader)?, place })
    }
}

impl LargeContents for Uploads {
    /// A text for which there is no room stays.
    fn take(&self, span: &mut SpanData) -> Vec<KeyValue> {
        let trace_id = span.span_context.trace_id();
        let mut links = Vec::new();
        span.attributes.retain(|attribute| {
            let Value::String(text) = &attribute.value else { return true };
            if text.as_str().len() < self.place.min_bytes {
                return true;
            }
            let name = name_of(text.as_str());
            let to = self.place.prefix.clone().join(trace_id.to_string()).join(name.as_str());
            if !self.lane.push(Upload { to, text: text.to_string() }) {
                return true;
            }
            let key = Key::new(format!("{}{SUFFIX}", attribute.key));
            links.push(KeyValue::new(key, format!("{}/{trace_id}/{name}", self.place.url)));
            false
        });
        links
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.lane.flush(timeout)
    }

    fn close(&self, timeout: Duration) -> bool {
        self.lane.close(timeout)
    }
}

/// The same text has the same name: sent again within its trace, it is kept once.
fn name_of(text: &str) -> String {
    let mut name = String::new();
    for byte in &Sha256::digest(text.as_bytes())[..16] {
        let _ = write!(name, "{byte:02x}");
    }
    name + if text.starts_with(['{', '[']) { ".json" } else { ".txt" }
}

struct Uploader {
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    complaint: Complaint,
}

impl Consumer<Upload> for Uploader {
    fn take(&mut self, batch: &mut Vec<Upload>, _: u64) {
        for Upload { to, text } in batch.drain(..) {
            let put = async { tokio::time::timeout(PATIENCE, self.store.put(&to, text.into())).await };
            match self.runtime.block_on(put) {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => self.complaint.say(|| format!("a content could not be stored: {error}")),
                Err(_) => self.complaint.say(|| format!("{to} could not be stored within {PATIENCE:?}")),
            }
        }
    }
}
