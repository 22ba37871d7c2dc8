//! The gate in front of every tool call: Rego policies, a human where they want one, and the sanitiser behind the tool.
//!
//! The policy's package is `turnscope`. It says `allow`, `deny`, `requires_hitl` (true or false), `reason` and `risk_tier` (texts)
//! of `input`: `event_type` (`tool_call` or `agent_start`), `tool`, `action`, `arguments`, `user_role`, `session_id`, `agent`. `deny` wins over
//! `requires_hitl`, that over `allow`; a tool call that nothing allows is denied, an agent may start unless that is denied.

use crate::role::PolicyFiles;
use regorus::{Engine, Value};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
};
use turnscope::{Redaction, Verdict};

/// Why a policy cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file cannot be read, or is no Rego.
    #[error("the policy {path} cannot be used: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// It cannot be evaluated.
    #[error("the policy cannot be evaluated: {0}")]
    Evaluate(String),
    /// The agent may not start.
    #[error("the policy does not let this agent start: {0}")]
    Start(String),
}

/// A policy, ready to be asked.
#[derive(Clone, Debug)]
pub struct Gate {
    engine: Engine,
    /// The hash of its files.
    pub(crate) version: String,
    pub(crate) user_role: Option<String>,
}

/// What the gate said.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why; in the policy's words where it has any.
    pub reason: String,
    /// How risky the policy finds it.
    pub risk_tier: Option<String>,
}

/// What it is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Matter<'a> {
    /// `tool_call` or `agent_start`.
    pub event_type: &'static str,
    /// The tool; empty where it is about none.
    pub tool: &'a str,
    /// What it is to do.
    pub action: &'a str,
    /// What it is given.
    pub arguments: &'a Json,
    /// The session.
    pub session: Option<&'a str>,
    /// Who wants to call it.
    pub agent: &'a str,
}

impl Gate {
    /// Reads the policies.
    ///
    /// # Errors
    /// When a file cannot be read, or is no Rego.
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
        let hash = hex(&hash.finalize()[..8]);
        Ok(Self { engine, version: format!("sha256:{hash}"), user_role: policy.user_role.clone() })
    }

    /// Asks.
    ///
    /// # Errors
    /// When a rule cannot be evaluated.
    pub fn judge(&self, matter: Matter<'_>) -> Result<Judgement, PolicyError> {
        let wrong = |error: &dyn std::fmt::Display| PolicyError::Evaluate(error.to_string());
        let input = json!({
            "event_type": matter.event_type, "tool": matter.tool, "action": matter.action, "arguments": matter.arguments,
            "user_role": self.user_role, "session_id": matter.session, "agent": matter.agent,
        });
        let mut engine = self.engine.clone(); // its parts are shared
        engine.set_input(Value::from_json_str(&input.to_string()).map_err(|error| wrong(&error))?);
        let results = engine.eval_query("data.turnscope".to_owned(), false).map_err(|error| wrong(&error))?;
        let said = results.result.first().and_then(|result| result.expressions.first());
        let said: Json = match said {
            Some(expression) => {
                let text = expression.value.to_json_str().map_err(|error| wrong(&error))?;
                serde_json::from_str(&text).map_err(|error| wrong(&error))?
            }
            None => Json::Null,
        };
        Ok(judgement(&said, matter.event_type))
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What the rules of the package make together.
fn judgement(said: &Json, event_type: &str) -> Judgement {
    let is = |rule: &str| said[rule] == true;
    let (verdict, otherwise) = if is("deny") {
        (Verdict::Deny, "the policy denies it")
    } else if is("requires_hitl") {
        (Verdict::Hitl, "the policy wants a human to approve it")
    } else if is("allow") {
        (Verdict::Allow, "the policy allows it")
    } else if event_type == "tool_call" {
        (Verdict::Deny, "no rule of the policy allows it")
    } else {
        (Verdict::Allow, "no rule of the policy denies it")
    };
    Judgement {
        verdict,
        reason: said["reason"].as_str().unwrap_or(otherwise).to_owned(),
        risk_tier: said["risk_tier"].as_str().map(str::to_owned),
    }
}

/// Someone who approves or rejects what a policy wants a human for.
pub trait Human: Send + Sync {
    /// The answer, and who gave it; `None` when there is nobody to ask.
    fn approves(&self, question: &str) -> Option<(bool, String)>;

    /// Is told what was decided about a call, by the policy or by a human. Nobody has to listen.
    fn hears(&self, _decision: &str) {}
}

/// Asks on the terminal, and tells on stderr what is decided.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal;

impl Human for Terminal {
    fn approves(&self, question: &str) -> Option<(bool, String)> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            return None;
        }
        let mut stderr = std::io::stderr();
        let _ = write!(stderr, "{question} [y/N] ");
        let mut line = String::new();
        stdin.lock().read_line(&mut line).ok()?;
        let who = std::env::var("USER").unwrap_or_else(|_| "terminal".to_owned());
        Some((matches!(line.trim(), "y" | "Y" | "yes"), format!("user:{who}")))
    }

    fn hears(&self, decision: &str) {
        let _ = writeln!(std::io::stderr(), "{decision}");
    }
}

/// What a tool returned without what looks like a secret; whether anything was taken out.
pub(crate) fn sanitise(rules: &Redaction, text: &str) -> (String, bool) {
    let clean = rules.text(text);
    let modified = clean != text;
    (clean, modified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_wins_over_a_human_and_that_over_allow() {
        let verdict = |said: Json, event| judgement(&said, event).verdict;
        let all = json!({ "allow": true, "requires_hitl": true, "deny": true });
        assert_eq!(verdict(all, "tool_call"), Verdict::Deny);
        assert_eq!(verdict(json!({ "allow": true, "requires_hitl": true }), "tool_call"), Verdict::Hitl);
        assert_eq!(verdict(json!({ "allow": true }), "tool_call"), Verdict::Allow);
        assert_eq!(verdict(json!({}), "tool_call"), Verdict::Deny);
        assert_eq!(verdict(Json::Null, "agent_start"), Verdict::Allow);
        assert_eq!(verdict(json!({ "allow": "yes" }), "tool_call"), Verdict::Deny, "true is true only");
    }
}
