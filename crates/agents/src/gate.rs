//! The way of a call through the gate: judged, by a human where the policy wants one, recorded in trace and audit trail;
//! and what comes back through the sanitiser.

use crate::{
    AgentError,
    job::Job,
    messages::Call,
    policy::{Gate, Judgement, Matter, PolicyError, sanitise},
    trail::{ids, now_ms},
};
use serde_json::Value as Json;
use std::sync::Arc;
use turnscope::{CustomStep, Step, Verdict};
use turnscope_audit::{Decision, Entry};

/// What a human said, and who it was.
type Resolution = (bool, String);

impl Job<'_> {
    /// Asks the policy whether the agent may start at all.
    pub(crate) fn may_start(&self, session: &Step) -> Result<(), AgentError> {
        let Some(gate) = &self.agent.gate else { return Ok(()) };
        let step = session.custom("policy_gate.evaluate_event");
        step.set("kitelogik.event_type", "agent_start");
        let judgement = gate.judge(Matter {
            event_type: "agent_start",
            tool: "",
            action: "start",
            arguments: &Json::Null,
            session: self.asked.session.as_deref(),
            agent: &self.agent.role.name,
        })?;
        self.describe(&step, gate);
        step.set("kitelogik.policy.allow", judgement.verdict == Verdict::Allow);
        step.set("kitelogik.policy.deny", judgement.verdict == Verdict::Deny);
        step.set("kitelogik.policy.requires_hitl", judgement.verdict == Verdict::Hitl);
        step.set("kitelogik.policy.reason", judgement.reason.clone());
        if let Some(tier) = &judgement.risk_tier {
            step.set("kitelogik.policy.risk_tier", tier.clone());
        }
        self.keep(&step, gate, ("", "start"), &judgement, None)?;
        match judgement.verdict {
            Verdict::Allow => Ok(()),
            Verdict::Deny | Verdict::Hitl => Err(PolicyError::Start(judgement.reason).into()),
        }
    }

    /// What every span of the gate says of the run.
    fn describe(&self, step: &Step, gate: &Gate) {
        if let Some(session) = &self.asked.session {
            step.set("kitelogik.session_id", session.clone());
        }
        if let Some(role) = &gate.user_role {
            step.set("kitelogik.user_role", role.clone());
        }
    }

    /// Lets a call pass, within a span that stays open around it; or says why not.
    pub(crate) async fn pass(
        &self,
        gate: &Gate,
        tool: &Step,
        call: &Call,
    ) -> Result<Result<CustomStep, String>, AgentError> {
        let action = call.arguments["action"].as_str().unwrap_or("call").to_owned();
        let adapter = tool.custom("kitelogik.adapter.tool_call");
        adapter.set("kitelogik.tool.name", call.name.clone()).set("kitelogik.tool.action", action.clone());
        self.describe(&adapter, gate);
        let step = adapter.policy(call.name.clone());
        step.set("kitelogik.action", action.clone());
        self.describe(&step, gate);
        let judgement = gate.judge(Matter {
            event_type: "tool_call",
            tool: &call.name,
            action: &action,
            arguments: &call.arguments,
            session: self.asked.session.as_deref(),
            agent: &self.agent.role.name,
        })?;
        step.verdict(judgement.verdict).reason(judgement.reason.clone());
        if let Some(tier) = &judgement.risk_tier {
            step.risk_tier(tier.clone());
        }
        self.keep(&step, gate, (&call.name, &action), &judgement, None)?;
        step.end();
        let say =
            |decision: String| self.agent.human.hears(&format!("{}: {}: {decision}", self.name, call.name));
        let refused = match judgement.verdict {
            Verdict::Allow => {
                say(format!("allowed: {}", judgement.reason));
                None
            }
            Verdict::Deny => {
                say(format!("denied: {}", judgement.reason));
                Some(judgement.reason.clone())
            }
            Verdict::Hitl => {
                let step = adapter.custom("policy_gate.resolution");
                self.describe(&step, gate);
                let resolution = self.resolve(&step, call, &judgement).await;
                self.keep(&step, gate, (&call.name, &action), &judgement, Some(&resolution))?;
                let word = if resolution.0 { "approved" } else { "rejected" };
                say(format!("{word} by {}: {}", resolution.1, judgement.reason));
                (!resolution.0).then(|| format!("{}, and {} did not", judgement.reason, resolution.1))
            }
        };
        adapter.set("kitelogik.allowed", refused.is_none());
        Ok(refused.map_or(Ok(adapter), Err))
    }

    /// Asks a human, for as long as `step` lasts; where there is none, the call is rejected.
    async fn resolve(&self, step: &Step, call: &Call, judgement: &Judgement) -> Resolution {
        let human = Arc::clone(&self.agent.human);
        let question = format!(
            "{} wants to call {} with {}: {}. Approve?",
            self.name, call.name, call.arguments, judgement.reason
        );
        // A question on the terminal waits as long as it takes.
        let answer = tokio::task::spawn_blocking(move || human.approves(&question)).await.ok().flatten();
        let (approved, who) = answer.unwrap_or_else(|| (false, "nobody (no terminal)".to_owned()));
        step.set("turnscope.step.kind", "policy").set("kitelogik.tool_name", call.name.clone());
        step.set("turnscope.verdict", if approved { "approved" } else { "rejected" });
        step.set("turnscope.decided_by", who.clone());
        step.set("kitelogik.policy.reason", judgement.reason.clone());
        if let Some(tier) = &judgement.risk_tier {
            step.set("kitelogik.policy.risk_tier", tier.clone());
        }
        (approved, who)
    }

    /// Keeps a decision, or a human's answer to it, in the audit trail.
    fn keep(
        &self,
        step: &Step,
        gate: &Gate,
        (tool, action): (&str, &str),
        judgement: &Judgement,
        resolution: Option<&Resolution>,
    ) -> Result<(), AgentError> {
        let verdict = match judgement.verdict {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::Hitl => "hitl",
        };
        let decision = Decision {
            run_id: self.root.as_ref().map(|(trace, span)| format!("{trace}-{span}")),
            trace_id: ids(step).map(|(trace, _)| trace),
            span_id: ids(step).map(|(_, span)| span),
            session_id: self.asked.session.clone(),
            agent: Some(self.name.clone()),
            user_id: self.asked.user.clone(),
            user_role: gate.user_role.clone(),
            tool: Some(tool.to_owned()).filter(|tool| !tool.is_empty()),
            action: Some(action.to_owned()),
            verdict: verdict.to_owned(),
            resolution: resolution
                .map(|(approved, _)| if *approved { "approved" } else { "rejected" }.to_owned()),
            decided_by: Some(resolution.map_or_else(|| "policy".to_owned(), |(_, who)| who.clone())),
            reason: Some(judgement.reason.clone()),
            risk_tier: judgement.risk_tier.clone(),
            policy_version: Some(gate.version.clone()),
            decided_at: now_ms(),
        };
        Ok(self.agent.log.append(&Entry::Decision(decision))?)
    }

    /// What the tool returned, without what looks like a secret.
    pub(crate) fn sanitised(&self, adapter: &Step, tool: &str, text: &str) -> String {
        let step = adapter.sanitizer(tool.to_owned());
        let (clean, modified) = sanitise(&self.agent.redaction, text);
        step.modified(modified);
        clean
    }
}
