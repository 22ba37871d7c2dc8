//! Serves the script and records requests.

use crate::{
    api::{self, Answer, Event},
    script::{Endpoint, Fault, Reply, Script},
};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response, StatusCode, header},
    routing::post,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::Value as Json;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::oneshot;

/// A request from a client.
#[derive(Clone, Debug)]
pub struct Request {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; a string if it was not valid JSON.
    pub body: Json,
}

impl Request {
    /// A header's value, if it is present and valid text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The running server: on loopback, with a thread of its own. Dropping it stops the server and aborts
/// responses in progress.
#[derive(Debug)]
pub struct ScriptedModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    script: Script,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    given: Vec<bool>,
    requests: Vec<Request>,
}

impl ScriptedModel {
    /// Starts on a free port.
    ///
    /// # Errors
    /// When no port or thread is available.
    pub fn start(script: Script) -> io::Result<Self> {
        Self::start_on(script, (Ipv4Addr::LOCALHOST, 0).into())
    }

    /// Starts on a given address.
    ///
    /// # Errors
    /// When the address or a thread is not available.
    pub fn start_on(script: Script, address: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let seen = Seen { given: vec![false; script.replies.len()], requests: Vec::new() };
        let shared = Arc::new(Shared { script, seen: Mutex::new(seen) });
        let router = router(Arc::clone(&shared));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("scripted-model".into()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                tokio::select! {
                    _ = axum::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
            // Dropping the runtime closes the connections without waiting for slow responses.
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The root URL without a trailing slash, as Anthropic clients expect it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The root URL with `/v1`, as OpenAI clients expect it.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.url())
    }

    /// All requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.seen().requests.clone()
    }

    /// Blocks until the server ends, which only dropping it from another thread can cause.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let endpoints = [Endpoint::Chat, Endpoint::Responses, Endpoint::Messages, Endpoint::Embeddings];
    let router = endpoints.into_iter().fold(Router::new(), |router, endpoint| {
        let handler = move |State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes| async move {
            answer(&shared, endpoint, headers, &body).await
        };
        router.route(endpoint.path(), post(handler))
    });
    router.with_state(shared)
}

async fn answer(shared: &Shared, endpoint: Endpoint, headers: HeaderMap, body: &[u8]) -> Response<Body> {
    let parsed = serde_json::from_slice::<Json>(body);
    let request = parsed.as_ref().map_or_else(|_| String::from_utf8_lossy(body).into(), Json::clone);
    let (number, reply) = record(shared, Request { endpoint, headers, body: request.clone() });
    if let Err(error) = parsed {
        return refusal(endpoint, 400, None, &format!("the body is not valid JSON: {error}"));
    }
    let Some(reply) = reply else {
        let question = api::question(endpoint, &request);
        return refusal(endpoint, 400, None, &format!("the script has no reply to {question:?}"));
    };
    if let Some(Fault::Status { code, retry_after_s }) = reply.fault {
        return refusal(endpoint, code, retry_after_s, "scripted failure");
    }
    if let Some(Fault::Slow { first_ms, .. }) = reply.fault {
        tokio::time::sleep(Duration::from_millis(first_ms)).await;
    }
    let answer = Answer { number, request: &request, reply: &reply };
    if request["stream"] == true {
        streamed(api::events(endpoint, &answer), reply.fault)
    } else {
        whole(api::whole(endpoint, &answer).to_string(), reply.fault)
    }
}

/// Records the request, and returns its number and its reply.
fn record(shared: &Shared, request: Request) -> (u64, Option<Reply>) {
    let mut seen = shared.seen();
    let question = api::question(request.endpoint, &request.body);
    let endpoint = request.endpoint;
    seen.requests.push(request);
    let chosen = shared.script.choose(endpoint, &question, &seen.given);
    let reply = chosen.map(|index| {
        seen.given[index] = true;
        shared.script.replies[index].clone()
    });
    // Embeddings need no scripted reply.
    let reply = reply.or_else(|| (endpoint == Endpoint::Embeddings).then(Reply::default));
    (seen.requests.len() as u64, reply)
}

fn refusal(endpoint: Endpoint, code: u16, retry_after_s: Option<u64>, message: &str) -> Response<Body> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json_response(Body::from(api::error(endpoint, code, message).to_string()));
    *response.status_mut() = status;
    if let Some(seconds) = retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn whole(text: String, fault: Option<Fault>) -> Response<Body> {
    json_response(match fault {
        Some(Fault::InvalidJson) => Body::from(text[..text.len() / 2].to_owned()),
        Some(Fault::Cut { .. }) => broken(vec![text[..text.len() / 2].to_owned()]),
        _ => Body::from(text),
    })
}

fn json_response(body: Body) -> Response<Body> {
    with_type("application/json", body)
}

fn with_type(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}

fn streamed(mut events: Vec<Event>, fault: Option<Fault>) -> Response<Body> {
    if let (Some(Fault::InvalidJson), Some(event)) = (fault, events.get_mut(1)) {
        event.data = event.data[..event.data.len() / 2].to_owned().into();
    }
    let wire = events.iter().map(Event::wire);
    let body = match fault {
        Some(Fault::Cut { after }) => broken(wire.take(after).collect()),
        Some(Fault::Slow { each_ms, .. }) => slowly(wire.collect(), Duration::from_millis(each_ms)),
        _ => Body::from_stream(stream::iter(wire.map(Ok::<_, io::Error>).collect::<Vec<_>>())),
    };
    with_type("text/event-stream", body)
}

/// Sends the parts, then closes the connection with an error.
fn broken(pieces: Vec<String>) -> Body {
    let cut = Err(io::Error::new(io::ErrorKind::ConnectionReset, "scripted cut"));
    // Yield so that the parts are written before the connection is closed.
    let end = stream::once(async {
        tokio::task::yield_now().await;
        cut
    });
    Body::from_stream(stream::iter(pieces.into_iter().map(Ok)).chain(end))
}

fn slowly(pieces: Vec<String>, each: Duration) -> Body {
    Body::from_stream(stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(each).await;
        Ok::<_, io::Error>(piece)
    }))
}
