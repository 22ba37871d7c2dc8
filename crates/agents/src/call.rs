//! A call of a tool, from what the model asked for to what it is told: its span, the gate, the tool, the sanitiser.

use crate::{
    AgentError, ToolUse,
    job::Job,
    messages::{Call, CallResult},
    tools::ToolError,
};
use turnscope::{CustomStep, Step, ToolCall};

/// A call that may be made.
pub(crate) struct Admitted<'c> {
    call: &'c Call,
    span: ToolCall,
    /// Around what is done, where there is a gate.
    adapter: Option<CustomStep>,
}

impl Admitted<'_> {
    /// The step below which it is made.
    pub(crate) fn step(&self) -> &Step {
        self.adapter.as_deref().unwrap_or(&self.span)
    }
}

impl Job<'_> {
    /// Calls a tool that the model asked for. Whatever goes wrong with the tool is told to the model.
    pub(crate) async fn call(&self, turn: &Step, call: &Call) -> Result<CallResult, AgentError> {
        let tools = &self.agent.tools;
        let Some(tool) = tools.find(&call.name) else {
            let names: Vec<String> = tools.definitions().into_iter().map(|tool| tool.name).collect();
            let text = format!("there is no tool {}; there are: {}", call.name, names.join(", "));
            return Ok(self.failed(&begin(turn, call), call, "unknown_tool", text));
        };
        let admitted = match self.admit(turn, call, &tool.server).await? {
            Ok(admitted) => admitted,
            Err(told) => return Ok(told),
        };
        let arguments = call.arguments.as_object().cloned().unwrap_or_default();
        let outcome = tools.call(tool, &arguments, admitted.step(), self).await;
        Ok(self.finish(&admitted, outcome))
    }

    /// Begins a call: its arguments have to be an object, and the policy has to let it through; else the model is told why not.
    pub(crate) async fn admit<'c>(
        &self,
        turn: &Step,
        call: &'c Call,
        server: &str,
    ) -> Result<Result<Admitted<'c>, CallResult>, AgentError> {
        let span = begin(turn, call);
        span.server(server.to_owned());
        if !call.arguments.is_object() {
            let text = format!("the arguments of {} are no JSON object", call.name);
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

    /// Ends a call with what came of it; what the model is told.
    pub(crate) fn finish(&self, admitted: &Admitted<'_>, outcome: Result<String, ToolError>) -> CallResult {
        let Admitted { call, span, adapter } = admitted;
        match outcome {
            Ok(text) => {
                let text = match adapter {
                    Some(adapter) => self.sanitised(adapter, &call.name, &text),
                    None => text,
                };
                span.result(&text);
                self.note(ToolUse { name: call.name.clone(), failed: false, refused: false });
                CallResult { id: call.id.clone(), text, failed: false }
            }
            Err(error) => self.failed(span, call, error.kind(), format!("{} failed: {error}", call.name)),
        }
    }

    fn failed(&self, span: &Step, call: &Call, kind: &'static str, text: String) -> CallResult {
        span.fail(kind, text.clone());
        self.note(ToolUse { name: call.name.clone(), failed: true, refused: kind == REFUSED });
        CallResult { id: call.id.clone(), text, failed: true }
    }
}

/// `error.type` of a call that the policy did not let through.
const REFUSED: &str = "policy_denied";

fn begin(turn: &Step, call: &Call) -> ToolCall {
    let span = turn.tool(call.name.clone());
    span.call_id(call.id.clone()).arguments(&call.arguments);
    span
}
