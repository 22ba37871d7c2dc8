//! A call's way through the policy gate: evaluation, human approval if required, trace and audit records, and
//! sanitising the result.

use crate::{
    AgentError,
    job::Job,
    messages::Call,
    policy::{Gate, PolicyDecision, PolicyError, PolicyInput, sanitise},
    trail::{ids, ms},
};
use serde_json::Value as Json;
use std::{sync::Arc, time::SystemTime};
use turnscope::{Approval, CustomStep, Step, Verdict};
use turnscope_audit::{Decision, Entry};

/// Whether a human approved, and who decided.
type Resolution = (bool, String);

impl Job<'_> {
    /// Asks the policy whether the agent may start.
    pub(crate) fn may_start(&self, session: &Step) -> Result<(), AgentError> {
        let Some(gate) = &self.agent.gate else { return Ok(()) };
        let step = session.custom("policy_gate.evaluate_event");
        step.set("kitelogik.event_type", "agent_start");
        let decision = gate.evaluate(PolicyInput {
            event_type: "agent_start",
            tool: "",
            action: "start",
            arguments: &Json::Null,
            session: self.request.session.as_deref(),
            agent: &self.agent.role.name,
        })?;
        self.describe(&step, gate);
        step.set("kitelogik.policy.allow", decision.verdict == Verdict::Allow);
        step.set("kitelogik.policy.deny", decision.verdict == Verdict::Deny);
        step.set("kitelogik.policy.requires_hitl", decision.verdict == Verdict::Hitl);
        step.set("kitelogik.policy.reason", decision.reason.clone());
        if let Some(tier) = &decision.risk_tier {
            step.set("kitelogik.policy.risk_tier", tier.clone());
        }
        let at = SystemTime::now();
        step.end_at(at);
        self.keep(&step, gate, ("", "start"), None, (&decision, None), at)?;
        match decision.verdict {
            Verdict::Allow => Ok(()),
            Verdict::Deny | Verdict::Hitl => Err(PolicyError::Start(decision.reason).into()),
        }
    }

    /// Sets the attributes that every policy span carries.
    fn describe(&self, step: &Step, gate: &Gate) {
        if let Some(session) = &self.request.session {
            step.set("kitelogik.session_id", session.clone());
        }
        if let Some(role) = &gate.user_role {
            step.set("kitelogik.user_role", role.clone());
        }
    }

    /// Evaluates the policy for a call. Returns the span around the tool's work, or the reason for the
    /// refusal.
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
        let decision = gate.evaluate(PolicyInput {
            event_type: "tool_call",
            tool: &call.name,
            action: &action,
            arguments: &call.arguments,
            session: self.request.session.as_deref(),
            agent: &self.agent.role.name,
        })?;
        step.verdict(decision.verdict).reason(decision.reason.clone());
        if let Some(tier) = &decision.risk_tier {
            step.risk_tier(tier.clone());
        }
        let at = SystemTime::now();
        step.end_at(at);
        self.keep(&step, gate, (&call.name, &action), Some(call), (&decision, None), at)?;
        let say =
            |decision: String| self.agent.human.notify(&format!("{}: {}: {decision}", self.name, call.name));
        let refused = match decision.verdict {
            Verdict::Allow => {
                say(format!("allowed: {}", decision.reason));
                None
            }
            Verdict::Deny => {
                say(format!("denied: {}", decision.reason));
                Some(decision.reason.clone())
            }
            Verdict::Hitl => {
                let question = format!(
                    "{} wants to call {} with {}: {}. Approve?",
                    self.name,
                    call.name,
                    self.shown_arguments(call),
                    decision.reason
                );
                let step = adapter.ask_person(question.clone());
                self.describe(&step, gate);
                step.about_tool(&call.name).about_call(&call.id);
                let resolution = self.resolve(&step, question, call, &decision).await;
                let at = SystemTime::now();
                step.end_at(at);
                self.keep(
                    &step,
                    gate,
                    (&call.name, &action),
                    Some(call),
                    (&decision, Some(&resolution)),
                    at,
                )?;
                let answer = if resolution.0 { "approved" } else { "rejected" };
                say(format!("{answer} by {}: {}", resolution.1, decision.reason));
                (!resolution.0).then(|| format!("{}, and {} did not", decision.reason, resolution.1))
            }
        };
        adapter.set("kitelogik.allowed", refused.is_none());
        Ok(refused.map_or(Ok(adapter), Err))
    }

    /// Asks a human for approval while `step` is open. Without anyone to ask, the call is rejected.
    async fn resolve(
        &self,
        step: &Approval,
        question: String,
        call: &Call,
        decision: &PolicyDecision,
    ) -> Resolution {
        let human = Arc::clone(&self.agent.human);
        // The terminal prompt blocks, for as long as the human takes.
        let answer = tokio::task::spawn_blocking(move || human.approve(&question)).await.ok().flatten();
        let (approved, who) = answer.unwrap_or_else(|| (false, "nobody (no terminal)".to_owned()));
        step.set("kitelogik.tool_name", &call.name);
        if approved {
            step.approved(&who);
        } else {
            step.rejected(&who);
        }
        step.set("kitelogik.policy.reason", decision.reason.clone());
        if let Some(tier) = &decision.risk_tier {
            step.set("kitelogik.policy.risk_tier", tier.clone());
        }
        (approved, who)
    }

    /// A call's arguments without what looks like a secret, for people and for the audit trail.
    fn shown_arguments(&self, call: &Call) -> String {
        sanitise(&self.agent.redaction, &call.arguments.to_string()).0
    }

    /// Writes a decision, or a human's answer to it, to the audit trail.
    fn keep(
        &self,
        step: &Step,
        gate: &Gate,
        (tool, action): (&str, &str),
        call: Option<&Call>,
        (decision, resolution): (&PolicyDecision, Option<&Resolution>),
        at: SystemTime,
    ) -> Result<(), AgentError> {
        let verdict = match decision.verdict {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::Hitl => "hitl",
        };
        let decision = Decision {
            run_id: self.root.as_ref().map(|(trace, span)| format!("{trace}-{span}")),
            trace_id: ids(step).map(|(trace, _)| trace),
            span_id: ids(step).map(|(_, span)| span),
            session_id: self.request.session.clone(),
            agent: Some(self.name.clone()),
            user_id: self.request.user.clone(),
            user_role: gate.user_role.clone(),
            tool: Some(tool.to_owned()).filter(|tool| !tool.is_empty()),
            action: Some(action.to_owned()),
            arguments: call.map(|call| self.shown_arguments(call)),
            verdict: verdict.to_owned(),
            resolution: resolution
                .map(|(approved, _)| if *approved { "approved" } else { "rejected" }.to_owned()),
            decided_by: Some(resolution.map_or_else(|| "policy".to_owned(), |(_, who)| who.clone())),
            reason: Some(decision.reason.clone()),
            risk_tier: decision.risk_tier.clone(),
            policy_version: Some(gate.version.clone()),
            decided_at: ms(at), // when the span ends
        };
        Ok(self.agent.log.append(&Entry::Decision(decision))?)
    }

    /// Removes what looks like a secret from a tool's output.
    pub(crate) fn sanitised(&self, adapter: &Step, tool: &str, text: &str) -> String {
        let step = adapter.sanitizer(tool.to_owned());
        let (clean, modified) = sanitise(&self.agent.redaction, text);
        step.modified(modified);
        clean
    }
}
