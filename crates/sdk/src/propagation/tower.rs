//! Propagation for HTTP servers and clients made of `tower` services: axum, hyper, tonic.

use crate::{Recorder, Scope, Step, default_recorder};
use http::Request;
use opentelemetry::Context;
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use std::task::{self, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// A server layer: everything that handles a request joins the run described by its headers.
///
/// ```
/// use axum::{Router, routing::get};
/// use turnscope::propagation::tower::JoinLayer;
///
/// async fn page() -> &'static str {
///     let _run = turnscope::run("librarian"); // a child run of the caller's
///     "page"
/// }
/// let app: Router = Router::new().route("/page", get(page)).layer(JoinLayer::default());
/// ```
#[derive(Clone, Debug, Default)]
pub struct JoinLayer {
    recorder: Option<Recorder>,
}

impl JoinLayer {
    /// Joins with this recorder, rather than with the default one at the time of the request.
    #[must_use]
    pub fn with(recorder: Recorder) -> Self {
        Self { recorder: Some(recorder) }
    }
}

impl<S> Layer<S> for JoinLayer {
    type Service = Join<S>;
    fn layer(&self, inner: S) -> Join<S> {
        Join { inner, recorder: self.recorder.clone() }
    }
}

/// The service made by [`JoinLayer`].
#[derive(Clone, Debug)]
pub struct Join<S> {
    inner: S,
    recorder: Option<Recorder>,
}

impl<S, B> Service<Request<B>> for Join<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Scope<S::Future>;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let parent: Step = {
            let recorder = self.recorder.clone().unwrap_or_else(default_recorder);
            recorder.join(&HeaderExtractor(request.headers()))
        };
        let _entered = parent.enter();
        parent.scope(self.inner.call(request))
    }
}

/// A client layer: writes the current context into each request's headers.
///
/// ```
/// use tower::ServiceBuilder;
/// use turnscope::propagation::tower::InjectLayer;
///
/// # fn example(channel: tonic::transport::Channel) {
/// let channel = ServiceBuilder::new().layer(InjectLayer).service(channel);
/// # drop(channel);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct InjectLayer;

impl<S> Layer<S> for InjectLayer {
    type Service = Inject<S>;
    fn layer(&self, inner: S) -> Inject<S> {
        Inject { inner }
    }
}

/// The service made by [`InjectLayer`].
#[derive(Clone, Debug)]
pub struct Inject<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for Inject<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        super::inject(&Context::current(), &mut HeaderInjector(request.headers_mut()));
        self.inner.call(request)
    }
}
