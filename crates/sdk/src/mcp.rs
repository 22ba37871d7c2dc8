//! MCP through `rmcp` (feature `rmcp`), for clients and servers. Each request becomes a step named after the
//! MCP conventions, and a server's steps join the caller's run through the request's `_meta`.
//!
//! ```no_run
//! use rmcp::{RoleClient, ServerHandler, ServiceExt, model::CallToolRequestParams, service::Peer};
//! use turnscope::mcp::{Recorded, Record};
//!
//! #[derive(Clone)]
//! struct Orders;
//! impl ServerHandler for Orders {}
//!
//! # async fn server(transport: tokio::io::DuplexStream) -> Result<(), Box<dyn std::error::Error>> {
//! let running = Recorded::new(Orders).serve(transport).await?;
//! # drop(running);
//! # Ok(())
//! # }
//! # async fn client(peer: &Peer<RoleClient>) -> Result<(), rmcp::ServiceError> {
//! let run = turnscope::run("helpdesk");
//! let turn = run.turn();
//! let result = peer.recorded_in(&turn).call_tool(CallToolRequestParams::new("lookup")).await?;
//! # drop(result);
//! # Ok(())
//! # }
//! ```

use crate::{CustomStep, Recorder, Step, default_recorder, propagation::Meta};
use opentelemetry::{KeyValue, trace::SpanKind};
use rmcp::{
    ErrorData, RoleClient, RoleServer, Service, ServiceError,
    model::{
        CallToolRequestParams, CallToolResult, ClientRequest, GetPromptRequestParams, GetPromptResult,
        ListPromptsResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
        ReadResourceRequestParams, ReadResourceResult, RequestParamsMeta, ServerConfig, ServerResult,
    },
    service::{NotificationContext, Peer, RequestContext, ServiceRole},
};
use std::borrow::Cow;

/// Begins the step of a request: `METHOD TARGET`.
fn begin(parent: &Step, kind: SpanKind, method: &str, target: Option<&str>) -> CustomStep {
    let name = target.map_or_else(|| method.to_owned(), |target| format!("{method} {target}"));
    let mut attributes = vec![KeyValue::new("mcp.method.name", method.to_owned())];
    let target = target.map(str::to_owned);
    match (method, target) {
        ("tools/call", Some(tool)) => {
            attributes.push(KeyValue::new("gen_ai.operation.name", "execute_tool"));
            if parent.is_agent_run() {
                attributes.push(KeyValue::new("tool.name", tool.clone()));
            }
            attributes.push(KeyValue::new("gen_ai.tool.name", tool));
        }
        ("prompts/get", Some(prompt)) => attributes.push(KeyValue::new("gen_ai.prompt.name", prompt)),
        _ => {}
    }
    parent.custom_with(kind, name, attributes)
}

fn record_arguments(step: &Step, params: &CallToolRequestParams) {
    if let Some(arguments) = &params.arguments {
        step.json("gen_ai.tool.call.arguments", arguments);
    }
}

fn record_result(step: &Step, result: &CallToolResult) {
    step.json("gen_ai.tool.call.result", result);
    if result.is_error == Some(true) {
        step.fail("tool_error", "the tool reported an error");
    }
}

/// Records the code of a JSON-RPC error and returns it as the error type.
fn record_rpc_error(step: &Step, error: &ErrorData) -> String {
    let code = error.code.0.to_string();
    step.set("rpc.response.status_code", code.clone());
    code
}

/// Records the requests of a client.
pub trait Record {
    /// Records requests as children of the step that is current when this is called.
    fn recorded(&self) -> RecordedPeer {
        self.recorded_in(&crate::current())
    }

    /// Records requests as children of `step`.
    fn recorded_in(&self, step: &Step) -> RecordedPeer;
}

impl Record for Peer<RoleClient> {
    fn recorded_in(&self, step: &Step) -> RecordedPeer {
        RecordedPeer { peer: self.clone(), step: step.clone() }
    }
}

/// A client whose requests are recorded. Each method wraps the peer's method of the same name.
#[derive(Clone, Debug)]
pub struct RecordedPeer {
    peer: Peer<RoleClient>,
    step: Step,
}

impl RecordedPeer {
    /// Calls a tool.
    ///
    /// # Errors
    /// The peer's errors, which are recorded too.
    pub async fn call_tool(&self, params: CallToolRequestParams) -> Result<CallToolResult, ServiceError> {
        let step = self.begin("tools/call", Some(&params.name));
        record_arguments(&step, &params);
        let result = send_recorded(&step, params, |params| self.peer.call_tool(params)).await;
        if let Ok(result) = &result {
            record_result(&step, result);
        }
        result
    }

    /// Gets a prompt.
    ///
    /// # Errors
    /// The peer's errors, which are recorded too.
    pub async fn get_prompt(&self, params: GetPromptRequestParams) -> Result<GetPromptResult, ServiceError> {
        let step = self.begin("prompts/get", Some(&params.name));
        send_recorded(&step, params, |params| self.peer.get_prompt(params)).await
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// The peer's errors, which are recorded too.
    pub async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
    ) -> Result<ReadResourceResult, ServiceError> {
        let step = self.begin("resources/read", None);
        step.set("mcp.resource.uri", params.uri.clone());
        send_recorded(&step, params, |params| self.peer.read_resource(params)).await
    }

