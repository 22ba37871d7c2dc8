//! The policy gate in front of every tool call (Rego policies, and a human if they require one), and the
//! sanitiser behind it.
//!
//! The policy's package is `turnscope`. Its rules are `allow`, `deny`, `requires_hitl` (booleans), `reason`
//! and `risk_tier` (strings). Its `input` has `event_type` (`tool_call` or `agent_start`), `tool`, `action`,
//! `arguments`, `user_role`, `session_id`, `agent`. `deny` overrides `requires_hitl`, which overrides
//! `allow`. Without a matching rule, a tool call is denied and an agent may start.

use crate::role::PolicyFiles;
use regorus::{Engine, Value};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
};
use turnscope::{Redaction, Verdict};

/// Why a policy does not let a run start, or cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file cannot be read, or is not valid Rego.
    #[error("cannot use the policy {path}: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// Evaluation failed.
    #[error("cannot evaluate the policy: {0}")]
    Evaluate(String),
    /// The agent may not start.
    #[error("the policy does not allow this agent to start: {0}")]
    Start(String),
}

/// A policy that is ready for evaluation.
#[derive(Clone, Debug)]
pub struct Gate {
    engine: Engine,
    /// The hash of its files.
    pub(crate) version: String,
    pub(crate) user_role: Option<String>,
}

/// A policy decision.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyDecision {
    /// The verdict.
    pub verdict: Verdict,
    /// The reason, from the policy if it gives one.
    pub reason: String,
    /// The risk tier that the policy assigned.
    pub risk_tier: Option<String>,
}

/// The input of a policy evaluation.
#[derive(Clone, Copy, Debug)]
pub struct PolicyInput<'a> {
    /// `tool_call` or `agent_start`.
    pub event_type: &'static str,
    /// The tool; empty for `agent_start`.
    pub tool: &'a str,
    /// What the tool is request to do.
    pub action: &'a str,
    /// The tool's arguments.
    pub arguments: &'a Json,
    /// The session.
    pub session: Option<&'a str>,
    /// The agent that wants to make the call.
    pub agent: &'a str,
}

impl Gate {
    /// Reads the policy files.
    ///
    /// # Errors
    /// When a file cannot be read, or is not valid Rego.
    pub fn open(policy: &PolicyFiles) -> Result<Self, PolicyError> {
        let mut engine = Engine::new();
        let mut hash = Sha256::new();
        for path in &policy.files {
            let wrong = |cause: String| PolicyError::Read { path: path.clone(), cause };
            let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(&text);
            engine.add_policy(path.display().to_string(), text).map_err(|error| wrong(error.to_string()))?;
        }
        let hash = hex::encode(&hash.finalize()[..8]);
        Ok(Self { engine, version: format!("sha256:{hash}"), user_role: policy.user_role.clone() })
    }

    /// Evaluates the policy.
    ///
    /// # Errors
    /// When a rule cannot be evaluated.
    pub fn evaluate(&self, input: PolicyInput<'_>) -> Result<PolicyDecision, PolicyError> {
        let wrong = |error: &dyn std::fmt::Display| PolicyError::Evaluate(error.to_string());
        let document = json!({
            "event_type": input.event_type, "tool": input.tool, "action": input.action, "arguments": input.arguments,
            "user_role": self.user_role, "session_id": input.session, "agent": input.agent,
        });
        let mut engine = self.engine.clone(); // cheap: its parts are shared
        engine.set_input(Value::from_json_str(&document.to_string()).map_err(|error| wrong(&error))?);
        let results = engine.eval_query("data.turnscope".to_owned(), false).map_err(|error| wrong(&error))?;
        let rules = results.result.first().and_then(|result| result.expressions.first());
        let rules: Json = match rules {
            Some(expression) => {
                let text = expression.value.to_json_str().map_err(|error| wrong(&error))?;
                serde_json::from_str(&text).map_err(|error| wrong(&error))?
            }
            None => Json::Null,
        };
        Ok(decision(&rules, input.event_type))
    }
}

/// Combines the rules of the package.
fn decision(rules: &Json, event_type: &str) -> PolicyDecision {
    let is = |rule: &str| rules[rule] == true;
    let (verdict, otherwise) = if is("deny") {
        (Verdict::Deny, "denied by the policy")
    } else if is("requires_hitl") {
        (Verdict::Hitl, "the policy requires human approval")
    } else if is("allow") {
        (Verdict::Allow, "the policy allows it")
    } else if event_type == "tool_call" {
        (Verdict::Deny, "no policy rule allows it")
    } else {
        (Verdict::Allow, "no policy rule denies it")
    };
    PolicyDecision {
        verdict,
        reason: rules["reason"].as_str().unwrap_or(otherwise).to_owned(),
        risk_tier: rules["risk_tier"].as_str().map(str::to_owned),
    }
}

/// Approves or rejects calls for which a policy requires a human.
pub trait Approver: Send + Sync {
    /// Whether the call is approved, and by whom; `None` if there is nobody to ask.
    fn approve(&self, prompt: &str) -> Option<(bool, String)>;

    /// Called with each decision about a call, for display.
    fn notify(&self, _decision: &str) {}
}

/// Asks on the terminal, and prints decisions to stderr.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal;

impl Approver for Terminal {
    fn approve(&self, prompt: &str) -> Option<(bool, String)> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            return None;
        }
        let mut stderr = std::io::stderr();
        let _ = write!(stderr, "{prompt} [y/N] ");
        let mut line = String::new();
        stdin.lock().read_line(&mut line).ok()?;
        let who = std::env::var("USER").unwrap_or_else(|_| "terminal".to_owned());
        Some((matches!(line.trim(), "y" | "Y" | "yes"), format!("user:{who}")))
    }

    fn notify(&self, decision: &str) {
        let _ = writeln!(std::io::stderr(), "{decision}");
    }
}

/// Removes what looks like a secret. Returns the text and whether it changed.
pub(crate) fn sanitise(rules: &Redaction, text: &str) -> (String, bool) {
    let clean = rules.text(text);
    let modified = clean != text;
    (clean, modified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_overrides_hitl_and_hitl_overrides_allow() {
        let verdict = |rules: Json, event| decision(&rules, event).verdict;
        let all = json!({ "allow": true, "requires_hitl": true, "deny": true });
        assert_eq!(verdict(all, "tool_call"), Verdict::Deny);
        assert_eq!(verdict(json!({ "allow": true, "requires_hitl": true }), "tool_call"), Verdict::Hitl);
        assert_eq!(verdict(json!({ "allow": true }), "tool_call"), Verdict::Allow);
        assert_eq!(verdict(json!({}), "tool_call"), Verdict::Deny);
        assert_eq!(verdict(Json::Null, "agent_start"), Verdict::Allow);
        assert_eq!(verdict(json!({ "allow": "yes" }), "tool_call"), Verdict::Deny, "only `true` counts");
    }
}
