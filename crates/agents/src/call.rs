//! A tool call, from the model's request to the result it gets back: span, policy, tool, sanitiser.

use crate::{
    AgentError, ToolUse,
    job::Job,
    messages::{Call, CallResult},
    tools::ToolError,
};
use turnscope::{CustomStep, Step, ToolCall};

/// A call that may proceed.
pub(crate) struct Admitted<'c> {
    call: &'c Call,
    span: ToolCall,
    /// The span around the tool's work, if there is a policy.
    adapter: Option<CustomStep>,
}

impl Admitted<'_> {
    /// The step below which the tool runs.
    pub(crate) fn step(&self) -> &Step {
        self.adapter.as_deref().unwrap_or(&self.span)
    }
}

impl Job<'_> {
    /// Runs a tool that the model request for. A failing tool is reported to the model and does not fail the
    /// run.
    pub(crate) async fn call(&self, turn: &Step, call: &Call) -> Result<CallResult, AgentError> {
        let tools = &self.agent.tools;
        let Some(tool) = tools.find(&call.name) else {
            let names: Vec<String> = tools.definitions().into_iter().map(|tool| tool.name).collect();
            let text = format!("there is no tool {}; available: {}", call.name, names.join(", "));
            return Ok(self.failed(&begin(turn, call), call, "unknown_tool", text));
        };
        let admitted = match self.admit(turn, call, &tool.server).await? {
            Ok(admitted) => admitted,
            Err(result) => return Ok(result),
        };
        let arguments = call.arguments.as_object().cloned().unwrap_or_default();
        let outcome = tools.call(tool, &arguments, admitted.step(), self.delegator()).await;
        Ok(self.finish(&admitted, outcome))
    }

    /// Begins a call. It fails if its arguments are not an object or the policy refuses it; the result for
    /// the model says why.
    pub(crate) async fn admit<'c>(
        &self,
        turn: &Step,
        call: &'c Call,
        server: &str,
    ) -> Result<Result<Admitted<'c>, CallResult>, AgentError> {
        let span = begin(turn, call);
        span.server(server.to_owned());
        if !call.arguments.is_object() {
            let text = format!("the arguments of {} are not a JSON object", call.name);
            return Ok(Err(self.failed(&span, call, "invalid_arguments", text)));
        }
        let adapter = match &self.agent.gate {
            None => None,
            Some(gate) => match self.pass(gate, &span, call).await? {
                Ok(adapter) => Some(adapter),
                Err(reason) => {
                    let text = format!("{} was not allowed: {reason}", call.name);
                    return Ok(Err(self.failed(&span, call, REFUSED, text)));
                }
            },
        };
        Ok(Ok(Admitted { call, span, adapter }))
    }

    /// Ends a call and returns its result for the model.
    pub(crate) fn finish(&self, admitted: &Admitted<'_>, outcome: Result<String, ToolError>) -> CallResult {
        let Admitted { call, span, adapter } = admitted;
        match outcome {
            Ok(text) => {
                let text = match adapter {
                    Some(adapter) => self.sanitised(adapter, &call.name, &text),
                    None => text,
                };
                span.result(&text);
                self.record_tool_use(ToolUse { name: call.name.clone(), failed: false, refused: false });
                CallResult { id: call.id.clone(), text, failed: false }
            }
            Err(error) => self.failed(span, call, error.kind(), format!("{} failed: {error}", call.name)),
        }
    }

    fn failed(&self, span: &Step, call: &Call, kind: &'static str, text: String) -> CallResult {
        span.fail(kind, text.clone());
        self.record_tool_use(ToolUse { name: call.name.clone(), failed: true, refused: kind == REFUSED });
        CallResult { id: call.id.clone(), text, failed: true }
    }
}

/// The `error.type` of a call that the policy refused.
const REFUSED: &str = "policy_denied";

fn begin(turn: &Step, call: &Call) -> ToolCall {
    let span = turn.tool(call.name.clone());
    span.call_id(call.id.clone()).arguments(&call.arguments);
    span
}
