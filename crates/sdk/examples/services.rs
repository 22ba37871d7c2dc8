//! A run that continues in other services, over HTTP (`reqwest` to axum) and gRPC (`tonic`). Here they share
//! a process; services of their own join the run in the same way.
//!
//! `cargo run -p turnscope --example services --features reqwest,tower,tonic`, with
//! `OTEL_EXPORTER_OTLP_ENDPOINT` for the spans.

use axum::{Router, routing::get};
use reqwest_middleware::ClientBuilder;
use std::error::Error;
use tokio::net::TcpListener;
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_client::HealthClient,
    health_server::{Health, HealthServer},
};
use turnscope::{
    init_tracing,
    propagation::{reqwest::Inject, tonic::inject, tower::JoinLayer},
    shutdown,
};

type Failure = Box<dyn Error + Send + Sync>;

/// An HTTP service with an agent of its own.
async fn page() -> &'static str {
    let run = turnscope::run("librarian"); // a child run of the caller's
    run.turn().retrieval("handbook").top_k(3);
    "what the handbook says"
}

/// A gRPC service without an agent: its steps belong to the caller's run.
struct Till;

#[tonic::async_trait]
impl Health for Till {
    async fn check(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, tonic::Status> {
        turnscope::current().tool("open_till").set("till.name", request.into_inner().service);
        Ok(tonic::Response::new(HealthCheckResponse::default()))
    }

    type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, tonic::Status>>;

    async fn watch(
        &self,
        _: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<Self::WatchStream>, tonic::Status> {
        Err(tonic::Status::unimplemented("a till is not watched"))
    }
}

/// Starts both services and returns their addresses.
async fn services() -> Result<(String, String), Failure> {
    let (http, grpc) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    let addresses = (format!("http://{}", http.local_addr()?), format!("http://{}", grpc.local_addr()?));
    let app = Router::new().route("/page", get(page)).layer(JoinLayer::default());
    tokio::spawn(async { axum::serve(http, app).await });
    let serving = tonic::transport::Server::builder()
        .layer(JoinLayer::default())
        .add_service(HealthServer::new(Till))
        .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(grpc));
    tokio::spawn(serving);
    Ok(addresses)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    // This workspace builds `reqwest` without a crypto provider. With its default features it has one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _recording = init_tracing("services-example");
    let (librarian, till) = services().await?;
    let client = ClientBuilder::new(reqwest::Client::new()).with(Inject).build();
    let channel = tonic::transport::Endpoint::from_shared(till)?.connect().await?;

    let run = turnscope::run("helpdesk");
    println!("run {}-{}", run.span_context().trace_id(), run.span_context().span_id());
    let turn = run.turn();
    let tool = turn.tool("ask_librarian");
    tool.scope(client.get(format!("{librarian}/page")).send()).await?.error_for_status()?;
    tool.end();
    let mut client = HealthClient::with_interceptor(channel, inject);
    turn.scope(client.check(HealthCheckRequest { service: "front".to_owned() })).await?;
    turn.end();
    run.end();
    let _ = shutdown();
    Ok(())
}
