//! External contents: large ones that producers put into a directory or a bucket and sent the address of.
//!
//! They are read back from the content stores that the settings name and from nowhere else: an address comes with
//! telemetry, and telemetry is hostile input.

use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use std::{sync::Arc, time::Duration};
use tokio::runtime::Handle;
use url::Url;

/// The largest content that is read back.
const LARGEST: u64 = 64 << 20;
/// How long one reading may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The content stores that may be read.
#[derive(Debug, Default)]
pub(crate) struct ContentStores(Vec<ContentStore>);

#[derive(Debug)]
struct ContentStore {
    /// With a slash at the end.
    url: String,
    prefix: Path,
    store: Arc<dyn ObjectStore>,
}

impl ContentStores {
    /// The stores under these URLs, with keys and endpoints from the providers' usual environment variables.
    pub(crate) fn open(urls: &[String]) -> Result<Self, String> {
        if !urls.is_empty() {
            // This fails where another part of the program has installed one already, which will do as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        urls.iter().map(|url| ContentStore::open(url)).collect::<Result<_, _>>().map(Self)
    }

}

impl turnscope_answers::ExternalContents for ContentStores {
    /// The text at this address; `None` where no content store holds it, or it cannot be read. Blocks the thread.
    fn fetch(&self, address: &str) -> Option<String> {
        let store = self.0.iter().find(|store| address.starts_with(&store.url))?;
        match Handle::current().block_on(async { tokio::time::timeout(PATIENCE, store.read(address)).await })
        {
            Ok(Ok(text)) => Some(text),
            Ok(Err(error)) => {
                tracing::warn!(address, error, "an external content could not be read");
                None
            }
            Err(_) => {
                tracing::warn!(address, "an external content did not arrive in time");
                None
            }
        }
    }

    fn may_hold(&self, address: &str) -> bool {
        self.0.iter().any(|store| address.starts_with(&store.url))
    }
}

impl ContentStore {
    fn open(url: &str) -> Result<Self, String> {
        let wrong = |why: &dyn std::fmt::Display| {
            format!(
                "the content store {url} cannot be used: {why}; take file:///DIRECTORY, s3://BUCKET/PREFIX, gs://… or az://…"
            )
        };
        let parsed = Url::parse(url).map_err(|error| wrong(&error))?;
        let (store, prefix) =
            object_store::parse_url_opts(&parsed, std::env::vars()).map_err(|error| wrong(&error))?;
        Ok(Self { url: format!("{}/", url.trim_end_matches('/')), prefix, store: store.into() })
    }

    async fn read(&self, address: &str) -> Result<String, String> {
        let below = Path::parse(&address[self.url.len()..]).map_err(|error| error.to_string())?;
        let at: Path = self.prefix.parts().chain(below.parts()).collect();
        let found = self.store.get(&at).await.map_err(|error| error.to_string())?;
        if found.meta.size > LARGEST {
            return Err(format!("it has {} bytes, more than {LARGEST}", found.meta.size));
        }
        let bytes = found.bytes().await.map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnscope_answers::ExternalContents as _;

    #[tokio::test]
    async fn only_what_is_in_a_named_content_store_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("kept/a")).unwrap();
        std::fs::write(root.join("kept/a/1.txt"), "hello").unwrap();
        std::fs::write(root.join("secret"), "no").unwrap();
        let base = format!("file://{}", root.display());
        let stores = ContentStores::open(&[format!("{base}/kept")]).unwrap();
        let fetched = tokio::task::spawn_blocking(move || {
            [
                "/kept/a/1.txt",
                "/kept/a/2.txt",
                "/secret",
                "/kept/../secret",
                "/kept/%2e%2e/secret",
                "/kept//../secret",
            ]
            .map(|path| stores.fetch(&format!("{base}{path}")))
        })
        .await
        .unwrap();
        assert_eq!(fetched, [Some("hello".to_owned()), None, None, None, None, None]);
    }

    #[test]
    fn a_content_store_that_cannot_be_used_is_an_error() {
        let error = ContentStores::open(&["ftp://x".to_owned()]).unwrap_err();
        assert!(error.starts_with("the content store ftp://x cannot be used"), "{error}");
    }
}
