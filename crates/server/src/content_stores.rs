//! Contents that clients put into directories and buckets, read back from the stores that the settings name.
//!
//! Nothing outside those stores is read: an address comes with telemetry, and telemetry is hostile input.
//!
//! Directories always work. Buckets need the Cargo feature `cloud-content-stores`, which brings an HTTP client and fifty other
//! crates that few servers need.

use percent_encoding::percent_decode_str;
use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::runtime::Handle;
use turnscope_answers::ExternalContents;

/// The largest content that is read back, in bytes.
const LARGEST: u64 = 64 << 20;
/// How long one read may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The forms of a content store's URL.
const ALLOWED: &str = "file:///DIRECTORY, s3://BUCKET/PREFIX, gs://… and az://…";

/// The stores that may be read.
#[derive(Debug, Default)]
pub(crate) struct ContentStores(Vec<ContentStore>);

#[derive(Debug)]
struct ContentStore {
    /// Ends with a slash.
    url: String,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Directory(PathBuf),
    #[cfg(feature = "cloud-content-stores")]
    Bucket(bucket::Bucket),
}

impl ContentStores {
    /// The stores at these URLs. Buckets take keys, regions and endpoints from their provider's usual variables.
    pub(crate) fn open(urls: &[String]) -> Result<Self, String> {
        Self::with_variables(urls, &std::env::vars().collect::<Vec<_>>())
    }

    fn with_variables(urls: &[String], variables: &[(String, String)]) -> Result<Self, String> {
        urls.iter().map(|url| ContentStore::open(url, variables)).collect::<Result<_, _>>().map(Self)
    }

    /// The content store that holds this address.
    fn of(&self, address: &str) -> Option<&ContentStore> {
        self.0.iter().find(|store| address.starts_with(&store.url))
    }
}

impl ExternalContents for ContentStores {
    /// The text at this address. `None` if no named content store holds it, or if it cannot be read; the log says why.
    /// Blocks, so it must not be called on a thread of the runtime.
    fn fetch(&self, address: &str) -> Option<String> {
        let store = self.of(address)?;
        let read = async { tokio::time::timeout(TIMEOUT, store.read(address)).await };
        match Handle::current().block_on(read) {
            Ok(Ok(text)) => Some(text),
            Ok(Err(error)) => {
                tracing::warn!(address, error, "cannot read a content from its content store");
                None
            }
            Err(_) => {
                tracing::warn!(address, "a content store did not answer within 10 s");
                None
            }
        }
    }

    fn may_hold(&self, address: &str) -> bool {
        self.of(address).is_some()
    }
}

impl ContentStore {
    fn open(url: &str, variables: &[(String, String)]) -> Result<Self, String> {
        let source = Source::open(url, variables)
            .map_err(|why| format!("cannot use the content store {url}: {why}"))?;
        Ok(Self { url: format!("{}/", url.trim_end_matches('/')), source })
    }

    async fn read(&self, address: &str) -> Result<String, String> {
        let below = &address[self.url.len()..];
        let bytes = match &self.source {
            Source::Directory(directory) => read_file(directory.clone(), file_below(below)?).await?,
            #[cfg(feature = "cloud-content-stores")]
            Source::Bucket(bucket) => bucket.read(below).await?,
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Source {
    fn open(url: &str, variables: &[(String, String)]) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("file://") {
            let path = PathBuf::from(decoded(path)?);
            if path.is_absolute() {
                return Ok(Self::Directory(path));
            }
            return Err("a directory needs an absolute path: file:///DIRECTORY".into());
        }
        Self::open_bucket(url, variables)
    }

    #[cfg(feature = "cloud-content-stores")]
    fn open_bucket(url: &str, variables: &[(String, String)]) -> Result<Self, String> {
        bucket::Bucket::open(url, variables).map(Self::Bucket)
    }

    #[cfg(not(feature = "cloud-content-stores"))]
    fn open_bucket(url: &str, _: &[(String, String)]) -> Result<Self, String> {
        const BUCKETS: [&str; 7] = ["s3", "s3a", "gs", "az", "azure", "abfs", "abfss"];
        match url.split_once("://") {
            Some((scheme, _)) if BUCKETS.contains(&scheme) => Err(format!(
                "{scheme}:// needs the Cargo feature `cloud-content-stores`, which this program was built without; \
                 build it with `--features cloud-content-stores`"
            )),
            _ => Err(format!("allowed are {ALLOWED}")),
        }
    }
}

/// The path below a directory that the rest of an address names. It cannot lead out of the directory.
fn file_below(address: &str) -> Result<PathBuf, String> {
    let mut path = PathBuf::new();
    for segment in address.split('/') {
        let segment = decoded(segment)?;
        if matches!(segment.as_str(), "" | "." | "..") || segment.contains(['/', '\\', '\0']) {
            return Err(format!("{segment:?} is not a name of a file"));
        }
        path.push(segment);
    }
    Ok(path)
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|error| error.to_string())?;
    Ok(decoded.into_owned())
}

/// Reads a file below a directory. On a thread of its own, since a slow disk must not hold up the runtime.
async fn read_file(directory: PathBuf, below: PathBuf) -> Result<Vec<u8>, String> {
    let read = move || {
        let file = open_below(&directory, &below).map_err(|error| error.to_string())?;
        let found = file.metadata().map_err(|error| error.to_string())?;
        if !found.is_file() {
            return Err("it is not a file".to_owned());
        }
        check_size(found.len())?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        check_size(bytes.len() as u64)?; // it may have grown
        Ok(bytes)
    };
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(error.to_string()))
}

