//! Contents that producers put into directories and buckets, read back where the settings name the place.
//!
//! Only what stands under a named place is read: an address comes with telemetry, and telemetry is hostile input.

use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use std::{sync::Arc, time::Duration};
use tokio::runtime::Handle;
use url::Url;

/// The largest content that is read back.
const LARGEST: u64 = 64 << 20;
/// How long one reading may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The places that may be read.
#[derive(Debug, Default)]
pub(crate) struct Places(Vec<Place>);

#[derive(Debug)]
struct Place {
    /// With a slash at the end.
    url: String,
    prefix: Path,
    store: Arc<dyn ObjectStore>,
}

impl Places {
    /// The places under these URLs, with keys and endpoints from the providers' usual variables.
    pub(crate) fn open(urls: &[String]) -> Result<Self, String> {
        if !urls.is_empty() {
            // Two parts of the program may have come first: one provider is as good as the other.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        urls.iter().map(|url| Place::open(url)).collect::<Result<_, _>>().map(Self)
    }

}

impl turnscope_answers::ExternalContents for Places {
    /// The text at this address; `None` where it is in no named place, or cannot be had. Blocks: for a thread that may.
    fn fetch(&self, address: &str) -> Option<String> {
        let place = self.0.iter().find(|place| address.starts_with(&place.url))?;
        match Handle::current().block_on(async { tokio::time::timeout(PATIENCE, place.read(address)).await })
        {
            Ok(Ok(text)) => Some(text),
            Ok(Err(error)) => {
                tracing::warn!(address, error, "a content that was put elsewhere could not be read");
                None
            }
            Err(_) => {
                tracing::warn!(address, "a content that was put elsewhere did not come in time");
                None
            }
        }
    }

    fn may_hold(&self, address: &str) -> bool {
        self.0.iter().any(|place| address.starts_with(&place.url))
    }
}

impl Place {
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
    async fn only_what_stands_under_a_named_place_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("kept/a")).unwrap();
        std::fs::write(root.join("kept/a/1.txt"), "hello").unwrap();
        std::fs::write(root.join("secret"), "no").unwrap();
        let base = format!("file://{}", root.display());
        let places = Places::open(&[format!("{base}/kept")]).unwrap();
        let fetched = tokio::task::spawn_blocking(move || {
            [
                "/kept/a/1.txt",
                "/kept/a/2.txt",
                "/secret",
                "/kept/../secret",
                "/kept/%2e%2e/secret",
                "/kept//../secret",
            ]
            .map(|path| places.fetch(&format!("{base}{path}")))
        })
        .await
        .unwrap();
        assert_eq!(fetched, [Some("hello".to_owned()), None, None, None, None, None]);
    }

    #[test]
    fn a_place_that_cannot_be_is_said() {
        let error = Places::open(&["ftp://x".to_owned()]).unwrap_err();
        assert!(error.starts_with("the content store ftp://x cannot be used"), "{error}");
    }
}
