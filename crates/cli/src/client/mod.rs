//! Asks for runs: a running server over HTTP, or a data directory through the same handlers within this process.
//!
//! Who is asked: the `--server` that was given, else the process that owns the data directory, else a running demo
//! (where no directory was named), else the directory itself.

mod demo;
mod http_client;
mod query;

pub(crate) use demo::Pointer;
pub(crate) use query::encode;

use crate::{
    exit::{Code, Failure},
    settings::Settings,
};
use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use http_client::HttpClient;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};
use tower::ServiceExt as _;
use turnscope_server::{Config, Local};

/// Answers the paths of the REST interface.
pub(crate) struct Client {
    runtime: tokio::runtime::Runtime,
    reach: Reach,
    /// The data directory that is read, where it is known.
    pub(crate) directory: Option<PathBuf>,
}

enum Reach {
    Http(Box<HttpClient>),
    Local { router: Router, _store: Local },
}

impl Client {
    /// For reading.
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

    /// For writing: as the directory's owner when nobody else is.
    pub(crate) fn write(settings: Settings) -> Result<Self, Failure> {
        if let Some(found) = Self::running(&settings)? {
            return Ok(found);
        }
        Self::own(settings)
    }

    /// As the owner of the data directory.
    pub(crate) fn own(settings: Settings) -> Result<Self, Failure> {
        let directory = settings.data.clone();
        if let Some(owner) = Owner::of(&directory) {
            return Err(Failure::new(
                Code::Owned,
                format!("the data directory {} belongs to process {}", directory.display(), owner.pid),
            )
            .hint("it is no server that could be asked: wait until it is done, then try again"));
        }
        let config = Config { ui_path: None, ..settings.server_config() };
        Self::over(Local::own(Config { api_key: None, ..config })?, directory)
    }

    /// The running server that these settings lead to, if there is one.
    pub(crate) fn running(settings: &Settings) -> Result<Option<Self>, Failure> {
        let key = settings.api_key.as_ref().map(|key| key.0.clone());
        if let Some(url) = &settings.server {
            let client = HttpClient::new(url, key)?;
            return Ok(Some(Self {
                runtime: runtime()?,
                reach: Reach::Http(Box::new(client)),
                directory: None,
            }));
        }
        let mut directory = settings.data.clone();
        let mut address = Owner::of(&directory).and_then(|owner| owner.address());
        if address.is_none()
            && settings.data_is_default
            && let Some(demo) = Pointer::read()
        {
            address = Owner::of(&demo).and_then(|owner| owner.address());
            directory = demo;
        }
        let Some(address) = address else { return Ok(None) };
        let client = HttpClient::new(&format!("http://{address}"), key)?;
        Ok(Some(Self {
            runtime: runtime()?,
            reach: Reach::Http(Box::new(client)),
            directory: Some(directory),
        }))
    }

    fn over(store: Local, directory: PathBuf) -> Result<Self, Failure> {
        let reach = Reach::Local { router: store.router(), _store: store };
        Ok(Self { runtime: runtime()?, reach, directory: Some(directory) })
    }

    /// Whether nobody but this process is asked.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.reach, Reach::Local { .. })
    }

    /// `GET` as JSON.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let body = self.get_bytes(path)?;
        understand(path, &body)
    }

    /// `GET` as it comes.
    pub(crate) fn get_bytes(&self, path: &str) -> Result<Bytes, Failure> {
        self.send(Method::GET, path, &[], Bytes::new())
    }

    /// `POST` of JSON, answered with JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = self.send(
            Method::POST,
            path,
            &[("content-type", "application/json")],
            Bytes::from(body.to_string()),
        )?;
        understand(path, &body)
    }

    /// Sends a request and gives the whole body of its answer; errors in words.
    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Bytes, Failure> {
        self.runtime.block_on(async {
            let response = self.call(method, path, headers, body).await?;
            let (parts, body) = response.into_parts();
            let body = collect(body).await?;
            if parts.status.is_success() { Ok(body) } else { Err(problem(parts.status, &body)) }
        })
    }

    /// Follows a stream, one piece at a time, for as long as `each` says so.
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
                return Err(problem(status, &collect(body).await?));
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
        match &self.reach {
            Reach::Http(client) => client.call(method, path, headers, body).await,
            Reach::Local { router, .. } => {
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
        .map_err(|error| Failure::new(Code::Unreachable, format!("the answer broke off: {error}")))
}

fn understand<T: DeserializeOwned>(path: &str, body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::failed(format!("the answer to {path} makes no sense: {error}"))
            .hint("is it a turnscope of another version?")
    })
}

/// An error reply in words.
fn problem(status: StatusCode, body: &[u8]) -> Failure {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| problem.get(key).and_then(Value::as_str).map(str::to_owned);
    let title = text("title")
        .or_else(|| text("message"))
        .unwrap_or_else(|| format!("the server answered {status}: {}", String::from_utf8_lossy(body).trim()));
    let code = match status {
        StatusCode::NOT_FOUND | StatusCode::CONFLICT => Code::NotFound,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::BAD_REQUEST => Code::Usage,
        _ => Code::Failed,
    };
    let failure = Failure::new(code, title);
    match (code, text("detail")) {
        (Code::Unauthenticated, _) => {
            failure.hint("set TURNSCOPE_API_KEY to the server's key, or give --api-key")
        }
        (Code::NotFound, _) if status == StatusCode::CONFLICT => failure.candidates(&problem),
        (Code::NotFound, _) => failure.hint("`turnscope runs` lists the runs there are"),
        (_, Some(detail)) => failure.hint(detail),
        (_, None) => failure,
    }
}

impl Failure {
    /// With the runs that an ambiguous name could mean.
    fn candidates(mut self, problem: &Value) -> Self {
        let ids = problem.get("run_ids").and_then(Value::as_array).into_iter().flatten();
        self.candidates = ids.filter_map(Value::as_str).map(str::to_owned).collect();
        let all = self.candidates.join("\n    ");
        self.hint(format!("name one of them:\n    {all}"))
    }
}

fn no_store(directory: &Path) -> Failure {
    Failure::new(Code::NotFound, format!("there is no store in {}", directory.display())).hint(
        "start one with `turnscope serve`, look around with `turnscope demo`, or name another with --data or --server",
    )
}

/// Who holds a data directory, as its lock file says.
struct Owner {
    pid: u64,
    listen: Option<SocketAddr>,
}

impl Owner {
    fn of(directory: &Path) -> Option<Self> {
        let text = turnscope_store_sqlite::owner(directory)?;
        let said: Value = serde_json::from_str(&text).unwrap_or_default();
        Some(Self {
            pid: said.get("pid").and_then(Value::as_u64).unwrap_or(0),
            listen: said.get("listen").and_then(Value::as_str).and_then(|listen| listen.parse().ok()),
        })
    }

    /// Where it answers, if it does: a command that writes owns the directory too, and answers nobody.
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