/// Opens a file below a directory without following a symbolic link, which could lead out of it, and without waiting
/// for the writer of a named pipe.
#[cfg(unix)]
fn open_below(directory: &Path, below: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags, open, openat};
    let mut at = open(directory, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut names = below.iter().peekable();
    while let Some(name) = names.next() {
        let kind = if names.peek().is_some() { OFlags::DIRECTORY } else { OFlags::NONBLOCK };
        at = openat(&at, name, kind | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    }
    Ok(File::from(at))
}

/// Opens a file below a directory, unless a symbolic link leads out of it.
#[cfg(not(unix))]
fn open_below(directory: &Path, below: &Path) -> std::io::Result<File> {
    let path = directory.join(below).canonicalize()?;
    if !path.starts_with(directory.canonicalize()?) {
        return Err(std::io::Error::other("a symbolic link leads out of the content store"));
    }
    File::open(path)
}

fn check_size(bytes: u64) -> Result<(), String> {
    if bytes > LARGEST {
        return Err(format!("it has {bytes} bytes, more than the limit of {LARGEST}"));
    }
    Ok(())
}

#[cfg(feature = "cloud-content-stores")]
mod bucket {
    //! Buckets of S3, Google and Azure.

    use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
    use std::sync::Arc;
    use url::Url;

    #[derive(Debug)]
    pub(super) struct Bucket {
        store: Arc<dyn ObjectStore>,
        prefix: Path,
    }

    impl Bucket {
        pub(super) fn open(url: &str, variables: &[(String, String)]) -> Result<Self, String> {
            // Fails where another part of the program has installed one, and either will do.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let allowed = |error: &dyn std::fmt::Display| format!("{error}; allowed are {}", super::ALLOWED);
            let url = Url::parse(url).map_err(|error| allowed(&error))?;
            let variables = variables.iter().map(|(name, value)| (name, value.clone()));
            let (store, prefix) =
                object_store::parse_url_opts(&url, variables).map_err(|error| allowed(&error))?;
            Ok(Self { store: store.into(), prefix })
        }

        pub(super) async fn read(&self, below: &str) -> Result<Vec<u8>, String> {
            let below = Path::parse(below).map_err(|error| error.to_string())?;
            let path: Path = self.prefix.parts().chain(below.parts()).collect();
            let found = self.store.get(&path).await.map_err(|error| error.to_string())?;
            super::check_size(found.meta.size)?;
            let bytes = found.bytes().await.map_err(|error| error.to_string())?;
            Ok(bytes.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_outside_a_named_directory_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("kept/a b")).unwrap();
        std::fs::write(root.join("kept/a b/1.txt"), "hello").unwrap();
        std::fs::write(root.join("secret"), "no").unwrap();
        let base = format!("file://{}", root.display());
        let stores = ContentStores::open(&[format!("{base}/kept")]).unwrap();
        let fetched = tokio::task::spawn_blocking(move || {
            [
                "/kept/a%20b/1.txt",
                "/kept/a%20b/2.txt",
                "/kept/a%20b",
                "/secret",
                "/kept/../secret",
                "/kept/%2e%2e/secret",
                "/kept/..%2fsecret",
                "/kept//../secret",
            ]
            .map(|path| stores.fetch(&format!("{base}{path}")))
        })
        .await
        .unwrap();
        assert_eq!(fetched, [Some("hello".to_owned()), None, None, None, None, None, None, None]);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn links_out_of_the_directory_and_named_pipes_are_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("kept/a")).unwrap();
        std::fs::write(root.join("secret"), "no").unwrap();
        std::os::unix::fs::symlink(root.join("secret"), root.join("kept/link")).unwrap();
        std::os::unix::fs::symlink(root, root.join("kept/out")).unwrap();
        let pipe = root.join("kept/pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let base = format!("file://{}/kept", root.display());
        let stores = ContentStores::open(std::slice::from_ref(&base)).unwrap();
        let fetched = tokio::task::spawn_blocking(move || {
            ["link", "out/secret", "pipe", "a"].map(|name| stores.fetch(&format!("{base}/{name}")))
        })
        .await
        .unwrap();
        assert_eq!(fetched, [None, None, None, None]);
    }

    #[test]
    fn a_url_that_names_no_content_store_is_refused() {
        for url in ["ftp://x", "/var/lib/contents", ""] {
            let error = ContentStores::open(&[url.to_owned()]).unwrap_err();
            assert!(error.starts_with(&format!("cannot use the content store {url}: ")), "{error}");
            assert!(error.ends_with(&format!("allowed are {ALLOWED}")), "{error}");
        }
        let error = ContentStores::open(&["file://relative".to_owned()]).unwrap_err();
        assert!(error.ends_with("a directory needs an absolute path: file:///DIRECTORY"), "{error}");
    }

    #[cfg(not(feature = "cloud-content-stores"))]
    #[test]
    fn a_url_that_needs_a_missing_feature_names_the_feature() {
        let error = ContentStores::open(&["s3://agents/contents".to_owned()]).unwrap_err();
        assert!(error.contains("build it with `--features cloud-content-stores`"), "{error}");
    }

    #[cfg(feature = "cloud-content-stores")]
    #[tokio::test(flavor = "multi_thread")]
    async fn a_content_of_a_bucket_is_read() {
        let app =
            axum::Router::new().route("/agents/contents/a/1.txt", axum::routing::get(|| async { "hello" }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());
        let variables = [
            ("AWS_ENDPOINT", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "key"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let stores = ContentStores::with_variables(&["s3://agents/contents".to_owned()], &variables).unwrap();
        let fetched = tokio::task::spawn_blocking(move || {
            ["s3://agents/contents/a/1.txt", "s3://agents/contents/a/2.txt", "s3://agents/else/1.txt"]
                .map(|address| stores.fetch(address))
        })
        .await
        .unwrap();
        assert_eq!(fetched, [Some("hello".to_owned()), None, None]);
    }
}
