//! MCP through the real `rmcp`: a client and a server with separate recorders, connected by a pipe.

use crate::tree::{self, Kept};
use rmcp::{
    ErrorData, RoleClient, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
        Implementation, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
        ServerCapabilities, ServerConfig,
    },
    service::{RequestContext, RunningService},
};
use turnscope::{
    Naming, Recorder,
    mcp::{Record, Recorded},
};

/// A server with a tool that succeeds and one that fails; all others are missing.
struct Orders;

impl ServerHandler for Orders {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("orders", "1.0.0"))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::default())
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        tokio::task::yield_now().await;
        match call.name.as_ref() {
            "lookup" => {
                turnscope::current().retrieval("orders").end();
                Ok(CallToolResult::success(vec![ContentBlock::text("at sea")]).into())
            }
            "refund" => Ok(CallToolResult::error(vec![ContentBlock::text("the till is closed")]).into()),
            _ => Err(ErrorData::invalid_params("no such tool", None)),
        }
    }
}

async fn connect(server: Recorder) -> (RunningService<RoleClient, ()>, tokio::task::JoinHandle<()>) {
    let (here, there) = tokio::io::duplex(4096);
    let serving = tokio::spawn(async move {
        let running = Recorded::new(Orders).with(server).serve(there).await.unwrap();
        running.waiting().await.unwrap();
    });
    (().serve(here).await.unwrap(), serving)
}

pub(crate) async fn talk(recorder: &Recorder, server: Recorder) {
    let (client, serving) = connect(server).await;
    let run = recorder.run("helpdesk");
    let turn = run.turn();
    let peer = client.peer().recorded_in(&turn);
    peer.list_tools(None).await.unwrap();
    let arguments = serde_json::json!({"order": 17}).as_object().unwrap().clone();
    let lookup = CallToolRequestParams::new("lookup").with_arguments(arguments);
    let found = peer.call_tool(lookup).await.unwrap();
    assert_eq!(found.content[0].as_text().unwrap().text, "at sea");
    assert_eq!(peer.call_tool(CallToolRequestParams::new("refund")).await.unwrap().is_error, Some(true));
    peer.call_tool(CallToolRequestParams::new("missing")).await.unwrap_err();
    drop(turn);
    drop(run);
    client.cancel().await.unwrap();
    serving.await.unwrap();
}

/// Requests a prompt and a resource, which this server does not have.
pub(crate) async fn ask_for_more(recorder: &Recorder, server: Recorder) {
    let (client, serving) = connect(server).await;
    let run = recorder.run("helpdesk");
    let peer = client.peer().recorded_in(&run);
    peer.get_prompt(GetPromptRequestParams::new("greeting")).await.unwrap_err();
    peer.read_resource(ReadResourceRequestParams::new("file:///orders")).await.unwrap_err();
    drop(run);
    client.cancel().await.unwrap();
    serving.await.unwrap();
}

fn recorders() -> (Recorder, Recorder, Kept) {
    let (recorder, kept) = tree::recorder();
    (recorder, kept.other_recorder(), kept)
}

#[tokio::test]
async fn requests_are_steps_of_the_run_on_both_sides() {
    let (here, there, kept) = recorders();
    talk(&here.with_content(true), there.with_content(true)).await;
    insta::assert_snapshot!(kept.tree());
}

#[tokio::test]
async fn requests_with_agent_run_naming_carry_its_attributes() {
    let (here, there, kept) = recorders();
    talk(&here.with_naming(Naming::AgentRun), there).await;
    let tree = kept.tree();
    assert!(tree.contains("tool.name = lookup") && tree.contains("tool.server = orders"), "{tree}");
    assert!(!tree.contains("at sea") && !tree.contains("17"), "content is recorded only on request: {tree}");
}

#[tokio::test]
async fn a_request_outside_any_run_is_recorded_on_its_own() {
    let (_, there, kept) = recorders();
    let (client, serving) = connect(there).await;
    client.peer().call_tool(CallToolRequestParams::new("lookup")).await.unwrap();
    client.cancel().await.unwrap();
    serving.await.unwrap();
    let tree = kept.tree();
    assert!(tree.lines().any(|line| line == "tools/call lookup [server]"), "{tree}");
}
