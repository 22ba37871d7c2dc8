//! Tool calls, and what guards them: policy gates and sanitisers.

use crate::{Step, guard::guard};
use opentelemetry::{KeyValue, Value, trace::SpanKind};
use serde::Serialize;
use std::borrow::Cow;

guard! {
    /// One call of a tool: `execute_tool NAME`, or `tool.call`.
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
        if parent.means().is_some_and(|means| !means.tool_calls) {
            return Self { step: parent.shadow() };
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

    /// The id by which the model asked for this call.
    pub fn call_id(&self, id: impl Into<Value>) -> &Self {
        self.set("gen_ai.tool.call.id", id);
        self
    }

    /// What sort of tool it is: `function` (done by the agent's side), `extension` (by the provider's), `datastore`.
    pub fn kind(&self, kind: impl Into<Value>) -> &Self {
        self.set("gen_ai.tool.type", kind);
        self
    }

    /// What the tool is for.
    pub fn description(&self, text: impl Into<Value>) -> &Self {
        self.set("gen_ai.tool.description", text);
        self
    }

    /// The server that the tool lives on, an MCP server's name for instance.
    pub fn server(&self, server: impl Into<Value>) -> &Self {
        self.set("tool.server", server);
        self
    }

    /// What the tool was given. Recorded with content only.
    pub fn arguments<T: Serialize + ?Sized>(&self, arguments: &T) -> &Self {
        self.content("gen_ai.tool.call.arguments", || crate::json_text(arguments));
        self
    }

    /// What the tool returned. Recorded with content only.
    pub fn result<T: Serialize + ?Sized>(&self, result: &T) -> &Self {
        self.content("gen_ai.tool.call.result", || crate::json_text(result));
        self
    }
}

/// What a policy gate says of a tool call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be made.
    Allow,
    /// It may not be made.
    Deny,
    /// A human must approve it.
    Hitl,
}

guard! {
    /// The evaluation of a policy gate, with the `kitelogik.*` names.
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

    /// Why.
    pub fn reason(&self, reason: impl Into<Value>) -> &Self {
        self.set("kitelogik.policy.reason", reason);
        self
    }

    /// How risky the call is.
    pub fn risk_tier(&self, tier: impl Into<Value>) -> &Self {
        self.set("kitelogik.policy.risk_tier", tier);
        self
    }
}

guard! {
    /// The sanitising of what a tool returned, with the `kitelogik.*` names.
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

    /// Whether anything was taken out.
    #[inline]
    pub fn modified(&self, modified: bool) -> &Self {
        self.set("kitelogik.sanitizer.was_modified", modified);
        self
    }
}
