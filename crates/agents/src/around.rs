//! The spans around a run that other tools' users search for: `initrunner.agent.run`, `agent_session`.

use crate::{
    Agent, AgentError, Asked,
    job::Totals,
    policy::{PolicyError, hex},
    role::Names,
    trail::now_ms,
};
use turnscope::{CustomStep, Step};

/// Agents that delegate to one another further than this run in a circle.
const DEEPEST: u32 = 8;

/// The spans around a run that other tools' users search for.
pub(crate) struct Around {
    place: Step,
    shell: Option<CustomStep>,
    session: Option<CustomStep>,
    pub(crate) token: String,
}

impl Around {
    pub(crate) fn begin(agent: &Agent, asked: &Asked) -> Result<Self, AgentError> {
        let place = turnscope::current();
        let token = random_id();
        if asked.depth > DEEPEST {
            let why = format!("{} agents have delegated to one another", asked.depth);
            return Err(PolicyError::Start(why).into());
        }
        let shell = (agent.role.names == Names::InitRunner).then(|| place.custom("initrunner.agent.run"));
        if let Some(shell) = &shell {
            shell
                .set("initrunner.run_id", token.clone())
                .set("initrunner.agent_name", agent.role.name.clone());
            shell.set("initrunner.trigger_type", asked.trigger.clone());
        }
        let below = shell.as_deref().unwrap_or(&place);
        let session = agent.gate.as_ref().map(|gate| {
            let session = below.custom("agent_session");
            if let Some(id) = &asked.session {
                session.set("kitelogik.session_id", id.clone());
            }
            if let Some(role) = &gate.user_role {
                session.set("kitelogik.user_role", role.clone());
            }
            if let Some(parent) = &asked.parent_token {
                session.set("kitelogik.parent_token_id", parent.clone());
            }
            session.set("kitelogik.token_id", token.clone());
            session.set("kitelogik.delegation_depth", i64::from(asked.depth));
            session
        });
        Ok(Self { place, shell, session, token })
    }

    pub(crate) fn inner(&self) -> &Step {
        self.session.as_deref().or(self.shell.as_deref()).unwrap_or(&self.place)
    }

    pub(crate) fn outermost(&self) -> Option<&Step> {
        self.shell.as_deref().or(self.session.as_deref())
    }

    pub(crate) fn end(self, totals: Totals, started_at: i64, error: Option<&AgentError>) {
        if let Some(session) = &self.session {
            session.set("kitelogik.iteration", i64::from(totals.turns));
        }
        if let Some(shell) = &self.shell {
            let tokens = i64::try_from(totals.input + totals.output).unwrap_or(i64::MAX);
            shell.set("initrunner.tokens_total", tokens);
            shell.set("initrunner.duration_ms", now_ms().saturating_sub(started_at));
            shell.set("initrunner.success", error.is_none());
        }
        if let Some(error) = error {
            for step in self.shell.iter().chain(&self.session) {
                step.fail(error.kind(), error.to_string());
            }
        }
    }
}

/// Sixteen random bytes in hex; zeros where the system gives none, since nothing hangs on them.
pub(crate) fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    let _ = getrandom::fill(&mut bytes);
    hex(&bytes)
}
