//! Propagation for `reqwest` clients, through `reqwest-middleware`.

use async_trait::async_trait;
use opentelemetry::Context;
use opentelemetry_http::HeaderInjector;
use reqwest_middleware::{
    Middleware, Next, Result,
    reqwest::{Request, Response},
};

/// Writes the current step's context into the headers of each request.
///
/// ```
/// use reqwest_middleware::ClientBuilder;
/// use turnscope::propagation::reqwest::Inject;
///
/// # async fn example() -> Result<(), reqwest_middleware::Error> {
/// let client = ClientBuilder::new(reqwest::Client::new()).with(Inject).build();
/// let run = turnscope::run("helpdesk");
/// let tool = run.tool("fetch_page");
/// let answer = tool.scope(client.get("http://localhost:3000/page").send()).await?;
/// # drop(answer);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Inject;

#[async_trait]
impl Middleware for Inject {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        super::inject(&Context::current(), &mut HeaderInjector(request.headers_mut()));
        next.run(request, extensions).await
    }
}