    /// Lists tools.
    ///
    /// # Errors
    /// The peer's errors, which are recorded too.
    pub async fn list_tools(
        &self,
        params: Option<PaginatedRequestParams>,
    ) -> Result<ListToolsResult, ServiceError> {
        let step = self.begin("tools/list", None);
        send_recorded(&step, params.unwrap_or_default(), |params| self.peer.list_tools(Some(params))).await
    }

    /// Lists prompts.
    ///
    /// # Errors
    /// The peer's errors, which are recorded too.
    pub async fn list_prompts(
        &self,
        params: Option<PaginatedRequestParams>,
    ) -> Result<ListPromptsResult, ServiceError> {
        let step = self.begin("prompts/list", None);
        send_recorded(&step, params.unwrap_or_default(), |params| self.peer.list_prompts(Some(params))).await
    }

    /// Lists resources.
    ///
    /// # Errors
    /// The peer's errors, which are recorded too.
    pub async fn list_resources(
        &self,
        params: Option<PaginatedRequestParams>,
    ) -> Result<ListResourcesResult, ServiceError> {
        let step = self.begin("resources/list", None);
        send_recorded(&step, params.unwrap_or_default(), |params| self.peer.list_resources(Some(params)))
            .await
    }

    fn begin(&self, method: &str, target: Option<&str>) -> CustomStep {
        let step = begin(&self.step, SpanKind::Client, method, target);
        if let Some(server) = self.peer.peer_info() {
            step.set("mcp.protocol.version", server.protocol_version.to_string());
            if let (Some(server), "tools/call") = (&server.server_info, method) {
                step.set("tool.server", server.name.clone());
            }
        }
        step
    }
}

/// Sends a request with the step's context in `_meta`, and records a failure.
async fn send_recorded<P, T, F>(
    step: &Step,
    mut params: P,
    send: impl FnOnce(P) -> F,
) -> Result<T, ServiceError>
where
    P: RequestParamsMeta,
    F: Future<Output = Result<T, ServiceError>>,
{
    step.inject(&mut Meta(&mut params.meta_or_default().0.0));
    let result = step.scope(send(params)).await;
    if let Err(error) = &result {
        let kind = match error {
            ServiceError::McpError(error) => record_rpc_error(step, error),
            ServiceError::Timeout { .. } => "timeout".to_owned(),
            ServiceError::Cancelled { .. } => "cancelled".to_owned(),
            _ => "_OTHER".to_owned(),
        };
        step.fail(kind, error.to_string());
    }
    result
}

/// A server that records its requests as steps of the caller's run.
#[derive(Clone, Debug)]
pub struct Recorded<S> {
    server: S,
    recorder: Option<Recorder>,
}

impl<S> Recorded<S> {
    /// Records with the recorder that is the default one when a request arrives.
    pub fn new(server: S) -> Self {
        Self { server, recorder: None }
    }

    /// Records with `recorder`.
    #[must_use]
    pub fn with(self, recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), ..self }
    }

    /// The parent comes from the request's `_meta`. If the transport has a trace context of its own, the step
    /// links to that.
    fn begin(&self, request: &ClientRequest, context: &RequestContext<RoleServer>) -> CustomStep {
        let ambient = crate::current();
        let recorder = self.recorder.clone().unwrap_or_else(default_recorder);
        let caller = recorder.join(&Meta(&context.meta.0.0));
        let parent =
            if caller.span_context().is_valid() { caller } else { recorder.in_context(ambient.context()) };
        let step = begin(&parent, SpanKind::Server, request.method(), target(request));
        let transport = ambient.span_context();
        if transport.is_valid() && transport.span_id() != parent.span_context().span_id() {
            step.link(transport, Vec::new());
        }
        step.set("jsonrpc.request.id", context.id.to_string());
        if let Some(version) = context.protocol_version() {
            step.set("mcp.protocol.version", version.to_string());
        }
        match request {
            ClientRequest::CallToolRequest(call) => {
                record_arguments(&step, &call.params);
            }
            ClientRequest::ReadResourceRequest(read) => {
                step.set("mcp.resource.uri", read.params.uri.clone());
            }
            _ => {}
        }
        step
    }
}

fn target(request: &ClientRequest) -> Option<&str> {
    match request {
        ClientRequest::CallToolRequest(call) => Some(&call.params.name),
        ClientRequest::GetPromptRequest(get) => Some(&get.params.name),
        _ => None,
    }
}

impl<S: Service<RoleServer>> Service<RoleServer> for Recorded<S> {
    async fn handle_request(
        &self,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        let step = self.begin(&request, &context);
        let result = step.scope(self.server.handle_request(request, context)).await;
        match &result {
            Ok(ServerResult::CallToolResult(result)) => record_result(&step, result),
            Ok(_) => {}
            Err(error) => {
                step.fail(record_rpc_error(&step, error), error.message.clone());
            }
        }
        result
    }

    async fn handle_notification(
        &self,
        notification: <RoleServer as ServiceRole>::PeerNot,
        context: NotificationContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.server.handle_notification(notification, context).await
    }

    fn get_info(&self) -> ServerConfig {
        self.server.get_info()
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.server.supported_protocol_versions()
    }
}
