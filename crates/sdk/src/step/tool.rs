//! Tool calls, and the policies and sanitisers around them.

use super::{Step, guard::guard};
use crate::AttributeValue;
use opentelemetry::{KeyValue, trace::SpanKind};
use serde::Serialize;
use std::borrow::Cow;

guard! {
    /// One tool call: `execute_tool NAME`, or `tool.call`.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// let call = run.turn().tool("lookup");
    /// call.call_id("call_1").arguments(&serde_json::json!({"order": 17}));
    /// call.result(&serde_json::json!({"status": "shipped"}));
    /// ```
    ToolCall
}

impl ToolCall {
    pub(crate) fn begin(parent: &Step, name: Cow<'static, str>) -> Self {
        if parent.inner().is_some_and(|inner| !inner.tool_calls) {
            return Self { step: parent.pass_through() };
        }
        let mut attributes = vec![
            KeyValue::new("gen_ai.operation.name", "execute_tool"),
            KeyValue::new("gen_ai.tool.name", name.clone()),
        ];
        let span_name = if parent.is_agent_run() {
            attributes.push(KeyValue::new("tool.name", name));
            Cow::Borrowed("tool.call")
        } else {
            format!("execute_tool {name}").into()
        };
        Self { step: parent.child(span_name, SpanKind::Internal, attributes) }
    }

    /// The id that the model gave this call.
    pub fn call_id(&self, id: impl AttributeValue) -> &Self {
        self.set("gen_ai.tool.call.id", id);
        self
    }

    /// The tool's type: `function` (run by the agent), `extension` (run by the provider) or `datastore`.
    pub fn kind(&self, kind: impl AttributeValue) -> &Self {
        self.set("gen_ai.tool.type", kind);
        self
    }

    /// The tool's purpose.
    pub fn description(&self, text: impl AttributeValue) -> &Self {
        self.set("gen_ai.tool.description", text);
        self
    }

    /// The server that provides the tool, such as the name of an MCP server.
    pub fn server(&self, server: impl AttributeValue) -> &Self {
        self.set("tool.server", server);
        self
    }

    /// The tool's arguments. Recorded only if content capture is on.
    pub fn arguments<T: Serialize + ?Sized>(&self, arguments: &T) -> &Self {
        self.json("gen_ai.tool.call.arguments", arguments);
        self
    }

    /// The tool's result. Recorded only if content capture is on.
    pub fn result<T: Serialize + ?Sized>(&self, result: &T) -> &Self {
        self.json("gen_ai.tool.call.result", result);
        self
    }
}

/// A policy's verdict on a tool call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call may proceed.
    Allow,
    /// The call is forbidden.
    Deny,
    /// A human must approve the call.
    Hitl,
}

guard! {
    /// A policy evaluation, with `kitelogik.*` attributes.
    ///
    /// ```
    /// use turnscope::Verdict;
    /// let run = turnscope::run("helpdesk");
    /// run.policy("refund").verdict(Verdict::Hitl).reason("above 100 EUR").risk_tier("high");
    /// ```
    PolicyEvaluation
}

impl PolicyEvaluation {
    pub(crate) fn begin(parent: &Step, tool: Cow<'static, str>) -> Self {
        let attributes = vec![KeyValue::new("kitelogik.tool_name", tool)];
        Self { step: parent.child("policy_gate.evaluate".into(), SpanKind::Internal, attributes) }
    }

    /// The verdict.
    #[inline]
    pub fn verdict(&self, verdict: Verdict) -> &Self {
        self.set_all([
            KeyValue::new("kitelogik.policy.allow", verdict == Verdict::Allow),
            KeyValue::new("kitelogik.policy.deny", verdict == Verdict::Deny),
            KeyValue::new("kitelogik.policy.requires_hitl", verdict == Verdict::Hitl),
        ]);
        self
    }

    /// The reason for the verdict.
    pub fn reason(&self, reason: impl AttributeValue) -> &Self {
        self.set("kitelogik.policy.reason", reason);
        self
    }

    /// The call's risk tier.
    pub fn risk_tier(&self, tier: impl AttributeValue) -> &Self {
        self.set("kitelogik.policy.risk_tier", tier);
        self
    }
}

guard! {
    /// Sanitising a tool's output, with `kitelogik.*` attributes.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// run.sanitizer("lookup").modified(true);
    /// ```
    Sanitizer
}

impl Sanitizer {
    pub(crate) fn begin(parent: &Step, tool: Cow<'static, str>) -> Self {
        let attributes = vec![KeyValue::new("kitelogik.tool_name", tool)];
        Self { step: parent.child("policy_gate.sanitize_response".into(), SpanKind::Internal, attributes) }
    }

    /// Whether the sanitiser changed the output.
    #[inline]
    pub fn modified(&self, modified: bool) -> &Self {
        self.set("kitelogik.sanitizer.was_modified", modified);
        self
    }
}
