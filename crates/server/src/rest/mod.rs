//! REST: the routes, each handler in the file that is named after what it gives.

mod health;
pub(crate) mod live;
mod problem;
mod runs;
mod wire;

use crate::{otlp_grpc, otlp_http, state::App};
use aide::{
    axum::{ApiRouter, routing::get},
    openapi::{Info, OpenApi},
};
use axum::{
    Extension, Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::post,
};
use problem::Problem;
use std::sync::Arc;

/// The documented routes.
fn api() -> ApiRouter<Arc<App>> {
    ApiRouter::new().api_route("/v1/runs", get(runs::list)).api_route("/v1/runs/{id}", get(runs::one))
}

/// The OpenAPI document of the REST interface.
pub fn openapi() -> OpenApi {
    let mut document = OpenApi {
        info: Info {
            title: "Turnscope".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: Some("What AI agents did, why, and what it cost, turn by turn.".into()),
            ..Info::default()
        },
        ..OpenApi::default()
    };
    let _ = api().api_route("/health", get(health::health)).finish_api(&mut document);
    document
}

/// Everything on the main port.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut document = openapi();
    let documented = api().finish_api(&mut document);
    let guarded = documented.layer(middleware::from_fn_with_state(Arc::clone(app), guard));
    Router::new()
        .merge(guarded)
        .route("/health", axum::routing::get(health::health))
        .route("/openapi.json", axum::routing::get(document_json))
        .route("/v1/traces", post(otlp_http::export))
        .route("/v1/logs", post(otlp_http::export))
        .route("/v1/metrics", post(otlp_http::export))
        .merge(otlp_grpc::routes())
        .fallback(other)
        .layer(Extension(Arc::new(document)))
        .with_state(Arc::clone(app))
}

/// Everything on the OTLP ports: both speak HTTP and gRPC, so that a client with the wrong port still gets through.
pub(crate) fn otlp_router(app: &Arc<App>) -> Router {
    otlp_grpc::routes()
        .route("/health", axum::routing::get(health::health))
        .route("/", post(otlp_http::export))
        .fallback(other)
        .with_state(Arc::clone(app))
}

async fn document_json(Extension(document): Extension<Arc<OpenApi>>) -> axum::Json<OpenApi> {
    axum::Json((*document).clone())
}

/// Paths of other systems' receivers; everything else is not found.
async fn other(state: State<Arc<App>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if request.method() == http::Method::POST && otlp_http::signal_of(&path).is_some() {
        return otlp_http::export(state, request).await;
    }
    Problem::not_found(format!("there is nothing at {path}"))
        .detail("the API is described at /docs; OTLP goes to /v1/traces, /v1/logs and /v1/metrics")
        .into_response()
}

/// Lets in who may read.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if app.auth.allows(request.headers()) {
        next.run(request).await
    } else {
        Problem::unauthenticated().into_response()
    }
}
