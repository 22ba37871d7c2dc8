//! The client of the REST API: sends requests to a running server over HTTP, or to the same handlers in this
//! process for a data directory without a server.
//!
//! Order of precedence: `--server`, the server that owns the data directory, a running demo (unless a
//! directory was given), and the directory itself.

mod demo;
mod http_client;
mod own_writes;
mod query;

pub(crate) use demo::DemoPointer;
pub(crate) use query::encode;

use crate::{
    exit::{Code, Failure},
    render::pointer::pointer,
    settings::Settings,
};
use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use http_client::HttpClient;
use own_writes::OwnWrites;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};
use tower::ServiceExt as _;
use turnscope_server::{Config, Local};

/// A client of the REST API.
pub(crate) struct Client {
    runtime: tokio::runtime::Runtime,
    connection: Connection,
    own_writes: OwnWrites,
    /// The data directory, if known.
    pub(crate) directory: Option<PathBuf>,
}

/// A whole response.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The body, or what an error response says. `path` is what was asked.
    pub(crate) fn or_failure(self, path: &str) -> Result<Bytes, Failure> {
        if self.status.is_success() { Ok(self.body) } else { Err(problem(self.status, &self.body, path)) }
    }
}

enum Connection {
    Http(Box<HttpClient>),
    Local { router: Router, _store: Local },
}

impl Client {
    /// Opens a client for reading.
    pub(crate) fn read(settings: &Settings) -> Result<Self, Failure> {
        if let Some(found) = Self::running(settings)? {
            return Ok(found);
        }
        let config = Config {
            inactivity: settings.silence,
            pricing: settings.pricing.clone(),
            ..Config::new(settings.data.clone())
        };
        let store = Local::read(config).map_err(|error| match error {
            turnscope_server::ServeError::Store(turnscope_store::StoreError::Io { .. }) => {
                no_store(&settings.data)
            }
            other => other.into(),
        })?;
        Self::over(store, settings.data.clone())
    }

    /// Opens a client for writing. Without a running server, this process becomes the directory's owner.
    pub(crate) fn write(settings: Settings) -> Result<Self, Failure> {
        if let Some(found) = Self::running(&settings)? {
            return Ok(found);
        }
        Self::own(settings)
    }

    /// Opens the data directory as its owner.
    pub(crate) fn own(settings: Settings) -> Result<Self, Failure> {
        let directory = settings.data.clone();
        if let Some(owner) = Owner::of(&directory) {
            return Err(Failure::new(
                Code::Owned,
                format!("process {} owns the data directory {}", owner.pid, directory.display()),
            )
            .hint("it is not a server: wait until it ends, then try again"));
        }
        let config = Config { ui_path: None, ..settings.server_config() };
        Self::over(Local::own(Config { api_key: None, ..config })?, directory)
    }

    /// Connects to the running server for these settings, if there is one.
    pub(crate) fn running(settings: &Settings) -> Result<Option<Self>, Failure> {
        let key = settings.api_key.as_ref().map(|key| key.0.clone());
        if let Some(url) = &settings.server {
            let client = HttpClient::new(url, key)?;
            return Ok(Some(Self {
                runtime: runtime()?,
                connection: Connection::Http(Box::new(client)),
                own_writes: OwnWrites::default(),
                directory: None,
            }));
        }
        let mut directory = settings.data.clone();
        let mut address = Owner::of(&directory).and_then(|owner| owner.address());
        if address.is_none()
            && settings.data_is_default
            && let Some(demo) = DemoPointer::read()
        {
            address = Owner::of(&demo).and_then(|owner| owner.address());
            directory = demo;
        }
        let Some(address) = address else { return Ok(None) };
        let client = HttpClient::new(&format!("http://{address}"), key)?;
        Ok(Some(Self {
            runtime: runtime()?,
            connection: Connection::Http(Box::new(client)),
            own_writes: OwnWrites::default(),
            directory: Some(directory),
        }))
    }

    fn over(store: Local, directory: PathBuf) -> Result<Self, Failure> {
        let connection = Connection::Local { router: store.router(), _store: store };
        let own_writes = OwnWrites::default();
        Ok(Self { runtime: runtime()?, connection, own_writes, directory: Some(directory) })
    }

