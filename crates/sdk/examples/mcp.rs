//! An agent and an MCP server, both recorded. Here they share a process and communicate through a pipe; a
//! remote server joins the run in the same way.
//!
//! `cargo run -p turnscope --example mcp --features rmcp`, with `OTEL_EXPORTER_OTLP_ENDPOINT` for the spans.

use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ServerCapabilities,
        ServerConfig,
    },
    service::RequestContext,
};
use std::error::Error;
use turnscope::{
    init_tracing,
    mcp::{Record, Recorded},
    shutdown,
};

struct Orders;

impl ServerHandler for Orders {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        _: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        turnscope::current().retrieval("orders").top_k(1);
        Ok(CallToolResult::success(vec![ContentBlock::text("at sea")]).into())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let _recording = init_tracing("mcp-example");
    let (here, there) = tokio::io::duplex(4096);
    let serving = tokio::spawn(async {
        let running = Recorded::new(Orders).serve(there).await.map_err(|error| error.to_string())?;
        running.waiting().await.map_err(|error| error.to_string())
    });
    let client = ().serve(here).await?;

    let run = turnscope::run("helpdesk");
    println!("run {}-{}", run.span_context().trace_id(), run.span_context().span_id());
    let turn = run.turn();
    client.peer().recorded_in(&turn).call_tool(CallToolRequestParams::new("lookup")).await?;
    turn.end();
    run.end();

    client.cancel().await?;
    serving.await??;
    let _ = shutdown();
    Ok(())
}
