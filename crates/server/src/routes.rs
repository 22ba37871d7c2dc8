//! The routes of every port, and the document that describes them.

use crate::{
    auth::{self, Right},
    document::{self, replies_with_json, replies_with_nothing, replies_with_text},
    otlp_grpc, otlp_http, own_writes,
    prefix::Prefix,
    problem::{self, Problem},
    rest::{
        about_run, audit, config, dataset, dialects, health, loose, maintain, metrics,
        parameters::{Parameters, name_path_parts, refuse_unknown},
        pricing, runs, scores, search, session, sessions, stats, stream, timeline, traces, unmapped,
    },
    state::App,
    ui,
};
use aide::{
    axum::{
        ApiRouter,
        routing::{delete_with, get, get_with, patch, post as api_post, post_with, put},
    },
    openapi::{Info, OpenApi},
    redoc::Redoc,
    swagger::Swagger,
};
use axum::{
    Extension, Router,
    extract::{Request, State},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use std::{sync::Arc, time::Duration};
use tower_http::{
    compression::CompressionLayer,
    cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

/// How long a browser may remember what a page of another origin may do.
const PREFLIGHT_HOLDS: Duration = Duration::from_secs(600);

/// What reads.
fn reading() -> ApiRouter<Arc<App>> {
    ApiRouter::new()
        .api_route("/v1/runs", get(runs::list))
        .api_route("/v1/runs/{id}", get(runs::one))
        .api_route("/v1/runs/{id}/timeline", get(timeline::timeline))
        .api_route("/v1/runs/{id}/steps", get(timeline::steps))
        .api_route("/v1/runs/{id}/steps/{step_id}/data", get(timeline::data))
        .api_route("/v1/runs/{id}/steps/{step_id}/explain", get(timeline::explain))
        .api_route("/v1/runs/{id}/turns/{n}", get(about_run::turn))
        .api_route("/v1/runs/{id}/cost", get(about_run::cost))
        .api_route("/v1/runs/{id}/statistics", get(about_run::statistics))
        .api_route("/v1/runs/{id}/audit", get(audit::audit))
        .api_route("/v1/runs/{id}/context", get(about_run::context))
        .api_route(
            "/v1/runs/{id}/export",
            get_with(about_run::export, |op| {
                op.response_with::<200, axum::Json<serde_json::Value>, _>(|reply| {
                    reply.description("A document that `turnscope import` reads; with `format=otlp`, OTLP/JSON.")
                })
            }),
        )
        .api_route(
            "/v1/runs/{id}/summary",
            get_with(about_run::summary, |op| replies_with_text(op, "text/plain", "The run in words.")),
        )
        .api_route("/v1/runs/{id}/scores", get(scores::list))
        .api_route("/v1/traces", get(traces::list))
        .api_route("/v1/traces/{trace_id}", get(traces::one))
        .api_route("/v1/sessions", get(sessions::list))
        .api_route("/v1/sessions/{id}", get(sessions::one))
        .api_route("/v1/search", get(search::search))
        .api_route("/v1/stats", get(stats::stats))
        .api_route("/v1/values", get(stats::values))
        .api_route("/v1/unmapped", get(unmapped::unmapped))
        .api_route("/v1/pricing", get(pricing::pricing))
        .api_route("/v1/pricing/missing", get(pricing::unpriced))
        .api_route("/v1/reproject", get(maintain::reprojected))
        .api_route("/v1/dialects", get(dialects::get))
        .api_route(
            "/v1/live",
            get_with(stream::live, |op| {
                let op = op.description(
                    "Server-sent events `run`, `score` and `gap`, each with an id. A client that comes back with the \
                     header `Last-Event-ID`, or the parameter, gets what it missed, or `gap` when that is too long ago.",
                );
                replies_with_text(op, "text/event-stream", "The events, until the client goes.")
            }),
        )
        .api_route("/v1/config", get(config::config))
        .api_route(
            "/v1/export",
            get_with(dataset::export, |op| {
                let op = op.description(
                    "Marked runs, turns and steps as JSON lines, with the filters of `/v1/runs`: `run_id`, `step_id`, \
                     `turn`, `input`, `output`, `scores`, `tags`, `metadata`. `limit` bounds the runs.",
                );
                replies_with_text(op, "application/x-ndjson", "A JSON object on each line.")
            }),
        )
        .api_route("/v1/loose-telemetry", get(loose::telemetry))
        .api_route(
            "/metrics",
            get_with(metrics::metrics, |op| {
                replies_with_text(op, "text/plain", "The metrics, in Prometheus' text format.")
            }),
        )
}

/// What adds to runs: scores, comments and tags.
fn annotating() -> ApiRouter<Arc<App>> {
    ApiRouter::new()
        .api_route("/v1/runs/{id}", patch(scores::change_run))
        .api_route(
            "/v1/runs/{id}/scores",
            post_with(scores::add, replies_with_json::<201, turnscope_api::Score>),
        )
        .api_route(
            "/v1/scores/{score_id}",
            put(scores::change)
                .delete_with(scores::remove, |op| replies_with_nothing(op, "The score is deleted.")),
        )
}

/// What deletes runs and maintains the store.
fn administering() -> ApiRouter<Arc<App>> {
    ApiRouter::new()
        .api_route(
            "/v1/runs/{id}",
            delete_with(scores::delete_run, |op| replies_with_nothing(op, "The run is deleted.")),
        )
        .api_route("/v1/prune", api_post(maintain::prune))
        .api_route("/v1/vacuum", api_post(maintain::vacuum))
        .api_route("/v1/reproject", api_post(maintain::reproject))
        .api_route("/v1/dialects", put(dialects::put))
        .api_route("/v1/quarantine/retry", api_post(maintain::retry_quarantined))
}

/// What needs no right.
fn open_api() -> ApiRouter<Arc<App>> {
    ApiRouter::new()
        // A reply with a status of its own says nothing of its body by itself.
        .api_route(
            "/health",
            get_with(health::health, |op| {
                op.response::<200, axum::Json<turnscope_api::Health>>()
                    .response_with::<503, axum::Json<turnscope_api::Health>, _>(|reply| {
                        reply.description("Nothing can be stored or read; `degraded` says why.")
                    })
            }),
        )
        .api_route(
            "/v1/session",
            get(session::get)
                .post_with(session::sign_in, replies_with_json::<200, turnscope_api::Access>)
                .delete_with(session::sign_out, |op| replies_with_nothing(op, "The cookie is removed.")),
        )
}

/// The routes as they are served, and the document that describes them.
fn documented(routes: ApiRouter<Arc<App>>) -> (Router<Arc<App>>, OpenApi) {
    let mut api = OpenApi {
        info: Info {
            title: "Turnscope".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: Some("What AI agents did, why, and what it cost, turn by turn.".into()),
            ..Info::default()
        },
        ..OpenApi::default()
    };
    let problem = document::problem_schema();
    // All at once: two documents would each call a type of theirs by a name that both have.
    let router = routes.finish_api(&mut api);
    name_path_parts(&mut api);
    document::complete(&mut api, &problem);
    (router, api)
}

/// The `OpenAPI` document of the REST interface.
pub fn openapi() -> OpenApi {
    documented(reading().merge(annotating()).merge(administering()).merge(open_api())).1
}

/// Everything on the main port.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let parameters = Parameters::default();
    let guarded = |right, routes: ApiRouter<Arc<App>>| {
        let routes = routes
            .layer(middleware::from_fn_with_state(Arc::clone(app), own_writes::wait))
            .layer(middleware::from_fn_with_state(parameters.clone(), refuse_unknown));
        auth::require(&app.auth, right, routes)
    };
    let guarded = guarded(Right::Read, reading())
        .merge(guarded(Right::Annotate, annotating()))
        .merge(guarded(Right::Admin, administering()));
    let (described, document) = documented(guarded.merge(open_api()));
    parameters.learn(&document);
    let json = DocumentJson(serde_json::to_vec(&document).unwrap_or_default().into());
    let docs = ApiRouter::<Arc<App>>::new()
        .route("/docs", Swagger::new("openapi.json").with_title("Turnscope API").axum_route())
        .route("/redoc", Redoc::new("openapi.json").with_title("Turnscope API").axum_route());
    let mut router = Router::new()
        .merge(described)
        .merge(docs)
        .route("/openapi.json", axum::routing::get(document_json))
        // The path that lists traces takes spans too.
        .route("/v1/traces", post(otlp_http::export))
        .route("/v1/logs", post(otlp_http::export))
        .route("/v1/metrics", post(otlp_http::export))
        .merge(otlp_grpc::routes());
    if let Some(path) = &app.ui_path {
        let to = path.clone();
        router = router
            .route(
                "/",
                axum::routing::get(async move |prefix: Prefix| {
                    axum::response::Redirect::temporary(&prefix.join(&to))
                })
                .post(otlp_http::export),
            )
            .merge(ui::routes(path));
    }
    router
        .fallback(other)
        .layer(middleware::from_fn(problem::unify))
        .layer(Extension(json))
        .layer(CompressionLayer::new())
        .layer(default_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(default_header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(default_header(header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"))
        .layer(default_header(header::CACHE_CONTROL, "no-store"))
        .layer(cors(app, true))
        .with_state(Arc::clone(app))
}

/// A header of every reply that does not set it: nothing is framed, guessed to be of another type, or kept in a cache.
fn default_header(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Everything on the OTLP ports: both speak HTTP and gRPC, so that a client with the wrong port still gets through.
pub(crate) fn otlp_router(app: &Arc<App>) -> Router {
    otlp_grpc::routes()
        .route("/health", axum::routing::get(health::health))
        .route("/", post(otlp_http::export))
        .fallback(other)
        .layer(middleware::from_fn(problem::unify))
        .layer(cors(app, false))
        .with_state(Arc::clone(app))
}

/// Browsers of other origins may send and read only where that was allowed.
///
/// A page sends with credentials when it uses `sendBeacon`, as OpenTelemetry's web SDK does. Then `*` is no wildcard (Fetch,
/// "CORS protocol and credentials"), so that origin and headers are answered by name. Where `*` is set, that holds for the
/// OTLP ports only: they take no cookie, while the main port's cookie must not serve the pages of all origins.
fn cors(app: &App, takes_cookies: bool) -> CorsLayer {
    let layer = CorsLayer::new();
    if app.cors_origins.is_empty() {
        return layer;
    }
    let is_any = app.cors_origins.iter().any(|origin| origin == "*");
    let origin = match (is_any, takes_cookies) {
        (true, true) => AllowOrigin::any(),
        (true, false) => AllowOrigin::mirror_request(),
        (false, _) => {
            let origins = app.cors_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
            AllowOrigin::list(origins)
        }
    };
    layer
        .allow_origin(origin)
        .allow_credentials(!(is_any && takes_cookies))
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(own_writes::EXPOSED.into_iter().chain([header::RETRY_AFTER]).collect::<Vec<_>>())
        .max_age(PREFLIGHT_HOLDS)
}

/// The document as it is sent: as a structure it takes several times the memory.
#[derive(Clone)]
struct DocumentJson(Bytes);

async fn document_json(
    prefix: Prefix,
    Extension(DocumentJson(bytes)): Extension<DocumentJson>,
) -> impl IntoResponse {
    let bytes = if prefix.is_empty() { bytes } else { with_server(&bytes, &prefix) };
    ([(header::CONTENT_TYPE, "application/json")], bytes)
}

/// The document with the prefix before each path, put in as its first key.
fn with_server(document: &Bytes, prefix: &Prefix) -> Bytes {
    let servers = serde_json::json!([{ "url": prefix.join("") }]);
    let rest = document.strip_prefix(b"{").unwrap_or_default();
    [format!("{{\"servers\":{servers},").as_bytes(), rest].concat().into()
}

/// Paths of other systems' receivers; everything else is not found.
async fn other(state: State<Arc<App>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if otlp_http::signal_of(&path).is_some() {
        if request.method() == http::Method::POST {
            return otlp_http::export(state, request).await;
        }
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
    }
    Problem::not_found(format!("there is nothing at {path}"))
        .detail("the API is described at /docs; OTLP goes to /v1/traces, /v1/logs and /v1/metrics")
        .into_response()
}