    /// Whether this process reads the directory itself.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.connection, Connection::Local { .. })
    }

    /// `GET`, parsed from JSON.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let body = self.get_bytes(path)?;
        parse_reply(path, &body)
    }

    /// `GET` as bytes.
    pub(crate) fn get_bytes(&self, path: &str) -> Result<Bytes, Failure> {
        self.send(Method::GET, path, &[], Bytes::new())
    }

    /// `POST` with JSON request and response.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = self.send(
            Method::POST,
            path,
            &[("content-type", "application/json")],
            Bytes::from(body.to_string()),
        )?;
        parse_reply(path, &body)
    }

    /// Sends a request and returns the response body, or an error message.
    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Bytes, Failure> {
        self.exchange(method, path, headers, body)?.or_failure(path)
    }

    /// Sends a request and returns the response, whatever its status.
    pub(crate) fn exchange(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Reply, Failure> {
        self.runtime.block_on(async {
            let response = self.call(method, path, headers, body).await?;
            let (parts, body) = response.into_parts();
            Ok(Reply { status: parts.status, headers: parts.headers, body: collect(body).await? })
        })
    }

    /// Reads a stream chunk by chunk until `each` returns false.
    pub(crate) fn follow(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        mut each: impl FnMut(&[u8]) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let response = self.call(Method::GET, path, headers, Bytes::new()).await?;
            let status = response.status();
            let mut body = response.into_body();
            if !status.is_success() {
                return Err(problem(status, &collect(body).await?, path));
            }
            while let Some(Ok(frame)) = body.frame().await {
                if let Some(data) = frame.data_ref()
                    && !each(data)?
                {
                    break;
                }
            }
            Ok(())
        })
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Body>, Failure> {
        let wait_for = self.own_writes.header();
        let own = wait_for.as_deref().map(|commits| ("turnscope-wait-for", commits));
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain(own).collect();
        let response = self.request(method, path, &headers, body).await?;
        self.own_writes.note(response.headers());
        Ok(response)
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Body>, Failure> {
        match &self.connection {
            Connection::Http(client) => client.call(method, path, headers, body).await,
            Connection::Local { router, .. } => {
                let mut request = Request::builder().method(method).uri(path);
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                let request =
                    request.body(Body::from(body)).map_err(|error| Failure::failed(error.to_string()))?;
                router.clone().oneshot(request).await.map_err(|never| match never {})
            }
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))
}

async fn collect(body: Body) -> Result<Bytes, Failure> {
    body.collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| Failure::new(Code::Unreachable, format!("the response was cut off: {error}")))
}

fn parse_reply<T: DeserializeOwned>(path: &str, body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::failed(format!("cannot parse the response to {path}: {error}"))
            .hint("the server may have a different version")
    })
}

/// Turns an error response into a message; `path` is what was asked.
fn problem(status: StatusCode, body: &[u8], path: &str) -> Failure {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| problem.get(key).and_then(Value::as_str).map(str::to_owned);
    let title = text("title")
        .or_else(|| text("message"))
        .unwrap_or_else(|| format!("the server returned {status}: {}", String::from_utf8_lossy(body).trim()));
    let code = match status {
        StatusCode::NOT_FOUND | StatusCode::CONFLICT => Code::NotFound,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::BAD_REQUEST => Code::Usage,
        _ => Code::Failed,
    };
    let is_of_run = title.starts_with("there is no run");
    let failure = Failure::new(code, title);
    match (code, text("detail")) {
        (Code::Unauthenticated, _) => failure.hint("set TURNSCOPE_API_KEY or --api-key to the server's key"),
        (Code::NotFound, _) if status == StatusCode::CONFLICT => failure.candidates(&problem),
        (Code::NotFound, _) if is_of_run => failure.hint("`turnscope runs` lists all runs"),
        (_, Some(detail)) => match place_in_query(&problem, path) {
            Some(place) => failure.pointing(place).hint(detail),
            None => failure.hint(detail),
        },
        (_, None) => failure,
    }
}

/// The query that was asked, with the place in it that the server says is wrong.
fn place_in_query(problem: &Value, path: &str) -> Option<String> {
    let number = |key: &str| problem.get(key)?.as_u64().and_then(|n| usize::try_from(n).ok());
    let at = number("position")?;
    let (_, parameters) = path.split_once('?')?;
    let (_, query) = form_urlencoded::parse(parameters.as_bytes()).find(|(name, _)| name == "q")?;
    Some(pointer(&query, at, number("length").unwrap_or(1)))
}

impl Failure {
    /// Adds the runs that an ambiguous name could refer to.
    fn candidates(mut self, problem: &Value) -> Self {
        let ids = problem.get("run_ids").and_then(Value::as_array).into_iter().flatten();
        self.candidates = ids.filter_map(Value::as_str).map(str::to_owned).collect();
        let all = self.candidates.join("\n    ");
        self.hint(format!("use one of these:\n    {all}"))
    }
}

fn no_store(directory: &Path) -> Failure {
    Failure::new(Code::NotFound, format!("there is no store in {}", directory.display())).hint(
        "start a server with `turnscope serve`, try `turnscope demo`, or choose another store with --data or --server",
    )
}

/// The owner of a data directory, from its lock file.
struct Owner {
    pid: u64,
    listen: Option<SocketAddr>,
}

impl Owner {
    fn of(directory: &Path) -> Option<Self> {
        let text = turnscope_store_sqlite::owner(directory)?;
        let lock: Value = serde_json::from_str(&text).unwrap_or_default();
        Some(Self {
            pid: lock.get("pid").and_then(Value::as_u64).unwrap_or(0),
            listen: lock.get("listen").and_then(Value::as_str).and_then(|listen| listen.parse().ok()),
        })
    }

    /// The server's address if it accepts connections. Commands that write own the directory too, but do not
    /// listen.
    fn address(&self) -> Option<SocketAddr> {
        let mut address = self.listen.filter(|address| address.port() != 0)?;
        if address.ip().is_unspecified() {
            let loopback: std::net::IpAddr =
                if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
            address.set_ip(loopback);
        }
        TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok().map(|_| address)
    }
}
