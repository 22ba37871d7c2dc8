//! Spans around a run that users of other tools search for: `initrunner.agent.run`, `agent_session`.

use crate::{
    Agent, AgentError, RunRequest, job::Totals, policy::PolicyError, random_id::random_id, role::Names,
    trail::now_ms,
};
use turnscope::{CustomStep, Step};

/// Limits delegation, because agents may delegate in a circle.
const MAX_DELEGATION_DEPTH: u32 = 8;

/// The spans around a run that users of other tools search for.
pub(crate) struct EnclosingSpans {
    parent: Step,
    initrunner: Option<CustomStep>,
    session: Option<CustomStep>,
    pub(crate) token: String,
}

impl EnclosingSpans {
    pub(crate) fn begin(agent: &Agent, request: &RunRequest) -> Result<Self, AgentError> {
        let parent = turnscope::current();
        let token = random_id();
        if request.depth > MAX_DELEGATION_DEPTH {
            let reason =
                format!("delegation depth {} exceeds the limit of {MAX_DELEGATION_DEPTH}", request.depth);
            return Err(PolicyError::Start(reason).into());
        }
        let initrunner =
            (agent.role.names == Names::InitRunner).then(|| parent.custom("initrunner.agent.run"));
        if let Some(step) = &initrunner {
            step.set("initrunner.run_id", token.clone())
                .set("initrunner.agent_name", agent.role.name.clone());
            step.set("initrunner.trigger_type", request.trigger.clone());
        }
        let outer = initrunner.as_deref().unwrap_or(&parent);
        let session = agent.gate.as_ref().map(|gate| {
            let session = outer.custom("agent_session");
            if let Some(id) = &request.session {
                session.set("kitelogik.session_id", id.clone());
            }
            if let Some(role) = &gate.user_role {
                session.set("kitelogik.user_role", role.clone());
            }
            if let Some(parent) = &request.parent_token {
                session.set("kitelogik.parent_token_id", parent.clone());
            }
            session.set("kitelogik.token_id", token.clone());
            session.set("kitelogik.delegation_depth", i64::from(request.depth));
            session
        });
        Ok(Self { parent, initrunner, session, token })
    }

    pub(crate) fn inner(&self) -> &Step {
        self.session.as_deref().or(self.initrunner.as_deref()).unwrap_or(&self.parent)
    }

    pub(crate) fn outermost(&self) -> Option<&Step> {
        self.initrunner.as_deref().or(self.session.as_deref())
    }

    pub(crate) fn end(self, totals: Totals, started_at: i64, error: Option<&AgentError>) {
        if let Some(session) = &self.session {
            session.set("kitelogik.iteration", i64::from(totals.turns));
        }
        if let Some(step) = &self.initrunner {
            let tokens = i64::try_from(totals.input + totals.output).unwrap_or(i64::MAX);
            step.set("initrunner.tokens_total", tokens);
            step.set("initrunner.duration_ms", now_ms().saturating_sub(started_at));
            step.set("initrunner.success", error.is_none());
        }
        if let Some(error) = error {
            for step in self.initrunner.iter().chain(&self.session) {
                step.fail(error.kind(), error.to_string());
            }
        }
    }
}
