//! A run continues in another process: through a queue, HTTP, gRPC and MCP. Two recorders represent the two
//! processes.

use crate::tree;
use axum::{Router, routing::get};
use opentelemetry::baggage::BaggageExt;
use reqwest_middleware::ClientBuilder;
use std::{collections::HashMap, net::SocketAddr};
use tokio::net::TcpListener;
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_client::HealthClient,
    health_server::{Health, HealthServer},
};
use tower::ServiceBuilder;
use turnscope::{
    Recorder,
    propagation::{
        Meta, reqwest,
        tower::{InjectLayer, JoinLayer},
    },
};

#[test]
fn a_job_from_a_queue_joins_its_run_with_its_session() {
    let (here, kept) = tree::recorder();
    let there = kept.other_recorder();
    let run = here.run("helpdesk");
    run.session("s-17");
    let queued = run.with_baggage("session.id", "s-17").with_baggage("tenant", "acme ä").carrier();
    run.end();

    let text = serde_json::to_string(&queued).unwrap();
    let taken: HashMap<String, String> = serde_json::from_str(&text).unwrap();
    let place = there.join(&taken);
    assert_eq!(place.context().baggage().get("tenant").unwrap().as_str(), "acme ä");
    place.tool("send_mail").end();
    place.run("writer").turn().end();
    {
        let _entered = place.enter();
        turnscope::current().tool("archive").end();
        let onward = turnscope::current().carrier();
        assert!(onward["baggage"].contains("tenant=acme"), "{onward:?}");
    }
    insta::assert_snapshot!(kept.tree());
}

#[test]
fn a_carrier_without_a_valid_run_joins_none() {
    let (recorder, kept) = tree::recorder();
    for traceparent in ["", "00-0-0-00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"] {
        let place = recorder.join(&HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]));
        assert!(!place.span_context().is_valid(), "{traceparent}");
        place.run("alone").end();
    }
    let tree = kept.tree();
    assert_eq!(tree.lines().filter(|line| *line == "invoke_agent alone").count(), 3, "{tree}");
}

#[test]
fn an_mcp_request_s_meta_is_a_carrier() {
    let (recorder, _) = tree::recorder();
    let run = recorder.run("helpdesk");
    let mut meta = serde_json::Map::from_iter([("progressToken".to_owned(), 1.into())]);
    run.with_baggage("user.id", "ada").inject(&mut Meta(&mut meta));
    for key in ["baggage", "progressToken", "traceparent", "tracestate"] {
        assert!(meta.contains_key(key), "{key}");
    }
    assert_eq!(meta.len(), 4);
    let place = recorder.join(&Meta(&meta));
    assert_eq!(place.span_context().span_id(), run.span_context().span_id());
    assert!(place.span_context().is_remote());
}

#[test]
fn a_disabled_recorder_sends_no_context() {
    let run = Recorder::disabled().run("helpdesk");
    assert_eq!(run.carrier(), HashMap::new());
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn a_request_of_reqwest_goes_on_in_axum() {
    let (here, kept) = tree::recorder();
    let there = kept.other_recorder();
    let page = get(|| async {
        tokio::task::yield_now().await;
        turnscope::current().run("librarian").tool("find").end();
        "page"
    });
    let app: Router = Router::new().route("/page", page).layer(JoinLayer::with(there));
    let (listener, address) = listen().await;
    let server = tokio::spawn(async { axum::serve(listener, app).await });

    crate::with_crypto();
    let client = ClientBuilder::new(::reqwest::Client::new()).with(reqwest::Inject).build();
    let url = format!("http://{address}/page");
    let run = here.run("helpdesk");
    let tool = run.tool("fetch_page");
    let answer = tool.scope(client.get(&url).send()).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "page");
    tool.end();
    run.end();
    // A request outside any run starts a run of its own.
    client.get(&url).send().await.unwrap();
    server.abort();
    insta::assert_snapshot!(kept.tree());
}

struct Checked;

#[tonic::async_trait]
impl Health for Checked {
    async fn check(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, tonic::Status> {
        tokio::task::yield_now().await;
        turnscope::current().tool(request.into_inner().service).end();
        Ok(tonic::Response::new(HealthCheckResponse::default()))
    }

    type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, tonic::Status>>;

    async fn watch(
        &self,
        _: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<Self::WatchStream>, tonic::Status> {
        Err(tonic::Status::unimplemented("not here"))
    }
}

#[tokio::test]
async fn a_call_of_tonic_goes_on_in_its_server() {
    let (here, kept) = tree::recorder();
    let there = kept.other_recorder();
    let (listener, address) = listen().await;
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let serving = tonic::transport::Server::builder()
        .layer(JoinLayer::with(there))
        .add_service(HealthServer::new(Checked))
        .serve_with_incoming(incoming);
    let server = tokio::spawn(serving);

    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
    let channel = endpoint.connect().await.unwrap();
    let asked = |service: &str| HealthCheckRequest { service: service.to_owned() };
    let run = here.run("helpdesk");
    let mut client = HealthClient::with_interceptor(channel.clone(), turnscope::propagation::tonic::inject);
    run.scope(client.check(asked("intercepted"))).await.unwrap();
    let mut client = HealthClient::new(ServiceBuilder::new().layer(InjectLayer).service(channel));
    run.scope(client.check(asked("layered"))).await.unwrap();
    run.end();
    server.abort();
    insta::assert_snapshot!(kept.tree());
}
